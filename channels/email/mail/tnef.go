package mail

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// tnef is what a winmail.dat holds: the form in which Outlook wraps a mail
// whose reader it takes for Outlook, too ([MS-OXTNEF]).
type tnef struct {
	text  string
	html  string
	files []file
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
	mapiHTML           = 0x1013
	mapiAttachData     = 0x3701
	mapiAttachFilename = 0x3704
	mapiAttachLongName = 0x3707
	mapiDisplayName    = 0x3001
)

// readTNEF reads a winmail.dat; ok is false where it is none or is broken
// before anything was found. It reads each byte once.
func readTNEF(data []byte, max int) (t tnef, ok bool) {
	if len(data) < 6 || binary.LittleEndian.Uint32(data) != tnefSignature {
		return t, false
	}
	for data = data[6:]; len(data) >= 11; {
		id, length := binary.LittleEndian.Uint32(data[1:]), uint64(binary.LittleEndian.Uint32(data[5:]))
		if length+11 > uint64(len(data)) {
			break
		}
		t.attribute(id, data[9:9+length], max)
		data = data[11+length:] // with the checksum
	}
	return t, t.text != "" || t.html != "" || len(t.files) > 0
}

func (t *tnef) attribute(id uint32, value []byte, max int) {
	switch id {
	case tnefBody:
		t.text = cString(value)
	case tnefMessageProps:
		readMAPI(value, func(property, kind uint16, value []byte) {
			switch property {
			case mapiBody:
				t.text = mapiString(kind, value)
			case mapiHTML:
				t.html = decodeCharset(value, "", nil)
			}
		})
	case tnefRenderData:
		if len(t.files) < max {
			t.files = append(t.files, file{})
		}
	}
	if len(t.files) == 0 {
		return
	}
	f := &t.files[len(t.files)-1]
	switch id {
	case tnefAttachTitle:
		f.name = cString(value)
	case tnefAttachData:
		f.data = value
	case tnefAttachmentProps:
		readMAPI(value, f.property)
	}
}

func (f *file) property(property, kind uint16, value []byte) {
	switch property {
	case mapiAttachLongName:
		f.name = mapiString(kind, value)
	case mapiAttachFilename, mapiDisplayName:
		if f.name == "" {
			f.name = mapiString(kind, value)
		}
	case mapiAttachData:
		if len(f.data) == 0 {
			f.data = value
		}
	}
}

func cString(value []byte) string {
	return decodeCharset([]byte(strings.TrimRight(string(value), "\x00")), "", nil)
}

const mapiUnicode = 0x1F

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
	data  []byte
	short bool
}

func (r *mapiReader) take(n uint64) []byte {
	if n > uint64(len(r.data)) {
		r.short, r.data = true, nil
		return nil
	}
	value := r.data[:n]
	r.data = r.data[n:]
	return value
}

func (r *mapiReader) uint32() uint32 {
	if value := r.take(4); value != nil {
		return binary.LittleEndian.Uint32(value)
	}
	return 0
}

// readMAPI calls visit for each property that has one value of its own length
// or of a fixed one ([MS-OXTNEF] section 2.1.3.4).
func readMAPI(data []byte, visit func(property, kind uint16, value []byte)) {
	r := &mapiReader{data: data}
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
			value := r.take(size)
			r.take((4 - size%4) % 4) // padded to four bytes
			if !r.short && kind&0x1000 == 0 {
				visit(property, kind, value)
			}
		}
	}
}

// skipName skips what names a property that has no fixed number.
func (r *mapiReader) skipName() {
	r.take(16)
	if r.uint32() == 0 {
		r.uint32()
		return
	}
	size := uint64(r.uint32())
	r.take(size + (4-size%4)%4)
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
