package sms_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/redress-cms/redress/channels/channelstest"
)

// TestMediaIsFetchedFromTheProviderOnly plays Twilio's API, its file host, and
// hosts that must not be asked: foreign ones on loopback and private ones.
func TestMediaIsFetchedFromTheProviderOnly(t *testing.T) {
	const picture = "\x89PNG picture"
	var asked []string // hosts other than the API, with the credentials they got
	files := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, "files "+r.Header.Get("Authorization"))
		switch r.URL.Path {
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		default:
			w.Header().Set("Content-Disposition", `attachment; filename="../leak.png"`)
			_, _ = io.WriteString(w, picture)
		}
	}))
	defer files.Close()

	p := newProvider(t, nil)
	inner := p.Config.Handler
	p.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if !strings.HasPrefix(r.URL.Path, "/media") || user != accountSID || password != authToken {
			inner.ServeHTTP(w, r)
			return
		}
		switch target := r.URL.Query().Get("to"); {
		case target != "":
			w.Header().Set("Location", target)
			w.WriteHeader(http.StatusTemporaryRedirect)
		case r.URL.Path == "/media/large":
			_, _ = io.WriteString(w, strings.Repeat("x", 2000))
		case r.URL.Path == "/media/gone":
			http.NotFound(w, r)
		case r.URL.Path == "/media/broken":
			http.Error(w, "later", http.StatusServiceUnavailable)
		default:
			_, _ = io.WriteString(w, picture)
		}
	})

	const taken = ""
	tests := map[string]struct {
		url    string
		defect string // taken: the file came
		asked  string
	}{
		"at the API":                    {p.URL + "/media/1", taken, ""},
		"at Twilio's own name":          {"https://api.twilio.com/media/1", taken, ""},
		"redirected to the file host":   {p.URL + "/media/1?to=" + files.URL + "/1", taken, "files "},
		"foreign host":                  {files.URL + "/1", "not at the provider's address", ""},
		"host that looks like it":       {"https://api.twilio.com.evil.example/1", "not at the provider's address", ""},
		"host in the user part":         {"https://api.twilio.com@127.0.0.1/1", "not at the provider's address", ""},
		"another port":                  {"https://api.twilio.com:8443/1", "not at the provider's address", ""},
		"plain http":                    {"http://api.twilio.com/1", "not at the provider's address", ""},
		"a file":                        {"file:///etc/passwd", "not at the provider's address", ""},
		"nothing":                       {"", "not at the provider's address", ""},
		"redirected to metadata host":   {p.URL + "/media/1?to=http://169.254.169.254/latest", "not public", ""},
		"redirected to private network": {p.URL + "/media/1?to=https://10.0.0.1/", "not public", ""},
		"redirected to mapped address":  {p.URL + "/media/1?to=https://[::ffff:192.168.0.1]/", "not public", ""},
		"redirected to a file":          {p.URL + "/media/1?to=file:///etc/passwd", "not at the provider's address", ""},
		"redirected without end":        {p.URL + "/media/1?to=" + files.URL + "/loop", "not at the provider's address", "files "},
		"too large":                     {p.URL + "/media/large", "too large", ""},
		"gone":                          {p.URL + "/media/gone", "no longer has it", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			asked = nil
			c := config(p.URL)
			var files channelstest.Files
			c.MaxBytes, c.Files = 1000, &files
			f := form("NumMedia", "1", "MediaUrl0", tt.url, "MediaContentType0", "image/png")
			msg, err := newAdapter(t, c).Read(t.Context(), inbound(f))
			if err != nil {
				t.Fatal(err)
			}
			if msg.Text != f.Get("Body") {
				t.Errorf("text = %q: the complaint is kept whatever its file", msg.Text)
			}
			if tt.defect == taken {
				if len(msg.Attachments) != 1 || files.Content(msg.Attachments[0].Stored) != picture || msg.Attachments[0].ContentType != "image/png" {
					t.Errorf("attachments = %+v, defects %v", msg.Attachments, msg.Defects)
				}
			} else if len(msg.Attachments) != 0 || len(msg.Defects) != 1 || !strings.Contains(msg.Defects[0], tt.defect) {
				t.Errorf("attachments = %d, defects = %q, want %q", len(msg.Attachments), msg.Defects, tt.defect)
			}
			for _, who := range asked {
				if who != tt.asked {
					t.Errorf("asked %q, want %q", who, tt.asked)
				}
			}
			if tt.asked != "" && len(asked) == 0 {
				t.Error("the file host was not asked")
			}
		})
	}

	t.Run("not available now", func(t *testing.T) {
		_, err := newAdapter(t, config(p.URL)).Read(t.Context(), inbound(form("NumMedia", "1", "MediaUrl0", p.URL+"/media/broken")))
		if err == nil {
			t.Error("no error: it is to be tried again")
		}
	})
	t.Run("more than Twilio allows", func(t *testing.T) {
		msg, err := newAdapter(t, config(p.URL)).Read(t.Context(), inbound(form("NumMedia", "1000000000")))
		if err != nil || len(msg.Defects) != 10 {
			t.Errorf("%d defects, %v", len(msg.Defects), err)
		}
	})
}

// From Twilio's own address a redirect may lead to the public network only,
// and over TLS only.
func TestMediaRedirectFromTheRealProvider(t *testing.T) {
	internal := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("an internal host was asked")
	}))
	defer internal.Close()
	for name, target := range map[string]string{
		"loopback by TLS":  internal.URL,
		"loopback by name": strings.Replace(internal.URL, "127.0.0.1", "localhost", 1),
		"without TLS":      "http://media.twiliocdn.com/1",
	} {
		t.Run(name, func(t *testing.T) {
			c := config("")
			c.Client = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				if r.URL.Host != "api.twilio.com" || r.URL.Scheme != "https" {
					t.Errorf("asked %s", r.URL.Host)
				}
				w := httptest.NewRecorder()
				w.Header().Set("Location", target)
				w.WriteHeader(http.StatusFound)
				resp := w.Result()
				resp.Request = r
				return resp, nil
			})}
			msg, err := newAdapter(t, c).Read(t.Context(), inbound(form("NumMedia", "1", "MediaUrl0", "https://api.twilio.com/1")))
			if err != nil || len(msg.Defects) != 1 {
				t.Errorf("defects %q, %v", msg.Defects, err)
			}
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
