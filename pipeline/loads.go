package pipeline

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/redress-cms/redress/cases"
)

// Bounds of remembering a count of open cases.
const (
	loadShare  = 20              // counting takes a twentieth of the time at most
	maxLoadAge = 5 * time.Second // what other processes hand out is seen by then
)

// loads remembers how many open cases each officer has. A count over many open
// cases takes long and changes little: it is good for twenty times as long as
// it took. New cases of this process are added to it.
type loads struct {
	mu     sync.Mutex
	counts map[string]loadCount // by department; "": all
}

type loadCount struct {
	load  map[string]int
	at    time.Time
	valid time.Duration
}

// load is how many open cases each officer has in a department, or in all.
func (o *Office) load(ctx context.Context, department string) (map[string]int, error) {
	if load, ok := o.loads.known(department, o.Clock.Now()); ok {
		return load, nil
	}
	began := o.Clock.Now()
	load, err := o.Store.OwnerLoad(ctx, department)
	if err != nil {
		return nil, fmt.Errorf("counting open cases: %w", err)
	}
	now := o.Clock.Now()
	o.loads.keep(department, loadCount{maps.Clone(load), now, min(loadShare*now.Sub(began), maxLoadAge)})
	return load, nil
}

func (l *loads) known(department string, now time.Time) (map[string]int, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, ok := l.counts[department]
	if age := now.Sub(c.at); !ok || age < 0 || age >= c.valid {
		return nil, false
	}
	return maps.Clone(c.load), true
}

func (l *loads) keep(department string, c loadCount) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.counts == nil {
		l.counts = map[string]loadCount{}
	}
	l.counts[department] = c
}

// handedOut notes to whom a change gave a new case.
func (l *loads) handedOut(change *cases.Change) {
	if change == nil || !change.New || change.Case.Owner == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, department := range []string{change.Case.Department, ""} {
		if c, ok := l.counts[department]; ok && c.load != nil {
			c.load[change.Case.Owner]++
		}
	}
}
