package enmime

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/jhillyerd/enmime/v2"
	"github.com/redress-cms/redress/channels/email/mail"
)

func load(b *testing.B, kind string) (raws [][]byte) {
	files, _ := filepath.Glob(filepath.Join(os.Getenv("REDRESS_SHARED"), "corpora", kind, "*.eml"))
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			b.Fatal(err)
		}
		raws = append(raws, raw)
	}
	return raws
}

func BenchmarkCorpora(b *testing.B) {
	for _, kind := range []string{"mime", "bounces"} {
		raws := load(b, kind)
		b.Run(kind+"/redress", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for _, raw := range raws {
					mail.Parse(raw, mail.Limits{})
				}
			}
		})
		b.Run(kind+"/enmime", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for _, raw := range raws {
					enmime.ReadEnvelope(bytes.NewReader(raw))
				}
			}
		})
	}
}
