package cases

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestSafeFilename(t *testing.T) {
	for name, want := range map[string]string{
		"leak.jpg": "leak.jpg", "": "file", "   ": "file", "..": "file", "../../etc/passwd": "passwd", `C:\temp\leak.jpg`: "leak.jpg",
		"a\u200b\u200db.jpg": "ab.jpg", "photo\u202Egpj.exe": "photogpj.exe", "x\x00y\r\nz.pdf": "xy z.pdf", "a\u2028b": "a b",
		"<b>.svg": "_b_.svg", `a"b;c%41.txt`: "a_b_c_41.txt", ".htaccess": "htaccess", "CON": "_CON", "com1.txt": "_com1.txt",
		"रिसाव.jpg": "रिसाव.jpg", "fuga\u0301.png": "fugá.png", "\ufeffx": "x", "x\U000E0041.txt": "x.txt", "\xff\xfe.jpg": "jpg",
		strings.Repeat("n", 300) + ".jpeg": strings.Repeat("n", 95) + ".jpeg", "a.b.": "a.b", "\u3164": "file",
	} {
		if got := SafeFilename(name); got != want {
			t.Errorf("SafeFilename(%q) = %q, want %q", name, got, want)
		}
	}
}

func FuzzSafeFilename(f *testing.F) {
	for _, name := range []string{"leak.jpg", "../x", "\u202Ex", "CON.txt", strings.Repeat("a.", 200), "\u200b"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := SafeFilename(name)
		switch {
		case got == "" || !utf8.ValidString(got) || utf8.RuneCountInString(got) > maxFilename+1:
			t.Errorf("%q is empty, no text or too long", got)
		case strings.ContainsAny(got, "/\\\x00\"<>;") || strings.HasPrefix(got, ".") || strings.Contains(got, ".."+"/"):
			t.Errorf("%q can mean a path", got)
		case SafeFilename(got) != got:
			t.Errorf("%q becomes %q", got, SafeFilename(got))
		}
		for _, r := range got {
			if !unicode.IsPrint(r) {
				t.Errorf("%q has %U", got, r)
			}
		}
	})
}
