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
	_, results, err := authres.Parse(field)
	if err != nil {
		return false, ""
	}
	for _, result := range results {
		dmarc, ok := result.(*authres.DMARCResult)
		if !ok {
			continue
		}
		from := dmarc.From[strings.LastIndexByte(dmarc.From, '@')+1:]
		if dmarc.Value == authres.ResultPass && strings.EqualFold(from, domain) {
			return true, "dmarc=pass"
		}
		return false, ""
	}
	return false, ""
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
