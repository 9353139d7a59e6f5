package store

import (
	"context"
	"fmt"

	"github.com/redress-cms/redress/cases"
)

// stateReceived is the state of incoming messages.
const stateReceived = "received"

// messageRow is a row of messages.
type messageRow struct {
	ID         int64 `gorm:"primaryKey"`
	CaseID     int64
	Direction  cases.Direction
	Audience   cases.Audience
	Channel    key
	Account    key
	Address    key
	Subject    text
	Text       text
	FullText   text
	ExternalID key
	InboundID  rowID
	OutboundID outsideID
	State      string
	At         instant
	Held       bool

	Participant bool
	Login       key
	Remarks     text
	Album       key
	VersionOf   rowID
}

// TableName implements gorm's Tabler.
func (messageRow) TableName() string { return "messages" }

func newMessageRow(m cases.Message) messageRow {
	if m.State == "" && m.Direction == cases.In {
		m.State = stateReceived
	}
	return messageRow{
		CaseID: m.CaseID, Direction: m.Direction, Audience: m.To,
		Channel: key(m.Channel), Account: key(m.Account), Address: key(m.Address),
		Subject: text(m.Subject), Text: text(m.Text), FullText: text(m.FullText), ExternalID: key(m.ExternalID),
		InboundID: rowID(m.InboundID), OutboundID: outsideID(m.OutboundID), State: m.State, At: instant{m.At}, Held: m.Held,
		Participant: m.Participant,
		Login:       key(m.Login), Remarks: text(m.Remarks),
		Album: key(m.Album), VersionOf: rowID(m.VersionOf),
	}
}

func (r messageRow) domain() cases.Message {
	return cases.Message{
		ID: r.ID, CaseID: r.CaseID, Direction: r.Direction, To: r.Audience,
		Channel: string(r.Channel), Account: string(r.Account), Address: string(r.Address),
		Subject: string(r.Subject), Text: string(r.Text), FullText: string(r.FullText), ExternalID: string(r.ExternalID),
		InboundID: int64(r.InboundID), OutboundID: string(r.OutboundID), State: r.State, At: r.At.Time, Held: r.Held,
		Participant: r.Participant,
		Login:       string(r.Login), Remarks: string(r.Remarks),
		Album: string(r.Album), VersionOf: int64(r.VersionOf),
	}
}

// Messages is the conversation of a case, oldest first. The state of what was
// sent is that of its outbox row.
func (s *Store) Messages(ctx context.Context, caseID int64) ([]cases.Message, error) {
	rows, err := all[messageRow](s.read(ctx), `SELECT m.id, m.case_id, m.direction, m.audience, m.channel, m.account,
			m.address, m.subject, m.text, m.full_text, m.external_id, m.inbound_id, m.outbound_id,
			coalesce(o.state, m.state) AS state, m.at, m.held, m.participant, m.login, m.remarks,
			m.album, m.version_of
		FROM messages m LEFT JOIN outbox o ON o.id = m.outbound_id
		WHERE m.case_id = ? ORDER BY m.id`, caseID)
	list, err := converted(rows, err, messageRow.domain)
	if err != nil {
		return nil, fmt.Errorf("read the messages of case %d: %w", caseID, err)
	}
	files, err := all[attachmentRow](s.read(ctx), `SELECT a.* FROM attachments a JOIN messages m ON m.id = a.message_id
		WHERE m.case_id = ? ORDER BY a.id`, caseID)
	if err != nil {
		return nil, fmt.Errorf("read the attachments of case %d: %w", caseID, err)
	}
	place := make(map[int64]int, len(list))
	for i, m := range list {
		place[m.ID] = i
	}
	for _, file := range files {
		if i, ok := place[file.MessageID]; ok {
			list[i].Attachments = append(list[i].Attachments, file.domain())
		}
	}
	return list, nil
}

// eventRow is a row of events.
type eventRow struct {
	ID             int64 `gorm:"primaryKey"`
	CaseID         int64
	Seq            int
	At             instant
	ActorKind      cases.ActorKind
	ActorLogin     string
	ActorChannel   string
	Kind           cases.EventKind
	Note           string
	Data           document[map[string]string]
	NoteSalt       []byte
	NoteCommitment []byte
	PrevHash       []byte
	Hash           []byte
}

// TableName implements gorm's Tabler.
func (eventRow) TableName() string { return "events" }

func newEventRow(e cases.Event) eventRow {
	return eventRow{
		CaseID: e.CaseID, Seq: e.Seq, At: instant{e.At},
		ActorKind: e.Actor.Kind, ActorLogin: e.Actor.Login, ActorChannel: e.Actor.Channel,
		Kind: e.Kind, Note: e.Note, Data: document[map[string]string]{e.Data},
		NoteSalt: e.NoteSalt, NoteCommitment: e.NoteCommitment, PrevHash: e.PrevHash, Hash: e.Hash,
	}
}

func (r eventRow) domain() cases.Event {
	return cases.Event{
		ID: r.ID, CaseID: r.CaseID, Seq: r.Seq, At: r.At.Time,
		Actor: cases.Actor{Kind: r.ActorKind, Login: r.ActorLogin, Channel: r.ActorChannel},
		Kind:  r.Kind, Note: r.Note, Data: r.Data.V,
		NoteSalt: r.NoteSalt, NoteCommitment: r.NoteCommitment, PrevHash: r.PrevHash, Hash: r.Hash,
	}
}

// cleanEvent gives an event the text that the database will give back, since
// its hash is taken before it is saved.
func cleanEvent(e cases.Event) cases.Event {
	e.Note = clean(e.Note)
	e.Actor.Login, e.Actor.Channel = clean(e.Actor.Login), clean(e.Actor.Channel)
	if e.Data != nil {
		data := make(map[string]string, len(e.Data))
		for k, v := range e.Data {
			data[clean(k)] = clean(v)
		}
		e.Data = data
	}
	return e
}

// Events is the history of a case, oldest first.
func (s *Store) Events(ctx context.Context, caseID int64) ([]cases.Event, error) {
	rows, err := all[eventRow](s.read(ctx), `SELECT * FROM events WHERE case_id = ? ORDER BY seq`, caseID)
	list, err := converted(rows, err, eventRow.domain)
	if err != nil {
		return nil, fmt.Errorf("read the events of case %d: %w", caseID, err)
	}
	return list, nil
}

// Links are the references of the cases that a case is linked to.
func (s *Store) Links(ctx context.Context, caseID int64) ([]cases.Reference, error) {
	list, err := all[cases.Reference](s.read(ctx), `SELECT c.reference FROM links l JOIN cases c ON c.id = l.other_id
		WHERE l.case_id = ? ORDER BY l.other_id`, caseID)
	if err != nil {
		return nil, fmt.Errorf("read the links of case %d: %w", caseID, err)
	}
	return list, nil
}
