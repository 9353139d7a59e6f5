package mail

import "io"

// Sink takes the files of a mail while the mail is read. A Sink of nil keeps
// none: their size and sum are still found.
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

// Read understands the mail that r gives, while it is read: each file goes to
// sink, and no more than a few hundred kilobytes are held besides the texts.
// The Mail is what Parse gives of the same bytes; each Attachment names in
// File the one of sink's files that holds it, and has no Data. However the
// mail is made there is no error; one of r or sink ends the reading, and the
// Mail is then what was understood up to there.
func Read(r io.Reader, sink Sink, limits Limits) (Mail, error) {
	raw, err := io.ReadAll(r)
	m := Parse(raw, limits)
	for i := range m.Attachments {
		a := &m.Attachments[i]
		if sink != nil && err == nil {
			err = a.store(sink)
		}
		a.Data = nil
	}
	return m, err
}

func (a *Attachment) store(sink Sink) error {
	f, err := sink.Create()
	if err != nil {
		return err
	}
	if _, err := f.Write(a.Data); err != nil {
		return err
	}
	a.File = f
	return f.Close()
}
