package email

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emersion/go-msgauth/authres"
	"github.com/emersion/go-msgauth/dkim"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/email/mail"
)

// verified reports whether the mail comes from the domain of its one From
// address: by the word of a configured server, or where there is none, by its
// signature.
func (a *Adapter) verified(ctx context.Context, m mail.Mail, in channels.Inbound, head []byte) (bool, string) {
	if !readsAlike(head) {
		return false, ""
	}
	if ok, by := verify(m, a.config.AuthServIDs); ok {
		return ok, by
	}
	if _, judged := trustedResults(m.Header, a.config.AuthServIDs); judged || a.config.LookupTXT == nil {
		return false, ""
	}
	return a.verifySignature(ctx, m, in)
}

// maxProvenHeader is far above what mail has, and below where reading stops.
const maxProvenHeader = 64 << 10

var headerEnd = regexp.MustCompile(`\n\r?\n`)

// readsAlike reports whether every program finds the same header, and one From
// field in it. We are lenient: where a line is no field, or after too many, we
// begin the body. Who checks a signature or DMARC is not, so that between two
// fields of a mail that somebody was once sent, and that is still rightly
// signed, a stranger could put words of their own.
func readsAlike(raw []byte) bool {
	end := headerEnd.FindIndex(raw)
	if end == nil || end[0] > maxProvenHeader {
		return false
	}
	from := 0
	for i, line := range strings.FieldsFunc(string(raw[:end[0]]), func(r rune) bool { return r == '\r' || r == '\n' }) {
		if i > 0 && (line[0] == ' ' || line[0] == '\t') {
			continue
		}
		name, _, ok := strings.Cut(line, ":")
		name = strings.TrimRight(name, " \t")
		if !ok || name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			return false
		}
		if strings.EqualFold(name, "From") {
			from++
		}
	}
	return from == 1
}

// Bounds of checking signatures: a mail can bring as many as it likes, each of
// which asks the name service and may have a key of any size.
const (
	maxSignatures    = 10 // looked at; the rest is left alone
	maxKeys          = 3  // asked for
	maxKeyBytes      = 4096
	signatureTimeout = 10 * time.Second
)

// verifySignature reports whether a DKIM signature (RFC 6376) of the very
// domain of From fits, which is what DMARC calls aligned, in its strict sense.
// A fault of the name service leaves the mail unproven, and so does a length of
// which not all was read.
func (a *Adapter) verifySignature(ctx context.Context, m mail.Mail, in channels.Inbound) (bool, string) {
	domain, ok := fromDomain(m)
	if !ok || in.Size() > a.config.MaxBytes || m.Header.Has(truncatedHeader) || count(m.Header, "Subject") > 1 {
		return false, ""
	}
	ctx, cancel := context.WithTimeout(ctx, signatureTimeout)
	defer cancel()
	raw, err := in.Open(ctx, a.config.Files)
	if err != nil {
		return false, ""
	}
	defer func() { _ = raw.Close() }() // it was only read
	found, _ := dkim.VerifyWithOptions(raw, &dkim.VerifyOptions{LookupTXT: a.keys(ctx, domain), MaxVerifications: maxSignatures})
	for _, signature := range found {
		expired := !signature.Expiration.IsZero() && a.config.Now().After(signature.Expiration)
		// Commands may stand in the subject.
		whole := !m.Header.Has("Subject") || slices.ContainsFunc(signature.HeaderKeys, func(key string) bool { return strings.EqualFold(key, "Subject") })
		if signature.Err == nil && !expired && whole && strings.EqualFold(signature.Domain, domain) {
			return true, "dkim=pass"
		}
	}
	return false, ""
}

var errNoKey = errors.New("no key to be believed")

// keys looks up the keys of one domain; those of others prove nothing here.
func (a *Adapter) keys(ctx context.Context, domain string) func(string) ([]string, error) {
	var asked atomic.Int32
	suffix := "._domainkey." + strings.ToLower(domain)
	return func(name string) ([]string, error) {
		if !strings.HasSuffix(strings.ToLower(name), suffix) || asked.Add(1) > maxKeys {
			return nil, errNoKey
		}
		records, err := a.config.LookupTXT(ctx, name)
		if err != nil {
			return nil, err
		}
		for _, record := range records {
			if len(record) > maxKeyBytes || onlyTried(record) {
				return nil, errNoKey
			}
		}
		return records, nil
	}
}

// onlyTried reports a key whose domain only tries signing: its signatures count
// for nothing (RFC 6376 section 3.6.1, flag y).
func onlyTried(record string) bool {
	for tag := range strings.SplitSeq(record, ";") {
		name, value, _ := strings.Cut(tag, "=")
		if strings.TrimSpace(name) != "t" {
			continue
		}
		for flag := range strings.SplitSeq(value, ":") {
			if strings.TrimSpace(flag) == "y" {
				return true
			}
		}
	}
	return false
}

// fromDomain is the domain of the one From address of a mail that has no more.
func fromDomain(m mail.Mail) (string, bool) {
	if len(m.From) != 1 || count(m.Header, "From") != 1 {
		return "", false
	}
	_, domain, ok := strings.Cut(m.From[0].Address, "@")
	return domain, ok && domain != "" && !strings.Contains(domain, "@")
}

// verify reports whether the configured server found that the mail comes from
// the domain of its one From address (DMARC, RFC 7489 section 3.1).
//
// Only the topmost Authentication-Results field of a configured server counts,
// and only where that server can have written it: above every Received field,
// or next to the first Received field that the same server wrote, as Gmail
// does. Anything lower came with the mail and may be forged. The server must
// remove foreign fields that bear its own name, as RFC 8601 section 5 demands.
func verify(m mail.Mail, ids []string) (bool, string) {
	domain, ok := fromDomain(m)
	if !ok {
		return false, ""
	}
	field, ok := trustedResults(m.Header, ids)
	if !ok {
		return false, ""
	}
	if field, ok = withoutText(field); !ok {
		return false, ""
	}
	_, results, err := authres.Parse(field)
	if err != nil {
		return false, ""
	}
	var found []*authres.DMARCResult
	for _, result := range results {
		if dmarc, ok := result.(*authres.DMARCResult); ok {
			found = append(found, dmarc)
		}
	}
	// A mail with one From address has one result; a second one is what the
	// sender smuggled into a server that repeats names as they came.
	if len(found) != 1 || found[0].Value != authres.ResultPass {
		return false, ""
	}
	if from := found[0].From; !strings.EqualFold(from[strings.LastIndexByte(from, '@')+1:], domain) {
		return false, ""
	}
	return true, "dmarc=pass"
}

// withoutText takes out of a field what the sender can have chosen, such as
// the local part of a return path: comments, and in quoted strings all that
// could begin a new result (RFC 8601 section 2.2). authres knows neither and
// cuts at every semicolon. It returns false where one is left open.
func withoutText(field string) (string, bool) {
	var b strings.Builder
	depth, quoted, escaped := 0, false, false
	for _, r := range field {
		switch {
		case escaped:
			escaped = false
		case r == '\\' && (quoted || depth > 0):
			escaped = true
		case r == '"' && depth == 0:
			quoted = !quoted
		case quoted && strings.ContainsRune("; \t\r\n", r):
			b.WriteByte('_')
		case quoted:
			b.WriteRune(r)
		case r == '(':
			depth++
			b.WriteByte(' ')
		case r == ')' && depth > 0:
			depth--
		case depth == 0:
			b.WriteRune(r)
		}
	}
	return b.String(), depth == 0 && !quoted
}

// authorFields come with the mail, and so does all that stands below one.
var authorFields = []string{"From", "Sender", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References",
	"MIME-Version", "Content-Type", "Content-Transfer-Encoding"}

func trustedResults(header mail.Header, ids []string) (string, bool) {
	received := false
	for _, f := range header {
		switch {
		case slices.ContainsFunc(authorFields, func(name string) bool { return strings.EqualFold(f.Name, name) }):
			return "", false
		case strings.EqualFold(f.Name, "Received"):
			from, by := receivedClauses(f.Value)
			if !from {
				continue // a hop inside the provider; the border server's has "from"
			}
			if received || !oneOf(by, ids) {
				return "", false
			}
			received = true
		case strings.EqualFold(f.Name, "Authentication-Results"):
			id, _, _ := strings.Cut(f.Value, ";")
			if fields := strings.Fields(id); len(fields) > 0 && oneOf(fields[0], ids) {
				return f.Value, true
			}
		}
	}
	return "", false
}

// receivedClauses reads a Received field (RFC 5321 section 4.4): whether it
// has a "from" clause, and which host wrote it.
func receivedClauses(value string) (from bool, by string) {
	words := strings.Fields(value)
	for i := 0; i+1 < len(words); i++ {
		switch {
		case i == 0 && strings.EqualFold(words[i], "from"):
			from = true
		case strings.EqualFold(words[i], "by"):
			return from, strings.TrimSuffix(words[i+1], ";")
		}
	}
	return from, ""
}

func oneOf(id string, ids []string) bool {
	for _, known := range ids {
		if strings.EqualFold(strings.TrimSuffix(id, "."), known) {
			return true
		}
	}
	return false
}

func count(header mail.Header, name string) int {
	n := 0
	for _, f := range header {
		if strings.EqualFold(f.Name, name) {
			n++
		}
	}
	return n
}
