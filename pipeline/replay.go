package pipeline

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/pipeline/spool"
)

// Bounds of replaying the spool.
const (
	firstReplay = time.Second
	maxReplay   = 10 * time.Second
	// segmentsPerTurn is more than the one segment that a turn of the
	// committer may add, so that the spool empties under load too.
	segmentsPerTurn = 16
	// segmentsTogether share a transaction while the database takes them: after
	// a long outage there are many, of a message or two each.
	segmentsTogether = 200
	// turnTime is when a turn ends early, once it has moved two segments:
	// providers wait meanwhile.
	turnTime = time.Second
	// maxRefusals is how often a segment may fail before others are tried.
	maxRefusals = 5
)

// replay moves segments of the spool into the database, oldest first, when it
// is time.
func (i *Intake) replay(ctx context.Context) {
	for began := i.Clock.Now(); i.replayTogether(ctx) && i.Clock.Now().Sub(began) < turnTime; {
		continue
	}
	began := i.Clock.Now()
	for n, segment := range i.Spool.Oldest(segmentsPerTurn) {
		now := i.Clock.Now()
		if n >= 2 && now.Sub(began) >= turnTime {
			return
		}
		wait := i.retryAt.Sub(now)
		if wait > 0 && wait <= maxReplay { // longer: the clock was set back
			return
		}
		messages, damaged, err := i.Spool.Read(segment)
		if err == nil && len(messages) > 0 {
			err = i.save(ctx, messages)
		}
		if err != nil {
			i.putOff()
			i.Logger.Warn("messages wait in the spool for the database", "spooled", i.Spool.Len(), "error", err)
			if !i.refused(ctx, segment, messages, err) {
				return
			}
			i.saveSingly(ctx, messages)
			damaged = true
		}
		if !i.clear(segment, damaged) {
			return
		}
	}
}

// replayTogether moves many segments at once, and reports whether it did. What
// is in any way out of the ordinary is left to be moved one by one.
func (i *Intake) replayTogether(ctx context.Context) bool {
	if i.pause > 0 { // the last try failed
		return false
	}
	var messages []channels.Inbound
	var segments []spool.Segment
	bytes := 0
	for _, segment := range i.Spool.Oldest(segmentsTogether) {
		more, damaged, err := i.Spool.Read(segment)
		if damaged || err != nil || len(messages)+len(more) > groupRows {
			break
		}
		for _, m := range more {
			bytes += len(m.Raw)
		}
		if bytes > groupBytes {
			break
		}
		messages, segments = append(messages, more...), append(segments, segment)
	}
	if len(segments) < 2 {
		return false
	}
	if err := i.save(ctx, messages); err != nil {
		if errors.Is(err, context.DeadlineExceeded) { // one by one would be no faster
			i.putOff()
		}
		return false
	}
	for _, segment := range segments {
		if !i.clear(segment, false) {
			return false
		}
	}
	return true
}

// refused tells a segment that the database refuses from a database that takes
// nothing: a later segment can be saved and this one still cannot. The later
// one has no sender in common with it, so that nobody's messages change order.
func (i *Intake) refused(ctx context.Context, segment spool.Segment, messages []channels.Inbound, err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return false // no answer says nothing of the segment
	}
	if i.refusals++; i.refusals < maxRefusals {
		return false
	}
	for _, other := range i.Spool.Oldest(segmentsPerTurn) {
		theirs, _, err := i.Spool.Read(other)
		if other == segment || err != nil || len(theirs) == 0 || shareSender(messages, theirs) {
			continue
		}
		return i.save(ctx, theirs) == nil && (len(messages) == 0 || i.save(ctx, messages) != nil)
	}
	return false
}

func shareSender(a, b []channels.Inbound) bool {
	return slices.ContainsFunc(a, func(x channels.Inbound) bool {
		return slices.ContainsFunc(b, func(y channels.Inbound) bool {
			return x.Channel == y.Channel && x.Sender == y.Sender
		})
	})
}

// saveSingly saves what can be saved of a refused segment. The whole of it is
// kept aside, so an error is no loss.
func (i *Intake) saveSingly(ctx context.Context, messages []channels.Inbound) {
	if len(messages) < 2 {
		return
	}
	for _, m := range messages {
		if err := i.save(ctx, []channels.Inbound{m}); err != nil {
			i.Logger.Error("the database refuses a message", "channel", m.Channel, "account", m.Account, "error", err)
		}
	}
}

// clear takes a segment out of the way. It reports whether the next may follow.
func (i *Intake) clear(segment spool.Segment, aside bool) bool {
	finish := i.Spool.Remove
	if aside {
		i.Logger.Error("ALARM: a spooled segment is damaged or refused by the database; it was set aside for a person to look at")
		finish = i.Spool.SetAside
	}
	if err := finish(segment); err != nil {
		i.Logger.Error("the spool cannot be cleared", "error", err)
		i.putOff()
		return false
	}
	i.retryAt, i.pause, i.refusals = time.Time{}, 0, 0
	if i.Spool.Len() == 0 {
		i.Logger.Info("the spool is empty; messages go to the database again")
	}
	return true
}

// putOff lets the database rest, for longer each time.
func (i *Intake) putOff() {
	i.pause = min(max(firstReplay, 2*i.pause), maxReplay)
	i.retryAt = i.Clock.Now().Add(i.pause)
}
