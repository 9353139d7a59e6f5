package store

import (
	"io"
	"slices"

	"gorm.io/gorm"
)

// batch is several steps that are saved in one transaction. What is new of all
// of them goes into a table by one statement.
type batch struct {
	tx         *gorm.DB
	recordings []*recording
	ids        map[string][]int64 // drawn and not used yet, by table

	// To be inserted at the end of a part.
	contacts    []contactRow
	addresses   []addressRow
	cases       []caseRow
	events      []eventRow
	timers      []timerRow
	messages    []messageRow
	attachments []attachmentRow
}

func newBatch(tx *gorm.DB, random io.Reader, steps []Step) *batch {
	b := &batch{tx: tx}
	for i := range steps {
		first := &recording{tx: tx, random: random, step: &steps[i], batch: b}
		b.recordings = append(b.recordings, first)
		for _, further := range steps[i].Further {
			step := &Step{At: first.step.At, Change: further.Change, Messages: further.Messages, Outbox: further.Outbox}
			b.recordings = append(b.recordings, &recording{tx: tx, random: random, step: step, batch: b, first: first})
		}
	}
	return b
}

// each is a part that every step does for itself.
func (b *batch) each(save func(*recording) error) func() error {
	return func() error {
		for _, r := range b.recordings {
			if err := save(r); err != nil {
				return err
			}
		}
		return b.flush()
	}
}

// flush inserts what the part just done has gathered.
func (b *batch) flush() error {
	for _, put := range []func() error{
		func() error { return insert(b.tx, b.contacts...) },
		func() error { return insert(b.tx, b.addresses...) },
		func() error { return insert(b.tx, b.cases...) },
		func() error { return insert(b.tx, b.events...) },
		func() error { return insert(b.tx, b.timers...) },
		func() error { return insert(b.tx, b.messages...) },
		func() error { return insert(b.tx, b.attachments...) },
	} {
		if err := put(); err != nil {
			return err
		}
	}
	b.contacts, b.addresses, b.cases, b.events = nil, nil, nil, nil
	b.timers, b.messages, b.attachments = nil, nil, nil
	return nil
}

// drawIDs draws the ids of what is new and named by other rows.
func (b *batch) drawIDs() error {
	contacts, cases, messages := 0, 0, 0
	for _, r := range b.recordings {
		if r.step.Contact != nil && r.step.Contact.ID == 0 {
			contacts++
		}
		if r.step.Change != nil && r.step.Change.New {
			cases++
		}
		messages += len(r.step.Messages)
	}
	b.ids = map[string][]int64{}
	if contacts+cases+messages == 0 {
		return nil
	}
	type drawn struct {
		Name string
		N    int64
	}
	if b.tx.Name() == postgresName {
		rows, err := all[drawn](b.tx, `SELECT 'contacts' AS name, nextval('contacts_id_seq') AS n FROM generate_series(1, ?)
			UNION ALL SELECT 'cases', nextval('cases_id_seq') FROM generate_series(1, ?)
			UNION ALL SELECT 'messages', nextval('messages_id_seq') FROM generate_series(1, ?)`, contacts, cases, messages)
		for _, row := range rows {
			b.ids[row.Name] = append(b.ids[row.Name], row.N)
		}
		for _, list := range b.ids {
			slices.Sort(list)
		}
		return err
	}
	rows, err := all[drawn](b.tx, `SELECT name, seq AS n FROM sqlite_sequence`) // nobody else writes
	last := map[string]int64{}
	for _, row := range rows {
		last[row.Name] = row.N
	}
	for table, count := range map[string]int{"contacts": contacts, "cases": cases, "messages": messages} {
		for n := range count {
			b.ids[table] = append(b.ids[table], last[table]+int64(n)+1)
		}
	}
	return err
}

// nextID is the next id drawn for a table.
func (b *batch) nextID(table string) int64 {
	id := b.ids[table][0]
	b.ids[table] = b.ids[table][1:]
	return id
}

// lockInbound takes the inbound rows, each in line with the others of its
// sender.
func (b *batch) lockInbound() error {
	var ids []int64
	for _, r := range b.recordings {
		if r.step.Inbound != 0 {
			ids = append(ids, r.step.Inbound)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	lock := ""
	if b.tx.Name() == postgresName {
		lock = "ORDER BY id FOR UPDATE"
	}
	taken, err := all[int64](b.tx, `SELECT id FROM inbound WHERE id IN ? AND state = 'received' AND NOT EXISTS (
			SELECT 1 FROM inbound earlier WHERE earlier.channel = inbound.channel AND earlier.sender = inbound.sender
				AND earlier.state = 'received' AND earlier.id < inbound.id) `+lock, ids)
	if err == nil && len(taken) < len(ids) {
		err = ErrDone
	}
	return err
}

// finishedRow is an inbound row at its end.
type finishedRow struct {
	ID          int64
	State       InboundState
	Reason      text
	CaseID      rowID
	ProcessedAt instant
}

// finishInbound ends the inbound rows and tells them their cases, which may
// just have been made.
func (b *batch) finishInbound() error {
	var rows []finishedRow
	for _, r := range b.recordings {
		caseID := r.caseID
		if caseID == 0 && len(r.step.Messages) > 0 {
			caseID = r.step.Messages[0].CaseID
		}
		if r.step.Inbound != 0 {
			rows = append(rows, finishedRow{r.step.Inbound, r.step.InboundState, text(r.step.InboundReason), rowID(caseID), instant{r.step.At}})
		}
	}
	_, err := updated[int64](b.tx, `UPDATE inbound SET state = new.state, reason = new.reason, processed_at = new.processed_at,
			case_id = coalesce(new.case_id, inbound.case_id)
		FROM `+newRows+` WHERE inbound.id = new.id`, rows)
	return err
}

// saveOutbox adds messages to be sent, each dedupe key once for ever.
func (b *batch) saveOutbox() error {
	var rows []outboxRow
	for _, r := range b.recordings {
		for _, o := range r.step.Outbox {
			row, err := r.outboxRow(o)
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
	}
	added, err := insertUnless[string](b.tx, "ON CONFLICT (dedupe) DO NOTHING", "id", rows)
	if err != nil {
		return err
	}
	for _, r := range b.recordings {
		r.dropped = map[string]bool{}
		for range r.step.Outbox {
			row := rows[0]
			rows = rows[1:]
			switch {
			case !slices.Contains(added, row.ID):
				r.dropped[row.ID] = true
			case !row.NextAttemptAt.After(r.step.At) && (row.State == OutPending || row.State == OutRetry):
				r.due = append(r.due, row.ref())
			}
		}
	}
	return nil
}
