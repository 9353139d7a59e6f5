package sms_test

import (
	"strings"
	"testing"

	"github.com/redress-cms/redress/channels/sms"
)

func TestSegments(t *testing.T) {
	tests := map[string]struct {
		text     string
		segments int
		encoding string
	}{
		"empty":                       {"", 0, sms.GSM7},
		"160 letters":                 {strings.Repeat("a", 160), 1, sms.GSM7},
		"161 letters":                 {strings.Repeat("a", 161), 2, sms.GSM7},
		"306 letters":                 {strings.Repeat("a", 306), 2, sms.GSM7},
		"307 letters":                 {strings.Repeat("a", 307), 3, sms.GSM7},
		"80 euro signs are 160":       {strings.Repeat("€", 80), 1, sms.GSM7},
		"81 euro signs":               {strings.Repeat("€", 81), 2, sms.GSM7},
		"escape is not cut":           {strings.Repeat("a", 152) + "€" + strings.Repeat("a", 152), 3, sms.GSM7},
		"Greek capitals and umlauts":  {"ΔΩ äöüß ñ", 1, sms.GSM7},
		"a backtick is not in GSM-7":  {"`", 1, sms.UCS2},
		"70 units":                    {strings.Repeat("न", 70), 1, sms.UCS2},
		"71 units":                    {strings.Repeat("न", 71), 2, sms.UCS2},
		"134 units":                   {strings.Repeat("न", 134), 2, sms.UCS2},
		"one emoji turns all to UCS2": {strings.Repeat("a", 69) + "😀", 2, sms.UCS2},
		"35 emoji are 70 units":       {strings.Repeat("😀", 35), 1, sms.UCS2},
		"33 emoji a segment":          {strings.Repeat("😀", 67), 3, sms.UCS2},
		"1,601 letters":               {strings.Repeat("a", 1601), 11, sms.GSM7},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			n, encoding := sms.Segments(tt.text)
			if n != tt.segments || encoding != tt.encoding {
				t.Errorf("got %d %s, want %d %s", n, encoding, tt.segments, tt.encoding)
			}
		})
	}
}
