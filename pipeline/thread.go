package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
)

// thread finds the case a message belongs to, and by what right its sender may
// see and change it: a tracking token, an answer to our message to this very
// address, or a verified address of the case's contact. A reference alone is
// no right.
func (p *Pipeline) thread(ctx context.Context, u *Understood) (Verdict, error) {
	if u.Message.Action == channels.ActionRegister || u.Earlier != nil {
		return goOn, nil // a form for a new complaint says so; what continues a message is in its case
	}
	for _, find := range []func(context.Context, *Understood) error{p.byToken, p.byAnswer, p.byReference, p.byTheirs} {
		if err := find(ctx, u); err != nil {
			return goOn, err
		}
		if u.Case != nil {
			return goOn, p.participates(ctx, u)
		}
	}
	p.byRecentTalk(u)
	if u.Case == nil && u.Message.Automatic.Is() && !u.Message.Automatic.Form {
		return stop("automatic: " + string(u.Message.Automatic.Kind) + ", about no case"), nil
	}
	return goOn, nil
}

func (p *Pipeline) byToken(ctx context.Context, u *Understood) error {
	if u.Message.Token == "" {
		return nil
	}
	c, err := p.Store.CaseByToken(ctx, u.Message.Token)
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%w: its tracking token belongs to no case", channels.ErrUnreadable)
	}
	if err != nil {
		return fmt.Errorf("looking up the tracking token: %w", err)
	}
	u.Case, u.Found, u.Proof = &c, "token", "tracking token"
	if u.Contact.ID == 0 && c.ContactID != 0 {
		if u.Contact, err = p.Store.Contact(ctx, c.ContactID); err != nil {
			return fmt.Errorf("reading the contact: %w", err)
		}
	}
	return nil
}

// errTooEarly puts a message off once: it answers a message that may be ours,
// sent a moment ago, whose id at the provider is not saved yet.
var errTooEarly = errors.New("it may answer a message of ours that is just being sent")

// byAnswer follows the channel's own threads, or the address it came to, to a
// message of ours.
func (p *Pipeline) byAnswer(ctx context.Context, u *Understood) error {
	row, ok, err := p.answered(ctx, u)
	if err != nil {
		return err
	}
	if !ok && len(u.Message.InReplyTo) > 0 && !u.Format.Threads && u.Inbound.Tries == 0 {
		return errTooEarly
	}
	if !ok {
		return nil
	}
	u.Answers = &row
	if row.CaseID == 0 || row.To != cases.ToComplainant {
		return nil
	}
	if named := p.named(u); len(named) > 0 && !slices.Contains(named, cases.Reference(row.Reference)) {
		return nil // "STATUS C-7K2M-9QXT" is about that case, whatever it answers
	}
	c, err := p.Store.CaseByReference(ctx, cases.Reference(row.Reference))
	if err != nil {
		return fmt.Errorf("reading the case of our message: %w", err)
	}
	u.Case, u.Found, u.Proof = &c, "thread", p.ownAddress(u, c)
	if u.Proof == "" && disclosed(row.Kind) && (row.Address == u.Message.From.Address || row.Address == u.Message.Conversation) {
		// Our Message-ID and the token in an address of ours are unguessable,
		// and they went to this address only.
		u.Proof = "answer to our message"
	}
	return nil
}

// disclosed reports whether a notice goes to people who have a right to the
// case. A stranger who was told that a message was passed on has none.
func disclosed(kind cases.NoticeKind) bool {
	return kind != cases.NoticeHeld && kind != cases.NoticeFlood
}

// byReference takes the first reference in the subject or in what the sender
// wrote that names a case.
func (p *Pipeline) byReference(ctx context.Context, u *Understood) error {
	if u.Staff != nil && isCommand(u.Org, u.Message.Written) {
		return nil // a command names its case itself
	}
	refs := p.named(u)
	if len(refs) == 0 {
		refs = append(cases.FindReferences(u.Message.Subject), cases.FindReferences(u.Message.Written)...)
	}
	for _, ref := range refs[:min(len(refs), 5)] {
		c, err := p.Store.CaseByReference(ctx, ref)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("looking up a reference: %w", err)
		}
		u.Case, u.Found, u.Proof = &c, "reference", p.ownAddress(u, c)
		return nil
	}
	return nil
}

// named are the references that follow a keyword.
func (p *Pipeline) named(u *Understood) []cases.Reference {
	word, ok := p.Words.Keyword(u.Message.Written)
	if !ok || word.Kind == IntentComplaint {
		return nil
	}
	return cases.FindReferences(word.Rest)
}

// ownAddress is the proof that the sender writes from the case's own address,
// verified, or empty.
func (p *Pipeline) ownAddress(u *Understood, c cases.Case) string {
	if !u.Message.Verified {
		return ""
	}
	if ownedBy(c, u.Sender) {
		return "own address, " + u.Message.VerifiedBy
	}
	return ""
}

// ownedBy reports whether the case's complainant talks with us at the address.
// That it is another address of the same contact is no right: somebody may
// have named a stranger's number beside the own when the case was taken down.
func ownedBy(c cases.Case, a cases.Address) bool {
	return c.Channel == a.Channel && c.Address == a.Value
}

// byRecentTalk is for channels without threads: texts of a moment ago are
// joined, and a case with recent talk takes what comes without a keyword.
func (p *Pipeline) byRecentTalk(u *Understood) {
	if u.Format.Threads || !u.Message.Verified || u.Staff != nil {
		return
	}
	recent := slices.DeleteFunc(slices.Clone(u.OwnCase), func(c cases.Case) bool {
		return p.typedIn(c) || u.Now.Sub(lastTalk(c)) > u.Org.Rules.RecentTalk
	})
	if len(recent) == 0 {
		return
	}
	slices.SortStableFunc(recent, func(a, b cases.Case) int { return lastTalk(b).Compare(lastTalk(a)) })
	open := slices.DeleteFunc(slices.Clone(recent), func(c cases.Case) bool { return !c.Status.Open() })
	c := recent[0]
	if len(open) > 0 {
		c = open[0]
	}
	u.Case, u.Found, u.Proof = &c, "recent", p.ownAddress(u, c)
	u.Several = len(open) > 1
	u.Settling = c.Status.Open() && u.Inbound.ReceivedAt.Sub(lastTalk(c)) <= u.Org.Rules.Settle
}

// typedIn reports whether the case came in on a page, where anybody can have
// typed the number and reads along by the tracking link: it takes only what
// names it or answers it.
func (p *Pipeline) typedIn(c cases.Case) bool { return p.Adapters.TakesInOnly(c.Intake) }

func lastTalk(c cases.Case) time.Time {
	if c.LastInboundAt != nil {
		return *c.LastInboundAt
	}
	return c.ReceivedAt
}
