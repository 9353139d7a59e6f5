package botapi

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// maxUpdates is how many updates one getUpdates returns at most.
const maxUpdates = 100

// getUpdates waits for updates (https://core.telegram.org/bots/api#getupdates).
// An offset confirms the updates before it.
func (s *Server) getUpdates(r *http.Request, p params) (any, error) {
	offset, limit, timeout := p.int("offset"), p.int("limit"), p.int("timeout")
	if limit < 1 || limit > maxUpdates {
		limit = maxUpdates
	}
	s.mu.Lock()
	if s.webhook.url != "" {
		s.mu.Unlock()
		return nil, &apiError{code: 409, description: "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"}
	}
	if s.poll != nil {
		s.poll() // the newer poll wins
	}
	ctx, cancel := context.WithTimeout(r.Context(), time.Duration(min(timeout, 50))*time.Second)
	defer cancel()
	ended, end := context.WithCancel(ctx)
	defer end()
	s.poll = end
	s.confirm(offset)
	s.mu.Unlock()
	err := s.updated.Await(ended, func() bool {
		return len(s.Pending()) > 0 || s.ctx.Err() != nil
	})
	if err != nil && ctx.Err() == nil {
		return nil, &apiError{code: 409, description: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"}
	}
	return s.hand(limit), nil
}

// confirm forgets the updates before offset that an earlier call returned. One
// that was never returned stays, whatever its id: ids may have been reset to
// lower ones in between.
func (s *Server) confirm(offset int) {
	if offset < 0 { // the last -offset updates only
		s.updates = s.updates[max(len(s.updates)+offset, 0):]
		return
	}
	s.updates = slices.DeleteFunc(s.updates, func(u Update) bool { return u.returned && u.ID < offset })
}

// hand returns the oldest updates.
func (s *Server) hand(limit int) []Update {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []Update{}
	for i := range min(limit, len(s.updates)) {
		s.updates[i].returned = true
		list = append(list, s.updates[i])
	}
	return list
}

func (s *Server) setWebhook(_ *http.Request, p params) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.webhook = webhook{url: p.get("url"), secret: p.get("secret_token")}
	s.dropPending(p)
	s.updated.Ring()
	return true, nil
}

func (s *Server) deleteWebhook(_ *http.Request, p params) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.webhook = webhook{}
	s.dropPending(p)
	return true, nil
}

func (s *Server) dropPending(p params) {
	if drop, _ := strconv.ParseBool(p.get("drop_pending_updates")); drop {
		s.updates = nil
	}
}

func (s *Server) getWebhookInfo(*http.Request, params) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]any{
		"url": s.webhook.url, "has_custom_certificate": false, "pending_update_count": len(s.updates),
	}, nil
}

// push posts updates to the webhook while one is set, one after the other,
// each until it is taken.
func (s *Server) push() {
	for {
		var hook webhook
		var next Update
		err := s.updated.Await(s.ctx, func() bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			if hook = s.webhook; hook.url == "" || len(s.updates) == 0 {
				return false
			}
			next = s.updates[0]
			return true
		})
		if err != nil {
			return
		}
		status, err := s.PostUpdate(s.ctx, next)
		if err == nil && status/100 == 2 {
			s.taken(next)
			continue
		}
		timer := time.NewTimer(s.config.RetryEvery)
		select {
		case <-s.ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

func (s *Server) taken(u Update) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.IndexFunc(s.updates, func(other Update) bool { return other.ID == u.ID }); i >= 0 {
		s.updates = slices.Delete(s.updates, i, i+1)
	}
}

// PostUpdate posts an update to the webhook once, with the secret token, and
// returns the status of the app's answer.
func (s *Server) PostUpdate(ctx context.Context, u Update) (int, error) {
	body, err := json.Marshal(u)
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	hook := s.webhook
	s.mu.Unlock()
	header := http.Header{}
	header.Set("Content-Type", "application/json")
	header.Set("X-Telegram-Bot-Api-Secret-Token", hook.secret)
	return s.caller.Post(ctx, hook.url, header, string(body))
}
