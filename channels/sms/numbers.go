package sms

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

const maxAddress = 64 // bytes of a sender's address kept

// canonical returns a sender's address without its channel prefix, as E.164
// where it is a phone number. Short codes and names of senders, which are
// none, stay as they are.
func canonical(address, region string) string {
	address = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(address), whatsAppPrefix))
	if isE164(address) {
		return address
	}
	digits := strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) || r == '+' {
			return r
		}
		return -1
	}, address)
	// A short code has no country code and must not be given one.
	if len(digits) > 6 && !strings.ContainsFunc(address, unicode.IsLetter) {
		if n, err := phonenumbers.Parse(address, region); err == nil {
			return phonenumbers.Format(n, phonenumbers.E164)
		}
	}
	if len(address) > maxAddress {
		address = address[:maxAddress]
	}
	return strings.ToValidUTF8(address, "")
}

// isE164 reports whether s is "+" and 7 to 15 digits (ITU-T E.164).
func isE164(s string) bool {
	if len(s) < 8 || len(s) > 16 || s[0] != '+' || s[1] == '0' {
		return false
	}
	return strings.Trim(s[1:], "0123456789") == ""
}

// sender picks the number to send from: always the same for one recipient, so
// that the conversation stays in one place, and for most recipients also after
// numbers were added or taken away (rendezvous hashing).
func (a *Adapter) sender(to string) string {
	var best string
	var top []byte
	for _, number := range a.numbers {
		sum := sha256.Sum256([]byte(number + "\x00" + to))
		if bytes.Compare(sum[:], top) > 0 {
			best, top = number, sum[:]
		}
	}
	return best
}
