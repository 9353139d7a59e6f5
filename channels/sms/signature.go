package sms

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Twilio signs with HMAC-SHA1, which is not broken
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
)

// signed reports whether signature is Twilio's over address and form: base64
// of HMAC-SHA1, keyed with the auth token, of the address followed by each
// key and value, keys in order, of a repeated key each different value once
// and in order. Twilio is inconsistent about the port, so the address counts
// with and without it. See https://www.twilio.com/docs/usage/security.
//
// twilio-go's RequestValidator takes only the first value of a repeated key.
func signed(address string, form url.Values, signature, token string) bool {
	var params strings.Builder
	for _, key := range sortedKeys(form) {
		values := slices.Clone(form[key])
		slices.Sort(values)
		for _, value := range slices.Compact(values) {
			params.WriteString(key)
			params.WriteString(value)
		}
	}
	ok := false
	for _, variant := range portVariants(address) {
		mac := hmac.New(sha1.New, []byte(token))
		mac.Write([]byte(variant + params.String()))
		want := base64.StdEncoding.EncodeToString(mac.Sum(nil))
		ok = hmac.Equal([]byte(want), []byte(signature)) || ok
	}
	return ok
}

// portVariants returns address as it is, and with its port left out or, where
// it has none, the scheme's port put in.
func portVariants(address string) []string {
	u, err := url.Parse(address)
	if err != nil {
		return []string{address}
	}
	changed := *u
	if u.Port() == "" {
		changed.Host = hostPort(u)
	} else {
		changed.Host = strings.TrimSuffix(u.Host, ":"+u.Port())
	}
	return []string{address, changed.String()}
}

func sortedKeys(form url.Values) []string {
	keys := make([]string, 0, len(form))
	for key := range form {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
