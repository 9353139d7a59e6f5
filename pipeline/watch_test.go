package pipeline_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/pipeline"
)

// tower is a city with two administrators and two gateways whose health a test
// sets. Ada has chat and text, Abe has mail only.
type tower struct {
	*city
	watch    *pipeline.Watch
	gateways map[string][]channels.Health
}

func newTower(t *testing.T) *tower {
	c := newCity(t, func(o *cases.Organisation) {
		administrator := func(login string, at ...cases.Address) cases.User {
			return cases.User{Login: login, Name: login, Roles: []cases.Role{cases.RoleAdministrator}, Department: "desk", Level: 1, Addresses: at}
		}
		o.Users = append(o.Users,
			administrator("ada", cases.Address{Channel: "chat", Value: "601"}, cases.Address{Channel: "text", Value: "+15550601"}),
			administrator("abe", cases.Address{Channel: "letter", Value: "abe@city.test"}))
	})
	w := &tower{city: c, gateways: map[string][]channels.Health{}}
	w.takeover()
	return w
}

// takeover has another process watch, which knows nothing but the database.
func (w *tower) takeover() {
	w.watch = &pipeline.Watch{
		Store: w.db, Tell: w.office.TellAdministrators, Clock: w.clock, Logger: quiet, After: 5 * time.Minute,
	}
}

func state(channel, fault string) channels.Health {
	return channels.Health{Name: channels.Name{Channel: channel, Account: "main"}, Up: fault == "", Error: fault}
}

// wait lets minutes pass, with the word of all gateways every 20 seconds, and
// returns who was told what.
func (w *tower) wait(minutes int) []string {
	w.t.Helper()
	for range 3 * minutes {
		w.clock.advance(20 * time.Second)
		for holder, health := range w.gateways {
			reporter := pipeline.Reporter{
				Store: w.db, Holder: holder, Clock: w.clock, Logger: quiet, Health: func() []channels.Health { return health },
			}
			reporter.Round(w.t.Context())
		}
		if err := w.watch.Round(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
	}
	var told []string
	for _, row := range w.deliver() {
		line, _, _ := strings.Cut(cmp.Or(row.Subject, row.Text), "\n")
		told = append(told, fmt.Sprintf("%s by %s: %s", row.Login, row.Channel, line))
	}
	slices.Sort(told)
	return told
}

func (w *tower) expect(what string, got []string, want ...string) {
	w.t.Helper()
	if !slices.Equal(got, want) {
		w.t.Errorf("%s: told %q, want %q", what, got, want)
	}
}

func TestAdministratorsLearnThatAnAccountIsDown(t *testing.T) {
	w := newTower(t)
	w.gateways["a"] = []channels.Health{state("letter", "login refused"), state("chat", "")}
	w.expect("at first", w.wait(4))
	w.expect("after five minutes", w.wait(3),
		"ada by chat: No messages have been taken in for a while on letter main.") // abe has nothing but the account that is down
	w.expect("once", w.wait(60))
	w.takeover()
	w.expect("once, whoever watches", w.wait(60))
	w.gateways["a"][0] = state("letter", "")
	w.expect("when it works again", w.wait(2),
		"abe by letter: Messages are taken in again: letter main", "ada by chat: letter main takes messages in again. What people wrote meanwhile is being worked on now.")
	w.gateways["a"][0] = state("letter", "login refused")
	w.expect("the next time", w.wait(7), "ada by chat: No messages have been taken in for a while on letter main.")
}

func TestAnotherWayIsTakenAroundTheAccountThatIsDown(t *testing.T) {
	w := newTower(t)
	w.gateways["a"] = []channels.Health{state("chat", "token refused")}
	w.expect("a bot is down", w.wait(7),
		"abe by letter: No messages are taken in: chat main", "ada by text: No messages are taken in on chat main. Nothing is lost, but people wait. Please look at /readyz. Reason: token refused")
}

func TestAnAccountIsUpWhenOneGatewayTakesIn(t *testing.T) {
	w := newTower(t)
	w.gateways["a"] = []channels.Health{state("text", "no answer")}
	w.gateways["b"] = []channels.Health{state("text", "")}
	w.expect("one of two", w.wait(20))

	standby := state("text", "")
	standby.Standby = true
	w.gateways["b"] = []channels.Health{standby}
	if got := w.wait(7); len(got) != 2 {
		t.Errorf("a gateway that does not poll speaks for the one that fails to: told %q", got)
	}
}

func TestSilentGatewaysAreMissed(t *testing.T) {
	w := newTower(t)
	w.expect("nothing is set up", w.wait(20))
	w.gateways["a"] = []channels.Health{state("text", "")}
	w.expect("it works", w.wait(2))
	delete(w.gateways, "a")
	if got := w.wait(8); len(got) != 2 {
		t.Errorf("the only gateway died: told %q", got)
	}
}

func TestAGrowingQuarantineIsToldHourly(t *testing.T) {
	w := newTower(t)
	spoil := func() int64 {
		id := w.take("text", "+15551", "", []byte("no JSON"))
		return id
	}
	spoil()
	one := "abe by letter: Messages that could not be handled: 1"
	if got := w.wait(1); len(got) != 2 || got[0] != one {
		t.Errorf("told %q", got)
	}
	spoil()
	w.expect("soon after", w.wait(30))
	if got := w.wait(31); len(got) != 2 || got[0] != "abe by letter: Messages that could not be handled: 2" {
		t.Errorf("an hour later told %q", got)
	}
	w.expect("it does not grow", w.wait(120))
}

func TestAnAlertIsMadeOnce(t *testing.T) {
	w := newTower(t)
	n := cases.Notice{Kind: cases.AlertQuarantine, To: cases.ToStaff, Data: map[string]string{"count": "1"}}
	for range 2 { // the process died before it noted that it told
		if err := w.office.TellAdministrators(t.Context(), n, "key"); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := w.db.ListOutbound(t.Context(), store.OutboundFilter{})
	if err != nil || len(rows) != 2 {
		t.Errorf("%d alerts for two administrators, %v", len(rows), err)
	}
}
