package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
)

// register opens a case.
func (p *Pipeline) register(ctx context.Context, u *Understood) error {
	m := u.Message
	contact := p.contactOf(u)
	text := strings.TrimSpace(u.Intent.Text)
	switch {
	case text != "":
	case m.Location != nil:
		text = locationText(*m.Location)
	default:
		text = m.Subject
	}
	kind := cases.Type(m.Fields.Type)
	if !kind.Known() {
		kind = cases.Complaint // fields come from outside
	}
	u.Classification.Language = u.Language
	draft := cases.Draft{
		Type: kind, ContactID: contact.ID,
		Intake: u.Inbound.Channel, Channel: u.Sender.Channel, Account: u.Account, Address: u.address(),
		Subject: m.Subject, Description: text, Place: m.Fields.Place, OnBehalf: cases.FindOnBehalf(text),
		ReceivedAt: u.Inbound.ReceivedAt, Classification: u.Classification, Quiet: u.Silent != "",
	}
	list := p.matters(u, text)
	if list.Certain && u.Org.Rules.Splitting == cases.SplitAlways {
		return p.registerApart(ctx, u, draft, list)
	}
	if err := p.Office.similar(ctx, u.Org, &draft); err != nil {
		return err
	}
	change, err := p.Office.registration(u.Org, u.Load, u.Now, p.desk(u).By, draft)
	if err != nil {
		return err
	}
	for i := range change.Notices {
		if change.Notices[i].Kind == cases.NoticeAcknowledged {
			change.Notices[i].Data = asked(text, len(list.Items))
		}
	}
	return p.save(ctx, u, change)
}

// asked is what an acknowledgement asks for: words, where there are none, and
// whether to split a list.
func asked(text string, matters int) map[string]string {
	data := map[string]string{}
	if !cases.HasWords(text) {
		data["wordless"] = "yes"
	}
	if matters > 1 {
		data["matters"] = strconv.Itoa(matters)
	}
	return data
}

// registration draws reference and token and registers the draft.
func (o *Office) registration(org *cases.Organisation, load map[string]int, now time.Time, by cases.Actor, draft cases.Draft) (cases.Change, error) {
	var err error
	if draft.Reference, err = cases.NewReference(org.Jurisdiction.ReferencePrefix, o.Random); err != nil {
		return cases.Change{}, fmt.Errorf("drawing a reference: %w", err)
	}
	if draft.Token, err = cases.NewToken(o.Random); err != nil {
		return cases.Change{}, fmt.Errorf("drawing a tracking token: %w", err)
	}
	return cases.Desk{Org: org, At: now, By: by, Load: load}.Register(draft)
}

// contactOf is the sender as a contact. A new one is put into the step with
// its addresses; nobody is made of a message without name and address.
func (p *Pipeline) contactOf(u *Understood) cases.Contact {
	m := u.Message
	if u.Contact.ID != 0 || u.Sender.Value == "" && m.From.Name == "" {
		return u.Contact
	}
	contact := cases.Contact{Name: m.From.Name, Language: u.Language, CreatedAt: u.Now}
	u.Step.Contact = &contact
	if u.Sender.Value != "" {
		u.note(0, u.Sender, u.Account, m.Verified && u.Sender.Channel == u.Inbound.Channel)
		u.noteFurther(0)
	}
	return contact
}

// note puts an address of a contact into the step; 0 is the contact of the step.
func (u *Understood) note(contact int64, address cases.Address, account string, verified bool) {
	change := store.AddressChange{ContactID: contact, Account: account, Address: address, Reachable: verified}
	if verified {
		change.Verified = &u.Inbound.ReceivedAt
	}
	u.Step.Addresses = append(u.Step.Addresses, change)
}

// noteFurther notes the addresses that the sender gave beside the own.
func (u *Understood) noteFurther(contact int64) {
	for _, further := range u.Message.Also {
		u.note(contact, cases.Address{Channel: further.Channel, Value: further.Address}, "", further.Verified)
	}
}

// changeOwn changes a case on behalf of its complainant. What cannot be done
// is added to the case as a message, and the answer says why.
func (p *Pipeline) changeOwn(ctx context.Context, u *Understood) error {
	desk, c := p.desk(u), *u.Case
	var change cases.Change
	var err error
	switch u.Intent.Kind {
	case IntentReopen:
		if desk.Load, err = p.Office.load(ctx, c.Department); err != nil {
			return err
		}
		change, err = desk.Reopen(c, u.Intent.Text)
	case IntentRate:
		change, err = desk.Rate(c, u.Intent.Rating, u.Intent.Text)
	default:
		return p.followUp(ctx, u, "")
	}
	var refused *cases.Error
	if errors.As(err, &refused) {
		return p.followUp(ctx, u, refused.Notice)
	}
	if err != nil {
		return err
	}
	return p.save(ctx, u, change)
}

// followUp adds the message to the case. instead, where given, is the answer
// in place of "your message was added".
func (p *Pipeline) followUp(ctx context.Context, u *Understood, instead cases.NoticeKind) error {
	if err := p.loadForNews(ctx, u); err != nil {
		return err
	}
	change, err := p.desk(u).FollowUp(*u.Case, cases.FollowUp{
		Text: u.Message.Written, Quiet: u.Settling && instead == "", Newest: u.Several,
		NotFixed: u.Intent.Kind == IntentNotFixed, Point: u.Classification.Point, Found: u.Classification,
	})
	if err != nil {
		return err
	}
	for i := range change.Notices {
		if instead != "" && change.Notices[i].To == cases.ToComplainant {
			change.Notices[i].Kind = instead
		}
	}
	return p.save(ctx, u, change)
}

// hold keeps a message of somebody whose right to the case is not shown: staff
// see it, the sender learns only that it was passed on.
func (p *Pipeline) hold(ctx context.Context, u *Understood) error {
	change, err := p.desk(u).FollowUp(*u.Case, cases.FollowUp{Text: u.Message.Written, Held: true})
	if err != nil {
		return err
	}
	u.Step.Messages = append(u.Step.Messages, p.message(u))
	change.Notices = staffOnly(change.Notices)
	byOther(u, change.Notices)
	if err := p.Office.apply(ctx, u.Org, &u.Step, change, nil); err != nil {
		return err
	}
	return p.answerOnlyWith(ctx, u, cases.NoticeHeld)
}

// save puts a change, the message itself and what is to be sent into the step.
func (p *Pipeline) save(ctx context.Context, u *Understood, change cases.Change) error {
	u.Case = &change.Case
	forwarded(u.Message.Forwarded, &change)
	if err := p.copied(ctx, u, &change); err != nil {
		return err
	}
	u.Step.Messages = append(u.Step.Messages, p.message(u))
	if u.Silent != "" {
		change.Notices = staffOnly(change.Notices)
	}
	return p.Office.apply(ctx, u.Org, &u.Step, change, p.answering(u))
}

func staffOnly(notices []cases.Notice) []cases.Notice {
	var kept []cases.Notice
	for _, n := range notices {
		if n.To == cases.ToStaff {
			kept = append(kept, n)
		}
	}
	return kept
}

// status answers STATUS: one case in full, or the list of several.
func (p *Pipeline) status(ctx context.Context, u *Understood) error {
	if u.Several && u.Found == "recent" {
		return p.answerOnlyWith(ctx, u, cases.NoticeStatusList)
	}
	return p.answerOnlyWith(ctx, u, cases.NoticeStatus)
}

// answerOnly is for what changes no case: help, opt-out, language.
func (p *Pipeline) answerOnly(ctx context.Context, u *Understood) error {
	kinds := map[IntentKind]cases.NoticeKind{
		IntentStop: cases.NoticeOptedOut, IntentStart: cases.NoticeOptedIn, IntentLanguage: cases.NoticeLanguage,
		IntentHelp: cases.NoticeHelp, IntentInWords: cases.NoticeInWords,
		IntentUnknown: cases.NoticeUnknownReference, IntentNoCase: cases.NoticeNoCases,
	}
	u.Case = nil
	switch u.Intent.Kind {
	case IntentInWords:
		if len(u.Message.Also) > 0 { // "this is my number" is worth keeping
			p.contactOf(u)
		}
	case IntentStop, IntentStart:
		p.optOut(u)
	case IntentLanguage:
		if u.Language == u.Intent.Language {
			u.Step.Language = &store.ContactLanguage{ContactID: p.contactOf(u).ID, Language: u.Language}
		}
	}
	if u.Message.OptOut != "" {
		return nil // the provider answers its own words by itself
	}
	return p.answerOnlyWith(ctx, u, kinds[u.Intent.Kind])
}

// optOut marks the sender's address. A sender never seen before becomes a
// contact, so that the wish is kept.
func (p *Pipeline) optOut(u *Understood) {
	change := store.AddressChange{ContactID: p.contactOf(u).ID, Account: u.Account, Address: u.Sender}
	if u.Intent.Kind == IntentStop {
		change.OptedOut = &u.Now
	} else {
		change.OptedIn = true
	}
	u.Step.Addresses = append(u.Step.Addresses, change)
}

// locationText is a point as people and maps read it.
func locationText(l channels.Location) string {
	text := fmt.Sprintf("%.6f, %.6f", l.Latitude, l.Longitude)
	if l.Label != "" {
		text = l.Label + " (" + text + ")"
	}
	return text
}
