package store

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm"
)

// HotQuery is a query that must use an index.
type HotQuery struct {
	Name  string
	SQL   string
	Args  []any
	Index string
}

// HotQueries are the queries that run for every message.
func HotQueries(now time.Time) []HotQuery {
	return []HotQuery{
		{"DueInbound", dueInboundSQL, []any{0, instant{now}, 10}, "inbound_waiting"},
		{"SenderQueue", senderQueueSQL, []any{key("sms"), key("+15550001111"), 10, senderQueueBytes}, "inbound_sender_queue"},
		{"DueTimers", dueTimersSQL, []any{instant{now}, 10}, "timers_due"},
		{"DueOutbound", dueOutboundSQL, []any{instant{now}, instant{now}, instant{now}, instant{now}, 10}, "outbox_due"},
		{"CaseByReference", caseByReferenceSQL, []any{key("C-7K2M-9QXT")}, "cases_reference"},
		{"CasesOfContact", casesOfContactSQL, []any{1, 10}, "cases_contact"},
		{"ContactByAddress", contactByAddressSQL, []any{key("sms"), key("+15550001111")}, "contact_addresses_address"},
		{"CountSender", countSenderSQL, []any{key("sms"), key("+15550001111"), instant{now}, 10, 21}, "inbound_sender"},
		{"OutboundByMessageID", outboundByMessageIDSQL, []any{keys([]string{"m1", "m2"})}, "outbox_message"},
		{"OutboundByProviderID", outboundByProviderIDSQL, []any{key("sms"), key("main"), keys([]string{"p1", "p2"})}, "outbox_provider"},
		{"ClaimAlerts", waitingAlertsSQL, []any{key("sms"), key("main"), key("+1"), key("01"), instant{now}, 10}, "outbox_line"},
		{"WaitingSample", waitingSQL, []any{10, 10}, "outbox_due"},
		{"OutboundByReplyToken", outboundByReplyTokenSQL, []any{key("token")}, "outbox_reply_token"},
		{"CasesByMessage", casesByMessageSQL, []any{key("email"), keys([]string{"m1", "m2"})}, "messages_external"},
		{"Participants", participantsSQL, []any{1}, "participants_address"},
		{"DueAttachment", dueAttachmentSQL, []any{instant{now}}, "attachments_pending"},
		{"CaseAttachment", caseAttachmentSQL, []any{key("id"), 1}, "attachments_public"},
		{"ReceivedMessage", receivedMessageSQL, []any{key("telegram"), key("city"), key("7/3"), key("7")}, "messages_external"},
		{"ReceivedMessage, album", albumMessageSQL, []any{key("telegram"), key("city"), key("A"), key("7")}, "messages_album"},
		{"FirstInLine", firstInLineSQL, []any{[]int64{1, 2}, senderQueueBytes}, "inbound_sender_queue"},
		{"LookAhead: copies", lookAheadSQL, lookAheadArgs(now), "inbound_message"},
		{"LookAhead: flood", lookAheadSQL, lookAheadArgs(now), "inbound_sender"},
		{"LookAhead: contacts", lookAheadSQL, lookAheadArgs(now), "contact_addresses_address"},
		{"Overdue", `SELECT * FROM cases WHERE ` + runningStatuses + ` AND due_at < ? ORDER BY id DESC LIMIT 50`,
			[]any{instant{now}}, "cases_"},
		{"SimilarCases", similarCasesSQL, []any{key("water-leak"), key("ward-9"), instant{now}, 50}, "cases_similar"},
		{"OwnerLoad", ownerLoadSQL + ` GROUP BY owner`, nil, "cases_status"},
	}
}

func lookAheadArgs(now time.Time) []any {
	ids, senders := keys([]string{"SM1", "SM2"}), keys([]string{"+15550001111", "+15550002222"})
	return []any{key("sms"), ids, key("sms"), senders, instant{now}, key("sms"), senders, key("sms"), senders}
}

// Explain returns the plan of a query.
func (s *Store) Explain(ctx context.Context, query string, args ...any) (string, error) {
	var plan []string
	err := s.reader.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if s.reader.Name() == postgresName {
			lines, err := all[string](tx, "EXPLAIN "+query, args...)
			plan = lines
			return err
		}
		rows, err := all[struct{ Detail string }](tx, "EXPLAIN QUERY PLAN "+query, args...)
		for _, row := range rows {
			plan = append(plan, row.Detail)
		}
		return err
	})
	return strings.Join(plan, "\n"), err
}

// Pragmas reads a PRAGMA on the writing and on a reading connection.
func (s *Store) Pragmas(ctx context.Context, name string) (writer, reader string, err error) {
	if writer, err = one[string](s.writer.WithContext(ctx), "PRAGMA "+name); err != nil {
		return "", "", err
	}
	reader, err = one[string](s.reader.WithContext(ctx), "PRAGMA "+name)
	return writer, reader, err
}

// Setting reads a setting of PostgreSQL as the store's connections have it.
func (s *Store) Setting(ctx context.Context, name string) (string, error) {
	return one[string](s.writer.WithContext(ctx), "SELECT current_setting(?)", name)
}

// PostgresDialer is what connects to PostgreSQL.
var PostgresDialer = postgresDialer
