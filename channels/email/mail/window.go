package mail

import (
	"bytes"
	"io"
)

const (
	windowStart = 4 << 10
	windowSize  = 64 << 10
	// holdBack is how much of a body is not given out before what follows is
	// known: a line break and a delimiter may stand there.
	holdBack = 1 << 10
)

// window is the piece of a mail that is in memory: what was read and is not
// yet used up. Nothing below depends on how large the pieces are that the
// reader gives.
type window struct {
	r     io.Reader // nil: buf is the whole mail and is not ours to change
	buf   []byte
	pos   int   // of what is not used up
	mark  int   // from here on everything stays in buf; -1: from pos on
	base  int64 // where buf starts in the mail
	left  int64 // may still be read
	ended bool  // buf holds the end of the mail
	cut   bool  // the mail is longer than what may be read
	empty int   // reads that gave nothing
	err   error // of r
}

// newWindow reads at most max bytes of r.
func newWindow(r io.Reader, max int64) *window {
	return &window{r: r, buf: make([]byte, 0, windowStart), mark: -1, left: max}
}

func windowOf(raw []byte) *window {
	return &window{buf: raw, mark: -1, ended: true}
}

func (w *window) rest() []byte  { return w.buf[w.pos:] }
func (w *window) offset() int64 { return w.base + int64(w.pos) }

// need reads until rest has n bytes; it has fewer only at the end.
func (w *window) need(n int) {
	for len(w.buf)-w.pos < n && !w.ended {
		w.fill()
	}
}

func (w *window) fill() {
	keep := w.pos
	if w.mark >= 0 {
		keep = w.mark
	}
	if len(w.buf) == cap(w.buf) {
		w.makeRoom(keep)
	}
	room := w.buf[len(w.buf):cap(w.buf)]
	if int64(len(room)) > w.left {
		room = room[:w.left+1] // one more tells whether there is more
	}
	got, err := w.r.Read(room)
	if got == 0 && err == nil {
		if w.empty++; w.empty > 100 {
			err = io.ErrNoProgress
		}
	}
	if int64(got) > w.left {
		got, err, w.cut = int(w.left), io.EOF, true
	}
	w.left -= int64(got)
	w.buf = w.buf[:len(w.buf)+got]
	if err != nil {
		w.ended = true
		if err != io.EOF {
			w.err = err
		}
	}
}

// makeRoom drops what stands before keep, and takes a larger buffer where that
// is too little.
func (w *window) makeRoom(keep int) {
	to := w.buf[:0]
	if size := cap(w.buf); keep < size/2 {
		if size < windowSize {
			size *= 2
		} else {
			size += size / 4
		}
		to = make([]byte, 0, size)
	}
	w.buf = append(to, w.buf[keep:]...)
	w.base, w.pos = w.base+int64(keep), w.pos-keep
	if w.mark >= 0 {
		w.mark = 0
	}
}

// keep holds everything from here on, so that back can go there.
func (w *window) keep() { w.mark = w.pos }

func (w *window) release() { w.mark = -1 }

// leave releases what was kept, whose buffer now belongs to somebody else.
func (w *window) leave() {
	w.release()
	if w.r != nil {
		w.base += int64(w.pos)
		w.buf, w.pos = append(make([]byte, 0, max(windowSize, len(w.rest()))), w.rest()...), 0
	}
}

// back goes back to an offset that was kept.
func (w *window) back(offset int64) { w.pos = int(offset - w.base) }

// line is the next line without its line break, at most max bytes of it; ok is
// false at the end. size is how far it goes, its line break included if it was
// reached.
func (w *window) line(max int) (line []byte, size int, ok bool) {
	for seen := 0; ; {
		rest := w.rest()
		look := rest[:min(len(rest), max)]
		if i := bytes.IndexByte(look[seen:], '\n'); i >= 0 {
			return bytes.TrimRight(look[:seen+i], "\r\n"), seen + i + 1, true
		}
		if len(rest) >= max || w.ended {
			return bytes.TrimRight(look, "\r\n"), len(look), len(look) > 0
		}
		seen = len(look)
		w.need(len(rest) + 1)
	}
}

// skipLine goes to the start of the next line.
func (w *window) skipLine() {
	for {
		rest := w.rest()
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			w.pos += i + 1
			return
		}
		w.pos = len(w.buf)
		if w.need(1); len(w.rest()) == 0 {
			return
		}
	}
}

// skipToBlank goes behind the next blank line.
func (w *window) skipToBlank() {
	w.skipLine()
	for {
		w.need(2)
		rest := w.rest()
		if len(rest) == 0 {
			return
		}
		blank := rest[0] == '\n' || bytes.HasPrefix(rest, []byte("\r\n"))
		w.skipLine()
		if blank {
			return
		}
	}
}

// fixLineBreaks makes the line breaks of a mail that has only those of old
// Macs plain ones: no other line ends with CR alone.
func (w *window) fixLineBreaks() {
	w.need(windowStart)
	start := w.rest()
	start = start[:min(len(start), windowStart)]
	if bytes.IndexByte(start, '\n') >= 0 || bytes.Count(start, []byte("\r")) < 2 {
		return
	}
	w.buf = bytes.ReplaceAll(w.buf, []byte("\r"), []byte("\n"))
	if w.r != nil {
		w.r = plainBreaks{w.r}
	}
}

// plainBreaks makes each CR a line break.
type plainBreaks struct{ r io.Reader }

func (b plainBreaks) Read(to []byte) (int, error) {
	n, err := b.r.Read(to)
	for i := range to[:n] {
		if to[i] == '\r' {
			to[i] = '\n'
		}
	}
	return n, err
}

// drain reads what is left.
func (w *window) drain() {
	w.release()
	for w.pos = len(w.buf); !w.ended; w.pos = len(w.buf) {
		w.need(1)
	}
}

// source gives a content in pieces; nil: no more. A piece is good until the
// next is asked for.
type source interface{ next() []byte }

// piece is a source of one piece.
type piece struct{ data []byte }

func (p *piece) next() []byte {
	data := p.data
	p.data = nil
	if len(data) == 0 {
		return nil
	}
	return data
}

// reader reads a source.
type reader struct {
	from source
	rest []byte
}

func (r *reader) Read(to []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.rest = r.from.next(); r.rest == nil {
			return 0, io.EOF
		}
	}
	n := copy(to, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
