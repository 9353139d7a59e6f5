package email

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/emersion/go-imap/v2"
	"golang.org/x/oauth2"
)

// fault is why a mailbox cannot be read. text is one line for the operator:
// servers put user names and more into their answers, so it is made here and
// never taken from them.
type fault struct {
	text    string
	refused bool // the server knows us and says no
	own     bool // it is our database that cannot
	err     error
}

func (f *fault) Error() string { return f.text }

func (f *fault) Unwrap() error { return f.err }

// asFault returns err as a fault.
func asFault(err error) *fault {
	var f *fault
	if errors.As(err, &f) {
		return f
	}
	return &fault{text: networkText(err), err: err}
}

// loginFault says why a login failed. A server that answered anything but yes
// has refused it: some send BAD, some NO with a code of their own.
func loginFault(err error) *fault {
	var answer *imap.Error
	var token *oauth2.RetrieveError
	switch {
	case errors.As(err, &answer):
		return &fault{text: "login refused: check user name and password, or the permissions of the OAuth2 client", refused: true, err: err}
	case errors.As(err, &token):
		return &fault{text: "no access token: the OAuth2 server refused; check client_id, client_secret and refresh_token", refused: true, err: err}
	case errors.Is(err, errToken):
		return &fault{text: "no access token: the OAuth2 server cannot be reached", err: err}
	}
	return asFault(err)
}

// networkText names the known failures of a connection.
func networkText(err error) string {
	var dns *net.DNSError
	var authority x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var answer *imap.Error
	switch {
	case errors.As(err, &dns):
		return "the server's name is not known"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the server refuses connections"
	case errors.As(err, &authority), errors.As(err, &hostname), errors.As(err, &certificate):
		return "the server's certificate is not trusted"
	case errors.As(err, &record):
		return "the server does not speak TLS on this port"
	case errors.Is(err, os.ErrDeadlineExceeded), isTimeout(err):
		return "the server does not answer"
	case errors.As(err, &answer):
		return strings.TrimSpace("the server answers " + string(answer.Type) + " " + string(knownCode(answer.Code)))
	}
	return "the connection broke"
}

// knownCode keeps only response codes of RFC 5530, which hold no text of the server's.
func knownCode(code imap.ResponseCode) imap.ResponseCode {
	switch code {
	case imap.ResponseCodeNonExistent, imap.ResponseCodeNoPerm, imap.ResponseCodeOverQuota, imap.ResponseCodeLimit, imap.ResponseCodeInUse,
		imap.ResponseCodeServerBug, imap.ResponseCodeUnavailable, imap.ResponseCodeTryCreate, imap.ResponseCodeCannot:
		return code
	}
	return ""
}

func isTimeout(err error) bool {
	var network net.Error
	return errors.As(err, &network) && network.Timeout()
}
