package mail

import (
	"bytes"
	"strconv"
	"strings"
)

// maxLine is how long a line may be that is looked at as a whole; a longer one
// comes in pieces.
const maxLine = 64 << 10

// lineSource gives the lines of a source, each with its line break.
type lineSource struct {
	from source
	data []byte // not yet given
	line []byte // put together from pieces
}

func (l *lineSource) next() []byte {
	l.line = l.line[:0]
	for {
		if i := bytes.IndexByte(l.data, '\n'); i >= 0 {
			line := l.data[:i+1]
			l.data = l.data[i+1:]
			return l.joined(line)
		}
		l.line = append(l.line, l.data...)
		if l.data = nil; len(l.line) > maxLine {
			return l.line
		}
		if l.data = l.from.next(); l.data == nil {
			return l.joined(nil)
		}
	}
}

func (l *lineSource) joined(end []byte) []byte {
	if len(l.line) == 0 {
		return end
	}
	l.line = append(l.line, end...)
	return l.line
}

// uuSource decodes a part that is uuencoded or yEncoded as a whole, between
// its first and its last line. One without a first line is given as it is.
type uuSource struct {
	lines lineSource
	yenc  bool
	begun bool
	plain bool
	ended bool
	out   []byte
}

func (u *uuSource) next() []byte {
	for !u.ended {
		line := u.lines.next()
		if line == nil {
			return nil
		}
		text := bytes.TrimRight(line, "\r\n")
		switch {
		case u.plain:
			return line
		case !u.begun:
			u.begun = bytes.HasPrefix(text, []byte("begin ")) || bytes.HasPrefix(text, []byte("=ybegin "))
			if !u.begun && !isBlank(string(text)) {
				u.plain = true
				return line
			}
		case bytes.Equal(text, []byte("end")) || bytes.HasPrefix(text, []byte("=yend")):
			u.ended = true
		case u.yenc:
			if u.out = appendYenc(u.out[:0], text); len(u.out) > 0 {
				return u.out
			}
		case len(text) > 0:
			if u.out = appendUU(u.out[:0], text); len(u.out) > 0 {
				return u.out
			}
		}
	}
	return nil
}

// fileTaker takes the files out of a text that older programs put there,
// uuencode (IEEE 1003.1) and yEnc (yenc.org, version 1.3), while the text is
// read. What only looks like the start of one stays in the text.
type fileTaker struct {
	p    *parser
	text held
	line []byte // unfinished
	long bool   // the line was too long, its start is in the text already
	file *output
	next func(line []byte) bool // takes a line into the file that was begun; false: it is no part of it
	head []byte                 // the lines that began a file, until it is sure
	buf  []byte
}

func (t *fileTaker) write(data []byte) {
	if len(t.line) > 0 {
		data = t.lines(data, 1)
	}
	if t.next == nil && !bytes.Contains(data, []byte("begin")) {
		whole := bytes.LastIndexByte(data, '\n') + 1
		t.text.write(data[:whole])
		t.long = t.long && whole == 0
		data = data[whole:]
	}
	t.lines(data, len(data))
}

// lines takes at most so many lines off data and returns the rest.
func (t *fileTaker) lines(data []byte, max int) []byte {
	for ; max > 0 && len(data) > 0; max-- {
		i := bytes.IndexByte(data, '\n')
		if i < 0 {
			t.line = append(t.line, data...)
			if len(t.line) > maxLine {
				t.take(t.line)
				t.line, t.long = t.line[:0], true
			}
			return nil
		}
		line := data[:i+1]
		if len(t.line) > 0 {
			t.line = append(t.line, line...)
			line = t.line
		}
		t.take(line)
		t.line, t.long = t.line[:0], false
		data = data[i+1:]
	}
	return data
}

func (t *fileTaker) end() {
	if len(t.line) > 0 {
		t.take(t.line)
	}
	t.stop()
	t.text.end()
}

// take takes one line, or a piece of a very long one.
func (t *fileTaker) take(line []byte) {
	if t.next != nil {
		if !t.long && t.next(bytes.TrimRight(line, "\r\n")) {
			return
		}
		t.stop()
	}
	if !t.long && len(t.p.files) < t.p.limits.Parts && t.begins(bytes.TrimRight(line, "\r\n")) {
		t.head = append(t.head[:0], line...)
		return
	}
	t.text.write(line)
}

// stop ends a file that was cut off, or gives back what was none.
func (t *fileTaker) stop() {
	if t.file != nil {
		t.file.close()
	} else if t.next != nil {
		t.text.write(t.head)
	}
	t.file, t.next = nil, nil
}

func (t *fileTaker) begins(line []byte) bool {
	switch {
	case bytes.HasPrefix(line, []byte("begin ")):
		return t.beginsUU(line)
	case bytes.HasPrefix(line, []byte("begin-base64 ")):
		return t.beginsBase64(line)
	case bytes.HasPrefix(line, []byte("=ybegin ")):
		return t.beginsYenc(line)
	}
	return false
}

func (t *fileTaker) open(name string) {
	t.file = t.p.create(0)
	t.file.name = name
	t.p.files = append(t.p.files, t.file)
}

// beginsUU reads "begin 644 name". A line of prose that starts with "begin"
// has no mode, or no line of the right length below it.
func (t *fileTaker) beginsUU(first []byte) bool {
	fields := bytes.SplitN(first, []byte(" "), 3)
	if len(fields) != 3 || len(fields[1]) < 3 || len(fields[1]) > 4 || len(bytes.Trim(fields[1], "01234567")) > 0 {
		return false
	}
	name := string(bytes.TrimSpace(fields[2]))
	t.next = func(line []byte) bool {
		end := bytes.Equal(line, []byte("end"))
		if !end && (len(line) == 0 || !isUULine(line)) {
			return false
		}
		if t.file == nil {
			t.open(name)
		}
		if end {
			t.stop()
			return true
		}
		t.buf = appendUU(t.buf[:0], line)
		t.file.put(t.buf)
		return true
	}
	return true
}

// beginsBase64 reads "begin-base64 644 name" up to "====" (POSIX).
func (t *fileTaker) beginsBase64(first []byte) bool {
	fields := bytes.SplitN(first, []byte(" "), 3)
	if len(fields) != 3 || len(bytes.Trim(fields[1], "01234567")) > 0 {
		return false
	}
	name := string(bytes.TrimSpace(fields[2]))
	t.next = func(line []byte) bool {
		if t.file != nil && bytes.Equal(line, []byte("====")) {
			t.stop()
			return true
		}
		data, ok := decodeBase64(line)
		if !ok || len(line) == 0 {
			return false
		}
		if t.file == nil {
			t.open(name)
		}
		t.file.put(data)
		return true
	}
	return true
}

// isUULine reports whether a line is as long as its first character says.
// Blanks at the end may have been lost on the way.
func isUULine(line []byte) bool {
	if line[0] < ' ' || line[0] > '`' {
		return false
	}
	groups := (int(line[0]-' ')&63 + 2) / 3
	for _, c := range line {
		if c < ' ' || c > '`' {
			return false
		}
	}
	return len(line) <= 1+groups*4+2 && (groups == 0 || len(line) > 1)
}

func appendUU(out, line []byte) []byte {
	start, n := len(out), int(line[0]-' ')&63
	for i := 1; i < len(line) && len(out)-start < n; i += 4 {
		var quad [4]byte
		for j := range quad {
			if i+j < len(line) {
				quad[j] = (line[i+j] - ' ') & 63
			}
		}
		out = append(out, quad[0]<<2|quad[1]>>4, quad[1]<<4|quad[2]>>2, quad[2]<<6|quad[3])
	}
	return out[:min(start+n, len(out))]
}

// beginsYenc reads "=ybegin line=128 size=123 name=x". The first line of data
// must be as long as is said there.
func (t *fileTaker) beginsYenc(first []byte) bool {
	head, name, found := strings.Cut(string(first), " name=")
	size, err := strconv.ParseInt(yencParameter(head, "size"), 10, 64)
	if !found || err != nil {
		return false
	}
	name = strings.Trim(strings.TrimSpace(name), `"`)
	width, _ := strconv.ParseInt(yencParameter(head, "line"), 10, 64)
	t.next = func(line []byte) bool {
		switch {
		case bytes.HasPrefix(line, []byte("=ypart ")) && t.file == nil:
			size, err = yencPart(string(line))
			t.head = append(append(t.head, line...), '\n')
			return err == nil
		case bytes.HasPrefix(line, []byte("=yend")) && t.file != nil:
			t.stop()
			return true
		}
		t.buf = appendYenc(t.buf[:0], line)
		n := int64(len(t.buf))
		if t.file == nil {
			if n == 0 || n != min(size, width) && n != min(size, width+1) {
				return false
			}
			t.open(name)
		}
		if t.file.size+n > size {
			return false
		}
		t.file.put(t.buf)
		return true
	}
	return true
}

func yencParameter(line, name string) string {
	_, value, _ := strings.Cut(line, " "+name+"=")
	value, _, _ = strings.Cut(value, " ")
	return value
}

// yencPart is the size of one part of a file: "=ypart begin=1 end=100".
func yencPart(line string) (int64, error) {
	begin, err := strconv.ParseInt(yencParameter(line, "begin"), 10, 64)
	if err != nil {
		return 0, err
	}
	end, err := strconv.ParseInt(yencParameter(line, "end"), 10, 64)
	return end - begin + 1, err
}

func appendYenc(out, line []byte) []byte {
	for i := 0; i < len(line); i++ {
		c := line[i]
		if c == '=' && i+1 < len(line) {
			i++
			c = line[i] - 64
		}
		out = append(out, c-42)
	}
	return out
}
