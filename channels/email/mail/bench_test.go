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
