package mailserver

import (
	"net"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// idlePoll is how often a mailbox is looked at during IDLE.
const idlePoll = 50 * time.Millisecond

// imapSession is a session of the library's in-memory server whose
// UIDVALIDITY is ours.
type imapSession struct {
	*imapmemserver.UserSession // nil before Login

	server *Server
}

var _ imapserver.SessionIMAP4rev2 = (*imapSession)(nil)

// Login implements imapserver.Session.
func (s *imapSession) Login(username, password string) error {
	s.server.mu.Lock()
	user := s.server.users[username]
	s.server.mu.Unlock()
	if user == nil {
		return imapserver.ErrAuthFailed
	}
	if err := user.Login(username, password); err != nil {
		return err
	}
	s.UserSession = imapmemserver.NewUserSession(user)
	return nil
}

// Select implements imapserver.Session.
func (s *imapSession) Select(mailbox string, options *imap.SelectOptions) (*imap.SelectData, error) {
	data, err := s.UserSession.Select(mailbox, options)
	if err == nil {
		data.UIDValidity += s.offset()
	}
	return data, err
}

// Status implements imapserver.Session.
func (s *imapSession) Status(mailbox string, options *imap.StatusOptions) (*imap.StatusData, error) {
	data, err := s.UserSession.Status(mailbox, options)
	if err == nil && data.UIDValidity != 0 {
		data.UIDValidity += s.offset()
	}
	return data, err
}

// Copy implements imapserver.Session.
func (s *imapSession) Copy(numSet imap.NumSet, dest string) (*imap.CopyData, error) {
	data, err := s.UserSession.Copy(numSet, dest)
	if err == nil {
		data.UIDValidity += s.offset()
	}
	return data, err
}

// Idle implements imapserver.Session. It polls, since the library's own Idle
// never tells of mail that came between its "+ idling" and its registration
// for news.
func (s *imapSession) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	tick := time.NewTicker(idlePoll)
	defer tick.Stop()
	for {
		if err := s.Poll(w, true); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-stop:
			return nil
		}
	}
}

func (s *imapSession) offset() uint32 {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	return s.server.validity
}

// DropIMAP cuts every IMAP connection, as a provider does now and then.
func (s *Server) DropIMAP() { s.imapConn.drop() }

// ChangeUIDValidity makes all UIDs known so far void (RFC 9051 section 2.3.1.1)
// and cuts the connections, since an open session may not change its own.
func (s *Server) ChangeUIDValidity() {
	s.mu.Lock()
	s.validity++
	s.mu.Unlock()
	s.DropIMAP()
}

// trackingListener knows its open connections, so that they can be cut.
type trackingListener struct {
	net.Listener

	mu   sync.Mutex
	open map[net.Conn]struct{}
}

// Accept implements net.Listener.
func (l *trackingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	tracked := &trackedConn{Conn: conn, listener: l}
	l.mu.Lock()
	l.open[tracked] = struct{}{}
	l.mu.Unlock()
	return tracked, nil
}

func (l *trackingListener) drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for conn := range l.open {
		_ = conn.(*trackedConn).Conn.Close() // the session ends by it
		delete(l.open, conn)
	}
}

type trackedConn struct {
	net.Conn

	listener *trackingListener
}

// Close implements net.Conn.
func (c *trackedConn) Close() error {
	c.listener.mu.Lock()
	delete(c.listener.open, c)
	c.listener.mu.Unlock()
	return c.Conn.Close()
}
