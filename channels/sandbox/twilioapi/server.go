// Package twilioapi plays Twilio's Programmable Messaging in process: the REST
// API that sends, the signed webhooks that deliver, the carrier's opt-out.
// Shapes follow https://www.twilio.com/docs/messaging/api/message-resource.
package twilioapi

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the provider's signature is HMAC-SHA1
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redress-cms/redress/channels/sandbox/internal/bell"
	"github.com/redress-cms/redress/channels/sandbox/internal/loopback"
)

// Config says how the account is set up.
type Config struct {
	Address    string // to listen on; empty: a free port of 127.0.0.1
	AccountSID string
	AuthToken  string
	Numbers    []string // the account's own, E.164; also its WhatsApp senders
	// WebhookURL is where messages to Numbers are posted, as the console of
	// the provider would have it: the public address.
	WebhookURL string
	// RetryEvery is how long a refused webhook waits for its next try;
	// 0: 500 ms. Real time.
	RetryEvery time.Duration
	Now        func() time.Time // nil: the machine's clock
	OnChange   func()           // called after a message came, went or changed; may be nil
}

// maxTries bounds the posting of one webhook.
const maxTries = 240

// Server is the running provider.
type Server struct {
	config   Config
	listener net.Listener
	http     *http.Server
	caller   *loopback.Caller
	started  time.Time
	changed  bell.Bell
	working  sync.WaitGroup
	ctx      context.Context // of webhooks under way; ended by stop
	stop     context.CancelFunc

	mu       sync.Mutex
	webhook  string
	counter  int
	messages []*Message
	media    map[string]Media // by media SID
	stopped  map[string]bool  // opted out: own number + " " + person's
	queues   map[string][]func()
	faults   []Fault
	fates    map[string][]Fate
	held     bool
}

// Start opens the API. Close ends it.
func Start(config Config) (*Server, error) {
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.RetryEvery <= 0 {
		config.RetryEvery = 500 * time.Millisecond
	}
	listener, err := loopback.Listen(config.Address)
	if err != nil {
		return nil, fmt.Errorf("SMS provider: %w", err)
	}
	s := &Server{
		config: config, listener: listener, caller: loopback.NewCaller(), started: time.Now(), webhook: config.WebhookURL,
		media: map[string]Media{}, stopped: map[string]bool{}, queues: map[string][]func(){}, fates: map[string][]Fate{},
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	mux := http.NewServeMux()
	mux.HandleFunc("POST /2010-04-01/Accounts/{account}/Messages.json", s.signedIn(s.create))
	mux.HandleFunc("GET /2010-04-01/Accounts/{account}/Messages.json", s.signedIn(s.list))
	mux.HandleFunc("GET /2010-04-01/Accounts/{account}/Messages/{message}", s.signedIn(s.fetch))
	mux.HandleFunc("GET /2010-04-01/Accounts/{account}/Messages/{message}/Media/{media}", s.signedIn(s.fetchMedia))
	mux.HandleFunc("GET /media/{media}", s.serveMedia)
	mux.HandleFunc("GET /2010-04-01/Accounts/{account}", s.signedIn(s.account))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { writeError(w, notFound) })
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	s.working.Go(func() { _ = s.http.Serve(listener) }) // ends by Close
	return s, nil
}

// URL is the base address of the API.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() }

// AccountSID is the account's name.
func (s *Server) AccountSID() string { return s.config.AccountSID }

// AuthToken signs webhooks and signs in to the API.
func (s *Server) AuthToken() string { return s.config.AuthToken }

// Numbers are the account's own.
func (s *Server) Numbers() []string { return s.config.Numbers }

// SetWebhook changes where messages to the account's numbers are posted.
func (s *Server) SetWebhook(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.webhook = url
}

// Route says that the app behind the public address listens at target. Both
// are base URLs; signatures are over the public one.
func (s *Server) Route(public, target string) { s.caller.Route(public, target) }

// Close ends the API and all posting.
func (s *Server) Close() error {
	s.mu.Lock() // no job starts after
	s.stop()
	s.mu.Unlock()
	err := s.http.Close()
	s.working.Wait()
	s.caller.Close()
	return err
}

// Changed is closed when a message next comes, goes or changes.
func (s *Server) Changed() <-chan struct{} { return s.changed.Changed() }

// Messages lists all messages of the account, oldest first.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Message, 0, len(s.messages))
	for _, m := range s.messages {
		list = append(list, m.clone())
	}
	return list
}

// AwaitMessage waits for the first message that match accepts.
func (s *Server) AwaitMessage(ctx context.Context, match func(Message) bool) (Message, error) {
	var found Message
	err := s.changed.Await(ctx, func() bool {
		list := s.Messages()
		i := slices.IndexFunc(list, match)
		if i >= 0 {
			found = list[i]
		}
		return i >= 0
	})
	if err != nil {
		return Message{}, fmt.Errorf("waiting for a text message: %w", err)
	}
	return found, nil
}

func (s *Server) ring() {
	s.changed.Ring()
	if s.config.OnChange != nil {
		s.config.OnChange()
	}
}

// sid makes the next identifier: two letters and 32 hexadecimal digits.
func (s *Server) sid(prefix string) string {
	s.counter++
	return fmt.Sprintf("%s%016x%016x", prefix, s.started.UnixNano(), s.counter)
}

// Post signs a webhook as the provider does and posts it once. url is the
// public address; it returns the status of the app's answer.
func (s *Server) Post(ctx context.Context, url string, form url.Values) (int, error) {
	header := http.Header{}
	header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	header.Set("User-Agent", "TwilioProxy/1.1")
	header.Set("X-Twilio-Signature", Sign(s.config.AuthToken, url, form))
	return s.caller.Post(ctx, url, header, form.Encode())
}

// Sign is the value of X-Twilio-Signature: HMAC-SHA1 over the address and the
// parameters, sorted by name
// (https://www.twilio.com/docs/usage/security#validating-requests).
func Sign(authToken, url string, form url.Values) string {
	var signed strings.Builder
	signed.WriteString(url)
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range form[name] {
			signed.WriteString(name + value)
		}
	}
	mac := hmac.New(sha1.New, []byte(authToken))
	mac.Write([]byte(signed.String()))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// postUntilTaken posts a webhook again and again until the app answers 2xx, and
// reports whether it did.
func (s *Server) postUntilTaken(url string, form url.Values) bool {
	for range maxTries {
		if status, err := s.Post(s.ctx, url, form); err == nil && status/100 == 2 {
			return true
		}
		timer := time.NewTimer(s.config.RetryEvery)
		select {
		case <-s.ctx.Done():
			timer.Stop()
			return false
		case <-timer.C:
		}
	}
	return false
}

// enqueue runs jobs of one key one after the other.
func (s *Server) enqueue(key string, job func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return
	}
	queue, running := s.queues[key]
	if running {
		s.queues[key] = append(queue, job)
		return
	}
	s.queues[key] = nil
	s.working.Go(func() {
		for job != nil {
			job()
			job = s.next(key)
		}
	})
}

func (s *Server) next(key string) func() {
	s.mu.Lock()
	defer s.mu.Unlock()
	queue := s.queues[key]
	if len(queue) == 0 {
		delete(s.queues, key)
		return nil
	}
	s.queues[key] = queue[1:]
	return queue[0]
}
