package mail

import (
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf16"
)

// rtfPrefix is what the dictionary of compressed RTF starts with ([MS-OXRTFCP]
// section 2.1.2.1).
const rtfPrefix = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript " +
	"\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par " +
	"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"

const (
	rtfWindow       = 4096
	rtfCompressed   = 0x75465A4C // "LZFu"
	rtfUncompressed = 0x414C454D // "MELA"
)

// unpackRTF undoes the compression of Outlook ([MS-OXRTFCP] section 3.1). It
// gives at most max bytes; what is broken ends it.
func unpackRTF(data []byte, max int) []byte {
	if len(data) < 16 {
		return nil
	}
	magic, body := binary.LittleEndian.Uint32(data[8:]), data[16:]
	if magic == rtfUncompressed {
		return body[:min(len(body), max)]
	}
	if magic != rtfCompressed {
		return nil
	}
	var window [rtfWindow]byte
	at := copy(window[:], rtfPrefix)
	out := make([]byte, 0, min(int(binary.LittleEndian.Uint32(data[4:])&0xFFFFFF), max))
	put := func(c byte) {
		out = append(out, c)
		window[at] = c
		at = (at + 1) % rtfWindow
	}
	for len(body) > 0 && len(out) < max {
		control := body[0]
		body = body[1:]
		for bit := 0; bit < 8 && len(body) > 0; bit++ {
			if control&(1<<bit) == 0 {
				put(body[0])
				body = body[1:]
				continue
			}
			if len(body) < 2 {
				return out
			}
			reference := int(body[0])<<8 | int(body[1])
			body = body[2:]
			from, length := reference>>4, reference&0xF+2
			if from == at {
				return out // the end
			}
			for range length {
				put(window[from])
				from = (from + 1) % rtfWindow
			}
		}
	}
	return out
}

// rtfText is the text in compressed RTF, or the HTML that Outlook has put into
// it ([MS-OXRTFEX]).
func rtfText(compressed []byte, max int) (text, html string) {
	source := unpackRTF(compressed, max)
	r := &rtfReader{source: string(source), charset: "windows-1252", max: max}
	r.isHTML = strings.Contains(r.source[:min(len(r.source), 4<<10)], `\fromhtml`)
	r.read()
	r.flush()
	if r.isHTML {
		return "", r.out.String()
	}
	return r.out.String(), ""
}

// rtfState is what holds within a group.
type rtfState struct {
	skip    bool // a destination that is not text
	tag     bool // HTML as Outlook keeps it
	htmlRTF bool // RTF that stands for HTML that is there, too
	unicode int  // how many characters follow \u for those who cannot read it
}

// maxGroups is how deep groups are followed.
const maxGroups = 100

// rtfReader reads RTF 1.9.1 as far as its text goes.
type rtfReader struct {
	source  string
	charset string
	isHTML  bool
	max     int
	state   rtfState
	stack   []rtfState
	over    int    // groups beyond maxGroups
	bytes   []byte // of the charset, not yet decoded
	units   []uint16
	ignore  int // characters after \u
	out     strings.Builder
}

func (r *rtfReader) read() {
	r.state.unicode = 1
	for r.source != "" && r.out.Len() < r.max {
		c := r.source[0]
		r.source = r.source[1:]
		switch c {
		case '{':
			r.push()
		case '}':
			r.pop()
		case '\\':
			r.control()
		case '\r', '\n':
		default:
			r.char(c)
		}
	}
}

func (r *rtfReader) push() {
	if len(r.stack) >= maxGroups {
		r.over++
		return
	}
	r.stack = append(r.stack, r.state)
}

func (r *rtfReader) pop() {
	switch n := len(r.stack); {
	case r.over > 0:
		r.over--
	case n > 0:
		r.state, r.stack = r.stack[n-1], r.stack[:n-1]
	}
}

// shown reports whether what comes is part of the text.
func (r *rtfReader) shown() bool {
	twice := r.isHTML && r.state.htmlRTF && !r.state.tag
	return !r.state.skip && !twice
}

func (r *rtfReader) char(c byte) {
	switch {
	case r.ignore > 0:
		r.ignore--
	case r.shown():
		r.flushUnits()
		r.bytes = append(r.bytes, c)
	}
}

func (r *rtfReader) flush() {
	r.flushUnits()
	r.flushBytes()
}

func (r *rtfReader) flushUnits() {
	if len(r.units) > 0 {
		r.out.WriteString(string(utf16.Decode(r.units)))
		r.units = r.units[:0]
	}
}

func (r *rtfReader) flushBytes() {
	if len(r.bytes) > 0 {
		r.out.WriteString(decodeCharset(r.bytes, r.charset, nil))
		r.bytes = r.bytes[:0]
	}
}

func (r *rtfReader) text(s string) {
	if r.shown() {
		r.flush()
		r.out.WriteString(s)
	}
}

// control reads a control word or symbol after its backslash.
func (r *rtfReader) control() {
	if r.source == "" {
		return
	}
	n := 0
	for n < len(r.source) && n < 32 && r.source[n]|0x20 >= 'a' && r.source[n]|0x20 <= 'z' {
		n++
	}
	if n == 0 {
		r.symbol()
		return
	}
	word := r.source[:n]
	end := n
	for end < len(r.source) && end < n+11 && (r.source[end] >= '0' && r.source[end] <= '9' || end == n && r.source[end] == '-') {
		end++
	}
	value, err := strconv.Atoi(r.source[n:end])
	if err != nil {
		value = -1
	}
	if r.source = r.source[end:]; strings.HasPrefix(r.source, " ") {
		r.source = r.source[1:]
	}
	r.word(word, value)
}

func (r *rtfReader) symbol() {
	c := r.source[0]
	r.source = r.source[1:]
	switch c {
	case '\'':
		if len(r.source) >= 2 {
			high, low := hexDigit(r.source[0]), hexDigit(r.source[1])
			r.source = r.source[2:]
			if high >= 0 && low >= 0 {
				r.char(byte(high<<4 | low))
			}
		}
	case '*':
		r.state.skip = !strings.HasPrefix(r.source, `\htmltag`)
		r.state.tag = !r.state.skip
	case '~':
		r.text(" ")
	case '\\', '{', '}':
		r.char(c)
	case '\r', '\n':
		r.text("\n")
	}
}

func (r *rtfReader) word(word string, value int) {
	switch word {
	case "par", "line", "row", "page", "sect":
		r.text("\n")
	case "tab", "cell":
		r.text("\t")
	case "fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "header", "footer", "themedata", "datastore", "listtable":
		r.state.skip = true
	case "bin":
		r.source = r.source[min(len(r.source), max(value, 0)):]
	case "ansicpg":
		if name := codepage(value); name != "" {
			r.charset = name
		}
	case "uc":
		r.state.unicode = max(value, 0)
	case "u":
		if r.shown() {
			r.flushBytes()
			r.units = append(r.units, uint16(value))
		}
		r.ignore = r.state.unicode
	case "htmlrtf":
		r.state.htmlRTF = value != 0
	case "lquote", "rquote", "ldblquote", "rdblquote", "bullet", "endash", "emdash":
		r.text(rtfSigns[word])
	}
}

var rtfSigns = map[string]string{"lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "bullet": "•", "endash": "–", "emdash": "—"}

// codepage is the charset of a code page of Windows; empty: unknown.
func codepage(number int) string {
	switch number {
	case 65001:
		return "utf-8"
	case 932:
		return "shift_jis"
	case 936, 54936:
		return "gb18030"
	case 949:
		return "euc-kr"
	case 950:
		return "big5"
	case 874, 1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258:
		return "windows-" + strconv.Itoa(number)
	case 20866:
		return "koi8-r"
	case 21866:
		return "koi8-u"
	case 50220, 50221, 50222:
		return "iso-2022-jp"
	case 51932:
		return "euc-jp"
	case 28591, 28592, 28593, 28594, 28595, 28596, 28597, 28598, 28599:
		return "iso-8859-" + strconv.Itoa(number-28590)
	}
	return ""
}
