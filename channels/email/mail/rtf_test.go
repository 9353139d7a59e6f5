package mail

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"
)

// packedRTF is RTF as it stands in a winmail.dat, with nothing compressed.
func packedRTF(rtf string) string {
	head := binary.LittleEndian.AppendUint32(nil, uint32(len(rtf)+12))
	head = binary.LittleEndian.AppendUint32(head, uint32(len(rtf)))
	head = binary.LittleEndian.AppendUint32(head, rtfUncompressed)
	return string(binary.LittleEndian.AppendUint32(head, 0)) + rtf
}

// squeezedRTF is the same compressed, with one reference into the dictionary
// that every reader starts with.
func squeezedRTF(rtf string) string {
	const known = `{\rtf1\ansi\mac\deff0` // in front of the dictionary
	var body []byte
	put := func(pieces ...[]byte) {
		for len(pieces) > 0 {
			control, rest := byte(0), []byte{}
			for bit := 0; bit < 8 && len(pieces) > 0; bit++ {
				if len(pieces[0]) == 2 {
					control |= 1 << bit
				}
				rest = append(rest, pieces[0]...)
				pieces = pieces[1:]
			}
			body = append(append(body, control), rest...)
		}
	}
	reference := func(at, length int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(at<<4|(length-2))) }
	pieces := [][]byte{reference(0, 17), reference(17, len(known)-17)}
	for i := range len(rtf) {
		pieces = append(pieces, []byte{rtf[i]})
	}
	put(append(pieces, reference(len(rtfPrefix)+len(known)+len(rtf), 2))...) // the end
	head := binary.LittleEndian.AppendUint32(nil, uint32(len(body)+12))
	head = binary.LittleEndian.AppendUint32(head, uint32(len(known)+len(rtf)))
	head = binary.LittleEndian.AppendUint32(head, rtfCompressed)
	return string(binary.LittleEndian.AppendUint32(head, 0)) + string(body)
}

func mapiBinary(property uint32, value string) string {
	b := binary.LittleEndian.AppendUint32(nil, property<<16|0x102)
	b = binary.LittleEndian.AppendUint32(b, 1)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(value)))
	b = append(b, value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return string(b)
}

func winmail(attributes ...string) string {
	content := "\x78\x9f\x3e\x22\x01\x00" + strings.Join(attributes, "")
	return plainHead + "Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString([]byte(content))
}

// A mail of Outlook of which only the RTF came through has a text.
func TestWinmailDatWithRTFOnly(t *testing.T) {
	const one = "\x01\x00\x00\x00"
	html := `{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0 Arial;}}` +
		`{\*\htmltag64 <p>}\htmlrtf \par \htmlrtf0 The pump \'e9 {\*\htmltag84 <b>}\htmlrtf {\b \htmlrtf0 is\htmlrtf }\htmlrtf0{\*\htmltag92 </b>} broken.{\*\htmltag72 </p>}}`
	runTolerated(t, []tolerated{
		{"plain", winmail(tnefAttribute(tnefMessageProps, one+mapiBinary(mapiRTF, packedRTF(`{\rtf1\ansi{\fonttbl{\f0 Arial;}}{\*\generator x;}\f0 The pump\par is \b broken\b0 .\tab\u2309?\'e9{\pict 0102}}`)))), "Leak", "The pump is broken. अé", "", ""},
		{"compressed", winmail(tnefAttribute(tnefMessageProps, one+mapiBinary(mapiRTF, squeezedRTF(` The pump is broken.}`)))), "Leak", "The pump is broken.", "", ""},
		{"with HTML inside", winmail(tnefAttribute(tnefMessageProps, one+mapiBinary(mapiRTF, packedRTF(html)))), "Leak", "The pump é is broken.", "", ""},
		{"Cyrillic", winmail(tnefAttribute(tnefMessageProps, one+mapiBinary(mapiRTF, packedRTF(`{\rtf1\ansi\ansicpg1251 \'cd\'e5\'f2 \'e2\'ee\'e4\'fb.}`)))), "Leak", "Нет воды.", "", ""},
		{"HTML", winmail(tnefAttribute(tnefMessageProps, one+mapiBinary(mapiHTML, "<p>The pump is broken.</p>"))), "Leak", "The pump is broken.", "", ""},
		{"cut off", winmail(tnefAttribute(tnefMessageProps, one+mapiText(mapiBody, "The pump is broken.")), tnefAttribute(tnefRenderData, ""), tnefAttribute(tnefAttachTitle, "a.txt\x00"), tnefAttribute(tnefAttachData, "no water")[:14]), "Leak", "The pump is broken.", "a.txt text/plain", ""},
		{"a mail attached", winmail(tnefAttribute(tnefRenderData, ""), tnefAttribute(tnefAttachmentProps, one+mapiText(mapiAttachLongName, "pump.msg")+mapiBinary(mapiAttachData, "inside"))), "Leak", "", "pump.msg text/plain", ""},
		{"nothing in it", winmail(), "Leak", "", "winmail.dat application/ms-tnef", "winmail.dat unreadable"},
	})
}

// Whatever is in it, RTF ends, and gives no more than was asked for.
func FuzzRTF(f *testing.F) {
	f.Add([]byte(packedRTF(`{\rtf1\ansi\ansicpg1251\uc2 \u1234??\'e2{\*\htmltag <p>}\bin3 }}}`)))
	f.Add([]byte(squeezedRTF(` x}`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		text, html := rtfText(data, 1000)
		if len(text)+len(html) > 20000 {
			t.Errorf("%d bytes", len(text)+len(html))
		}
	})
}
