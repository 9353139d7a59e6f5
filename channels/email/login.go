package email

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/emersion/go-sasl"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// OAuth2 gets an access token from a refresh token, or from client credentials
// when there is none.
type OAuth2 struct {
	TokenURL     string
	ClientID     string
	ClientSecret string
	RefreshToken string
	Scopes       []string
}

// login is how a server is told who we are: a password, or an access token
// that is kept until it ends or is refused.
type login struct {
	username, password string
	oauth2             *OAuth2
	http               *http.Client

	mu    sync.Mutex
	token *oauth2.Token
}

func newLogin(username, password string, oauth *OAuth2, client *http.Client) (*login, error) {
	if oauth != nil && (oauth.TokenURL == "" || oauth.ClientID == "") {
		return nil, errors.New("oauth2: token_url and client_id are required")
	}
	if oauth != nil && !secretsAreSafe(oauth.TokenURL) {
		return nil, errors.New("oauth2: token_url is no https:// address; the secrets would be sent in the clear")
	}
	if oauth == nil && password == "" {
		return nil, errors.New("password or oauth2 is required")
	}
	// A token server that stalls would stall the mailbox with it, and one that
	// redirects would have our secrets sent on to wherever it says.
	own := *client
	own.Timeout = tokenTimeout
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &login{username: username, password: password, oauth2: oauth, http: &own}, nil
}

// tokenTimeout bounds asking for an access token.
const tokenTimeout = 30 * time.Second

// secretsAreSafe reports whether what is posted to address cannot be read on
// the way.
func secretsAreSafe(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()))
}

// errToken wraps every failure to get an access token.
var errToken = errors.New("no access token")

// accessToken returns a token that has not ended.
func (l *login) accessToken(ctx context.Context) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.token.Valid() {
		return l.token.AccessToken, nil
	}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, l.http)
	var source oauth2.TokenSource
	if l.oauth2.RefreshToken != "" {
		config := &oauth2.Config{ClientID: l.oauth2.ClientID, ClientSecret: l.oauth2.ClientSecret, Scopes: l.oauth2.Scopes,
			Endpoint: oauth2.Endpoint{TokenURL: l.oauth2.TokenURL}}
		refresh := l.oauth2.RefreshToken
		if l.token != nil && l.token.RefreshToken != "" {
			refresh = l.token.RefreshToken // the server may rotate it
		}
		source = config.TokenSource(ctx, &oauth2.Token{RefreshToken: refresh})
	} else {
		config := &clientcredentials.Config{ClientID: l.oauth2.ClientID, ClientSecret: l.oauth2.ClientSecret, Scopes: l.oauth2.Scopes, TokenURL: l.oauth2.TokenURL}
		source = config.TokenSource(ctx)
	}
	token, err := source.Token()
	if err != nil {
		return "", fmt.Errorf("%w: %w", errToken, err)
	}
	l.token = token
	return token.AccessToken, nil
}

// forget drops the access token after a server refused it. It returns whether
// there is a point in trying again with a new one.
func (l *login) forget() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.oauth2 == nil || l.token == nil {
		return false
	}
	l.token = &oauth2.Token{RefreshToken: l.token.RefreshToken}
	return true
}

// xoauth2 is the mechanism of Google and Microsoft for access tokens.
// https://developers.google.com/gmail/imap/xoauth2-protocol
type xoauth2 struct{ username, token string }

var _ sasl.Client = xoauth2{}

func (x xoauth2) Start() (mechanism string, response []byte, err error) {
	return "XOAUTH2", []byte("user=" + x.username + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

// Next answers the error details, which come as a challenge, with an empty
// line; the server then fails the command.
func (xoauth2) Next([]byte) ([]byte, error) { return []byte{}, nil }
