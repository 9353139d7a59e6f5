package mail

import (
	"bufio"
	"io"
	"strings"
)

func isSMIME(typ string) bool {
	return typ == "application/pkcs7-mime" || typ == "application/x-pkcs7-mime"
}

// openSigned opens what an opaque signature wraps. What is encrypted is kept
// as it is: a person has to ask for it in the clear.
func (p *parser) openSigned(leaf *part, from source) {
	out := p.create(0)
	in := &reader{from: from}
	content, kind := signedContent(bufio.NewReaderSize(io.TeeReader(in, out), 4<<10))
	opened := kind == oidSignedData && content != nil && p.forwards > 0 && p.openPart(content)
	out.put(in.rest)
	out.keepAll(from)
	if opened {
		out.discard()
		leaf.use = useOpened
		return
	}
	if kind != oidSignedData && kind != oidCompressed {
		p.defects.add("encrypted with S/MIME")
	}
	out.close()
	leaf.stored = out
}

// openPart takes text and files of a MIME part that was wrapped in a file. It
// returns false where there is nothing in it.
func (p *parser) openPart(content io.Reader) bool {
	inner := newParser(p.limits)
	inner.sink, inner.forwards = p.sink, p.forwards-1
	root := inner.scan(newWindow(content, p.limits.MailBytes))
	found := inner.collect(root)
	p.sinkError(inner.failed)
	files := inner.attachments(root)
	if found.text == "" && found.html == "" && len(files) == 0 {
		return false
	}
	p.opened = append(p.opened, found)
	p.wrapped = append(p.wrapped, files...)
	for _, defect := range inner.defects.found {
		p.defects.add(defect)
	}
	return true
}

// Object identifiers of RFC 5652 and RFC 3274, in DER.
const (
	oidSignedData = "\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02"
	oidData       = "\x2A\x86\x48\x86\xF7\x0D\x01\x07\x01"
	oidCompressed = "\x2A\x86\x48\x86\xF7\x0D\x01\x09\x10\x01\x09"
)

// Tags of BER, X.690 section 8.1.2.
const (
	berOctets   = 0x04
	berOID      = 0x06
	berSequence = 0x30
	berExplicit = 0xA0
	berParts    = 0x24 // octets in pieces
)

// ber reads elements of BER one after the other; failed is set where something
// else comes than what is asked for.
type ber struct {
	r      *bufio.Reader
	failed bool
}

// signedContent is the MIME part inside an opaque signature (RFC 8551 section
// 3.5.2), nil where there is none, and the identifier of the wrapping. The
// signature is not checked: it proves nothing that counts here.
func signedContent(r *bufio.Reader) (content io.Reader, kind string) {
	b := &ber{r: r}
	b.enter(berSequence)
	kind = b.oid()
	if b.enter(berExplicit); b.failed || kind != oidSignedData {
		return nil, kind
	}
	b.enter(berSequence)
	b.skip() // version
	b.skip() // digest algorithms
	b.enter(berSequence)
	inner := b.oid()
	b.enter(berExplicit)
	tag, length := b.head()
	switch {
	case b.failed || inner != oidData:
		return nil, kind
	case tag == berOctets && length >= 0:
		return io.LimitReader(r, length), kind
	case tag == berParts:
		return &octets{b: b}, kind
	}
	return nil, kind
}

// head reads tag and length; -1 is a length that is not said (X.690 section
// 8.1.3.6).
func (b *ber) head() (tag byte, length int64) {
	if b.failed {
		return 0, 0
	}
	var head [2]byte
	if _, err := io.ReadFull(b.r, head[:]); err != nil || head[1] > 0x84 {
		b.failed = true
		return 0, 0
	}
	switch {
	case head[1] < 0x80:
		return head[0], int64(head[1])
	case head[1] == 0x80:
		return head[0], -1
	}
	for range head[1] & 0x7F {
		c, err := b.r.ReadByte()
		b.failed = b.failed || err != nil
		length = length<<8 | int64(c)
	}
	return head[0], length
}

// enter goes into an element.
func (b *ber) enter(want byte) {
	if tag, _ := b.head(); tag != want {
		b.failed = true
	}
}

// skip goes over an element of known length.
func (b *ber) skip() {
	if _, length := b.head(); !b.failed {
		n, _ := io.CopyN(io.Discard, b.r, max(length, 0))
		b.failed = length < 0 || n < length
	}
}

func (b *ber) oid() string {
	tag, length := b.head()
	if b.failed || tag != berOID || length < 0 || length > 64 {
		b.failed = true
		return ""
	}
	id := make([]byte, length)
	if _, err := io.ReadFull(b.r, id); err != nil {
		b.failed = true
	}
	return string(id)
}

// octets joins an octet string that comes in pieces, up to whatever follows.
type octets struct {
	b    *ber
	left int64 // of the piece
}

func (o *octets) Read(to []byte) (int, error) {
	for o.left == 0 {
		tag, length := o.b.head()
		if o.b.failed || tag != berOctets || length < 0 {
			return 0, io.EOF // the end of contents
		}
		o.left = length
	}
	n, err := o.b.r.Read(to[:min(int64(len(to)), o.left)])
	o.left -= int64(n)
	return n, err
}

// withoutPGP drops what a PGP signature in the text adds to it (RFC 9580
// section 7): its head, its escapes and the signature itself.
func withoutPGP(lines []string) []string {
	start := -1
	for i, line := range lines {
		if line == "-----BEGIN PGP SIGNED MESSAGE-----" {
			start = i
			break
		}
	}
	if start < 0 {
		return lines
	}
	out := append([]string{}, lines[:start]...)
	head, signature := true, false
	for _, line := range lines[start+1:] {
		switch {
		case head:
			head = !isBlank(line)
		case line == "-----BEGIN PGP SIGNATURE-----":
			signature = true
		case line == "-----END PGP SIGNATURE-----":
			signature = false
		case !signature:
			out = append(out, strings.TrimPrefix(line, "- "))
		}
	}
	return out
}

// calendarText says what an invitation is about (RFC 5545), for mail without
// other text.
func calendarText(data string) string {
	data = strings.NewReplacer("\r\n ", "", "\r\n\t", "", "\n ", "", "\n\t", "").Replace(data)
	var out []string
	for line := range strings.Lines(data) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		name, _, _ = strings.Cut(strings.ToUpper(name), ";")
		switch name {
		case "SUMMARY", "LOCATION", "DESCRIPTION":
			value = strings.NewReplacer(`\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";", `\\`, `\`).Replace(value)
			if value = strings.TrimSpace(value); value != "" {
				out = append(out, value)
			}
		case "END":
			if strings.EqualFold(strings.TrimSpace(value), "VEVENT") {
				return strings.Join(out, "\n")
			}
		}
	}
	return strings.Join(out, "\n")
}

// usualNames are those of parts that are often sent without one.
var usualNames = map[string]string{
	"application/pkcs7-mime": "smime.p7m", "application/x-pkcs7-mime": "smime.p7m",
	"application/pkcs7-signature": "smime.p7s", "application/x-pkcs7-signature": "smime.p7s",
	"application/pgp-encrypted": "version.asc", "application/pgp-signature": "signature.asc", "application/pgp-keys": "key.asc",
	"text/calendar": "invite.ics", "text/vcard": "contact.vcf", "text/x-vcard": "contact.vcf",
}
