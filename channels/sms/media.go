package sms

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"syscall"
	"time"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/internal/httpcall"
)

const (
	maxMedia     = 10 // Twilio's limit for one message
	maxRedirects = 3
	mediaTimeout = 60 * time.Second
)

// Why a file is not fetched; each is told as a defect of its message.
var (
	errForeign = errors.New("it is not at the provider's address")
	errPrivate = errors.New("it leads to an address that is not public")
	errGone    = errors.New("the provider no longer has it")
)

// media fetches the files of a message, together at most MaxBytes. Files that
// are refused are told as defects; an error means that another try may help.
func (a *account) media(ctx context.Context, form url.Values) ([]channels.Attachment, []string, error) {
	count, err := strconv.Atoi(form.Get("NumMedia"))
	if err != nil {
		return nil, nil, nil // not a message with media
	}
	ctx, cancel := context.WithTimeout(ctx, mediaTimeout)
	defer cancel()
	var files []channels.Attachment
	var defects []string
	left := a.MaxBytes
	for i := range min(count, maxMedia) {
		n := strconv.Itoa(i)
		file, err := a.fetch(ctx, form.Get("MediaUrl"+n), left)
		switch {
		case err == nil:
			file.ContentType = clean(form.Get("MediaContentType" + n))
			files = append(files, file)
			left -= file.Size
		case errors.Is(err, httpcall.ErrTooLarge):
			defects = append(defects, fmt.Sprintf("file %d was not taken: it is too large", i+1))
		case errors.Is(err, errForeign), errors.Is(err, errPrivate), errors.Is(err, errGone):
			defects = append(defects, fmt.Sprintf("file %d was not taken: %v", i+1, rootOf(err)))
		default:
			return nil, nil, fmt.Errorf("fetch file %d of a message: %w", i+1, err)
		}
	}
	return files, defects, nil
}

// rootOf picks the reason out of what net/http wrapped it in.
func rootOf(err error) error {
	for _, reason := range []error{errForeign, errPrivate, errGone} {
		if errors.Is(err, reason) {
			return reason
		}
	}
	return err
}

// fetch gets one file: with our credentials from the API, from there on where
// it redirects to without them.
func (a *account) fetch(ctx context.Context, address string, limit int64) (channels.Attachment, error) {
	u, err := a.apiURL(address)
	if err != nil {
		return channels.Attachment{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return channels.Attachment{}, errForeign
	}
	req.SetBasicAuth(a.AccountSID, a.AuthToken)
	client := a.Client
	for range maxRedirects + 1 {
		resp, err := httpcall.New(ctx, client, limit).Do(req) //nolint:contextcheck // New has it
		if err != nil {
			return channels.Attachment{}, err
		}
		target, err := resp.Location()
		if resp.StatusCode < 300 || resp.StatusCode >= 400 || err != nil {
			return a.keep(ctx, resp, limit)
		}
		_ = resp.Body.Close()                                   // nothing of it is wanted
		played := target.Scheme == "http" && isLoopback(a.base) // tests, sandbox
		if target.Scheme != "https" && !played {
			return channels.Attachment{}, errForeign
		}
		client = a.cdn // refuses addresses that are not public
		if req, err = http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil); err != nil {
			return channels.Attachment{}, errForeign
		}
	}
	return channels.Attachment{}, errForeign
}

// apiURL returns where to fetch a file that Twilio named: it must be at
// Twilio's API, or at the address configured for it.
func (a *account) apiURL(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Opaque != "" {
		return nil, errForeign
	}
	if u.Scheme == "https" && hostPort(u) == "api.twilio.com:443" {
		return rebase(u, a.base), nil
	}
	if u.Scheme != a.base.Scheme || hostPort(u) != hostPort(a.base) {
		return nil, errForeign
	}
	return u, nil
}

// keep puts the file that the answer holds among the files.
func (a *account) keep(ctx context.Context, resp *http.Response, limit int64) (channels.Attachment, error) {
	defer func() { _ = resp.Body.Close() }() // read to its end or given up
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusGone:
		return channels.Attachment{}, errGone
	default:
		return channels.Attachment{}, fmt.Errorf("the provider answered %d", resp.StatusCode)
	}
	stored, err := a.Files.Put(ctx, resp.Body, limit+1) // the answer itself ends with an error at limit
	if err != nil {
		return channels.Attachment{}, err
	}
	file := channels.Attachment{Stored: stored}
	if _, params, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition")); err == nil {
		file.Filename = clean(params["filename"])
	}
	return file, nil
}

// guardedClient connects to public addresses only, whatever a name resolves
// to at the time, and on a loopback provider (tests, sandbox) to loopback too.
// It uses no proxy, since the check would then be of the proxy's address.
func guardedClient(loopback bool) *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil || !isPublic(ap.Addr(), loopback) {
			return errPrivate
		}
		return nil
	}}
	return &http.Client{Transport: &http.Transport{
		DialContext:         dialer.DialContext,
		TLSHandshakeTimeout: 10 * time.Second,
		IdleConnTimeout:     30 * time.Second,
		ForceAttemptHTTP2:   true,
	}}
}

// reserved are special-purpose blocks (RFC 6890) that netip does not name:
// this network, shared address space, protocol assignments, benchmarking,
// class E, the former site-local IPv6 addresses (RFC 3879), and the IPv6 forms
// that carry an IPv4 address (compatible, NAT64, Teredo, 6to4).
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("fec0::/10"),
	netip.MustParsePrefix("::/96"),
	netip.MustParsePrefix("64:ff9b::/32"),
	netip.MustParsePrefix("2001::/32"),
	netip.MustParsePrefix("2002::/16"),
}

func isPublic(addr netip.Addr, loopback bool) bool {
	addr = addr.Unmap()
	if addr.IsLoopback() {
		return loopback
	}
	if !addr.IsGlobalUnicast() || addr.IsPrivate() {
		return false
	}
	for _, block := range reserved {
		if block.Contains(addr) {
			return false
		}
	}
	return true
}
