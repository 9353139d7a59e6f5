package pipeline_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/channelstest"
	"github.com/redress-cms/redress/pipeline"
	"github.com/redress-cms/redress/pipeline/pace"
	"github.com/redress-cms/redress/pipeline/queue"
	"github.com/redress-cms/redress/templates"
)

// settableClock stands still until a test moves it.
type settableClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *settableClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *settableClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *settableClock) Wait(ctx context.Context, _ time.Time) error { return ctx.Err() }

// line is a channel whose raw messages are channels.Message as JSON. What the
// message is of a kind of content "broken" or "panic" shows how the stages fail.
type line struct {
	name   channels.Name
	format channels.Format

	mu       sync.Mutex
	sent     []channels.Outbound
	failures map[string]*channels.SendError // by address
	panics   bool
	onSend   func(channels.Outbound) // while the provider takes its time
	failing  bool
}

func (l *line) Name() channels.Name     { return l.name }
func (l *line) Format() channels.Format { return l.format }

func (l *line) Read(_ context.Context, in channels.Inbound) (channels.Message, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var m channels.Message
	switch in.ContentType {
	case "panic":
		if l.panics {
			panic("the adapter has a bug")
		}
	case "broken":
		if l.failing {
			return m, fmt.Errorf("its file cannot be had now")
		}
	case "full":
		if l.failing {
			return m, fmt.Errorf("keeping its file: %w", syscall.ENOSPC)
		}
	}
	if err := json.Unmarshal(in.Raw, &m); err != nil {
		return m, fmt.Errorf("%w: no JSON", channels.ErrUnreadable)
	}
	return m, nil
}

func (l *line) Send(_ context.Context, out channels.Outbound) (channels.Receipt, error) {
	if l.onSend != nil {
		l.onSend(out)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if se := l.failures[out.To]; se != nil {
		return channels.Receipt{}, se
	}
	l.sent = append(l.sent, out)
	return channels.Receipt{ProviderID: "at " + out.To + " " + out.ID, State: channels.DeliverySent}, nil
}

// seeded is randomness that is the same in every run.
type seeded struct {
	mu   sync.Mutex
	from *rand.ChaCha8
}

func (s *seeded) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.from.Read(p)
}

// city is a whole installation without its providers.
type city struct {
	t        *testing.T
	db       *store.Store
	clock    *settableClock
	office   *pipeline.Office
	stages   *pipeline.Pipeline
	sender   *pipeline.Sender
	timers   *pipeline.Timers
	lines    map[string]*line
	files    channelstest.Files
	brings   []channels.Attachment // files of the next message
	whole    string                // what it says beyond what its sender wrote
	messages int
	seen     map[string]int // messages of a channel that were looked at
	last     map[string][]store.Outbound
	refs     []cases.Reference
	events   map[cases.Reference]int // that were looked at
}

// texts are the templates; reading them is slow and changes nothing.
var texts = sync.OnceValues(templates.New)

// newCity is a city on a database of its own; change alters its organisation.
func newCity(t *testing.T, change func(*cases.Organisation)) *city {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	org := townHall()
	if change != nil {
		change(org)
	}
	if err := org.Index(); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ApplyOrganisation(t.Context(), org, "file", "test"); err != nil {
		t.Fatal(err)
	}
	words, err := texts()
	if err != nil {
		t.Fatal(err)
	}
	c := &city{
		t: t, db: db, clock: &settableClock{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}, // a Monday
		seen: map[string]int{}, last: map[string][]store.Outbound{}, events: map[cases.Reference]int{},
		lines: map[string]*line{
			"text":   {format: channels.Format{Medium: "sms"}},
			"chat":   {format: channels.Format{Medium: "chat", HTML: true, Buttons: true, Edits: true}},
			"letter": {format: channels.Format{Medium: "email", HTML: true, Threads: true}},
			"page":   {},
		},
	}
	var adapters pipeline.Adapters
	for _, name := range []string{"page", "text", "chat", "letter"} {
		c.lines[name].name = channels.Name{Channel: name, Account: "main"}
		c.lines[name].failures = map[string]*channels.SendError{}
		adapters = append(adapters, c.lines[name])
	}
	q := &recordingQueue{Queue: queue.NewMemory()}
	c.office = pipeline.NewOffice(pipeline.OfficeOptions{
		Store: db, Files: &c.files, Adapters: adapters, Templates: words, Queue: q, Clock: c.clock,
		Random: &seeded{from: rand.NewChaCha8([32]byte{7})}, Logger: quiet, PublicURL: "https://city.test",
	})
	c.stages = pipeline.New(pipeline.Options{
		Store: db, Office: c.office, Adapters: adapters, Words: pipeline.NewWords(words.Keywords()), Clock: c.clock, Logger: quiet,
	})
	c.sender = &pipeline.Sender{
		Store: db, Files: &c.files, Adapters: adapters.Get, Pace: pace.NewMemory(), Clock: c.clock, Logger: quiet, OnFinal: c.office.Failed, Digest: c.office.Digest,
	}
	c.timers = &pipeline.Timers{Store: db, Fire: c.office.Fire, Clock: c.clock, Logger: quiet}
	return c
}

// log has the stages log into a buffer.
func (c *city) log() *bytes.Buffer {
	var b bytes.Buffer
	c.stages.Logger = slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return &b
}

// townHall has water (asha, then ravi above her), lighting (leo, without a
// chat) and a front desk (dora, who has only mail); meera is above all.
func townHall() *cases.Organisation {
	day := func(n int) cases.Duration { return cases.Duration{N: n, Unit: cases.Days} }
	whole := cases.Calendar{Name: "always"}
	for i := range whole.Week {
		whole.Week[i] = []cases.Shift{{From: 0, To: 24 * 60}}
	}
	officer := func(login, department string, level int, at ...cases.Address) cases.User {
		return cases.User{Login: login, Name: login, Roles: []cases.Role{cases.RoleOfficer}, Department: department, Level: level, Addresses: at}
	}
	return &cases.Organisation{
		Jurisdiction: cases.Jurisdiction{
			ID: "city.test", Name: "City", Timezone: "UTC", Languages: []string{"en", "hi", "es"}, DefaultRegion: "US", ReferencePrefix: "C",
		},
		Calendars: []cases.Calendar{whole},
		Policies: []cases.Policy{{
			Name: "standard", Calendar: "always", AcknowledgeWithin: cases.Duration{N: 5, Unit: cases.Minutes},
			RespondWithin: day(2), ResolveWithin: day(10), RemindAt: []int{50},
			Ladder:       []cases.Step{{After: cases.Duration{Unit: cases.Seconds}, Level: 2}, {After: day(2), Level: 3}},
			ReopenWithin: day(30), CloseAfterResolution: day(7), Extension: cases.Extension{Max: day(5), Times: 1},
		}},
		Departments: []cases.Department{
			{Code: "desk", Name: "Front Desk"},
			{Code: "water", Name: "Water", Parent: "desk"},
			{Code: "light", Name: "Lighting", Parent: "desk"},
		},
		Areas: []cases.Area{{Code: "ward-4", Name: "Ward 4"}},
		Users: []cases.User{
			officer("asha", "water", 1, cases.Address{Channel: "chat", Value: "501"}, cases.Address{Channel: "text", Value: "+15550501"}),
			officer("ravi", "water", 2, cases.Address{Channel: "chat", Value: "502"}),
			officer("leo", "light", 1, cases.Address{Channel: "text", Value: "+15550503"}, cases.Address{Channel: "letter", Value: "leo@city.test"}),
			officer("dora", "desk", 1, cases.Address{Channel: "letter", Value: "dora@city.test"}),
			officer("mira", "desk", 3, cases.Address{Channel: "chat", Value: "505"}),
			officer("nobody", "light", 2),
			{Login: "sol", Name: "sol", Roles: []cases.Role{cases.RoleSupervisor}, Department: "light", Level: 3,
				Addresses: []cases.Address{{Channel: "text", Value: "+15550506"}}},
		},
		Services: []cases.Service{
			{Code: "leak", Name: "Water leak", Group: "Water", Department: "water", Priority: cases.High, Policy: "standard",
				Keywords: map[string][]string{"en": {"leak", "leaking", "sewage"}, "hi": {"रिसाव"}, "es": {"fuga"}}},
			{Code: "lamp", Name: "Street lamp", Group: "Light", Department: "light", Policy: "standard",
				Keywords: map[string][]string{"en": {"lamp"}, "es": {"farola"}}},
		},
		Routes: cases.Route{Department: "desk", Policy: "standard"},
		Rules:  cases.Rules{Settle: 30 * time.Second, FloodLimit: 8, FloodWindow: time.Minute},
	}
}

// take keeps a message as the gateway does and has the stages handle it. It
// returns the id of its row.
func (c *city) take(channel, sender, contentType string, raw []byte) int64 {
	c.t.Helper()
	c.messages++
	c.clock.advance(time.Second)
	added, err := c.db.AppendInbound(c.t.Context(), []store.Inbound{{
		Channel: channel, Account: "main", ExternalID: fmt.Sprint("in-", c.messages), Sender: sender,
		ReceivedAt: c.clock.Now(), ContentType: contentType, Raw: raw,
	}})
	if err != nil {
		c.t.Fatal(err)
	}
	c.handle(added[0].ID)
	return added[0].ID
}

func (c *city) handle(id int64) {
	c.t.Helper()
	if err := c.stages.HandleInbound(c.t.Context(), id); err != nil {
		c.t.Fatalf("message %d: %v", id, err)
	}
}

// pass lets time pass, and what is due happen.
func (c *city) pass(d time.Duration) {
	c.t.Helper()
	c.clock.advance(d)
	due, err := c.db.DueInbound(c.t.Context(), c.clock.Now(), 0, 100)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, ref := range due {
		c.handle(ref.ID)
	}
	for range 5 {
		c.timers.Round(c.t.Context(), c.t.Context())
	}
}

// deliver sends all that is due and returns it, oldest first.
func (c *city) deliver() []store.Outbound {
	c.t.Helper()
	for range 20 {
		due, err := c.db.DueOutbound(c.t.Context(), c.clock.Now(), 100)
		if err != nil {
			c.t.Fatal(err)
		}
		if len(due) == 0 {
			break
		}
		for _, ref := range due {
			if err := c.sender.Handle(c.t.Context(), []queue.Item{pipeline.OutboundItem(ref)}); err != nil {
				c.t.Fatal(err)
			}
		}
	}
	var sent []store.Outbound
	for name, l := range c.lines {
		for _, out := range l.sent[c.seen[name]:] {
			row, err := c.db.Outbound(c.t.Context(), out.ID)
			if err != nil {
				c.t.Fatal(err)
			}
			sent = append(sent, row)
			place := name + " " + row.Address
			c.last[place] = append(c.last[place], row)
		}
		c.seen[name] = len(l.sent)
	}
	slices.SortFunc(sent, func(a, b store.Outbound) int { return bytes.Compare([]byte(a.ID), []byte(b.ID)) })
	return sent
}

// number learns the references of new cases: the first one is C1.
func (c *city) number() {
	c.t.Helper()
	list, err := c.db.ListCases(c.t.Context(), store.CaseFilter{Limit: 500})
	if err != nil {
		c.t.Fatal(err)
	}
	for _, k := range slices.Backward(list) {
		if !slices.Contains(c.refs, k.Reference) {
			c.refs = append(c.refs, k.Reference)
		}
	}
}
