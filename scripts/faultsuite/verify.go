package main

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/redress-cms/redress/channels/sandbox/twilioapi"
)

// Result is what the ledgers and the database say at the end.
type result struct {
	Complaints   int `json:"complaints"`
	Refused      int `json:"refused"` // never taken: the provider gave up
	Cases        int `json:"cases"`
	Acknowledged int `json:"acknowledged"`
	// Uncertain acknowledgements, counted apart: no provider tells whether
	// they arrived. The ledger does.
	UncertainArrived int `json:"uncertain_arrived"`
	UncertainLost    int `json:"uncertain_lost"`

	Lost        []string `json:"lost"`         // no case, or no acknowledgement though none is uncertain
	Doubled     []string `json:"doubled"`      // more than one of either
	OutOfOrder  []string `json:"out_of_order"` // of one sender
	Quarantined []string `json:"quarantined"`
	Unfinished  []string `json:"unfinished"` // still under way when patience ended
	// Spooled tells of senders whose messages reached the database in another
	// order than they were sent: a gateway that kept one in its spool was
	// down when another took the next.
	Spooled []string `json:"spooled_out_of_order"`

	Median  float64 `json:"seconds_median"`
	Slowest float64 `json:"seconds_slowest"`
}

// ok reports whether every promise was kept.
func (r result) ok() bool {
	return len(r.Lost)+len(r.Doubled)+len(r.OutOfOrder)+len(r.Quarantined)+len(r.Unfinished) == 0
}

// caseRow is a case with its acknowledgement, as the database has them.
type caseRow struct {
	id        int64
	reference string
	marker    string
	inbound   int64 // whose it is
	state     string
	attempts  int
}

var (
	markers    = regexp.MustCompile(`mark\d{6}`)
	references = regexp.MustCompile(`C-[0-9A-Z]{4}-[0-9A-Z]{4}`)
)

// ledger is what the providers delivered, by recipient and reference.
type ledger map[string][]delivery

type delivery struct {
	reference string
	place     int // in order of delivery
	at        time.Time
}

func (s *system) ledger(complaints []complaint) ledger {
	all, place := ledger{}, 0
	add := func(address, text string, at time.Time) {
		place++
		if ref := references.FindString(text); ref != "" {
			all[address] = append(all[address], delivery{ref, place, at})
		}
	}
	for _, m := range s.sms.Messages() {
		if m.Direction == twilioapi.Outbound && !m.Carrier {
			add(m.To, m.Body, m.Created)
		}
	}
	for _, sent := range s.mail.Sent() {
		for _, to := range sent.To {
			add(to, sent.Mail.Subject+" "+sent.Mail.Text, sent.Mail.Date)
		}
	}
	seen := map[string]bool{}
	for _, c := range complaints {
		if c.Channel != "telegram" || seen[c.Sender] {
			continue
		}
		seen[c.Sender] = true
		id, _ := strconv.ParseInt(c.Sender, 10, 64)
		for _, m := range s.chat.Messages(id) {
			if m.From != nil && m.From.IsBot {
				add(c.Sender, m.Text, time.Unix(m.Date, 0))
			}
		}
	}
	return all
}

// verify compares what was complained about with the database and the ledgers.
func (s *system) verify(ctx context.Context, complaints []complaint) (result, error) {
	conn, err := pgx.Connect(ctx, s.database.url(s.database.address))
	if err != nil {
		return result{}, fmt.Errorf("reading the result: %w", err)
	}
	defer conn.Close(ctx)
	cases, err := readCases(ctx, conn)
	if err != nil {
		return result{}, err
	}
	r := result{Complaints: len(complaints), Cases: len(cases)}
	if r.Quarantined, err = readQuarantine(ctx, conn); err != nil {
		return r, err
	}
	byMarker := map[string][]caseRow{}
	for _, c := range cases {
		byMarker[c.marker] = append(byMarker[c.marker], c)
	}
	refused := s.refused()
	delivered := s.ledger(complaints)
	var seconds []float64
	for _, c := range complaints {
		if refused[c.id] {
			r.Refused++
			continue
		}
		if took, ok := r.judge(c, byMarker[c.Marker], delivered[c.Sender]); ok {
			seconds = append(seconds, took.Seconds())
		}
	}
	r.order(complaints, byMarker, delivered)
	if slices.Sort(seconds); len(seconds) > 0 {
		r.Median, r.Slowest = seconds[len(seconds)/2], seconds[len(seconds)-1]
	}
	return r, nil
}

// judge counts one complaint, and tells how long its acknowledgement took.
func (r *result) judge(c complaint, cases []caseRow, got []delivery) (time.Duration, bool) {
	tell := fmt.Sprintf("%s by %s of %s", c.Marker, c.Channel, c.Sender)
	switch {
	case len(cases) == 0:
		r.Lost = append(r.Lost, tell+": no case")
		return 0, false
	case len(cases) > 1:
		r.Doubled = append(r.Doubled, fmt.Sprintf("%s: cases %s and %s", tell, cases[0].reference, cases[1].reference))
		return 0, false
	}
	its := cases[0]
	tell += ", case " + its.reference
	var mine []delivery
	for _, d := range got {
		if d.reference == its.reference {
			mine = append(mine, d)
		}
	}
	switch {
	case len(mine) > 1:
		r.Doubled = append(r.Doubled, fmt.Sprintf("%s: %d acknowledgements, state %s after %d attempts", tell, len(mine), its.state, its.attempts))
	case its.state == "uncertain" && len(mine) == 1:
		r.UncertainArrived++
	case its.state == "uncertain":
		r.UncertainLost++
	case len(mine) == 0:
		r.Lost = append(r.Lost, fmt.Sprintf("%s: no acknowledgement, state %s after %d attempts", tell, its.state, its.attempts))
	default:
		r.Acknowledged++
		return mine[0].at.Sub(c.made), true
	}
	return 0, false
}

// order sees that each sender's complaints took effect in the order in which
// they were sent, and that acknowledgements that went out at the first attempt
// came in the order of their cases.
func (r *result) order(complaints []complaint, byMarker map[string][]caseRow, delivered ledger) {
	bySender := map[string][]caseRow{}
	for _, c := range complaints {
		rows := byMarker[c.Marker]
		if len(rows) != 1 {
			continue
		}
		own, all := rows[0], bySender[c.Sender]
		bySender[c.Sender] = append(all, own)
		if len(all) == 0 || own.id > all[len(all)-1].id {
			continue
		}
		before := all[len(all)-1]
		tell := fmt.Sprintf("%s of %s became a case before the one sent before it, %s", c.Marker, c.Sender, before.marker)
		if own.inbound < before.inbound {
			r.Spooled = append(r.Spooled, tell)
		} else {
			r.OutOfOrder = append(r.OutOfOrder, tell)
		}
	}
	for sender, rows := range bySender {
		slices.SortFunc(rows, func(a, b caseRow) int { return cmp.Compare(a.id, b.id) })
		r.told(sender, rows, delivered[sender])
	}
}

// told sees that the acknowledgements of a sender's cases came in their order.
func (r *result) told(sender string, rows []caseRow, got []delivery) {
	var last delivery
	for _, own := range rows {
		i := slices.IndexFunc(got, func(d delivery) bool { return d.reference == own.reference })
		if i < 0 || own.attempts > 1 || own.state == "uncertain" {
			continue
		}
		if got[i].place < last.place {
			r.OutOfOrder = append(r.OutOfOrder, fmt.Sprintf("%s of %s was acknowledged before %s", own.marker, sender, last.reference))
		}
		last = got[i]
	}
}

// refused are the complaints that no gateway ever answered 2xx to.
func (s *system) refused() map[string]bool {
	ids := map[string]bool{}
	for _, m := range s.sms.Messages() {
		if m.Direction == twilioapi.Inbound && !m.Delivered {
			ids[m.SID] = true
		}
	}
	return ids
}

func readCases(ctx context.Context, conn *pgx.Conn) ([]caseRow, error) {
	rows, err := conn.Query(ctx, `SELECT c.id, c.reference, c.subject || ' ' || c.description,
			coalesce((SELECT min(i.id) FROM inbound i WHERE i.case_id = c.id), 0),
			coalesce(o.state, 'missing'), coalesce(o.attempts, 0)
		FROM cases c LEFT JOIN outbox o ON o.case_id = c.id AND o.kind = 'acknowledged' AND o.audience = 'complainant'
		ORDER BY c.id`)
	if err != nil {
		return nil, fmt.Errorf("reading the cases: %w", err)
	}
	defer rows.Close()
	var all []caseRow
	for rows.Next() {
		var c caseRow
		var text string
		if err := rows.Scan(&c.id, &c.reference, &text, &c.inbound, &c.state, &c.attempts); err != nil {
			return nil, fmt.Errorf("reading the cases: %w", err)
		}
		c.marker = markers.FindString(text)
		all = append(all, c)
	}
	return all, rows.Err()
}

func readQuarantine(ctx context.Context, conn *pgx.Conn) ([]string, error) {
	rows, err := conn.Query(ctx, `SELECT channel || ' message ' || id || ': ' || reason FROM inbound WHERE state = 'quarantined' ORDER BY id LIMIT 100`)
	if err != nil {
		return nil, fmt.Errorf("reading the quarantine: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("reading the quarantine: %w", err)
	}
	return list, nil
}

// unfinished says what is still under way, by the providers and the database.
func (s *system) unfinished(ctx context.Context, complaints []complaint) ([]string, error) {
	var open []string
	if n := len(s.refused()); n > 0 {
		open = append(open, fmt.Sprintf("%d texts that no gateway has taken", n))
	}
	if n := len(s.chat.Pending()); n > 1 { // the last one stays until the next is asked for
		open = append(open, fmt.Sprintf("%d chat messages that no gateway has taken", n))
	}
	conn, err := pgx.Connect(ctx, s.database.url(s.database.address))
	if err != nil {
		return nil, fmt.Errorf("looking what is unfinished: %w", err)
	}
	defer conn.Close(ctx)
	mails := 0
	for _, c := range complaints {
		if c.Channel == "email" {
			mails++
		}
	}
	rows, err := conn.Query(ctx, `
		SELECT count(*) || ' received messages not handled, the oldest ' || min(id) || ' with reason ' || min(reason) FROM inbound WHERE state = 'received' HAVING count(*) > 0
		UNION ALL SELECT count(*) || ' messages ' || state || ' by ' || channel FROM outbox
			WHERE audience = 'complainant' AND (state IN ('pending', 'attempting', 'retry') OR state = 'uncertain' AND channel = 'sms') GROUP BY state, channel
		UNION ALL SELECT $1 - count(*) || ' mails not taken' FROM inbound WHERE channel = 'email' HAVING count(*) < $1`, mails)
	if err != nil {
		return nil, fmt.Errorf("looking what is unfinished: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("looking what is unfinished: %w", err)
	}
	return append(open, list...), nil
}

// drain waits until nothing is under way, or patience ends.
func (s *system) drain(ctx context.Context, complaints []complaint, patience time.Duration) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	told := ""
	for {
		open, err := s.unfinished(ctx, complaints)
		if err != nil && ctx.Err() == nil {
			return nil, err
		}
		if len(open) == 0 && err == nil {
			return nil, nil
		}
		if now := strings.Join(open, "; "); now != told {
			told = now
			s.log("waiting: %s", now)
		}
		if rest(ctx, time.Second) != nil {
			return open, nil
		}
	}
}
