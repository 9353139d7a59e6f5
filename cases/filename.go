package cases

import (
	"path"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxFilename bounds a file name that is shown, in characters.
const maxFilename = 100

// SafeFilename makes a name as sent fit to be shown and offered for a download:
// the last part of a path, without control characters, those that cannot be
// seen or turn the direction of writing, and those that mean something to a
// file system. What is left of nothing is "file".
func SafeFilename(name string) string {
	name = norm.NFC.String(firstRunes(strings.ToValidUTF8(name, ""), 4*maxFilename))
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r): // control, format, surrogate, private use, line separators
			return -1
		case unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r), unicode.Is(unicode.Variation_Selector, r):
			return -1
		case strings.ContainsRune(`<>:"|?*;%`, r):
			return '_'
		}
		return r
	}, name)
	name = strings.Trim(strings.Join(strings.Fields(name), " "), ". ")
	if runes := []rune(name); len(runes) > maxFilename {
		ending := []rune(path.Ext(name))
		if len(ending) > 12 {
			ending = nil
		}
		name = strings.TrimRight(string(runes[:maxFilename-len(ending)]), ". ") + string(ending)
	}
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch {
	case name == "":
		return "file"
	case reservedName(stem):
		return "_" + name
	}
	return name
}

// reservedName knows the devices that Windows opens by any name of that stem.
func reservedName(stem string) bool {
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	return len(stem) == 4 && (strings.HasPrefix(stem, "COM") || strings.HasPrefix(stem, "LPT")) && unicode.IsDigit(rune(stem[3]))
}
