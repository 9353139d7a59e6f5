package twilioapi

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// Fault is how the API treats one request to send. Exactly one of Status,
// Hang, CutAfterAccept and HangAfterAccept is set.
type Fault struct {
	Status     int           // refuse with this HTTP status
	Code       int           // the provider's error code in the answer
	RetryAfter time.Duration // sent in whole seconds; 0: no header
	// Hang takes nothing and does not answer until the client gives up.
	Hang bool
	// CutAfterAccept takes the message, then cuts the connection.
	CutAfterAccept bool
	// HangAfterAccept takes the message and does not answer.
	HangAfterAccept bool
}

// TooManyRequests is the provider's answer to sending too fast.
func TooManyRequests(retryAfter time.Duration) Fault {
	return Fault{Status: 429, Code: 20429, RetryAfter: retryAfter}
}

// FailNext applies fault to the next n requests to send.
func (s *Server) FailNext(n int, fault Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, slices.Repeat([]Fault{fault}, n)...)
}

func (s *Server) takeFault() Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults) == 0 {
		return Fault{}
	}
	fault := s.faults[0]
	s.faults = s.faults[1:]
	return fault
}

// Fate is one status that a message takes on after it was accepted.
type Fate struct {
	Status    string
	ErrorCode int
}

// SetFate says what becomes of messages to a number, in order, in place of
// sent and delivered. A fate that starts with an error code and no status
// refuses the request itself with that code.
func (s *Server) SetFate(to string, fates ...Fate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fates[to] = fates
}

// HoldCallbacks stops status callbacks, or lets those of new messages go again.
func (s *Server) HoldCallbacks(hold bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = hold
}

// PostStatus sets a message's status and posts the callback once. It returns
// the status of the app's answer.
func (s *Server) PostStatus(ctx context.Context, sid, status string, errorCode int) (int, error) {
	m, form := s.setStatus(sid, status, errorCode)
	if m == nil {
		return 0, fmt.Errorf("no such message")
	}
	s.ring()
	if m.Callback == "" {
		return 0, fmt.Errorf("the message has no StatusCallback")
	}
	return s.Post(ctx, m.Callback, form)
}

// setStatus changes a message and returns a copy with the parameters of the
// callback (https://www.twilio.com/docs/messaging/guides/track-outbound-message-status).
func (s *Server) setStatus(sid, status string, errorCode int) (*Message, url.Values) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.messages, func(m *Message) bool { return m.SID == sid })
	if i < 0 {
		return nil, nil
	}
	m := s.messages[i]
	m.Status, m.ErrorCode, m.Updated = status, errorCode, s.config.Now()
	m.History = append(m.History, status)
	if m.Sent.IsZero() {
		m.Sent = m.Updated
	}
	form := url.Values{
		"MessageSid": {m.SID}, "SmsSid": {m.SID}, "MessageStatus": {status}, "SmsStatus": {status},
		"AccountSid": {s.config.AccountSID}, "From": {m.From}, "To": {m.To}, "ApiVersion": {"2010-04-01"},
	}
	if errorCode != 0 {
		form.Set("ErrorCode", strconv.Itoa(errorCode))
	}
	c := m.clone()
	return &c, form
}

// progress lets a message take on its statuses, with a callback for each.
func (s *Server) progress(sid, to string) {
	s.mu.Lock()
	fates, held := s.fates[to], s.held
	s.mu.Unlock()
	if held {
		return
	}
	if fates == nil {
		fates = []Fate{{Status: "sent"}, {Status: "delivered"}}
	}
	for _, fate := range fates {
		s.enqueue("status "+sid, func() {
			m, form := s.setStatus(sid, fate.Status, fate.ErrorCode)
			s.ring()
			if m.Callback != "" {
				s.postUntilTaken(m.Callback, form)
			}
		})
	}
}

// OptedOut reports whether a person stopped messages from one of the numbers.
func (s *Server) OptedOut(number, person string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopped[number+" "+person]
}
