package pipeline_test

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/pipeline"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errAway = errors.New("database is away")
	quiet   = slog.New(slog.DiscardHandler)
	_       = pipeline.Backlog(&memoryStore{})
	_       = pipeline.Outbox(&memoryStore{})
	_       = pipeline.Inbox(&memoryStore{})
	_       = pipeline.DueTimers(&memoryStore{})
	_       = pipeline.LeaseStore(&memoryStore{})
	_       = pipeline.UncertainStore(&memoryStore{})
)

// memoryStore keeps the rows that the engine works on, by the rules of the
// store: unique keys, states that only move as allowed, one winner.
type memoryStore struct {
	mu       sync.Mutex
	away     error         // of every call
	delay    time.Duration // of AppendInbound
	appends  int
	lost     bool // AppendInbound commits, but its answer is lost
	refuse   func(store.Inbound) bool
	inbound  []store.Inbound
	outbound map[string]*store.Outbound
	timers   []cases.Timer
	leases   map[string]lease
}

type lease struct {
	holder string
	until  time.Time
}

func (s *memoryStore) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *memoryStore) AppendInbound(ctx context.Context, rows []store.Inbound) ([]store.Appended, error) {
	s.mu.Lock()
	delay := s.delay
	s.mu.Unlock()
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.appends++
	if s.away != nil {
		return nil, s.away
	}
	if s.refuse != nil && slices.ContainsFunc(rows, s.refuse) {
		return nil, errors.New("refused")
	}
	out := make([]store.Appended, len(rows))
	for i, row := range rows {
		known := slices.IndexFunc(s.inbound, func(r store.Inbound) bool {
			return r.Channel == row.Channel && r.Account == row.Account && r.ExternalID == row.ExternalID
		})
		if known >= 0 {
			out[i] = store.Appended{ID: s.inbound[known].ID}
			continue
		}
		row.ID = int64(len(s.inbound) + 1)
		s.inbound = append(s.inbound, row)
		out[i] = store.Appended{ID: row.ID, New: true}
	}
	if s.lost {
		return nil, errors.New("connection lost")
	}
	return out, nil
}

func (s *memoryStore) externalIDs() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for _, row := range s.inbound {
		ids = append(ids, row.ExternalID)
	}
	return ids
}

// finishInbound does what record does: the database decides who is first.
func (s *memoryStore) finishInbound(id int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	row := &s.inbound[id-1]
	if row.State != store.InboundReceived {
		return false
	}
	row.State = store.InboundProcessed
	return true
}

func (s *memoryStore) DueInbound(_ context.Context, now time.Time, after int64, limit int) ([]store.InboundRef, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var refs []store.InboundRef
	for _, row := range s.inbound {
		if row.State == store.InboundReceived && row.ID > after && !row.NextTryAt.After(now) && len(refs) < limit {
			refs = append(refs, store.InboundRef{ID: row.ID, Channel: row.Channel, Sender: row.Sender})
		}
	}
	return refs, s.away
}

func (s *memoryStore) add(rows ...store.Outbound) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outbound == nil {
		s.outbound = map[string]*store.Outbound{}
	}
	for _, row := range rows {
		row.State = cmp.Or(row.State, store.OutPending)
		s.outbound[row.ID] = &row
	}
}

// ClaimAlerts finds nothing: alerts that go together are tested on the real store.
func (*memoryStore) ClaimAlerts(context.Context, store.Outbound, int, int, time.Time) ([]store.Outbound, error) {
	return nil, nil
}

func (s *memoryStore) row(id string) store.Outbound {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.outbound[id]
}

// rows are all outbox rows, oldest first.
func (s *memoryStore) rows() []*store.Outbound {
	return slices.SortedFunc(maps.Values(s.outbound), func(a, b *store.Outbound) int { return cmp.Compare(a.ID, b.ID) })
}

func (s *memoryStore) Claim(_ context.Context, ids []string, now time.Time) ([]store.Outbound, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var claimed []store.Outbound
	for _, id := range ids {
		row := s.outbound[id]
		if row == nil || row.State != store.OutPending && row.State != store.OutRetry || row.NextAttemptAt.After(now) {
			continue
		}
		if !row.ExpiresAt.IsZero() && !now.Before(row.ExpiresAt) {
			row.State = store.OutExpired
			continue
		}
		row.State, row.AttemptedAt = store.OutAttempting, &now
		row.Attempts++
		claimed = append(claimed, *row)
	}
	return claimed, s.away
}

func (s *memoryStore) FinishAll(ctx context.Context, list []store.Finished) ([]bool, error) {
	done := make([]bool, len(list))
	for i, f := range list {
		err := s.Finish(ctx, f.ID, f.Outcome)
		if done[i] = err == nil; err != nil && !errors.Is(err, store.ErrDone) {
			return nil, err
		}
	}
	return done, nil
}

func (s *memoryStore) Finish(_ context.Context, id string, o store.Outcome) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.outbound[id]
	switch {
	case s.away != nil:
		return s.away
	case row.State != store.OutAttempting && row.State != store.OutUncertain, o.From != "" && row.State != o.From:
		return store.ErrDone
	}
	row.State, row.NextAttemptAt = o.State, o.NextAttemptAt
	row.ErrorCode, row.Error = o.ErrorCode, o.Error
	row.ProviderID = cmp.Or(o.ProviderID, row.ProviderID)
	row.Address = cmp.Or(o.Address, row.Address)
	if o.NotMade {
		row.Attempts--
	}
	return nil
}

func (s *memoryStore) Outbound(_ context.Context, id string) (store.Outbound, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if row := s.outbound[id]; row != nil {
		return *row, nil
	}
	return store.Outbound{}, store.ErrNotFound
}

func (s *memoryStore) ListOutbound(_ context.Context, f store.OutboundFilter) ([]store.Outbound, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var rows []store.Outbound
	for _, row := range s.rows() {
		if row.CaseID == f.CaseID {
			rows = append(rows, *row)
		}
	}
	return rows, nil
}

func (s *memoryStore) DueOutbound(_ context.Context, now time.Time, limit int) ([]store.OutboundRef, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var refs []store.OutboundRef
	for _, row := range s.rows() {
		due := row.State == store.OutPending || row.State == store.OutRetry
		if due && !row.NextAttemptAt.After(now) && len(refs) < limit {
			refs = append(refs, store.OutboundRef{ID: row.ID, Channel: row.Channel, Account: row.Account, Address: row.Address})
		}
	}
	return refs, s.away
}

func (s *memoryStore) Abandoned(_ context.Context, before time.Time) ([]store.Outbound, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var rows []store.Outbound
	for _, row := range s.rows() {
		if row.State == store.OutAttempting && row.AttemptedAt.Before(before) {
			row.State = store.OutUncertain
			rows = append(rows, *row)
		}
	}
	return rows, s.away
}

func (s *memoryStore) Uncertain(_ context.Context, limit int) ([]store.Outbound, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var rows []store.Outbound
	for _, row := range s.rows() {
		if row.State == store.OutUncertain && len(rows) < limit {
			rows = append(rows, *row)
		}
	}
	return rows, s.away
}

func (s *memoryStore) DueTimers(_ context.Context, now time.Time, limit int) ([]cases.Timer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var due []cases.Timer
	for _, timer := range s.timers {
		if !timer.At.After(now) && len(due) < limit {
			due = append(due, timer)
		}
	}
	return due, s.away
}

// spend fires a timer as record does: the database decides who is first.
func (s *memoryStore) spend(id int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.timers)
	s.timers = slices.DeleteFunc(s.timers, func(t cases.Timer) bool { return t.ID == id })
	if len(s.timers) == before {
		return store.ErrDone
	}
	return nil
}

func (s *memoryStore) Lease(_ context.Context, name, holder string, now time.Time, ttl time.Duration) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away != nil {
		return false, s.away
	}
	if l, ok := s.leases[name]; ok && l.holder != holder && now.Before(l.until) {
		return false, nil
	}
	if s.leases == nil {
		s.leases = map[string]lease{}
	}
	s.leases[name] = lease{holder, now.Add(ttl)}
	return true, nil
}

func (s *memoryStore) ReleaseLease(_ context.Context, name, holder string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leases[name].holder == holder {
		delete(s.leases, name)
	}
	return s.away
}
