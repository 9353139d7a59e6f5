package mail

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/redress-cms/redress/scripts/testenv"
)

// pieces reads a mail in pieces of the given sizes, over and over.
type pieces struct {
	data  []byte
	sizes []byte
	at    int
}

func (p *pieces) Read(to []byte) (int, error) {
	if len(p.data) == 0 {
		return 0, io.EOF
	}
	size := 1
	if len(p.sizes) > 0 {
		size = int(p.sizes[p.at%len(p.sizes)])*int(p.sizes[p.at%len(p.sizes)]) + 1
		p.at++
	}
	n := copy(to, p.data[:min(size, len(p.data))])
	p.data = p.data[n:]
	return n, nil
}

// shelf is a sink that remembers how each of its files ended.
type shelf struct{ files []*shelved }

type shelved struct {
	bytes.Buffer
	closed, discarded int
}

func (s *shelf) Create() (File, error) {
	s.files = append(s.files, &shelved{})
	return s.files[len(s.files)-1], nil
}

func (f *shelved) Close() error   { f.closed++; return nil }
func (f *shelved) Discard() error { f.discarded++; return nil }

// sameAsParse reads raw in pieces and compares everything with Parse.
func sameAsParse(t testing.TB, raw, sizes []byte, limits Limits) {
	t.Helper()
	want := Parse(raw, limits)
	var sink shelf
	got, err := Read(&pieces{data: raw, sizes: sizes}, &sink, limits)
	if err != nil {
		t.Fatal(err)
	}
	w, _ := json.Marshal(want)
	g, _ := json.Marshal(got)
	if !bytes.Equal(w, g) {
		t.Fatalf("pieces of %v:\n got %s\nwant %s", sizes, g, w)
	}
	if len(got.Header) != len(want.Header) || strings.Join(got.Returned, " ") != strings.Join(want.Returned, " ") {
		t.Fatalf("header or returned ids differ")
	}
	for i, a := range got.Attachments {
		file, ok := a.File.(*shelved)
		if !ok || !bytes.Equal(file.Bytes(), want.Attachments[i].Data) || file.closed != 1 {
			t.Fatalf("attachment %d differs from that of Parse", i)
		}
	}
	for _, f := range sink.files {
		if f.closed+f.discarded != 1 {
			t.Fatalf("a file was closed %d and discarded %d times", f.closed, f.discarded)
		}
	}
}

func TestReadGivesWhatParseGives(t *testing.T) {
	for name, raw := range hostile(100) {
		t.Run(name, func(t *testing.T) {
			for _, sizes := range [][]byte{nil, {1, 2}, {90}, {255}} {
				sameAsParse(t, []byte(raw), sizes, Limits{HeaderBytes: 2000, TextBytes: 3000})
				sameAsParse(t, []byte(raw), sizes, Limits{})
			}
		})
	}
}

func TestReadGivesWhatParseGivesOfTheCorpora(t *testing.T) {
	dir := filepath.Join(testenv.Need(t, testenv.Shared), "corpora")
	for _, kind := range []string{"mime", "bounces", "replies"} {
		files, err := filepath.Glob(filepath.Join(dir, kind, "*.*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, sizes := range [][]byte{{7, 3}, {200}} {
				sameAsParse(t, raw, sizes, Limits{})
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, raw := range hostile(3) {
		f.Add([]byte(raw), []byte{1, 9})
	}
	f.Add([]byte(withFile(3000)), []byte{3})
	f.Fuzz(func(t *testing.T, raw, sizes []byte) {
		sameAsParse(t, raw, sizes, Limits{HeaderBytes: 200, TextBytes: 300, Parts: 20})
		sameAsParse(t, raw, sizes, Limits{})
	})
}

// However the transfer encoding is cut into pieces, the same comes out.
func TestTransferDoesNotDependOnPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		alphabet := rapid.SampledFrom([]rune("QUJD=+/ \t\r\n!4Z"))
		encoded := rapid.StringOfN(alphabet, 0, 400, -1).Draw(t, "encoded")
		encoding := rapid.SampledFrom([]string{"base64", "quoted-printable", "x-uuencode"}).Draw(t, "encoding")
		sizes := rapid.SliceOfN(rapid.ByteMax(5), 1, 8).Draw(t, "sizes")
		raw := plainHead + "Content-Type: image/png\nContent-Transfer-Encoding: " + encoding + "\n\n" + encoded
		got, err := Read(&pieces{data: []byte(raw), sizes: sizes}, nil, Limits{})
		if want := Parse([]byte(raw), Limits{}); err != nil || got.Attachments[0].SHA256 != want.Attachments[0].SHA256 {
			t.Fatalf("%v: %d bytes, want %d", err, got.Attachments[0].Size, want.Attachments[0].Size)
		}
	})
}

type fullSink struct{}

type fullFile struct{ shelved }

var errFull = errors.New("disk full")

func (s *fullSink) Create() (File, error)       { return &fullFile{}, nil }
func (f *fullFile) Write(p []byte) (int, error) { return 0, errFull }

// An error of the reader or of the sink is told, and does not hide the text.
func TestReadTellsErrors(t *testing.T) {
	m, err := Read(strings.NewReader(withFile(200<<10)), &fullSink{}, Limits{})
	if !errors.Is(err, errFull) || m.ReplyText != "It leaks." {
		t.Errorf("sink: %v, text %q", err, m.ReplyText)
	}
	m, err = Read(io.MultiReader(strings.NewReader(plainHead+"\nIt leaks."), iotest.ErrReader(errFull)), nil, Limits{})
	if !errors.Is(err, errFull) || m.ReplyText != "It leaks." {
		t.Errorf("reader: %v, text %q", err, m.ReplyText)
	}
}

// What is too long for a text is a file, too.
func TestLongTextIsKept(t *testing.T) {
	text := strings.Repeat("It leaks.\n", 1000)
	m := Parse([]byte(plainHead+"\n"+text), Limits{TextBytes: 100})
	if len(m.Text) != 100 || len(m.Attachments) != 1 || string(m.Attachments[0].Data) != text || strings.Join(m.Defects, "") != "text too long" {
		t.Errorf("%d bytes of text, attachments %s, defects %q", len(m.Text), fileNames(m), m.Defects)
	}
	m = Parse([]byte(plainHead+"\n"+text), Limits{MailBytes: 1000})
	if len(m.Text) > 1000 || strings.Join(m.Defects, "") != "mail too long" {
		t.Errorf("%d bytes of text, defects %q", len(m.Text), m.Defects)
	}
}
