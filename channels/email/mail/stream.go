package mail

import "io"

// Sink takes the files of a mail while the mail is read.
type Sink interface {
	// Create starts a file. What it is, is known when it was read: see
	// Attachment.File.
	Create() (File, error)
}

// File is a file that is being written. After the last byte exactly one of
// Close and Discard is called.
type File interface {
	io.WriteCloser
	// Discard drops a file that is no attachment after all: a wrapping, of
	// which the content was taken.
	Discard() error
}

// Summed is a File that finds its sum itself, so that it is not found twice.
type Summed interface {
	File
	// SHA256 is the sum of what was written, in hexadecimal; asked after Close.
	SHA256() string
}

// Read understands the mail that r gives, while it is read: each file goes to
// sink, and no more than a few hundred kilobytes are held besides the texts.
// A sink of nil keeps no file: their sizes and sums are still found.
//
// The Mail is what Parse gives of the same bytes; each Attachment names in
// File the one of sink's files that holds it, and has no Data. However the
// mail is made there is no error; one of r or sink is returned, with what was
// understood in spite of it. Several files may be written at a time.
func Read(r io.Reader, sink Sink, limits Limits) (Mail, error) {
	p := newParser(limits)
	p.sink = sink
	box := &mailbox{r: r}
	w := newWindow(box, p.limits.MailBytes)
	m := p.parse(w, box.another)
	if w.err != nil {
		return m, w.err
	}
	return m, p.failed
}

// Parse understands raw. It always returns a Mail, in time and memory bound
// by the size of raw and by limits; a limit of zero takes the default.
func Parse(raw []byte, limits Limits) Mail {
	p := newParser(limits)
	p.sink = memory{}
	return p.parseBytes(raw)
}

func (p *parser) parseBytes(raw []byte) Mail {
	w := windowOf(raw)
	if int64(len(raw)) > p.limits.MailBytes {
		w.buf, w.cut = raw[:p.limits.MailBytes], true
	}
	m := p.parse(w, func() []byte { return anotherMail(w.buf) })
	for i := range m.Attachments {
		a := &m.Attachments[i]
		if f, ok := a.File.(*memoryFile); ok {
			a.File, a.Data = nil, f.Bytes()
		}
	}
	return m
}
