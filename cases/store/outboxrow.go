package store

import "github.com/redress-cms/redress/cases"

// outboxRow is a row of outbox.
type outboxRow struct {
	ID            string `gorm:"primaryKey"`
	Dedupe        key
	CaseID        rowID
	Reference     string
	InboundID     rowID
	Kind          cases.NoticeKind
	Audience      cases.Audience
	Login         key
	Channel       key
	Account       key
	Address       key
	Subject       text
	Text          text
	Brief         text
	HTML          text `gorm:"column:html"`
	Automatic     bool
	MessageID     outsideID
	ReplyToken    outsideID
	InReplyTo     text
	ReplyToRow    text
	EditsRow      text
	Thread        document[[]string]
	Buttons       buttons
	Prompt        bool
	PressID       text
	Context       text
	Picture       string
	State         OutboundState
	Attempts      int
	NextAttemptAt instant
	AttemptedAt   instant
	AttemptedBy   key
	ClaimedAt     instant
	ProviderID    outsideID
	Segments      int
	ErrorCode     text
	Error         text
	CreatedAt     instant
	FinishedAt    instant
	ExpiresAt     instant
}

// TableName implements gorm's Tabler.
func (outboxRow) TableName() string { return "outbox" }

func newOutboxRow(o Outbound) outboxRow {
	return outboxRow{
		ID: o.ID, Dedupe: key(o.Dedupe), CaseID: rowID(o.CaseID), InboundID: rowID(o.InboundID),
		Kind: o.Kind, Audience: o.To, Login: key(o.Login),
		Channel: key(o.Channel), Account: key(o.Account), Address: key(o.Address),
		Subject: text(o.Subject), Text: text(o.Text), Brief: text(o.Brief), HTML: text(o.HTML), Automatic: o.Automatic,
		MessageID: outsideID(o.MessageID), ReplyToken: outsideID(o.ReplyToken), InReplyTo: text(o.InReplyTo), ReplyToRow: text(o.ReplyToRow), EditsRow: text(o.EditsRow),
		Thread: document[[]string]{o.References}, Buttons: buttons{o.Buttons}, Prompt: o.Prompt,
		PressID: text(o.PressID), Context: text(o.Context), Picture: o.Picture,
		State: o.State, Attempts: o.Attempts, NextAttemptAt: instant{o.NextAttemptAt}, AttemptedAt: optional(o.AttemptedAt),
		ProviderID: outsideID(o.ProviderID), Segments: o.Segments, ErrorCode: text(o.ErrorCode), Error: text(o.Error),
		CreatedAt: instant{o.CreatedAt}, FinishedAt: optional(o.FinishedAt), ExpiresAt: instant{o.ExpiresAt},
	}
}

func (r outboxRow) outbound() Outbound {
	return Outbound{
		ID: r.ID, Dedupe: string(r.Dedupe), CaseID: int64(r.CaseID), Reference: r.Reference, InboundID: int64(r.InboundID),
		Kind: r.Kind, To: r.Audience, Login: string(r.Login),
		Channel: string(r.Channel), Account: string(r.Account), Address: string(r.Address),
		Subject: string(r.Subject), Text: string(r.Text), Brief: string(r.Brief), HTML: string(r.HTML), Automatic: r.Automatic,
		MessageID: string(r.MessageID), ReplyToken: string(r.ReplyToken), InReplyTo: string(r.InReplyTo), ReplyToRow: string(r.ReplyToRow), EditsRow: string(r.EditsRow),
		References: r.Thread.V, Buttons: r.Buttons.V, Prompt: r.Prompt, PressID: string(r.PressID), Context: string(r.Context), Picture: r.Picture,
		State: r.State, Attempts: r.Attempts, NextAttemptAt: r.NextAttemptAt.Time, AttemptedAt: r.AttemptedAt.pointer(),
		ProviderID: string(r.ProviderID), Segments: r.Segments, ErrorCode: string(r.ErrorCode), Error: string(r.Error),
		CreatedAt: r.CreatedAt.Time, FinishedAt: r.FinishedAt.pointer(), ExpiresAt: r.ExpiresAt.Time,
	}
}

func (r outboxRow) ref() OutboundRef {
	return OutboundRef{ID: r.ID, Channel: string(r.Channel), Account: string(r.Account), Address: string(r.Address)}
}
