package email

import (
	"errors"
	"slices"
	"strings"

	"github.com/redress-cms/redress/channels/email/mail"
)

// tokenMark stands for the token in the return_path of the settings.
const tokenMark = "{token}"

// Bounds of a local part (RFC 5321 section 4.5.3.1.1) and of the tokens in it.
const (
	maxLocalPart = 64
	minToken     = 20
	maxToken     = 40
)

// tokenAddress is an address of ours with a token in it: bounces+TOKEN@city.example.
type tokenAddress struct{ before, after string } // lower case

// returnAddress reads the return_path of the settings.
func returnAddress(pattern string) (tokenAddress, error) {
	before, after, ok := strings.Cut(strings.ToLower(pattern), tokenMark)
	local, domain, at := strings.Cut(before+after, "@")
	switch {
	case !ok || !at || strings.Contains(after, tokenMark) || strings.Contains(before, "@") || domain == "" || strings.ContainsAny(local+domain, " \t<>@"):
		return tokenAddress{}, errors.New("return_path is not an address with {token} before the @, as bounces+{token}@city.example")
	case len(local)+maxToken > maxLocalPart:
		return tokenAddress{}, errors.New("return_path is too long: beside {token}, 24 characters fit before the @")
	}
	return tokenAddress{before, after}, nil
}

// plusAddress is where answers come to: complaints+TOKEN@city.example.
func plusAddress(own string) tokenAddress {
	at := strings.LastIndexByte(own, '@')
	return tokenAddress{own[:at] + "+", own[at:]}
}

func (t tokenAddress) with(token string) string { return t.before + token + t.after }

// token is what stands in the place of the token; empty: it is another address.
func (t tokenAddress) token(address string) string {
	token, ok := strings.CutPrefix(address, t.before)
	if token, ok2 := strings.CutSuffix(token, t.after); ok && ok2 && isToken(token) {
		return token
	}
	return ""
}

func isToken(s string) bool {
	return len(s) >= minToken && len(s) <= maxToken &&
		!strings.ContainsFunc(s, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
}

// ownAddresses are the addresses of all accounts: never a complainant's.
type ownAddresses struct {
	plain   []string // lower case
	returns []tokenAddress
}

// add takes an address, or the pattern of a return path.
func (o *ownAddresses) add(address string) error {
	if !strings.Contains(address, tokenMark) {
		o.plain = append(o.plain, canonical(address))
		return nil
	}
	pattern, err := returnAddress(address)
	o.returns = append(o.returns, pattern)
	return err
}

func (o *ownAddresses) has(address string) bool {
	return slices.Contains(o.plain, address) || o.returnToken(address) != "" || o.replyToken(address) != ""
}

func (o *ownAddresses) returnToken(address string) string {
	for _, pattern := range o.returns {
		if token := pattern.token(address); token != "" {
			return token
		}
	}
	return ""
}

func (o *ownAddresses) replyToken(address string) string {
	for _, own := range o.plain {
		if token := plusAddress(own).token(address); token != "" {
			return token
		}
	}
	return ""
}

// tokens are those in the addresses that a mail came to: in its trace, where
// the server that delivered it wrote the recipient of the envelope, and in its
// own fields.
func (o *ownAddresses) tokens(m mail.Mail) (returned, reply string) {
	look := func(list []mail.Address) {
		for _, a := range list {
			address := canonical(a.Address)
			if returned == "" {
				returned = o.returnToken(address)
			}
			if reply == "" {
				reply = o.replyToken(address)
			}
		}
	}
	for _, f := range m.Header {
		for _, name := range []string{"Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To"} {
			if strings.EqualFold(f.Name, name) {
				look(mail.ParseAddresses(f.Value))
			}
		}
	}
	look(m.To)
	look(m.Cc)
	return returned, reply
}
