package mail

import (
	"strings"
	"unicode"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// guessSample is how much of a text is looked at to guess its charset.
const guessSample = 4 << 10

// candidate is a charset of a language, with the letters that are frequent in
// it: read in a wrong charset, a text hardly ever has them.
type candidate struct {
	encoding encoding.Encoding
	frequent string
	least    float64 // share of them that is enough
}

// latin are the charsets of texts whose letters beyond ASCII stand alone.
// Of windows-1250 and 1257 half must be theirs: read so, French has some, too.
// Where nothing fits, it is windows-1252.
var latin = []candidate{
	{charmap.Windows1250, "łąęśżźćńŁŚŻŹčřžšěůďťňľĺŕČŘŽŠőűŐŰăţşđ", 0.5},
	{charmap.Windows1254, "ğşıİŞĞ", 0.2},
	{charmap.Windows1257, "ąčęėįšųūžāēģīķļņ", 0.5},
}

// scripts are the charsets of texts that have whole words beyond ASCII.
var scripts = []candidate{
	{charmap.Windows1251, "оеаинтсрвлкмдпуяыьг", 0.25},
	{charmap.KOI8U, "оеаинтсрвлкмдпуяыьг", 0.25},
	{charmap.CodePage866, "оеаинтсрвлкмдпуяыьг", 0.25},
	{charmap.Windows1253, "αοιετσνηυρπκμλςω", 0.25},
	{charmap.Windows1255, "יוהלארמבתשנ", 0.25},
	{charmap.Windows1256, "الينمورتبهدعسف", 0.25},
	{charmap.Windows874, "านรอกเงมยลวดทสต", 0.25},
	{japanese.ShiftJIS, "のにはをたがでてとしれさいるかなすまっ、。", 0.25},
	{japanese.EUCJP, "のにはをたがでてとしれさいるかなすまっ、。", 0.25},
	{korean.EUCKR, "이다는의에을가고지하로한서기은사도니리시", 0.25},
	{simplifiedchinese.GB18030, "的一是不了人我在有他这为之来以个中上们到说时大地也子就道要水没请，。", 0.25},
	{traditionalchinese.Big5, "的一是不了人我在有他這為之來以個中上們到說時大地也子就道要水沒請，。", 0.25},
}

// guess names the charset of bytes that are no UTF-8 and whose label is
// missing or wrong; nil where nothing speaks for one.
func guess(data []byte) encoding.Encoding {
	sample := sampleOf(data)
	candidates := latin
	if standInRuns(sample) {
		candidates = scripts
	}
	var best encoding.Encoding
	highest := 0.0
	for _, c := range candidates {
		if score := c.score(sample); score >= c.least && score > highest {
			best, highest = c.encoding, score
		}
	}
	return best
}

// sampleOf skips plain ASCII in front, which says nothing.
func sampleOf(data []byte) []byte {
	start := 0
	for start < len(data) && data[start] < 0x80 {
		start++
	}
	return data[start:min(len(data), start+guessSample)]
}

// standInRuns reports whether most bytes beyond ASCII have one beside them.
func standInRuns(sample []byte) bool {
	high, alone := 0, 0
	for i, c := range sample {
		if c < 0x80 {
			continue
		}
		high++
		if (i == 0 || sample[i-1] < 0x80) && (i+1 == len(sample) || sample[i+1] < 0x80) {
			alone++
		}
	}
	return high > 3 && alone*2 < high
}

// score is the share of frequent letters among those beyond ASCII, and 0
// where the bytes are not of this charset.
func (c candidate) score(sample []byte) float64 {
	text, err := c.encoding.NewDecoder().Bytes(sample)
	if err != nil {
		return 0
	}
	letters, frequent, wrong := 0, 0, 0
	for _, r := range string(text) {
		switch {
		case r < 0x80:
		case r == unicode.ReplacementChar || unicode.IsControl(r) || r >= 0x2500 && r < 0x25A0: // box drawing
			wrong++
		case strings.ContainsRune(c.frequent, r):
			frequent++
			letters++
		case unicode.IsLetter(r) || r >= 0xA0:
			letters++
		}
	}
	// The sample may end within a character.
	if wrong > 1+letters/50 || frequent < 3 {
		return 0
	}
	return float64(frequent) / float64(letters)
}
