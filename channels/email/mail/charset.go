package mail

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"io"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode/utf32"
)

// decodeCharset makes data UTF-8. The declared label is a hint: valid UTF-8
// beats it, else the charset is guessed where the label is missing, unknown or
// wrong, and what fits nowhere is read as windows-1252, byte by byte, so that
// no letter is lost. d, if not nil, gets what was wrong.
func decodeCharset(data []byte, label string, d *defects) string {
	key := labelKey(label)
	if same, ok := sameCharset[key]; ok {
		key = same
	}
	switch key {
	case "":
		return decodeUnlabelled(data, d)
	case "utf-7":
		return decodeUTF7(string(data))
	case "utf-16", "utf-16le", "utf-16be":
		return decodeUTF16(data, key)
	case "utf-32":
		text, _ := utf32.UTF32(utf32.LittleEndian, utf32.UseBOM).NewDecoder().Bytes(data)
		return string(text)
	case "iso-2022-kr", "iso-2022-cn":
		return decodeLabel(shifted(data), map[string]string{"iso-2022-kr": "euc-kr", "iso-2022-cn": "gb18030"}[key], d)
	}
	if key == "iso-8859-1" {
		key = "windows-1252" // its superset in practice, as in HTML
	}
	return decodeLabel(data, key, d)
}

// labelKey is a label as sameCharset has it.
func labelKey(label string) string {
	label = strings.ToLower(strings.TrimSpace(label))
	label = strings.TrimLeft(label, `"'= `)
	if end := strings.IndexAny(label, `"'; ,`); end >= 0 {
		label = label[:end]
	}
	return strings.ReplaceAll(label, "_", "-")
}

// sameCharset are names that are used in mail and stand in no registry, or in
// one of a smaller charset; empty: they say nothing.
var sameCharset = map[string]string{
	"us-ascii": "", "ascii": "", "utf-8": "", "utf8": "", "utf8mb4": "", "utf-8-sig": "", "unicode-1-1-utf-8": "", "ansi-x3.4-1968": "", "7bit": "", "8bit": "",
	"binary": "", "unknown-8bit": "", "unknown": "", "x-unknown": "", "default": "", "default-charset": "", "none": "", "ansi": "", "iso-10646": "", "unicode": "",
	"x-user-defined": "", "646": "", "charset": "", "cp65001": "", "en": "", "plain": "",
	"unicode-1-1-utf-7": "utf-7", "x-unicode-2-0-utf-7": "utf-7", "utf7": "utf-7",
	"utf16": "utf-16", "ucs-2": "utf-16", "iso-10646-ucs-2": "utf-16", "utf16le": "utf-16le", "utf16be": "utf-16be", "utf32": "utf-32", "utf-32le": "utf-32", "utf-32be": "utf-32",
	"latin1": "iso-8859-1", "latin-1": "iso-8859-1", "8859-1": "iso-8859-1", "iso8859-1": "iso-8859-1", "iso88591": "iso-8859-1", "iso-8859": "iso-8859-1", "l1": "iso-8859-1",
	"latin-2": "iso-8859-2", "8859-2": "iso-8859-2", "latin-9": "iso-8859-15", "latin9": "iso-8859-15",
	"gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "gb-2312-80": "gb18030", "gb2312-80": "gb18030", "euc-cn": "gb18030", "ms936": "gb18030", "gb-18030": "gb18030",
	"cp936": "gb18030", "windows-936": "gb18030", "cn-gb": "gb18030", "chinesesimplified": "gb18030", "hz": "hz-gb-2312",
	"ks-c-5601-1987": "euc-kr", "ks-c-5601-1989": "euc-kr", "ks-c-5601": "euc-kr", "cp949": "euc-kr", "ms949": "euc-kr", "windows-949": "euc-kr", "uhc": "euc-kr", "euckr": "euc-kr",
	"big5-hkscs": "big5", "cp950": "big5", "windows-950": "big5", "x-x-big5": "big5", "big-5": "big5", "cn-big5": "big5",
	"x-sjis": "shift-jis", "sjis": "shift-jis", "cp932": "shift-jis", "ms932": "shift-jis", "windows-31j": "shift-jis", "ms-kanji": "shift-jis", "windows-932": "shift-jis",
	"eucjp": "euc-jp", "x-euc-jp": "euc-jp", "ujis": "euc-jp", "iso-2022-jp-1": "iso-2022-jp", "iso-2022-jp-2": "iso-2022-jp", "iso-2022-jp-3": "iso-2022-jp",
	"iso-2022-jp-ms": "iso-2022-jp", "iso-2022-jp-2004": "iso-2022-jp", "cp50220": "iso-2022-jp", "cp50221": "iso-2022-jp", "cp51932": "euc-jp", "jis": "iso-2022-jp",
	"koi8": "koi8-r", "koi8-ru": "koi8-u", "koi-8": "koi8-r", "cp874": "windows-874", "tis620": "windows-874", "tis-620": "windows-874", "iso-8859-11": "windows-874",
	"iso-8859-8-i": "iso-8859-8", "iso-8859-8-e": "iso-8859-8", "iso-8859-6-i": "iso-8859-6", "cp858": "ibm00858", "cp775": "windows-1257", "x-mac-roman": "macintosh", "mac": "macintosh",
}

// isReallyUTF8 reports text that calls itself something else and is UTF-8: one
// character in it proves that against a charset of single bytes, and some do
// against the others.
func isReallyUTF8(data []byte, label string) bool {
	need := 1
	switch label {
	case "gb18030", "big5", "euc-kr", "euc-jp", "shift-jis", "hz-gb-2312":
		need = 4
	}
	for at := data; len(at) > 0; {
		if at[0] < utf8.RuneSelf {
			at = at[1:]
			continue
		}
		r, size := utf8.DecodeRune(at)
		if r == utf8.RuneError && size == 1 {
			return false
		}
		need--
		at = at[size:]
	}
	return need <= 0
}

func decodeLabel(data []byte, label string, d *defects) string {
	for _, vendor := range []string{"cp125", "win-125", "windows125", "win125", "x-cp125", "ms-125"} {
		if number, ok := strings.CutPrefix(label, vendor); ok && number != "" {
			label = "windows-125" + number[:1]
		}
	}
	utf := isReallyUTF8(data, label)
	if label == "shift-jis" {
		label = "shift_jis"
	}
	r, err := charset.Reader(label, bytes.NewReader(data))
	if err != nil {
		d.note("charset unknown")
		return decodeUnlabelled(data, nil)
	}
	if utf {
		d.note("charset wrong")
		return string(data)
	}
	text, err := io.ReadAll(r)
	if err != nil && len(text) == 0 {
		return decodeUTF8(data, d)
	}
	if n := bytes.Count(text, []byte("\uFFFD")); n > 2 && n*10 > utf8.RuneCount(text) {
		if found := guess(data); found != nil { // what the label says, it is not
			if better, err := found.NewDecoder().Bytes(data); err == nil {
				d.note("charset wrong")
				return string(better)
			}
		}
	}
	return string(text)
}

// decodeUnlabelled finds out what a text is by itself.
func decodeUnlabelled(data []byte, d *defects) string {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe\x00\x00")) || bytes.HasPrefix(data, []byte("\x00\x00\xfe\xff")):
		return decodeCharset(data, "utf-32", d)
	case bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) || halfNUL(data):
		d.note("charset wrong")
		return decodeUTF16(data, "utf-16")
	case bytes.Contains(data, []byte("\x1b$)C")):
		return decodeCharset(data, "iso-2022-kr", d)
	case bytes.Contains(data, []byte("\x1b$)A")):
		return decodeCharset(data, "iso-2022-cn", d)
	case looksLikeISO2022JP(data):
		return decodeLabel(data, "iso-2022-jp", d)
	case hz.Match(data) && isASCII(data):
		return decodeLabel(data, "hz-gb-2312", d)
	case bytes.IndexByte(data, '+') >= 0 && isASCII(data) && looksLikeUTF7(string(data)):
		d.note("charset wrong")
		return decodeUTF7(string(data))
	}
	return decodeUTF8(data, d)
}

// hz are at least two characters of RFC 1843.
var hz = regexp.MustCompile(`~\{(?:[!-~]{2}){2,}~\}`)

func isASCII(data []byte) bool {
	for _, c := range data {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// halfNUL reports text of 16-bit units that are nearly all ASCII.
func halfNUL(data []byte) bool {
	data = data[:min(len(data), 200)&^1]
	return len(data) >= 4 && bytes.Count(data, []byte{0})*5 >= len(data)*2
}

// decodeUTF16 goes by the byte order mark, else by the label, else by where
// the NULs of ASCII stand.
func decodeUTF16(data []byte, label string) string {
	big := label == "utf-16be"
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		data, big = data[2:], false
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		data, big = data[2:], true
	case label == "utf-16":
		even := 0
		for i := 0; i < min(len(data), 200); i += 2 {
			if data[i] == 0 {
				even++
			}
		}
		big = even*4 > min(len(data), 200)/2
	}
	units := make([]uint16, 0, len(data)/2)
	for ; len(data) >= 2; data = data[2:] {
		if big {
			units = append(units, binary.BigEndian.Uint16(data))
		} else {
			units = append(units, binary.LittleEndian.Uint16(data))
		}
	}
	return string(utf16.Decode(units))
}

// shifted makes ISO 2022 with shifts (RFC 1557, RFC 1922) the EUC of the same
// characters.
func shifted(data []byte) []byte {
	out := make([]byte, 0, len(data))
	high := byte(0)
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case c == 0x0E:
			high = 0x80
		case c == 0x0F || c == '\n':
			high = 0
			if c == '\n' {
				out = append(out, c)
			}
		case c == 0x1B && i+3 < len(data) && data[i+1] == '$':
			i += 3
		case c > ' ':
			out = append(out, c|high)
		default:
			out = append(out, c)
		}
	}
	return out
}

// decodeUTF8 keeps what is valid UTF-8, and guesses what is not.
func decodeUTF8(data []byte, d *defects) string {
	if utf8.Valid(data) {
		return string(data)
	}
	d.note("charset wrong")
	if !mostlyUTF8(data) {
		if found := guess(data); found != nil {
			if text, err := found.NewDecoder().Bytes(data); err == nil {
				return string(text)
			}
		}
	}
	var b strings.Builder
	b.Grow(len(data) + len(data)/8)
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		if r == utf8.RuneError && size == 1 {
			r = charmap.Windows1252.DecodeByte(data[0])
		}
		b.WriteRune(r)
		data = data[size:]
	}
	return b.String()
}

// mostlyUTF8 reports UTF-8 with a few broken bytes.
func mostlyUTF8(data []byte) bool {
	good, bad := 0, 0
	for sample := sampleOf(data); len(sample) > 0; {
		r, size := utf8.DecodeRune(sample)
		switch {
		case r == utf8.RuneError && size == 1:
			bad++
		case size > 1:
			good++
		}
		sample = sample[size:]
	}
	return good > 4*bad
}

// looksLikeISO2022JP sees the escape sequences of RFC 1468.
func looksLikeISO2022JP(data []byte) bool {
	return bytes.Contains(data, []byte("\x1b$B")) || bytes.Contains(data, []byte("\x1b$@"))
}

// looksLikeUTF7 reports text with at least two pieces of RFC 2152 that are
// letters; a telephone number is none.
func looksLikeUTF7(s string) bool {
	pieces := utf7Piece.FindAllString(s[:min(len(s), guessSample)], 10)
	for _, piece := range pieces {
		for _, r := range decodeUTF7(piece) {
			if r < utf8.RuneSelf || !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsPunct(r) && !unicode.IsSpace(r) {
				return false
			}
		}
	}
	return len(pieces) > 1
}

var utf7Piece = regexp.MustCompile(`\+[A-Za-z0-9+/]{3,}-`)

// decodeUTF7 reads RFC 2152.
func decodeUTF7(s string) string {
	var b strings.Builder
	for s != "" {
		plus := strings.IndexByte(s, '+')
		if plus < 0 {
			break
		}
		b.WriteString(s[:plus])
		s = s[plus+1:]
		end := 0
		for end < len(s) && isBase64(s[end]) {
			end++
		}
		if end == 0 {
			b.WriteByte('+')
		} else if raw, err := base64.RawStdEncoding.DecodeString(s[:end]); err == nil || len(raw) > 1 {
			units := make([]uint16, 0, len(raw)/2)
			for i := 0; i+1 < len(raw); i += 2 {
				units = append(units, uint16(raw[i])<<8|uint16(raw[i+1]))
			}
			b.WriteString(string(utf16.Decode(units)))
		} else {
			b.WriteString("+" + s[:end])
		}
		s = strings.TrimPrefix(s[end:], "-")
	}
	b.WriteString(s)
	return b.String()
}

func isBase64(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/'
}
