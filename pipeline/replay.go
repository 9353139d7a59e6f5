package pipeline

import (
	"context"
	"time"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/pipeline/spool"
)

// Bounds of replaying the spool.
const (
	firstReplay = time.Second
	maxReplay   = 10 * time.Second
	pingTimeout = time.Second
	// segmentsPerTurn is more than the one segment that a turn of the
	// committer may add, so that the spool empties under load too.
	segmentsPerTurn = 16
	// maxRefusals is how often a database that otherwise works may refuse a
	// segment before it is set aside and the next one goes on.
	maxRefusals = 5
)

// replay moves segments of the spool into the database, oldest first, when it
// is time.
func (i *Intake) replay(ctx context.Context) {
	for range segmentsPerTurn {
		wait := i.retryAt.Sub(i.Clock.Now())
		if i.Spool.Len() == 0 || wait > 0 && wait <= maxReplay { // longer: the clock was set back
			return
		}
		segment, messages, damaged, ok, err := i.Spool.First()
		if !ok {
			return
		}
		if err == nil && len(messages) > 0 {
			err = i.save(ctx, messages)
		}
		if err != nil && !i.refused(ctx, err) {
			return
		}
		i.finish(segment, messages, damaged || err != nil)
	}
}

// refused reports whether a segment is to be given up. It is not while the
// database is away.
func (i *Intake) refused(ctx context.Context, err error) bool {
	i.putOff()
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	if i.Store.Ping(ctx) != nil {
		i.Logger.Warn("messages wait in the spool for the database", "spooled", i.Spool.Len(), "error", err)
		return false
	}
	i.refusals++
	i.Logger.Warn("a spooled segment cannot be replayed", "tries", i.refusals, "error", err)
	return i.refusals >= maxRefusals
}

func (i *Intake) finish(segment spool.Segment, messages []channels.Inbound, aside bool) {
	finish := i.Spool.Remove
	if aside {
		i.Logger.Error("ALARM: a spooled segment is damaged or refused by the database; it was set aside for a person to look at",
			"readable", len(messages))
		finish = i.Spool.SetAside
	}
	if err := finish(segment); err != nil {
		i.Logger.Error("the spool cannot be cleared", "error", err)
		i.putOff()
		return
	}
	i.retryAt, i.pause, i.refusals = time.Time{}, 0, 0
	if i.Spool.Len() == 0 {
		i.Logger.Info("the spool is empty; messages go to the database again")
	}
}

// putOff lets the database rest, for longer each time.
func (i *Intake) putOff() {
	i.pause = min(max(firstReplay, 2*i.pause), maxReplay)
	i.retryAt = i.Clock.Now().Add(i.pause)
}
