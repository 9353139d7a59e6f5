package email

import (
	"strings"

	"github.com/emersion/go-msgauth/authres"

	"github.com/redress-cms/redress/channels/email/mail"
)

// verify reports whether the configured server found that the mail comes from
// the domain of its one From address (DMARC, RFC 7489 section 3.1).
//
// Only the topmost Authentication-Results field of a configured server counts,
// and only where that server can have written it: above every Received field,
// or next to the first Received field that the same server wrote, as Gmail
// does. Anything lower came with the mail and may be forged. The server must
// remove foreign fields that bear its own name, as RFC 8601 section 5 demands.
func verify(m mail.Mail, ids []string) (bool, string) {
	if len(ids) == 0 || len(m.From) != 1 || count(m.Header, "From") != 1 {
		return false, ""
	}
	_, domain, ok := strings.Cut(m.From[0].Address, "@")
	if !ok || domain == "" || strings.Contains(domain, "@") {
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

func trustedResults(header mail.Header, ids []string) (string, bool) {
	received := false
	for _, f := range header {
		switch {
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
