package email

import (
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-sasl"
)

// tokens is an OAuth2 server; each token it gives out is a new one.
type tokens struct {
	mu     sync.Mutex
	issued int
	grants []string
	broken bool
}

func newTokens(t *testing.T) (*tokens, string) {
	o := &tokens{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.broken {
			http.Error(w, `{"error":"invalid_grant","error_description":"hunter2 is revoked"}`, http.StatusBadRequest)
			return
		}
		o.issued++
		o.grants = append(o.grants, r.FormValue("grant_type"))
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"access_token":"token-%d","token_type":"Bearer","expires_in":3600}`, o.issued)
	}))
	t.Cleanup(server.Close)
	return o, server.URL
}

// tokenServer is an IMAP server that lets in whoever has the token it wants.
func tokenServer(t *testing.T, want func() string) mailServer {
	user := imapmemserver.NewUser("complaints", "secret")
	if err := user.Create(folder, nil); err != nil {
		t.Fatal(err)
	}
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &tokenSession{UserSession: imapmemserver.NewUserSession(user), want: want}, nil, nil
		},
		InsecureAuth: true, Caps: imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapSASLIR: {}}, Logger: slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo),
	})
	listener := listen(t)
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
	return mailServer{address: listener.Addr().String(), username: "complaints", password: "secret", interval: defaultPollInterval}
}

type tokenSession struct {
	*imapmemserver.UserSession
	want func() string
}

func (s *tokenSession) Login(string, string) error { return nil }

func (s *tokenSession) AuthenticateMechanisms() []string { return []string{"XOAUTH2"} }

func (s *tokenSession) Authenticate(string) (sasl.Server, error) { return s, nil }

func (s *tokenSession) Next(response []byte) (challenge []byte, done bool, err error) {
	if string(response) == "user=complaints\x01auth=Bearer "+s.want()+"\x01\x01" {
		return nil, true, nil
	}
	if len(response) == 0 {
		return nil, false, &imap.Error{Type: imap.StatusResponseTypeNo, Text: "hunter2 is not complaints@city.example"}
	}
	return []byte(`{"status":"401"}`), false, nil
}

func oauthConfig(s mailServer, url string) Config {
	config := testConfig(s)
	config.IMAP.Password = ""
	config.IMAP.OAuth2 = &OAuth2{TokenURL: url, ClientID: "id", ClientSecret: "hunter2", RefreshToken: "hunter2-refresh"}
	return config
}

// A refused token is renewed once, at once.
func TestOAuth2RenewsARefusedToken(t *testing.T) {
	o, url := newTokens(t)
	s := tokenServer(t, func() string { return "token-2" })
	s.put(t, letterFrom("one", "1@x"))
	a, box := newAdapter(t, oauthConfig(s, url)), newInbox()
	poll(t, a, box.accept)
	box.next(t)
	if o.issued != 2 || o.grants[0] != "refresh_token" {
		t.Errorf("%d tokens by %q, want 2 by refresh token", o.issued, o.grants)
	}
}

func TestOAuth2ByClientCredentials(t *testing.T) {
	o, url := newTokens(t)
	s := tokenServer(t, func() string { return "token-1" })
	config := oauthConfig(s, url)
	config.IMAP.OAuth2.RefreshToken = ""
	s.put(t, letterFrom("one", "1@x"))
	a, box := newAdapter(t, config), newInbox()
	poll(t, a, box.accept)
	box.next(t)
	if o.issued != 1 || o.grants[0] != "client_credentials" {
		t.Errorf("%d tokens by %q", o.issued, o.grants)
	}
}

func TestOAuth2SecretsAreNotSentOn(t *testing.T) {
	o, url := newTokens(t)
	server := httptest.NewServer(http.RedirectHandler(url, http.StatusTemporaryRedirect)) // which repeats the body
	t.Cleanup(server.Close)
	user, err := newLogin("u", "", &OAuth2{TokenURL: server.URL, ClientID: "id", ClientSecret: "hunter2", RefreshToken: "hunter2"}, http.DefaultClient)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := user.accessToken(t.Context()); err == nil || len(o.grants) > 0 {
		t.Errorf("the redirect was followed: %v", err)
	}
}

// A token server that says nothing does not hold the mailbox up for good.
func TestOAuth2Stall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}
		user, err := newLogin("u", "", &OAuth2{TokenURL: "https://login.example/token", ClientID: "id"}, silent)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := user.accessToken(t.Context()); err == nil {
			t.Error("a token of a silent server")
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestOAuth2FailuresAreToldWithoutSecrets(t *testing.T) {
	for name, broken := range map[string]bool{"login refused": false, "no access token": true} {
		t.Run(name, func(t *testing.T) {
			o, url := newTokens(t)
			o.broken = broken
			var log logged
			config := oauthConfig(tokenServer(t, func() string { return "none" }), url)
			config.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			a := newAdapter(t, config)
			poll(t, a, newInbox().accept)
			eventually(t, "told", func() bool { return strings.HasPrefix(a.Health().Error, name) && strings.Contains(log.String(), name) })
			for _, secret := range []string{"hunter2", "token-", "complaints@"} {
				if strings.Contains(log.String()+a.Health().Error, secret) {
					t.Errorf("%q leaked: %s %s", secret, log.String(), a.Health().Error)
				}
			}
		})
	}
}

// TLS and STARTTLS with a CA of the operator's own.
func TestTLS(t *testing.T) {
	web := httptest.NewTLSServer(nil) // for its certificate, which is for 127.0.0.1
	defer web.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{"tls", "starttls"} {
		for _, trusted := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s trusted %v", mode, trusted), func(t *testing.T) {
				s := tlsServer(t, mode, web.TLS)
				config := testConfig(s)
				config.IMAP.TLS = mode
				if trusted {
					config.IMAP.CAFile = ca
				}
				a, box := newAdapter(t, config), newInbox()
				poll(t, a, box.accept)
				if trusted {
					eventually(t, "healthy", func() bool { return a.Health().Up })
					return
				}
				eventually(t, "told", func() bool { return a.Health().Error == "the server's certificate is not trusted" })
			})
		}
	}
}

func tlsServer(t *testing.T, mode string, config *tls.Config) mailServer {
	user := imapmemserver.NewUser("complaints", "secret")
	if err := user.Create(folder, nil); err != nil {
		t.Fatal(err)
	}
	memory := imapmemserver.New()
	memory.AddUser(user)
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return memory.NewSession(), nil, nil
		},
		TLSConfig: &tls.Config{Certificates: config.Certificates}, Caps: imap.CapSet{imap.CapIMAP4rev1: {}}, Logger: slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo),
	})
	listener := listen(t)
	if mode == "tls" {
		listener = tls.NewListener(listener, &tls.Config{Certificates: config.Certificates})
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
	return mailServer{address: listener.Addr().String(), username: "complaints", password: "secret", interval: defaultPollInterval}
}

func TestNewRefuses(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"from":               func(c *Config) { c.From = "nobody" },
		"clear":              func(c *Config) { c.IMAP.Address = "mail.example.org:143" },
		"none of tls":        func(c *Config) { c.IMAP.TLS = "ssl" },
		"after":              func(c *Config) { c.IMAP.After = "delete" },
		"host:port":          func(c *Config) { c.SMTP.Address = "mail.example.org" },
		"password or oauth2": func(c *Config) { c.IMAP.Password = "" },
		"token_url":          func(c *Config) { c.IMAP.OAuth2 = &OAuth2{} },
		"in the clear":       func(c *Config) { c.IMAP.OAuth2 = &OAuth2{TokenURL: "http://login.example/token", ClientID: "id"} },
		"ca_file":            func(c *Config) { c.IMAP.CAFile = "/nowhere/ca.pem" },
		"place to keep":      func(c *Config) { c.Cursors = nil },
	} {
		config := testConfig(mailServer{address: "127.0.0.1:143", username: "u", password: "hunter2"})
		change(&config)
		if _, err := New(config); err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
