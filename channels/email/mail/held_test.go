package mail

import (
	"encoding/base64"
	"io"
	"runtime"
	"strings"
	"testing"
)

// longMail gives a mail of so many bytes without ever holding it, and notes
// how much is held while it is read.
type longMail struct {
	head, line, foot string
	left             int // bytes of lines to come
	buf              []byte
	started          bool

	before uint64 // what was held at the start
	sample int    // bytes to go before it is looked at again
	peak   uint64
}

const sampleEvery = 1 << 20

func newLongMail(head, line, foot string, size int) *longMail {
	l := &longMail{head: head, line: line, foot: foot, left: size, sample: sampleEvery}
	l.before = inUse()
	return l
}

// inUse is how much of the heap is in use, garbage not counted.
func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func (l *longMail) Read(to []byte) (int, error) {
	if len(l.buf) == 0 {
		switch {
		case !l.started:
			l.started, l.buf = true, []byte(l.head)
		case l.left > 0:
			l.buf = []byte(l.line)
			l.left -= len(l.line)
		case l.foot != "":
			l.buf, l.foot = []byte(l.foot), ""
		default:
			l.look()
			return 0, io.EOF
		}
	}
	n := copy(to, l.buf)
	l.buf = l.buf[n:]
	if l.sample -= n; l.sample <= 0 {
		l.sample = sampleEvery
		l.look()
	}
	return n, nil
}

func (l *longMail) look() {
	if now := inUse(); now > l.before {
		l.peak = max(l.peak, now-l.before)
	}
}

// longMails are mails of which nearly all is of one kind.
func longMails(size int) map[string]*longMail {
	b64 := strings.Repeat(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 57)))+"\r\n", 100)
	mixed := plainHead + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nIt leaks.\r\n--b\r\n"
	uu := strings.Repeat("M0V%T0V%T0V%T0V%T0V%T0V%T0V%T0V%T0V%T0V%T0V%T0V%T0V%T0V%T0V%T\r\n", 100)
	return map[string]*longMail{
		"base64":       newLongMail(mixed+"Content-Type: image/jpeg; name=a.jpg\r\nContent-Transfer-Encoding: base64\r\n\r\n", b64, "--b--\r\n", size),
		"8bit":         newLongMail(mixed+"Content-Type: video/mp4; name=a.mp4\r\n\r\n", strings.Repeat("\x80\xff abc", 1000), "\r\n--b--\r\n", size),
		"quoted":       newLongMail(mixed+"Content-Type: application/x; name=a\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", strings.Repeat("=C3=A4=\r\n", 1000), "--b--\r\n", size),
		"mail in mail": newLongMail(mixed+"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n", b64, "--b--\r\n", size),
		"uuencode":     newLongMail(plainHead+"\r\nIt leaks.\r\n\r\nbegin 644 a.jpg\r\n", uu, "`\r\nend\r\n", size),
		"text":         newLongMail(plainHead+"\r\n", strings.Repeat("It leaks.\r\n", 1000), "", size),
		"one line":     newLongMail(plainHead+"\r\n", strings.Repeat("It leaks. ", 1000), "", size),
		"no boundary":  newLongMail(plainHead+"Content-Type: multipart/mixed; boundary=b\r\n\r\n", strings.Repeat("It leaks.\r\n", 1000), "", size),
		"header":       newLongMail("Subject: ", strings.Repeat("It leaks. ", 1000), "\r\n\r\nIt leaks.\r\n", size),
	}
}

// Of a long mail only a little is held, whatever it is made of.
func TestReadHoldsLittle(t *testing.T) {
	const mail, most = 8 << 20, 2 << 20
	for name, raw := range longMails(mail) {
		t.Run(name, func(t *testing.T) {
			raw.before = inUse()
			m, err := Read(raw, nil, Limits{})
			if err != nil || name != "header" && !strings.HasPrefix(m.ReplyText, "It leaks.") {
				t.Errorf("%v, reply %.30q", err, m.ReplyText)
			}
			if raw.peak > most {
				t.Errorf("held %d bytes of a mail of %d", raw.peak, mail)
			}
			t.Logf("held %d", raw.peak)
		})
	}
}

// BenchmarkRead reports what is held of a 25 MB mail.
func BenchmarkRead(b *testing.B) {
	for name := range longMails(0) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(25 << 20)
			b.ReportAllocs()
			peak := uint64(0)
			for b.Loop() {
				raw := longMails(25 << 20)[name]
				if _, err := Read(raw, nil, Limits{}); err != nil {
					b.Fatal(err)
				}
				peak = max(peak, raw.peak)
			}
			b.ReportMetric(float64(peak), "peak-bytes")
		})
	}
}
