package mail

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redress-cms/redress/scripts/testenv"
)

// nested is a mail of so many multiparts, each in the one before.
func nested(levels int) string {
	var b strings.Builder
	b.WriteString(plainHead)
	for i := range levels {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	b.WriteString("Content-Type: text/plain\n\nhello\n")
	return b.String()
}

// wide is a mail of so many parts beside one another.
func wide(parts int) string {
	return plainHead + "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\nx\n", parts)
}

// withFile is a mail of so many bytes, most of them an attachment.
func withFile(size int) string {
	line := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 57))) + "\r\n"
	return plainHead + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nIt leaks.\r\n--b\r\nContent-Type: image/jpeg; name=a.jpg\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		strings.Repeat(line, size/len(line)) + "--b--\r\n"
}

// hostile are mails of at least n of something that could cost more than its
// size.
func hostile(n int) map[string]string {
	daemon := "From: mailer-daemon@x.org\nSubject: failure notice\n\n"
	var status strings.Builder
	status.WriteString(plainHead + "Content-Type: multipart/report; boundary=b\n\n--b\n\n" + strings.Repeat("a0@b.org is said to be\n\n", n) + "--b\nContent-Type: message/delivery-status\n\n")
	for i := range n {
		fmt.Fprintf(&status, "Final-Recipient: rfc822; a%d@b.org\nAction: failed\nDiagnostic-Code: smtp; %s\n\n", i, strings.Repeat("said ", 20))
	}
	return map[string]string{
		"nested parts": nested(n), "parts": wide(10 * n), "long header": "Subject: " + strings.Repeat("x", 2000*n) + "\n\nhello",
		"header lines": strings.Repeat("X: y\n", 100*n) + "\nhello", "encoded words": "Subject: " + strings.Repeat("=?utf-8?Q?a?= ", 20*n) + "\n\nx",
		"addresses": "To: " + strings.Repeat("a@b, ", 100*n) + "\n\nx", "brackets": "To: " + strings.Repeat("(<\"", 100*n) + "\n\nx",
		"quote marks": plainHead + "\n" + strings.Repeat(">", 100*n) + "\n" + strings.Repeat("> On 1 May 2020 at 10:00, x wrote:\n", n),
		"colons":      plainHead + "\n" + strings.Repeat("On 1 May x:\n", n), "disclaimers": plainHead + "\n" + strings.Repeat("This message is confidential\n\n", n),
		"html":        plainHead + "Content-Type: text/html\n\n" + strings.Repeat(`<div id="divRplyFwdMsg"><b>`, 5*n),
		"html quotes": plainHead + "In-Reply-To: <1@x>\nContent-Type: text/html\n\n" + strings.Repeat(`<div class="gmail_quote"><blockquote type=cite>`, 200) + strings.Repeat(`<div class="gmail_quote">x</div>`, n),
		"uuencode":    plainHead + "\n" + strings.Repeat("begin 644 x\n", n), "yEnc": plainHead + "\n" + strings.Repeat("=ybegin size=1 name=x\n", n),
		"recipients of a report": status.String(), "recipients in a text": daemon + strings.Repeat("a@b.org\n\n", n), "words of a bounce": daemon + "a@b.org\n" + strings.Repeat("said \n\n", n),
		"mailbox file": "From a 2015\n" + strings.Repeat(daemon+"a@b.org\n\nFrom a 2015\n", n),
	}
}

// BenchmarkHostile shows that ten times as much costs about ten times as much.
func BenchmarkHostile(b *testing.B) {
	for _, n := range []int{1000, 10000} {
		for name, raw := range hostile(n) {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				for b.Loop() {
					Parse([]byte(raw), Limits{})
				}
			})
		}
	}
}

// Aims on one core: 1,000 nested parts within 50 ms, 100,000 parts within
// 500 ms, also where the limits do not cut them short.
func BenchmarkParse(b *testing.B) {
	all := Limits{Depth: 1 << 20, Parts: 1 << 20}
	for _, bench := range []struct {
		name   string
		raw    string
		limits Limits
	}{
		{"1,000 nested", nested(1000), Limits{}}, {"1,000 nested, no limit", nested(1000), all},
		{"100,000 parts", wide(100000), Limits{}}, {"100,000 parts, no limit", wide(100000), all},
		{"25 MB attachment", withFile(25 << 20), Limits{}},
		{"plain", plainHead + "\r\nWater is leaking in Ward 4.\r\n", Limits{}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			raw := []byte(bench.raw)
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				Parse(raw, bench.limits)
			}
		})
	}
}

// BenchmarkCorpora parses every mail of the corpora once per round.
func BenchmarkCorpora(b *testing.B) {
	dir := filepath.Join(testenv.Need(b, testenv.Shared), "corpora")
	for _, kind := range []string{"mime", "bounces"} {
		files, err := filepath.Glob(filepath.Join(dir, kind, "*.eml"))
		if err != nil {
			b.Fatal(err)
		}
		var raws [][]byte
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				b.Fatal(err)
			}
			raws = append(raws, raw)
		}
		b.Run(kind, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for _, raw := range raws {
					Parse(raw, Limits{})
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(raws)), "µs/mail")
		})
	}
}
