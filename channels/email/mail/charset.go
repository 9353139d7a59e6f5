package mail

import (
	"bytes"
	"encoding/base64"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
	"golang.org/x/text/encoding/charmap"
)

// decodeCharset makes data UTF-8. The declared label is a hint: valid UTF-8
// beats it where it says nothing or is unknown, else the charset is guessed,
// and what fits nowhere is read as windows-1252, byte by byte, so that no
// letter is lost. d, if not nil, gets what was wrong.
func decodeCharset(data []byte, label string, d *defects) string {
	label = strings.ToLower(strings.Trim(strings.TrimSpace(label), `"'`))
	switch label {
	case "", "us-ascii", "ascii", "utf-8", "utf8", "ansi_x3.4-1968", "7bit", "8bit", "binary", "unknown-8bit", "default", "x-unknown":
		if looksLikeISO2022JP(data) {
			return decodeLabel(data, "iso-2022-jp", d)
		}
		return decodeUTF8(data, d)
	case "utf-7", "unicode-1-1-utf-7", "x-unicode-2-0-utf-7":
		return decodeUTF7(string(data))
	case "gb2312", "gbk", "x-gbk":
		label = "gb18030" // its superset
	case "iso-8859-1", "latin1":
		label = "windows-1252" // its superset in practice, as in HTML
	case "ks_c_5601-1987", "ks_c_5601-1989":
		label = "euc-kr"
	case "x-sjis", "cp932", "windows-31j":
		label = "shift_jis"
	}
	return decodeLabel(data, label, d)
}

func decodeLabel(data []byte, label string, d *defects) string {
	if strings.HasPrefix(label, "cp125") {
		label = "windows-" + label[2:]
	}
	r, err := charset.Reader(label, bytes.NewReader(data))
	if err != nil {
		if d != nil {
			d.add("charset unknown")
		}
		return decodeCharset(data, "", nil)
	}
	text, err := io.ReadAll(r)
	if err != nil && len(text) == 0 {
		return decodeUTF8(data, d)
	}
	return string(text)
}

// decodeUTF8 keeps what is valid UTF-8, and guesses what is not.
func decodeUTF8(data []byte, d *defects) string {
	if utf8.Valid(data) {
		return string(data)
	}
	if d != nil {
		d.add("charset wrong")
	}
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
