package email

import (
	"context"
	"fmt"
	"time"

	"github.com/redress-cms/redress/channels"
)

// pauses are how long the poller waits after a failure.
type pauses struct {
	first, most time.Duration // doubling from first to most
	refused     time.Duration // after a refused login: trying often locks accounts
	own         time.Duration // at most, while our own database is away: asking it often costs nothing
}

func defaultPauses() pauses {
	return pauses{first: time.Second, most: 5 * time.Minute, refused: 5 * time.Minute, own: 15 * time.Second}
}

// Poll implements channels.Poller: it keeps a connection to the mailbox,
// and makes a new one whenever that ends, until ctx does.
func (a *Adapter) Poll(ctx context.Context, accept channels.Accept) error {
	if a.config.IMAP.Address == "" {
		<-ctx.Done()
		return ctx.Err()
	}
	for {
		err := a.session(ctx, accept)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		wait := a.config.IMAP.PollInterval
		if err != nil {
			fault := asFault(err)
			if fault.refused && !a.renewed && a.imapLogin.forget() {
				a.renewed = true
				continue
			}
			wait = a.backoff(fault)
			a.failures++
			a.unhealthy(fault.text)
			a.log.WarnContext(ctx, "mailbox cannot be read", "error", fault.text, "retry_in", wait)
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

// backoff doubles with each failure, and varies by up to a half so that many
// pollers do not come back at once.
func (a *Adapter) backoff(fault *fault) time.Duration {
	d := min(a.pauses.first<<min(a.failures, 20), a.pauses.most)
	switch {
	case fault.refused:
		d = a.pauses.refused
	case fault.own:
		d = min(d, a.pauses.own)
	}
	var b [1]byte
	if _, err := a.config.Random.Read(b[:]); err != nil {
		return d
	}
	return d/2 + d/2*time.Duration(b[0])/255
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// session reads the mailbox over one connection until the connection or the
// lease ends. It returns nil when another process has the lease.
func (a *Adapter) session(ctx context.Context, accept channels.Accept) error {
	held, err := a.config.Lease(ctx)
	if err != nil {
		return fmt.Errorf("ask for the lease: %w", &fault{text: "the lease of the mailbox cannot be asked for", own: true, err: err})
	}
	if !held {
		a.standby()
		return nil
	}
	box, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer box.close()
	return box.conn.explain(a.watch(ctx, box, accept))
}

// watch takes in what is there and what comes.
func (a *Adapter) watch(ctx context.Context, box *mailbox, accept channels.Accept) error {
	for {
		if err := box.takeIn(ctx, accept); err != nil {
			return err
		}
		a.healthy()
		if err := box.wait(ctx); err != nil {
			return err
		}
		if held, err := a.config.Lease(ctx); err != nil || !held {
			return err
		}
	}
}
