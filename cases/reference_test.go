package cases

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// source is repeatable randomness.
func source() *rand.ChaCha8 { return rand.NewChaCha8([32]byte{1}) }

func newReference(t testing.TB, prefix string) Reference {
	t.Helper()
	ref, err := NewReference(prefix, source())
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func drawReference(t *rapid.T) Reference {
	prefix := rapid.StringMatching(`[A-Z]{1,4}`).Draw(t, "prefix")
	bits := rapid.SliceOfN(rapid.Byte(), 7, 7).Draw(t, "bits")
	ref, err := NewReference(prefix, bytes.NewReader(bits))
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// Weights that all differ and are not zero are what makes the check catch
// every wrong symbol and every swap. Since the check is linear, it is enough
// to try each difference at each place, and each pair of neighbours.
func TestChecksumCatchesEveryWrongSymbolAndSwap(t *testing.T) {
	ref := newReference(t, "C")
	places := []int{2, 3, 4, 5, 7, 8, 9, 10}
	for _, at := range places {
		for _, symbol := range []byte(alphabet) {
			wrong := []byte(ref)
			wrong[at] = symbol
			if got, err := ParseReference(string(wrong)); err == nil && symbol != ref[at] {
				t.Errorf("%s with place %d wrong was read as %s", ref, at, got)
			}
		}
	}
	for i := 1; i < len(places); i++ {
		for _, a := range []byte(alphabet) {
			for _, b := range []byte(alphabet) {
				body := []byte("C-0000-0000")
				body[places[i-1]], body[places[i]] = a, b
				swapped := bytes.Clone(body)
				swapped[places[i-1]], swapped[places[i]] = b, a
				if a != b && weigh(body) == weigh(swapped) {
					t.Fatalf("swapping %c and %c at place %d goes unseen", a, b, places[i])
				}
			}
		}
	}
}

// weigh is the sum that is zero for a valid reference.
func weigh(ref []byte) byte {
	var symbols []byte
	for _, c := range ref[2:] {
		if v, ok := symbol(c); ok {
			symbols = append(symbols, v)
		}
	}
	return checksum(symbols[:7]) ^ symbols[7]
}

func TestReferenceIsReadBackHoweverItIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ref := drawReference(t)
		var b strings.Builder
		prefix := len(ref.Prefix())
		for i, c := range strings.ReplaceAll(string(ref), "-", "") {
			if i == prefix || i == prefix+4 {
				b.WriteString(rapid.SampledFrom([]string{"", " ", "-", "–", "—", " - ", "\u2011", "\u2212", "\u00a0", "\u200b"}).Draw(t, "gap"))
			}
			spelled := string(c)
			if i >= prefix && c == '0' {
				spelled = rapid.SampledFrom([]string{"0", "O", "o"}).Draw(t, "zero")
			} else if i >= prefix && c == '1' {
				spelled = rapid.SampledFrom([]string{"1", "I", "l", "L", "i"}).Draw(t, "one")
			} else if rapid.Bool().Draw(t, "lower") {
				spelled = strings.ToLower(spelled)
			}
			b.WriteString(spelled)
		}
		got, err := ParseReference(b.String())
		if err != nil || got != ref {
			t.Fatalf("%q was read as %q (%v), want %s", b.String(), got, err, ref)
		}
	})
}

func TestReferenceWithOneMistakeIsNoReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ref := drawReference(t)
		symbols := []byte(strings.ReplaceAll(string(ref), "-", ""))
		prefix := len(ref.Prefix())
		i := rapid.IntRange(prefix, len(symbols)-1).Draw(t, "place")
		j := rapid.IntRange(prefix, len(symbols)-1).Draw(t, "other place")
		if rapid.Bool().Draw(t, "swap") {
			if symbols[i] == symbols[j] {
				t.Skip("the same symbols")
			}
			symbols[i], symbols[j] = symbols[j], symbols[i]
		} else {
			wrong := alphabet[rapid.IntRange(0, 31).Draw(t, "symbol")]
			if symbols[i] == wrong {
				t.Skip("the right symbol")
			}
			symbols[i] = wrong
		}
		if got, err := ParseReference(string(symbols)); err == nil {
			t.Fatalf("%s with a mistake, %s, was read as %s", ref, symbols, got)
		}
		text := "about " + string(symbols) + " please"
		if found := FindReferences(text); len(found) > 0 {
			t.Fatalf("found %v in %q", found, text)
		}
	})
}

func TestFindReferences(t *testing.T) {
	ref := newReference(t, "C")
	s := string(ref)
	compact := strings.ReplaceAll(s, "-", "")
	lower := strings.ToLower(s)
	wrong := s[:len(s)-1] + string(alphabet[(strings.IndexByte(alphabet, s[len(s)-1])+1)%32])
	tests := []struct {
		name, text string
		want       []Reference
		like       []string
	}{
		{"alone", s, []Reference{ref}, nil},
		{"in a sentence", "What about " + s + ", please?", []Reference{ref}, nil},
		{"twice", s + " and " + lower, []Reference{ref}, nil},
		{"subject", "Re: [" + s + "] Water leak", []Reference{ref}, nil},
		{"without dashes", "status " + strings.ToLower(compact), []Reference{ref}, nil},
		{"with spaces", "STATUS " + strings.ReplaceAll(s, "-", " "), []Reference{ref}, nil},
		{"glued to another script", "मेरा" + s + "का", []Reference{ref}, nil},
		{"one wrong", "What about " + wrong + "?", nil, []string{wrong}},
		{"one missing", "What about " + s[:len(s)-1] + "?", nil, []string{s[:len(s)-1]}},
		{"one too much", "What about " + s + "7?", nil, []string{s + "7"}},
		{"inside a longer word", "ABC" + compact + "DEF", nil, nil},
		{"ordinary words", "I have many C-sections, e-mail boxes and a C class", nil, nil},
		{"a phone number", "call +91 98450 12345 or 080-1234-5678", nil, nil},
		{"across lines", "C\n" + s[2:], nil, nil},
		{"empty", "", nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := FindReferences(tt.text); !slices.Equal(got, tt.want) {
				t.Errorf("found %v in %q, want %v", got, tt.text, tt.want)
			}
			if got := FindReferenceLike("C", tt.text); !slices.Equal(got, tt.like) {
				t.Errorf("found like ones %q in %q, want %q", got, tt.text, tt.like)
			}
		})
	}
}

func TestCutReferences(t *testing.T) {
	ref := string(newReference(t, "C"))
	for text, want := range map[string]string{
		ref + ": still leaking":           "still leaking",
		"status " + ref:                   "status",
		"[" + ref + "] still leaking":     "[] still leaking",
		"I have many, C-sections, e-mail": "I have many, C-sections, e-mail",
		"":                                "",
	} {
		if got := CutReferences(text); got != want {
			t.Errorf("%q was cut to %q, want %q", text, got, want)
		}
	}
}

func TestFindReferencesIsBounded(t *testing.T) {
	random := source()
	var b strings.Builder
	for range 100 {
		ref, err := NewReference("C", random)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(string(ref) + ", ")
	}
	if n := len(FindReferences(b.String())); n != maxFound {
		t.Errorf("found %d, want %d", n, maxFound)
	}
	far := strings.Repeat(" ", maxFindBytes) + string(newReference(t, "C"))
	if found := FindReferences(far); len(found) > 0 {
		t.Errorf("found %v beyond the bound", found)
	}
}

func TestNewReferenceRefuses(t *testing.T) {
	for _, prefix := range []string{"", "ABCDE", "C1", "Ç", "C-"} {
		if ref, err := NewReference(prefix, source()); err == nil {
			t.Errorf("prefix %q gave %s", prefix, ref)
		}
	}
	if _, err := NewReference("C", bytes.NewReader(nil)); err == nil {
		t.Error("no randomness, but a reference")
	}
	var refused *Error
	if _, err := ParseReference("C-1234"); !errors.As(err, &refused) || refused.Code != Invalid {
		t.Errorf("a wrong reference gave %v", err)
	}
}

func TestNewToken(t *testing.T) {
	random := source()
	a, err := NewToken(random)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := NewToken(random)
	if len(a) != 32 || a == b || a != strings.ToLower(a) {
		t.Errorf("tokens %q and %q", a, b)
	}
	if _, err := NewToken(bytes.NewReader(make([]byte, 19))); err == nil {
		t.Error("a token from too little randomness")
	}
}

func FuzzParseReference(f *testing.F) {
	f.Add("C-7K2M-9QXT")
	f.Add("c 7k2m—9qxt")
	f.Add("ÇÇÇÇ00000000")
	f.Fuzz(func(t *testing.T, s string) {
		ref, err := ParseReference(s)
		if err != nil {
			return
		}
		again, err := ParseReference(string(ref))
		if err != nil || again != ref {
			t.Errorf("%q gave %s, which is read back as %s (%v)", s, ref, again, err)
		}
	})
}

func FuzzFindReferences(f *testing.F) {
	f.Add("about C-7K2M-9QXT and c 7k2m 9qxt")
	f.Add("I have many\xff")
	f.Fuzz(func(t *testing.T, s string) {
		for _, ref := range FindReferences(s) {
			if got, err := ParseReference(string(ref)); err != nil || got != ref {
				t.Errorf("found %s in %q: %v", ref, s, err)
			}
		}
		for _, like := range FindReferenceLike("C", s) {
			if !strings.Contains(s, like) {
				t.Errorf("%q is not in %q", like, s)
			}
		}
	})
}
