package mail

import (
	"bytes"
	"strings"
)

// file is one that was found inside a text or another file.
type file struct {
	name string
	typ  string // empty: seen from the data
	data []byte
}

// takeFiles cuts the files out of a text body that older programs put there:
// uuencode (IEEE 1003.1) and yEnc (yenc.org, version 1.3). At most max are
// taken; text without any comes back as it is.
func takeFiles(text []byte, max int) (rest []byte, files []file) {
	if !bytes.Contains(text, []byte("begin ")) {
		return text, nil
	}
	// What starts with =ybegin below the last =yend is no file.
	lastEnd := bytes.LastIndex(text, []byte("\n=yend"))
	kept := 0 // start of what is not yet in rest
	for pos := 0; pos < len(text) && len(files) < max; {
		next := lineEnd(text, pos)
		f, end, ok := fileAt(text, pos, next, lastEnd)
		if !ok {
			pos = next
			continue
		}
		rest = append(rest, text[kept:pos]...)
		files = append(files, f)
		kept, pos = end, end
	}
	if files == nil {
		return text, nil
	}
	return append(rest, text[kept:]...), files
}

// fileAt reads the file whose first line is text[pos:next].
func fileAt(text []byte, pos, next, lastEnd int) (f file, end int, ok bool) {
	line := bytes.TrimRight(text[pos:next], "\r\n")
	switch {
	case bytes.HasPrefix(line, []byte("begin ")):
		return uuFile(text, line, next)
	case pos < lastEnd && bytes.HasPrefix(line, []byte("=ybegin ")):
		return yencFile(text, line, next)
	}
	return file{}, 0, false
}

// uuFile reads "begin 644 name" up to "end". A line of prose that starts with
// "begin" has no mode, or no line of the right length below it.
func uuFile(text, first []byte, pos int) (f file, end int, ok bool) {
	fields := bytes.SplitN(first, []byte(" "), 3)
	if len(fields) != 3 || len(fields[1]) < 3 || len(fields[1]) > 4 || len(bytes.Trim(fields[1], "01234567")) > 0 {
		return f, 0, false
	}
	f.name = string(fields[2])
	for start := pos; pos < len(text); {
		next := lineEnd(text, pos)
		line := bytes.TrimRight(text[pos:next], "\r\n")
		switch {
		case bytes.Equal(line, []byte("end")):
			return f, next, true
		case len(line) == 0 || !isUULine(line):
			return f, pos, pos > start // cut off: what came is kept
		}
		f.data = append(f.data, uuLine(line)...)
		pos = next
	}
	return f, pos, true
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

// yencFile reads "=ybegin line=128 size=123 name=x" up to "=yend".
func yencFile(text, first []byte, pos int) (f file, end int, ok bool) {
	_, name, found := strings.Cut(string(first), " name=")
	if !found {
		return f, 0, false
	}
	f.name = strings.Trim(strings.TrimSpace(name), `"`)
	for { // it ends at the last =yend
		next := lineEnd(text, pos)
		line := bytes.TrimRight(text[pos:next], "\r\n")
		pos = next
		switch {
		case bytes.HasPrefix(line, []byte("=yend")):
			return f, pos, true
		case bytes.HasPrefix(line, []byte("=ypart ")):
		default:
			f.data = appendYenc(f.data, line)
		}
	}
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
