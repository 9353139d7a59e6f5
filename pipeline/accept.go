package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/pipeline/queue"
	"github.com/redress-cms/redress/pipeline/spool"
	"github.com/redress-cms/redress/pipeline/tracing"
)

// What Accept refuses, beside spool.ErrFull.
var (
	ErrInvalidInbound = errors.New("message cannot be kept as it is named")
	ErrStopped        = errors.New("intake is stopped")
)

// Bounds of a commit. A provider waits 10 to 15 seconds for its answer.
const (
	groupRows     = 500
	groupBytes    = 16 << 20
	commitTimeout = 5 * time.Second
	commitRate    = 4 << 20 // bytes a second that any database takes; big mails get more time
	pushTimeout   = 2 * time.Second
	pushRest      = 2 * time.Second // after a push that failed
	pushBacklog   = 1024
	maxKeyBytes   = 200
	maxTextBytes  = 320 // of sender and content type
)

// Inbox is where received messages are kept.
type Inbox interface {
	AppendInbound(ctx context.Context, rows []store.Inbound) ([]store.Appended, error)
}

// IntakeOptions are what an Intake is made of.
type IntakeOptions struct {
	Store    Inbox
	Queue    queue.Queue
	Spool    *spool.Spool
	Clock    Clock
	Logger   *slog.Logger
	Metrics  *Metrics
	Tracer   *tracing.Tracer
	MaxBytes int64     // of one raw message; 0: no limit here
	Pressure *Pressure // felt by the workers of this process; nil: by nobody
}

// Intake makes received messages durable. Its one committer, Run, takes every
// caller that is waiting into one transaction and answers each after the
// commit; an idle system commits at once.
//
// Order: the committer alone writes. When a commit fails, the group goes into
// the spool, and while the spool holds anything, everything new goes behind
// it. So the messages of one sender reach the database in order of receipt. A
// commit whose answer was lost is replayed, which the unique key makes a no-op.
type Intake struct {
	IntakeOptions
	requests chan request // unbuffered: what was handed over is in the committer's hands
	stopped  chan struct{}
	pushes   chan []queue.Item
	retryAt  time.Time // the database is not tried for the spool before
	pause    time.Duration
	refusals int // of the oldest segment
	full     bool
}

type request struct {
	messages []channels.Inbound
	bytes    int
	answer   chan<- error
}

// NewIntake makes an Intake. Nothing is accepted before Run.
func NewIntake(o IntakeOptions) *Intake {
	return &Intake{
		IntakeOptions: o,
		requests:      make(chan request),
		stopped:       make(chan struct{}),
		pushes:        make(chan []queue.Item, pushBacklog),
	}
}

// Accept implements channels.Accept. It returns nil once the messages are in
// the database or in an fsynced spool file. When ctx ends first they may be
// kept all the same; the provider sends them again and they are then known.
// spool.ErrFull means that the provider must keep them: answer non-2xx.
func (i *Intake) Accept(ctx context.Context, batch ...channels.Inbound) error {
	if len(batch) == 0 {
		return nil
	}
	answer := make(chan error, 1)
	r := request{messages: make([]channels.Inbound, len(batch)), answer: answer}
	for n, m := range batch {
		if err := i.check(m); err != nil {
			return err
		}
		m.Sender, m.ContentType = storable(m.Sender), storable(m.ContentType)
		r.messages[n] = m
		r.bytes += len(m.Raw)
	}
	select {
	case i.requests <- r:
	case <-ctx.Done():
		return ctx.Err()
	case <-i.stopped:
		return ErrStopped
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// check refuses what an adapter named wrongly. The key decides what is one
// message, so it is never made to fit.
func (i *Intake) check(m channels.Inbound) error {
	for _, part := range []string{m.Channel, m.Account, m.ExternalID} {
		if part == "" || len(part) > maxKeyBytes || !utf8.ValidString(part) || strings.Contains(part, "\x00") {
			return fmt.Errorf("%w: channel, account and external id are 1 to %d bytes of UTF-8", ErrInvalidInbound, maxKeyBytes)
		}
	}
	if i.MaxBytes > 0 && int64(len(m.Raw)) > i.MaxBytes {
		return fmt.Errorf("%w: %d bytes, the limit is %d", ErrInvalidInbound, len(m.Raw), i.MaxBytes)
	}
	return nil
}

// storable makes a text fit for every database: valid UTF-8 without NUL, bounded.
func storable(s string) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\uFFFD")
	if len(s) > maxTextBytes {
		s = strings.ToValidUTF8(s[:maxTextBytes], "")
	}
	return s
}

// Run commits until ctx ends; then it answers those it has taken and returns.
func (i *Intake) Run(ctx context.Context) error {
	work := context.WithoutCancel(ctx) // what is in hand is finished
	pushed := make(chan struct{})
	go func() {
		defer close(pushed)
		i.push(work)
	}()
	defer func() {
		close(i.stopped)
		close(i.pushes)
		<-pushed
	}()
	for {
		i.replay(work)
		select {
		case r := <-i.requests: // who waits goes before the next segment
			i.commit(work, i.gather(r))
			continue
		default:
		}
		wake, cancel := i.untilReplay(ctx)
		select {
		case <-ctx.Done():
			cancel()
			return nil
		case r := <-i.requests:
			cancel()
			i.commit(work, i.gather(r))
		case <-wake:
			cancel()
		}
	}
}

// untilReplay is closed when the spool is to be looked at again.
func (i *Intake) untilReplay(ctx context.Context) (<-chan struct{}, context.CancelFunc) {
	if i.Spool.Len() == 0 {
		return nil, func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	wake := make(chan struct{})
	go func() {
		defer close(wake)
		_ = i.Clock.Wait(ctx, i.retryAt) // early is fine, replay looks at the time
	}()
	return wake, func() { cancel(); <-wake }
}

// gather takes everyone who waits, within bounds.
func (i *Intake) gather(first request) []request {
	requests, rows, bytes := []request{first}, len(first.messages), first.bytes
	for rows < groupRows && bytes < groupBytes {
		select {
		case r := <-i.requests:
			requests = append(requests, r)
			rows += len(r.messages)
			bytes += r.bytes
		default:
			return requests
		}
	}
	return requests
}

// commit makes one group durable and answers its callers.
func (i *Intake) commit(ctx context.Context, requests []request) {
	var messages []channels.Inbound
	for _, r := range requests {
		messages = append(messages, r.messages...)
	}
	behind := i.Spool.Len() > 0
	var err error
	if !behind {
		if err = i.save(ctx, messages); err != nil {
			i.Logger.Error("the database does not take messages; they go into the spool", "error", err)
			i.putOff()
		}
	}
	if behind || err != nil {
		err = i.spool(messages)
	}
	i.Pressure.note(len(requests), i.Clock.Now())
	for _, r := range requests {
		r.answer <- err
	}
}

// save appends to the database and has dispatch told of what is new.
func (i *Intake) save(ctx context.Context, messages []channels.Inbound) error {
	rows, now, timeout := make([]store.Inbound, len(messages)), i.Clock.Now(), commitTimeout
	for n, m := range messages {
		timeout += time.Duration(len(m.Raw)) * time.Second / commitRate
		rows[n] = store.Inbound{
			Channel: m.Channel, Account: m.Account, ExternalID: m.ExternalID, Sender: m.Sender,
			ReceivedAt: m.ReceivedAt, ContentType: m.ContentType, Raw: m.Raw, File: store.Stored(m.File),
			State: store.InboundReceived,
		}
		if m.ReceivedAt.IsZero() {
			rows[n].ReceivedAt = now
		}
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	appended, err := i.Store.AppendInbound(ctx, rows)
	if err != nil {
		return fmt.Errorf("appending to the inbox: %w", err)
	}
	var items []queue.Item
	committed := i.Clock.Now()
	for n, a := range appended {
		if a.New {
			i.Tracer.Accepted(a.ID, rows[n].Channel, rows[n].Account, now, committed)
			i.Metrics.InboundAccepted(rows[n].Channel)
			items = append(items, InboundItem(store.InboundRef{ID: a.ID, Channel: rows[n].Channel, Sender: rows[n].Sender}))
		}
	}
	if len(items) > 0 {
		select {
		case i.pushes <- items:
		default: // dispatch is slow: the sweep feeds them
		}
	}
	return nil
}

// spool keeps a group in a file. It is logged when it is full, once.
func (i *Intake) spool(messages []channels.Inbound) error {
	err := i.Spool.Append(messages...)
	if err != nil && !i.full {
		i.Logger.Error("ALARM: messages are refused: neither database nor spool takes them", "error", err, "spooled", i.Spool.Len())
	}
	i.full = err != nil
	if err != nil {
		return fmt.Errorf("spooling: %w", err)
	}
	return nil
}

// push tells dispatch, away from those who wait for their answer. While that
// fails, and after a stop, what waits is left to the sweep: each try takes time.
func (i *Intake) push(ctx context.Context) {
	var failed time.Time
	for items := range i.pushes {
		if since := i.Clock.Now().Sub(failed); isClosed(i.stopped) || since >= 0 && since < pushRest {
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, pushTimeout)
		if err := i.Queue.Push(ctx, TopicInbound, items...); err != nil {
			i.Logger.Debug("dispatch not told of new messages; the sweep feeds them", "error", err)
			failed = i.Clock.Now()
		}
		cancel()
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
