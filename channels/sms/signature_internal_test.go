package sms

import (
	"net/url"
	"testing"
)

// TestSigned holds to the examples that Twilio publishes with its libraries.
func TestSigned(t *testing.T) {
	const token = "12345"
	form := url.Values{
		"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+14158675309"}, "Digits": {"1234"},
		"From": {"+14158675309"}, "To": {"+18005551212"},
	}
	extra := url.Values{"Zone": {"1"}}
	for key, values := range form {
		extra[key] = values
	}
	twice := url.Values{"Sid": {"SM1"}, "MediaUrl": {"b", "a", "b"}}

	tests := map[string]struct {
		address   string
		form      url.Values
		signature string
		want      bool
	}{
		"Twilio's example":           {"https://mycompany.com/myapp.php?foo=1&bar=2", form, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", true},
		"port in ours, not in its":   {"https://mycompany.com:1234/myapp.php?foo=1&bar=2", form, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", true},
		"port in its, not in ours":   {"https://mycompany.com/myapp.php?foo=1&bar=2", form, "kvajT1Ptam85bY51eRf/AJRuM3w=", true},
		"repeated key, as in Python": {"https://city.example/s", twice, "xlT9S6V+/vfb7NjDt2WaDOa/1qU=", true},
		"extra parameter":            {"https://mycompany.com/myapp.php?foo=1&bar=2", extra, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", false},
		"other query":                {"https://mycompany.com/myapp.php?foo=1&bar=3", form, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", false},
		"other host":                 {"https://mycompany.example/myapp.php?foo=1&bar=2", form, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", false},
		"plain http":                 {"http://mycompany.com/myapp.php?foo=1&bar=2", form, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", false},
		"none":                       {"https://mycompany.com/myapp.php?foo=1&bar=2", form, "", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := signed(tt.address, tt.form, tt.signature, token); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
