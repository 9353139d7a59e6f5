// Package pipeline is the way of a message: durable intake, the stages that
// understand it and change a case, the outbox, the sender and the timers.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/pipeline/tracing"
)

// Stage is one step on the way of a message.
type Stage struct {
	Name string
	Run  func(context.Context, *Understood) (Verdict, error)
}

// stages is the way of a message, in order. What a stage stops still passes
// record, which finishes the inbound row.
func (p *Pipeline) stages() []Stage {
	return []Stage{
		{"understand", p.understand},   // raw → text, sender, kind
		{"guard", p.guard},             // delivery reports, automatic mail, flood
		{"identify", p.identify},       // contact, or member of staff
		{"continue", p.continues},      // a part or a new wording of an earlier message
		{"thread", p.thread},           // which case, if any, and by what right
		{"interpret", p.interpret},     // command, reply, new complaint
		{"repeats", p.repeats},         // machines that do not say so
		{"attachments", p.attachments}, // what the files are; where photos were taken
		{"classify", p.classify},       // service, priority, area, language, and why
		{"route", p.route},             // who has how much to do
	}
}

// Limits of handling one message.
const (
	maxTries     = 5               // then it is quarantined
	outageWait   = 5 * time.Second // before a message is tried again that an outage held up
	maxConflicts = 8               // runs of the stages when others change the same case
	senderBatch  = 16
)

// Options are what a Pipeline is made of.
type Options struct {
	Store    Records
	Office   *Office
	Adapters Adapters
	Words    Vocabulary
	Clock    Clock
	Logger   *slog.Logger
	Metrics  *Metrics
	Tracer   *tracing.Tracer
}

// Records is what the stages read.
type Records interface {
	FirstInLine(ctx context.Context, ids []int64) ([]store.InLine, error)
	LookAhead(ctx context.Context, channel string, externalIDs, senders []string, since time.Time) (store.Ahead, error)
	SenderQueue(ctx context.Context, channel, sender string, limit int) ([]store.Inbound, error)
	Inbound(ctx context.Context, id int64) (store.Inbound, error)
	FailInbound(ctx context.Context, id int64, reason string, nextTry time.Time) error
	PutOffInbound(ctx context.Context, id int64, reason string, nextTry time.Time) error
	QuarantineInbound(ctx context.Context, id int64, reason string) error
	CountSender(ctx context.Context, channel, sender string, since time.Time, upTo int64, limit int) (int, error)
	FirstSeen(ctx context.Context, channel, externalID string) (int64, error)

	Case(ctx context.Context, id int64) (cases.Case, error)
	CaseByReference(ctx context.Context, ref cases.Reference) (cases.Case, error)
	CaseByToken(ctx context.Context, token string) (cases.Case, error)
	CasesOfContact(ctx context.Context, contactID int64, limit int) ([]cases.Case, error)
	ListCases(ctx context.Context, f store.CaseFilter) ([]cases.Case, error)
	ReceivedMessage(ctx context.Context, channel, account, address, externalID, album string) (cases.Message, error)
	Events(ctx context.Context, caseID int64) ([]cases.Event, error)
	Contact(ctx context.Context, id int64) (cases.Contact, error)
	ContactByAddress(ctx context.Context, a cases.Address) (cases.Contact, error)
	UserByAddress(ctx context.Context, a cases.Address) (cases.User, error)
	LinkCodeUser(ctx context.Context, code string, now time.Time) (string, error)
	OutboundByMessageID(ctx context.Context, ids []string) ([]store.Outbound, error)
	OutboundByReplyToken(ctx context.Context, token string) ([]store.Outbound, error)
	CasesByMessage(ctx context.Context, channel string, ids []string) ([]cases.Case, error)
	Participants(ctx context.Context, caseID int64) ([]cases.Participant, error)
	OutboundByProviderID(ctx context.Context, channel, account string, ids []string) ([]store.Outbound, error)
}

// Pipeline turns inbound rows into changes of cases.
type Pipeline struct {
	Options
	load         func(ctx context.Context, department string) (map[string]int, error) // open cases by officer
	organisation func(ctx context.Context) (*cases.Organisation, error)
}

// New makes a Pipeline.
func New(o Options) *Pipeline {
	return &Pipeline{Options: o, load: o.Office.load, organisation: o.Office.Organisation}
}

// HandleInbound works on one inbound row, after those of the same sender that
// came before it. It returns an error only when nothing could be learned about
// the row; a failing message is retried and at last quarantined.
func (p *Pipeline) HandleInbound(ctx context.Context, id int64) error {
	row, err := p.Store.Inbound(ctx, id)
	if errors.Is(err, store.ErrNotFound) || (err == nil && row.State != store.InboundReceived) {
		return nil // another worker was first
	}
	if err != nil {
		return fmt.Errorf("reading inbound row: %w", err)
	}
	return p.handleSender(ctx, row.Channel, row.Sender)
}

// handleSender works on what a sender sent, oldest first.
func (p *Pipeline) handleSender(ctx context.Context, channel, sender string) error {
	for {
		rows, err := p.Store.SenderQueue(ctx, channel, sender, senderBatch)
		if err != nil {
			return fmt.Errorf("reading what the sender sent: %w", err)
		}
		if len(rows) == 0 {
			return nil
		}
		for _, in := range rows {
			if putOffBeyond(in, p.Clock.Now()) {
				return nil // the sweep comes back for it; later ones wait behind it
			}
			done, err := p.handleOne(ctx, in)
			if err != nil || !done {
				return err
			}
		}
	}
}

// putOffBeyond reports whether a message is to be tried after now. What was
// never put off is due whatever the clock that received it said.
func putOffBeyond(in store.Inbound, now time.Time) bool {
	return in.NextTryAt.After(now) && in.NextTryAt.After(in.ReceivedAt)
}

// handleOne runs one message through all stages. It reports whether the next
// one of the sender may follow.
func (p *Pipeline) handleOne(ctx context.Context, in store.Inbound) (bool, error) {
	log := p.Logger.With("channel", in.Channel, "account", in.Account, "inbound", in.ID)
	ctx, end := p.Tracer.Message(ctx, in.ID, "handle", tracing.Channel(in.Channel), tracing.Account(in.Account))
	result, err := p.process(ctx, in)
	end(err, tracing.Result(result))
	switch {
	case err == nil:
		p.Metrics.InboundProcessed(in.Channel, result)
		return true, nil
	case errors.Is(err, store.ErrDone):
		return false, nil // another worker is at this sender's messages, and goes on with them
	case ctx.Err() != nil:
		return false, ctx.Err()
	case isOutage(err) && !errors.Is(err, channels.ErrUnreadable):
		log.Warn("message waits until what is away is back", "error", err)
		return p.putOff(p.Store.PutOffInbound(ctx, in.ID, reasonOf(err), p.Clock.Now().Add(outageWait)))
	case errors.Is(err, channels.ErrUnreadable), in.Tries+1 >= maxTries:
		log.Error("message quarantined", "error", err)
		p.Metrics.InboundProcessed(in.Channel, "quarantined")
		if err := p.Store.QuarantineInbound(ctx, in.ID, reasonOf(err)); err != nil {
			return false, fmt.Errorf("quarantining: %w", err)
		}
		return true, nil
	}
	next := p.Clock.Now().Add(time.Second << (2 * in.Tries)) // 1 s, 4 s, 16 s, 64 s
	level := slog.LevelWarn
	if errors.Is(err, errTooEarly) {
		level = slog.LevelDebug
	}
	log.Log(ctx, level, "message not handled yet", "error", err, "tries", in.Tries+1)
	return p.putOff(p.Store.FailInbound(ctx, in.ID, reasonOf(err), next))
}

// putOff finds out whether a message that failed was done all the same: the
// answer to a commit can be lost.
func (p *Pipeline) putOff(err error) (done bool, _ error) {
	if errors.Is(err, store.ErrDone) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("putting off: %w", err)
	}
	return false, nil
}

// process runs the stages and record, again when somebody else changed the
// same case meanwhile. A panic of a stage is an error of the message.
func (p *Pipeline) process(ctx context.Context, in store.Inbound) (result string, err error) {
	for range maxConflicts {
		err = guarded(func() error {
			u, err := p.runStages(ctx, in)
			if err != nil {
				return err
			}
			result = u.result()
			saving, end := p.Tracer.Step(ctx, "record")
			_, err = p.Office.save(saving, u.Step)
			end(err)
			return err
		})
		if !errors.Is(err, store.ErrConflict) && !errors.Is(err, store.ErrReferenceTaken) {
			return result, err
		}
	}
	return "", fmt.Errorf("after %d tries: %w", maxConflicts, err)
}

// runStages brings one message to the step that is to be saved.
func (p *Pipeline) runStages(ctx context.Context, in store.Inbound) (*Understood, error) {
	org, err := p.organisation(ctx)
	if err != nil {
		return nil, fmt.Errorf("loading the organisation: %w", err)
	}
	now := p.Clock.Now()
	u := &Understood{Inbound: in, Now: now, Org: org, Step: store.Step{At: now, Inbound: in.ID, InboundState: store.InboundProcessed}}
	for _, stage := range p.stages() {
		stageCtx, end := p.Tracer.Step(ctx, stage.Name)
		verdict, err := stage.Run(stageCtx, u)
		end(err)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", stage.Name, err)
		}
		if verdict.Stop { // no further effect than what the stages put into the step
			u.Step.InboundState, u.Step.InboundReason = store.InboundIgnored, verdict.Reason
			return u, nil
		}
	}
	return u, p.carryOut(ctx, u)
}
