package cases

import (
	"regexp"
	"strings"
)

// codeSymbols are the digits of Open Location Codes, in base 20.
const codeSymbols = "23456789CFGHJMPQRVWX"

// fullCode is an Open Location Code that needs no place beside it: eight
// symbols, the plus, and two to seven more.
var fullCode = regexp.MustCompile(`(?i)(?:^|[^0-9A-Za-z+])([2-9CFGHJMPQRVWX]{8}\+[2-9CFGHJMPQRVWX]{2,7})(?:[^0-9A-Za-z+]|$)`)

// pointOfCode is the middle of the square that the first full Open Location
// Code of a text names (specification of Open Location Code, "Decoding").
func pointOfCode(text string) (Point, bool) {
	m := fullCode.FindStringSubmatch(text)
	if m == nil {
		return Point{}, false
	}
	code := strings.Replace(strings.ToUpper(m[1]), "+", "", 1)
	latitude, longitude := -90.0, -180.0
	height, width := 400.0, 400.0
	for i := 0; i < 10; i += 2 { // pairs of latitude and longitude
		height, width = height/20, width/20
		latitude += float64(strings.IndexByte(codeSymbols, code[i])) * height
		longitude += float64(strings.IndexByte(codeSymbols, code[i+1])) * width
	}
	for i := 10; i < len(code); i++ { // then a grid of 5 rows and 4 columns
		height, width = height/5, width/4
		symbol := strings.IndexByte(codeSymbols, code[i])
		latitude += float64(symbol/4) * height
		longitude += float64(symbol%4) * width
	}
	p := Point{latitude + height/2, longitude + width/2}
	return p, p.Valid()
}
