// Package mailserver plays a mail provider in process: an IMAP server with the
// mailboxes of the city and of citizens, and the SMTP server that fills them.
package mailserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-smtp"

	"github.com/redress-cms/redress/channels/sandbox/internal/bell"
	"github.com/redress-cms/redress/channels/sandbox/internal/loopback"
)

// Bounds of the server.
const (
	maxMessageBytes = 40 << 20
	maxBoxes        = 500
)

// Account is a mailbox. Login is its IMAP and SMTP user name; empty: Address.
type Account struct {
	Name     string
	Address  string
	Login    string
	Password string
}

// Config says who has a mailbox. An empty address is a free port of 127.0.0.1.
type Config struct {
	IMAPAddress string
	SMTPAddress string
	// Complaints is the mailbox that Redress reads and sends from.
	Complaints Account
	People     []Account
	// AuthServID is who signs the Authentication-Results of what arrives in
	// the complaints mailbox (RFC 8601 section 2.5).
	AuthServID string
	Now        func() time.Time // nil: the machine's clock
	OnChange   func()           // called after a mail was kept; may be nil
}

// Server is the running pair of servers.
type Server struct {
	config   Config
	imap     *imapserver.Server
	smtp     *smtp.Server
	imapConn *trackingListener
	smtpConn net.Listener
	started  time.Time
	changed  bell.Bell
	serving  sync.WaitGroup
	closing  chan struct{}
	close    sync.Once

	mu       sync.Mutex
	users    map[string]*imapmemserver.User // by login
	boxes    map[string]*box                // by address, lower case
	mails    []Mail
	sent     []Sent
	counter  int
	validity uint32
	faults   []SMTPFault
	delay    time.Duration
	auth     bool
}

// box is one mailbox: its account and IMAP user.
type box struct {
	account Account
	user    *imapmemserver.User
}

// Start opens both servers. Close ends them.
func Start(config Config) (*Server, error) {
	if config.Now == nil {
		config.Now = time.Now
	}
	s := &Server{
		config: config, started: time.Now(), closing: make(chan struct{}),
		users: map[string]*imapmemserver.User{}, boxes: map[string]*box{},
	}
	// A mailbox made anew needs a UIDVALIDITY greater than any before
	// (RFC 9051 section 2.3.1.1), so that a reader's old cursor is not used.
	s.validity = uint32(s.started.Unix())
	for _, account := range append([]Account{config.Complaints}, config.People...) {
		if _, err := s.addBox(account); err != nil {
			return nil, err
		}
	}
	imapListener, err := loopback.Listen(config.IMAPAddress)
	if err != nil {
		return nil, fmt.Errorf("IMAP: %w", err)
	}
	s.imapConn = &trackingListener{Listener: imapListener, open: map[net.Conn]struct{}{}}
	s.smtpConn, err = loopback.Listen(config.SMTPAddress)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("SMTP: %w", err), imapListener.Close())
	}
	s.imap = imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &imapSession{server: s}, nil, nil
		},
		Caps: imap.CapSet{
			imap.CapIMAP4rev1: {}, imap.CapNamespace: {}, imap.CapUIDPlus: {}, imap.CapMove: {},
			imap.CapESearch: {}, imap.CapListStatus: {}, imap.CapListExtended: {},
		},
		InsecureAuth: true,
		Logger:       log.New(io.Discard, "", 0),
	})
	s.smtp = smtp.NewServer(smtp.BackendFunc(func(conn *smtp.Conn) (smtp.Session, error) {
		return &smtpSession{server: s, conn: conn}, nil
	}))
	s.smtp.Domain = "localhost"
	s.smtp.AllowInsecureAuth = true
	s.smtp.MaxMessageBytes = maxMessageBytes
	s.smtp.EnableSMTPUTF8 = true
	s.smtp.ErrorLog = log.New(io.Discard, "", 0)
	s.serving.Go(func() { _ = s.imap.Serve(s.imapConn) }) // ends by Close
	s.serving.Go(func() { _ = s.smtp.Serve(s.smtpConn) })
	return s, nil
}

// IMAPAddress is where mail is read, host:port without TLS.
func (s *Server) IMAPAddress() string { return s.imapConn.Addr().String() }

// SMTPAddress is where mail is handed in, host:port without TLS.
func (s *Server) SMTPAddress() string { return s.smtpConn.Addr().String() }

// Complaints is the account that Redress reads and sends from.
func (s *Server) Complaints() Account { return s.config.Complaints }

// Close ends both servers and every connection to them.
func (s *Server) Close() error {
	var err error
	s.close.Do(func() {
		close(s.closing)
		// The listeners first: the libraries may not be closed while they begin
		// to serve, and do not know their listener before.
		_, _ = s.imapConn.Close(), s.smtpConn.Close()
		s.serving.Wait()
		for _, e := range []error{s.imap.Close(), s.smtp.Close()} {
			if !errors.Is(e, net.ErrClosed) {
				err = errors.Join(err, e)
			}
		}
		s.imapConn.drop()
	})
	return err
}

// Changed is closed when the next mail is kept.
func (s *Server) Changed() <-chan struct{} { return s.changed.Changed() }

// AwaitMail waits for the first mail in a mailbox that match accepts.
func (s *Server) AwaitMail(ctx context.Context, address string, match func(Mail) bool) (Mail, error) {
	var found Mail
	err := s.changed.Await(ctx, func() bool {
		list := s.Mailbox(address)
		i := slices.IndexFunc(list, match)
		if i >= 0 {
			found = list[i]
		}
		return i >= 0
	})
	if err != nil {
		return Mail{}, fmt.Errorf("waiting for mail: %w", err)
	}
	return found, nil
}

// addBox makes a mailbox, or returns the one there is.
func (s *Server) addBox(account Account) (*box, error) {
	key := strings.ToLower(account.Address)
	s.mu.Lock()
	defer s.mu.Unlock()
	if existing := s.boxes[key]; existing != nil {
		return existing, nil
	}
	if len(s.boxes) >= maxBoxes {
		return nil, fmt.Errorf("the sandbox keeps at most %d mailboxes", maxBoxes)
	}
	if account.Login == "" {
		account.Login = account.Address
	}
	user := imapmemserver.NewUser(account.Login, account.Password)
	if err := user.Create("INBOX", nil); err != nil {
		return nil, fmt.Errorf("making a mailbox: %w", err)
	}
	made := &box{account: account, user: user}
	s.boxes[key] = made
	s.users[account.Login] = user
	return made, nil
}

// People lists the mailboxes other than the complaints one, by address.
func (s *Server) People() []Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	var people []Account
	for address, b := range s.boxes {
		if address != strings.ToLower(s.config.Complaints.Address) {
			people = append(people, b.account)
		}
	}
	slices.SortFunc(people, func(a, b Account) int { return strings.Compare(a.Address, b.Address) })
	return people
}
