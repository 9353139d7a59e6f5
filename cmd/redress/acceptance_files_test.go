package main

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/channels/sandbox/botapi"
	"github.com/redress-cms/redress/channels/sandbox/twilioapi"
	"github.com/redress-cms/redress/cmd/redress/internal/app"
	"github.com/redress-cms/redress/pipeline/pictures/picturetest"
	"github.com/redress-cms/redress/pipeline/scanner/scannertest"
)

// sentFile is a file of a mail, named as its sender likes.
type sentFile struct {
	name, claimed string
	data          []byte
}

// rawMail is a mail of an HTML part and files.
func rawMail(from, html string, files ...sentFile) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: %s\r\nTo: complaints@city.test\r\nSubject: Leak\r\nMessage-ID: <%s@citizen.test>\r\nMIME-Version: 1.0\r\n", from, unique())
	b.WriteString("Content-Type: multipart/mixed; boundary=xx\r\n\r\n--xx\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + html + "\r\n")
	for _, f := range files {
		fmt.Fprintf(&b, "--xx\r\nContent-Type: %s\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename*=utf-8''%s\r\n\r\n",
			f.claimed, url.PathEscape(f.name))
		text := base64.StdEncoding.EncodeToString(f.data)
		for len(text) > 76 {
			b.WriteString(text[:76] + "\r\n")
			text = text[76:]
		}
		b.WriteString(text + "\r\n")
	}
	b.WriteString("--xx--\r\n")
	return b.Bytes()
}

// examined waits for the one case of an address until none of its files waits.
func (s *played) examined(address string, files int) app.CaseStory {
	s.t.Helper()
	var story app.CaseStory
	s.eventually("the case with its files", func() error {
		list := s.casesOf(address)
		if len(list) != 1 {
			return fmt.Errorf("%d cases", len(list))
		}
		story = s.show(list[0].Reference)
		got := filesOfCase(story)
		if len(got) != files || slices.ContainsFunc(got, func(f app.AttachmentView) bool { return f.State == "pending" }) {
			return fmt.Errorf("files %+v", got)
		}
		return nil
	})
	return story
}

func filesOfCase(story app.CaseStory) []app.AttachmentView {
	var files []app.AttachmentView
	for _, m := range story.Messages {
		files = append(files, m.Attachments...)
	}
	return files
}

func fetch(t *testing.T, address string) (*http.Response, []byte) {
	t.Helper()
	resp, err := http.Get(address) //nolint:noctx // of the test's own server
	must(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	must(t, err)
	return resp, body
}

var fileLink = regexp.MustCompile(`/track/[a-z0-9]+/files/[a-z0-9]{32}(?:/[a-z]+)?`)

// TestHostileFiles mails what a sender may hope that somebody opens.
func TestHostileFiles(t *testing.T) {
	s := newPlayed(t, false)
	s.start("serve")
	s.awaitReady()
	var outside atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { outside.Add(1) }))
	defer elsewhere.Close()
	svg := []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)
	pixels := picturetest.PNG(8, 8, 1, nil)
	binary.BigEndian.PutUint32(pixels[16:], 29_000)
	binary.BigEndian.PutUint32(pixels[20:], 29_000)
	copy(pixels[8:], picturetest.Chunk("IHDR", pixels[16:29]))
	photo := picturetest.JPEG(800, 600, 1, &cases.Point{Latitude: 12.9716, Longitude: 77.5946})
	files := []sentFile{
		{"../../../etc/pass\u200bwd.svg", "image/jpeg", svg}, {"page\u202Egpj.html", "text/html", []byte("<!DOCTYPE html><script>alert(1)</script>")},
		{"bomb.zip", "application/zip", zipOf(t, 20<<20)}, {"bomb.png", "image/png", pixels}, {"leak.jpg", "application/x-anything", photo},
	}
	from := stranger()
	html := fmt.Sprintf(`<p>Water is leaking in Ward 4</p><script src="%[1]s/x.js"></script><img src="%[1]s/pixel.gif" width=1 height=1>`, elsewhere.URL)
	must(t, sendMail(s.mail.SMTPAddress(), from, rawMail(from, html, files...), "complaints@city.test"))
	story := s.examined("email:"+from, len(files))
	wantNames := []string{"passwd.svg", "pagegpj.html", "bomb.zip", "bomb.png", "leak.jpg"}
	wantTypes := []string{"image/svg+xml", "text/html", "application/zip", "image/png", "image/jpeg"}
	for i, f := range filesOfCase(story) {
		if f.Filename != wantNames[i] || f.ContentType != wantTypes[i] || f.State != "skipped" {
			t.Errorf("file %+v, want %s of type %s", f, wantNames[i], wantTypes[i])
		}
	}

	resp, page := fetch(t, story.TrackURL)
	if resp.StatusCode != http.StatusOK || bytes.Contains(page, []byte("<script")) || bytes.Contains(page, []byte(elsewhere.URL)) {
		t.Errorf("the tracking page is not inert: %d\n%s", resp.StatusCode, page)
	}
	links := fileLink.FindAllString(string(page), -1)
	if len(links) != len(files)+2 { // the photo alone has a thumbnail and a picture
		t.Fatalf("links to files: %q", links)
	}
	downloads := 0
	for _, link := range links {
		resp, body := fetch(t, s.url+link)
		h := resp.Header
		if h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%s: headers %v", link, h)
		}
		if strings.Count(link, "/") == 5 { // …/picture, …/thumbnail
			if h.Get("Content-Type") != "image/jpeg" || bytes.Contains(body, []byte(picturetest.Secret)) || bytes.Contains(body, []byte("Exif")) {
				t.Errorf("%s: %s, or with metadata", link, h.Get("Content-Type"))
			}
			continue
		}
		if !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") || h.Get("Content-Type") != "application/octet-stream" ||
			!bytes.Equal(body, files[downloads].data) {
			t.Errorf("%s: %v, %d bytes", link, h, len(body))
		}
		downloads++
	}
	other := s.url + strings.Replace(links[0], story.TrackURL[strings.LastIndex(story.TrackURL, "/")+1:], "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 1)
	if resp, _ := fetch(t, other); resp.StatusCode != http.StatusNotFound {
		t.Errorf("a file opens by another token: %d", resp.StatusCode)
	}
	if outside.Load() != 0 {
		t.Error("something was fetched from elsewhere")
	}
	var stored []string
	must(t, filepath.WalkDir(filepath.Join(s.folder, "data", "files"), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			stored = append(stored, d.Name())
		}
		return err
	}))
	for _, name := range stored {
		if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(name) {
			t.Errorf("a file is stored as %q", name)
		}
	}
}

func zipOf(t *testing.T, size int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create("zeros")
	must(t, err)
	_, err = f.Write(make([]byte, size))
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

// TestMediaFromElsewhere posts genuine webhooks whose files lie elsewhere.
func TestMediaFromElsewhere(t *testing.T) {
	s := newPlayed(t, false)
	s.start("serve")
	s.awaitReady()
	var hits atomic.Int32
	inside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		_, _ = io.WriteString(w, "secret")
	}))
	defer inside.Close()
	const from = "+12025550136"
	form := url.Values{
		"MessageSid": {"MM00000000000000000000000000000036"}, "AccountSid": {s.twilio.AccountSID()},
		"From": {from}, "To": {"+12025550100"}, "Body": {"Water is leaking in Ward 4"}, "NumMedia": {"3"},
		"MediaUrl0": {inside.URL + "/2010-04-01/x"}, "MediaContentType0": {"image/jpeg"},
		"MediaUrl1": {"http://169.254.169.254/latest/meta-data"}, "MediaContentType1": {"image/jpeg"},
		"MediaUrl2": {"file:///etc/passwd"}, "MediaContentType2": {"image/jpeg"},
	}
	signature := twilioapi.Sign(s.twilio.AuthToken(), s.url+"/webhooks/sms/main", form)
	if got := s.post("/webhooks/sms/main", form, signature); got != http.StatusOK {
		t.Fatalf("answered with %d", got)
	}
	story := s.examined("sms:"+from, 0)
	if hits.Load() != 0 {
		t.Errorf("%d requests went to an address that is not the provider's", hits.Load())
	}
	if remarks := story.Messages[0].Remarks; strings.Count(remarks, "\n") != 2 {
		t.Errorf("staff read of three refused files: %q", remarks)
	}
}

// TestHarmfulFiles has a scanner that is away, then back.
func TestHarmfulFiles(t *testing.T) {
	clamd := scannertest.Start(t, 25<<20)
	clamd.Leave()
	s := newPlayed(t, false)
	text, err := os.ReadFile(s.config)
	must(t, err)
	must(t, os.WriteFile(s.config, append(text, "scanner: {address: \""+clamd.Address()+"\"}\n"...), 0o600))
	s.start("serve")
	s.awaitReady()
	s.linkStaff()
	photo := picturetest.JPEG(800, 600, 1, nil)
	from := stranger()
	must(t, sendMail(s.mail.SMTPAddress(), from, rawMail(from, "<p>Water leak in Ward 4, see the files</p>",
		sentFile{"leak.jpg", "image/jpeg", photo}, sentFile{"letter.txt", "text/plain", []byte(scannertest.EICAR)}), "complaints@city.test"))
	s.awaitMail(from, "number") // the complaint does not wait
	story := s.show(s.casesOf("email:" + from)[0].Reference)
	for _, f := range filesOfCase(story) {
		if f.State != "pending" {
			t.Errorf("%+v, want it held", f)
		}
	}
	if _, page := fetch(t, story.TrackURL); fileLink.Match(page) || !bytes.Contains(page, []byte("being checked")) {
		t.Error("the page hands out what was not scanned")
	}
	resp, body := fetch(t, s.url+"/readyz")
	if resp.StatusCode != http.StatusOK || !bytes.Contains(body, []byte("attachments are held")) {
		t.Errorf("/readyz: %d %s", resp.StatusCode, body)
	}
	if _, metrics := fetch(t, s.url+"/metrics"); !bytes.Contains(metrics, []byte("redress_scanner_up 0")) ||
		!bytes.Contains(metrics, []byte(`redress_attachments{state="pending"} 2`)) {
		t.Error("the metrics do not tell that files are held")
	}

	clamd.Return()
	story = s.examined("email:"+from, 2)
	if files := filesOfCase(story); files[0].State != "clean" || files[1].State != "infected" || files[1].Finding != scannertest.Finding {
		t.Errorf("files %+v", files)
	}
	s.awaitMail(from, "could not be opened safely", "letter.txt")
	asha := s.chat(chatAsha)
	asha.see("harm", "letter.txt", scannertest.Finding)
	picture := asha.await("photo", func(m botapi.Message) bool { return len(m.Photo) > 0 })
	if content := s.telegram.Content(picture.Photo[0].FileID); !strings.Contains(picture.Caption, story.Reference) ||
		len(content) == 0 || bytes.Contains(content, []byte(picturetest.Secret)) {
		t.Errorf("photo %q of %d bytes, or with metadata", picture.Caption, len(content))
	}
	_, page := fetch(t, story.TrackURL)
	if links := fileLink.FindAllString(string(page), -1); len(links) != 3 || !bytes.Contains(page, []byte("could be harmful")) {
		t.Errorf("links %q on\n%s", links, page)
	}
}
