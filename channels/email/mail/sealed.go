package mail

import (
	"bytes"
	"strings"
)

// openSealed opens what a signature wraps and marks what is encrypted. Encrypted
// mail is kept as it is: a person has to ask for it in the clear.
func (p *parser) openSealed(root *part, b *bodies) {
	root.walk(func(leaf *part) {
		switch leaf.mediaType() {
		case "application/pkcs7-mime", "application/x-pkcs7-mime":
			if content, ok := signedContent(p.decoded(leaf)); ok && p.forwards > 0 {
				leaf.use = useOpened
				p.openPart(content, b)
				return
			}
			p.defects.add("encrypted with S/MIME")
		case "application/pgp-encrypted":
			p.defects.add("encrypted with PGP")
		}
	})
	if strings.Contains(b.text, "-----BEGIN PGP MESSAGE-----") {
		p.defects.add("encrypted with PGP")
	}
}

// openPart takes text and files of a MIME part that was wrapped in a file.
func (p *parser) openPart(content []byte, b *bodies) {
	inner := &parser{limits: p.limits, forwards: p.forwards - 1}
	root := inner.scan(content)
	found := inner.collect(root)
	if strings.TrimSpace(b.text) == "" {
		b.text, b.html, b.fromHTML, b.rest = found.text, found.html, found.fromHTML, found.rest
	}
	for _, a := range inner.attachments(root) {
		p.files = append(p.files, file{name: a.Filename, typ: a.ContentType, data: a.Data})
	}
	for _, defect := range inner.defects.found {
		p.defects.add(defect)
	}
}

// Object identifiers of RFC 5652, in DER.
var (
	oidSignedData = []byte{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 2}
	oidData       = []byte{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 1}
)

// Tags of BER, X.690 section 8.1.2.
const (
	berOctets   = 0x04
	berOID      = 0x06
	berSequence = 0x30
	berExplicit = 0xA0
	berParts    = 0x24 // octets in pieces
)

// signedContent is the MIME part inside an opaque signature (RFC 8551 section
// 3.5.2). The signature is not checked: it proves nothing that counts here.
func signedContent(data []byte) (content []byte, ok bool) {
	info, _, ok := berValue(data, berSequence)
	if !ok {
		return nil, false
	}
	oid, info, ok := berValue(info, berOID)
	if !ok || !bytes.Equal(oid, oidSignedData) {
		return nil, false
	}
	if info, _, ok = berValue(info, berExplicit); !ok {
		return nil, false
	}
	if info, _, ok = berValue(info, berSequence); !ok {
		return nil, false
	}
	for range 2 { // version, digest algorithms
		if _, _, info, ok = berNext(info); !ok {
			return nil, false
		}
	}
	if info, _, ok = berValue(info, berSequence); !ok {
		return nil, false
	}
	if oid, info, ok = berValue(info, berOID); !ok || !bytes.Equal(oid, oidData) {
		return nil, false
	}
	if info, _, ok = berValue(info, berExplicit); !ok {
		return nil, false
	}
	return octets(info)
}

// octets joins an octet string that may come in pieces.
func octets(data []byte) (content []byte, ok bool) {
	tag, value, _, ok := berNext(data)
	switch {
	case ok && tag == berOctets:
		return value, true
	case !ok || tag != berParts:
		return nil, false
	}
	for len(value) > 0 {
		tag, piece, rest, ok := berNext(value)
		if !ok || tag != berOctets {
			break // the end of contents
		}
		content, value = append(content, piece...), rest
	}
	return content, len(content) > 0
}

// berValue is the value of the element that data starts with, which must have
// the tag, and what follows the element.
func berValue(data []byte, want byte) (value, rest []byte, ok bool) {
	tag, value, rest, ok := berNext(data)
	return value, rest, ok && tag == want
}

// berNext takes one element off data. Of one without a length (X.690 section
// 8.1.3.6) the value is all that follows, its end mark included, and nothing
// is left: what is sought here stands inside it.
func berNext(data []byte) (tag byte, value, rest []byte, ok bool) {
	if len(data) < 2 {
		return 0, nil, nil, false
	}
	tag, length, data := data[0], uint64(data[1]), data[2:]
	switch {
	case length == 0x80:
		return tag, data, nil, true
	case length > 0x84:
		return 0, nil, nil, false
	case length > 0x80:
		n := int(length & 0x7F)
		if len(data) < n {
			return 0, nil, nil, false
		}
		length = 0
		for _, c := range data[:n] {
			length = length<<8 | uint64(c)
		}
		data = data[n:]
	}
	if length > uint64(len(data)) {
		return 0, nil, nil, false
	}
	return tag, data[:length], data[length:], true
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
