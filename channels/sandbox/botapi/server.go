// Package botapi plays the Telegram Bot API in process, for one bot: chats
// with people and groups, updates by long polling or webhook, buttons, files.
// Shapes follow https://core.telegram.org/bots/api.
package botapi

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/redress-cms/redress/channels/sandbox/internal/bell"
	"github.com/redress-cms/redress/channels/sandbox/internal/loopback"
)

// Config says which bot, people and groups there are. A private chat exists
// for each person.
type Config struct {
	Address string // to listen on; empty: a free port of 127.0.0.1
	Token   string
	BotName string // username of the bot
	People  []User
	Groups  []Group
	// RetryEvery is how long a refused webhook waits for its next try;
	// 0: 500 ms. Real time.
	RetryEvery time.Duration
	Now        func() time.Time // nil: the machine's clock
	OnChange   func()           // called after a message came, went or changed; may be nil
}

// Group is a group chat; its id is negative.
type Group struct {
	ID    int64
	Title string
}

// Server is the running provider.
type Server struct {
	config   Config
	bot      User
	listener net.Listener
	http     *http.Server
	caller   *loopback.Caller
	changed  bell.Bell // anything
	updated  bell.Bell // an update for the bot
	working  sync.WaitGroup
	ctx      context.Context // of webhooks and polls under way; ended by stop
	stop     context.CancelFunc

	mu         sync.Mutex
	people     map[int64]User
	chats      map[int64]*chat
	files      map[string]storedFile // by file id
	presses    map[string]*press
	updates    []Update // not yet confirmed
	nextUpdate int
	nextFile   int
	nextPress  int
	webhook    webhook
	poll       context.CancelFunc // ends the poll under way
	faults     []Fault
}

type chat struct {
	Chat

	messages []*Message
	nextID   int
	blocked  bool
	noVoice  bool
	moved    int64 // migrated to
}

type storedFile struct {
	name string // path below /file/bot<token>/
	data []byte
}

type press struct {
	Press

	at time.Time
}

type webhook struct {
	url    string
	secret string
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
		return nil, fmt.Errorf("chat provider: %w", err)
	}
	s := &Server{
		config: config, listener: listener, caller: loopback.NewCaller(),
		bot:    User{ID: 7000000001, IsBot: true, FirstName: "City complaints", Username: config.BotName},
		people: map[int64]User{}, chats: map[int64]*chat{}, files: map[string]storedFile{}, presses: map[string]*press{},
		// The first id is any positive number; one drawn from the start time
		// does not meet those of an earlier run.
		nextUpdate: int(time.Now().Unix() % 1_000_000_000),
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	for _, person := range config.People {
		s.addPerson(person)
	}
	for _, group := range config.Groups {
		s.chats[group.ID] = &chat{Chat: Chat{ID: group.ID, Type: "group", Title: group.Title}}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/{bot}/{method}", s.serveMethod)
	mux.HandleFunc("GET /file/{bot}/{path...}", s.serveFile)
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	s.working.Go(func() { _ = s.http.Serve(listener) }) // ends by Close
	s.working.Go(s.push)
	return s, nil
}

// URL is the base address of the API: methods are below URL/bot<token>/, files
// below URL/file/bot<token>/.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() }

// Token is the bot's secret.
func (s *Server) Token() string { return s.config.Token }

// Route says that the app behind the public address listens at target.
func (s *Server) Route(public, target string) { s.caller.Route(public, target) }

// Close ends the API and all posting.
func (s *Server) Close() error {
	s.stop()
	err := s.http.Close()
	s.working.Wait()
	s.caller.Close()
	return err
}

// AddPerson makes a person known, who can then write to the bot.
func (s *Server) AddPerson(person User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addPerson(person)
}

func (s *Server) addPerson(person User) {
	person.IsBot = false
	s.people[person.ID] = person
	if s.chats[person.ID] == nil {
		s.chats[person.ID] = &chat{Chat: Chat{
			ID: person.ID, Type: "private",
			FirstName: person.FirstName, LastName: person.LastName, Username: person.Username,
		}}
	}
}

// Changed is closed when a message next comes, goes or changes.
func (s *Server) Changed() <-chan struct{} { return s.changed.Changed() }

// Messages lists the messages of a chat, oldest first, as they read now.
func (s *Server) Messages(chatID int64) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chats[chatID]
	if c == nil {
		return nil
	}
	list := make([]Message, 0, len(c.messages))
	for _, m := range c.messages {
		list = append(list, *m)
	}
	return list
}

// AwaitMessage waits for the first message of a chat that match accepts. It is
// asked again when a message changes.
func (s *Server) AwaitMessage(ctx context.Context, chatID int64, match func(Message) bool) (Message, error) {
	var found Message
	err := s.changed.Await(ctx, func() bool {
		list := s.Messages(chatID)
		i := slices.IndexFunc(list, match)
		if i >= 0 {
			found = list[i]
		}
		return i >= 0
	})
	if err != nil {
		return Message{}, fmt.Errorf("waiting for a chat message: %w", err)
	}
	return found, nil
}

func (s *Server) ring() {
	s.changed.Ring()
	if s.config.OnChange != nil {
		s.config.OnChange()
	}
}
