package mail

import (
	"bytes"
	"io"
	"regexp"
)

// mailbox reads a mail and holds the start of the next one, where the mail is
// the first of a file in mbox format (RFC 4155); no mailbox hands out more than
// one.
type mailbox struct {
	r     io.Reader
	seen  []byte // the last that was read, or of the next mail the start
	is    bool
	not   bool
	found bool
}

// Read implements io.Reader.
func (b *mailbox) Read(to []byte) (int, error) {
	n, err := b.r.Read(to)
	if !b.not {
		b.see(to[:n])
	}
	return n, err
}

// How much of the next mail of a file is held, and how long the lines are that
// mboxLine finds, at most.
const (
	maxAnother  = 64 << 10
	maxMboxLine = 512
)

func (b *mailbox) see(data []byte) {
	if b.found {
		b.seen = append(b.seen, data[:min(len(data), maxAnother-len(b.seen))]...)
		return
	}
	b.seen = append(b.seen, data...)
	if !b.is {
		if len(b.seen) < len(mboxStart) {
			return
		}
		b.is = bytes.HasPrefix(b.seen, []byte(mboxStart))
	}
	if b.not = !b.is; b.not {
		b.seen = nil
	} else if next := nextMail(b.seen); next != nil {
		b.seen, b.found = bytes.Clone(next), true
	} else if n := len(b.seen); n > maxMboxLine {
		b.seen = append(b.seen[:0], b.seen[n-maxMboxLine:]...)
	}
}

func (b *mailbox) another() []byte {
	if !b.found {
		return nil
	}
	return b.seen
}

const mboxStart = "From "

// anotherMail is the start of the second mail of a file in mbox format.
func anotherMail(raw []byte) []byte {
	if !bytes.HasPrefix(raw, []byte(mboxStart)) {
		return nil
	}
	return nextMail(raw)
}

func nextMail(raw []byte) []byte {
	if !bytes.Contains(raw, []byte("\n"+mboxStart)) {
		return nil
	}
	at := mboxLine.FindIndex(raw)
	if at == nil {
		return nil
	}
	next := raw[at[0]+bytes.Index(raw[at[0]:], []byte("\n"+mboxStart))+1:]
	return next[:min(len(next), maxAnother)]
}

// mboxLine is the line before a further mail, and its start.
var mboxLine = regexp.MustCompile(`\n(?:\r?\n|--.{1,80}--\r?\n)From \S{1,128} .{0,60}\d{4}\r?\n[A-Za-z-]{2,40}:`)
