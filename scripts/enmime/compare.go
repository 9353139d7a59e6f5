package main

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/jhillyerd/enmime/v2"

	"github.com/redress-cms/redress/channels/email/mail"
)

// set is a number of mails that are parsed one after the other.
type set struct {
	name  string
	mails [][]byte
}

// parser understands one mail.
type parser func(raw []byte)

func redress(raw []byte) {
	_, _ = mail.Read(bytes.NewReader(raw), &memory{}, mail.Limits{})
}

func redressParse(raw []byte) { mail.Parse(raw, mail.Limits{}) }

// enmimeV2 refuses some mails; the time until then is counted.
func enmimeV2(raw []byte) {
	_, _ = enmime.ReadEnvelope(bytes.NewReader(raw))
}

// memory keeps the files, as enmime does.
type memory struct{ files []*file }

type file struct{ bytes.Buffer }

func (m *memory) Create() (mail.File, error) {
	m.files = append(m.files, &file{})
	return m.files[len(m.files)-1], nil
}

func (*file) Close() error   { return nil }
func (*file) Discard() error { return nil }

// sets are the corpora, where there are any, and made-up mails.
func sets() []set {
	list := []set{
		{"plain text", [][]byte{[]byte(head + "\r\nWater is leaking in Ward 4.\r\n")}},
		{"HTML and text", [][]byte{[]byte(alternative())}},
		{"25 MB, base64", [][]byte{[]byte(withFile(25 << 20))}},
		{"25 MB, ten files", [][]byte{[]byte(withFiles(10, 25<<20))}},
	}
	for _, kind := range []string{"mime", "bounces"} {
		files, _ := filepath.Glob(filepath.Join(os.Getenv("REDRESS_SHARED"), "corpora", kind, "*.eml"))
		s := set{name: "corpus " + kind}
		for _, name := range files {
			if raw, err := os.ReadFile(name); err == nil {
				s.mails = append(s.mails, raw)
			}
		}
		if len(s.mails) > 0 {
			list = append(list, s)
		}
	}
	return list
}

const head = "From: Asha <asha@example.org>\r\nTo: c@city.example\r\nSubject: Leak\r\nMessage-ID: <1@x>\r\nDate: Mon, 2 Jan 2006 15:04:05 +0530\r\nMIME-Version: 1.0\r\n"

func alternative() string {
	text, html := strings.Repeat("Water is leaking in Ward 4.\r\n", 20), "<html><body>"+strings.Repeat("<p>Water is <b>leaking</b> in Ward 4.</p>\r\n", 20)+"</body></html>"
	return head + "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text +
		"\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + html + "\r\n--b--\r\n"
}

func withFile(size int) string { return withFiles(1, size) }

func withFiles(n, size int) string {
	line := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 57))) + "\r\n"
	part := "--b\r\nContent-Type: image/jpeg; name=a.jpg\r\nContent-Transfer-Encoding: base64\r\n\r\n" + strings.Repeat(line, size/n/len(line))
	return head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nIt leaks.\r\n" + strings.Repeat(part, n) + "--b--\r\n"
}

// cost is what one mail of a set costs.
type cost struct {
	micros        float64
	allocs, bytes uint64
}

// measure parses the set for about a second, after a round that is not counted,
// and takes the best of three.
func (s set) measure(parse parser) cost {
	s.round(parse)
	best := cost{}
	for range 3 {
		c := s.timed(parse)
		if best.micros == 0 || c.micros < best.micros {
			best = c
		}
	}
	return best
}

func (s set) round(parse parser) {
	for _, raw := range s.mails {
		parse(raw)
	}
}

func (s set) timed(parse parser) cost {
	const atLeast = 300 * time.Millisecond
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start, mails := processorTime(), 0
	for processorTime()-start < atLeast {
		s.round(parse)
		mails += len(s.mails)
	}
	took := processorTime() - start
	runtime.ReadMemStats(&after)
	n := uint64(mails)
	return cost{micros: float64(took.Nanoseconds()) / 1000 / float64(mails), allocs: (after.Mallocs - before.Mallocs) / n, bytes: (after.TotalAlloc - before.TotalAlloc) / n}
}

// processorTime is what this process has used, the garbage collector included.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err) // it cannot fail for the own process
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
