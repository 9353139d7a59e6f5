package mail

import (
	"encoding/binary"
	"io"
	"strings"
	"unicode/utf16"
)

// tnef is what a winmail.dat holds: the form in which Outlook wraps a mail
// whose reader it takes for Outlook, too ([MS-OXTNEF]).
type tnef struct {
	p       *parser
	text    string
	html    string
	rtf     []byte // compressed
	charset string // of html
	files   []*output
}

// Attributes of TNEF, [MS-OXTNEF] section 2.1.3.2.
const (
	tnefSignature = 0x223E9F78

	tnefBody            = 0x0002800C
	tnefMessageProps    = 0x00069003
	tnefRenderData      = 0x00069002 // starts an attachment
	tnefAttachTitle     = 0x00018010
	tnefAttachData      = 0x0006800F
	tnefAttachmentProps = 0x00069005
)

// Properties of MAPI, [MS-OXPROPS].
const (
	mapiBody           = 0x1000
	mapiRTF            = 0x1009
	mapiHTML           = 0x1013
	mapiCodepage       = 0x3FDE
	mapiAttachData     = 0x3701
	mapiAttachFilename = 0x3704
	mapiAttachLongName = 0x3707
	mapiAttachType     = 0x370E
	mapiDisplayName    = 0x3001
)

// maxProperty is how much of a value of TNEF is held; files are not.
const maxProperty = 1 << 20

// openTNEF takes text and files out of a winmail.dat. One in which nothing is
// found stays an attachment.
func (p *parser) openTNEF(leaf *part, from source) {
	out := p.create(0)
	t := &tnef{p: p}
	in := &reader{from: from}
	ok := t.read(io.TeeReader(in, out))
	out.put(in.rest)
	out.keepAll(from)
	if !ok {
		p.defects.add("winmail.dat unreadable")
		out.close()
		leaf.stored = out
		return
	}
	out.discard()
	leaf.use = useOpened
	p.files = append(p.files, t.files...)
	p.opened = append(p.opened, t.bodies())
}

func isTNEF(typ, name string) bool {
	return typ == "application/ms-tnef" || typ == "application/vnd.ms-tnef" || strings.EqualFold(name, "winmail.dat") || strings.EqualFold(name, "win.dat")
}

func (t *tnef) bodies() bodies {
	b := bodies{text: t.text, html: t.html}
	if strings.TrimSpace(b.text) == "" && strings.TrimSpace(b.html) == "" {
		b.text, b.html = rtfText(t.rtf, t.p.limits.TextBytes)
	}
	b.text, b.html = cut(strings.ReplaceAll(b.text, "\r\n", "\n"), t.p.limits.TextBytes), cut(b.html, t.p.limits.TextBytes)
	if strings.TrimSpace(b.text) == "" && b.html != "" {
		b.text, b.fromHTML = t.p.htmlText(b.html), true
	}
	return b
}

// read reads a winmail.dat once through; ok is false where it is none or is
// broken before anything was found.
func (t *tnef) read(r io.Reader) (ok bool) {
	var head [9]byte
	if _, err := io.ReadFull(r, head[:6]); err != nil || binary.LittleEndian.Uint32(head[:]) != tnefSignature {
		return false
	}
	for {
		if _, err := io.ReadFull(r, head[:]); err != nil {
			break
		}
		value := &io.LimitedReader{R: r, N: int64(binary.LittleEndian.Uint32(head[5:]))}
		t.attribute(binary.LittleEndian.Uint32(head[1:]), value)
		if _, err := io.Copy(io.Discard, value); err != nil || value.N > 0 {
			break
		}
		if _, err := io.ReadFull(r, head[:2]); err != nil { // the checksum
			break
		}
	}
	for _, f := range t.files {
		f.close()
	}
	return t.text != "" || t.html != "" || t.rtf != nil || len(t.files) > 0
}

func (t *tnef) attribute(id uint32, value io.Reader) {
	switch id {
	case tnefBody:
		t.text = cString(bounded(value))
	case tnefMessageProps:
		readMAPI(value, t.property)
	case tnefRenderData:
		if len(t.files)+len(t.p.files) < t.p.limits.Parts {
			t.files = append(t.files, t.p.create(0))
		}
	}
	if len(t.files) == 0 {
		return
	}
	f := t.files[len(t.files)-1]
	switch id {
	case tnefAttachTitle:
		if f.name == "" {
			f.name = cString(bounded(value))
		}
	case tnefAttachData:
		_, _ = io.Copy(f, value) // the reader's error ends the loop above
	case tnefAttachmentProps:
		long := false
		readMAPI(value, func(property, kind uint16, value io.Reader) {
			long = f.property(property, kind, value, long) || long
		})
	}
}

func (t *tnef) property(property, kind uint16, value io.Reader) {
	switch property {
	case mapiBody:
		t.text = mapiString(kind, bounded(value))
	case mapiHTML:
		t.html = decodeCharset(bounded(value), t.charset, nil)
	case mapiRTF:
		t.rtf = bounded(value)
	case mapiCodepage:
		if b := bounded(value); len(b) == 4 {
			t.charset = codepage(int(binary.LittleEndian.Uint32(b)))
		}
	}
}

// property reads one of an attachment; hasLong: its long name is known.
// named reports that this was it.
func (o *output) property(property, kind uint16, value io.Reader, hasLong bool) (named bool) {
	switch property {
	case mapiAttachLongName:
		o.name = mapiString(kind, bounded(value))
		return true
	case mapiAttachFilename, mapiDisplayName:
		if !hasLong && o.name == "" {
			o.name = mapiString(kind, bounded(value))
		}
	case mapiAttachType:
		if typ := strings.ToLower(mapiString(kind, bounded(value))); strings.Contains(typ, "/") {
			o.typ = typ
		}
	case mapiAttachData:
		if o.size == 0 {
			if kind == mapiObject {
				_, _ = io.CopyN(io.Discard, value, 16) // the class of the object
			}
			_, _ = io.Copy(o, value)
		}
	}
	return false
}

func bounded(value io.Reader) []byte {
	data, _ := io.ReadAll(io.LimitReader(value, maxProperty))
	return data
}

func cString(value []byte) string {
	return decodeCharset([]byte(strings.TrimRight(string(value), "\x00")), "", nil)
}

const (
	mapiObject  = 0x0D
	mapiUnicode = 0x1F
)

func mapiString(kind uint16, value []byte) string {
	if kind&0xFFF != mapiUnicode {
		return cString(value)
	}
	units := make([]uint16, 0, len(value)/2)
	for ; len(value) >= 2; value = value[2:] {
		if u := binary.LittleEndian.Uint16(value); u != 0 {
			units = append(units, u)
		}
	}
	return string(utf16.Decode(units))
}

// mapiReader takes values off a property list; short is set at its end.
type mapiReader struct {
	r     io.Reader
	short bool
}

func (r *mapiReader) skip(n uint64) {
	if got, _ := io.CopyN(io.Discard, r.r, int64(n)); got < int64(n) {
		r.short = true
	}
}

func (r *mapiReader) uint32() uint32 {
	var b [4]byte
	if _, err := io.ReadFull(r.r, b[:]); err != nil {
		r.short = true
		return 0
	}
	return binary.LittleEndian.Uint32(b[:])
}

// readMAPI calls visit for each property that has one value of its own length
// or of a fixed one ([MS-OXTNEF] section 2.1.3.4).
func readMAPI(data io.Reader, visit func(property, kind uint16, value io.Reader)) {
	r := &mapiReader{r: data}
	for count := r.uint32(); count > 0 && !r.short; count-- {
		tag := r.uint32()
		property, kind := uint16(tag>>16), uint16(tag)
		if property >= 0x8000 {
			r.skipName()
		}
		size, fixed := mapiSize(kind)
		values := uint32(1)
		if kind&0x1000 != 0 || !fixed {
			values = r.uint32()
		}
		for ; values > 0 && !r.short; values-- {
			if !fixed {
				size = uint64(r.uint32())
			}
			value := &io.LimitedReader{R: r.r, N: int64(size)}
			if !r.short && kind&0x1000 == 0 {
				visit(property, kind, value)
			}
			r.skip(uint64(value.N))
			r.skip((4 - size%4) % 4) // padded to four bytes
		}
	}
}

// skipName skips what names a property that has no fixed number.
func (r *mapiReader) skipName() {
	r.skip(16)
	if r.uint32() == 0 {
		r.uint32()
		return
	}
	size := uint64(r.uint32())
	r.skip(size + (4-size%4)%4)
}

func mapiSize(kind uint16) (size uint64, fixed bool) {
	switch kind &^ 0x1000 {
	case 0x02, 0x0B: // 16-bit number, truth value
		return 2, true
	case 0x01, 0x03, 0x04, 0x0A: // none, 32-bit number, float, error
		return 4, true
	case 0x05, 0x06, 0x07, 0x14, 0x40: // double, currency, dates, 64-bit number
		return 8, true
	case 0x48: // class id
		return 16, true
	}
	return 0, false // text, binary, object
}
