package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"net/http"
)

// sniffed is how many bytes the type of a file is seen from (WHATWG MIME
// Sniffing, section 5.2).
const sniffed = 512

// output is a file on its way to the sink; its size and sum are found while it
// passes.
type output struct {
	p    *parser
	file File      // nil: it is kept nowhere
	sum  hash.Hash // nil: file finds it
	size int64
	head []byte
	name string // of a file that was found inside another; else empty
	typ  string // likewise; empty: seen from the head
}

// create starts a file of about so many bytes; 0: unknown. After an error of
// the sink files are only counted.
func (p *parser) create(about int) *output {
	o := &output{p: p}
	defer o.needSum()
	if p.sink == nil || p.failed != nil {
		return o
	}
	file, err := p.sink.Create()
	if err != nil {
		p.failed = err
		return o
	}
	if room, ok := file.(interface{ Grow(int) }); ok && about > 0 {
		room.Grow(about)
	}
	o.file = file
	return o
}

func (o *output) needSum() {
	if _, ok := o.file.(Summed); !ok {
		o.sum = sha256.New()
	}
}

// sha256 is the sum of what was written, once that is closed.
func (o *output) sha256() string {
	if o.sum == nil {
		return o.file.(Summed).SHA256()
	}
	return hex.EncodeToString(o.sum.Sum(nil))
}

// Write implements io.Writer and never fails: see parser.failed.
func (o *output) Write(data []byte) (int, error) {
	o.put(data)
	return len(data), nil
}

func (o *output) put(data []byte) {
	if room := sniffed - len(o.head); room > 0 {
		o.head = append(o.head, data[:min(len(data), room)]...)
	}
	if o.sum != nil {
		o.sum.Write(data)
	}
	o.size += int64(len(data))
	if o.file != nil && o.p.failed == nil {
		if _, err := o.file.Write(data); err != nil {
			o.p.failed = err
		}
	}
}

func (o *output) close() {
	if o.file != nil {
		o.p.sinkError(o.file.Close())
	}
}

func (o *output) discard() {
	if o.file != nil {
		o.p.sinkError(o.file.Discard())
	}
}

func (p *parser) sinkError(err error) {
	if p.failed == nil {
		p.failed = err
	}
}

// attachment describes the file under the name and type it was sent under.
func (o *output) attachment(name, typ string) Attachment {
	looks := http.DetectContentType(o.head)
	if name == "" {
		name = usualNames[typ]
	}
	return Attachment{Filename: name, ContentType: typ, Size: o.size, SHA256: o.sha256(), Sniffed: looks, File: o.file}
}

// keepAll writes what is left of a source.
func (o *output) keepAll(from source) {
	for data := from.next(); data != nil; data = from.next() {
		o.put(data)
	}
}

// memory is the sink of Parse.
type memory struct{}

type memoryFile struct{ bytes.Buffer }

func (memory) Create() (File, error) { return &memoryFile{}, nil }
func (*memoryFile) Close() error     { return nil }
func (f *memoryFile) Discard() error { f.Buffer = bytes.Buffer{}; return nil }

var _ io.Writer = (*output)(nil)
