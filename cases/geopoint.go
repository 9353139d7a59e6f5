package cases

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// PointSource says where a point comes from.
type PointSource string

// The sources of a point, the most trusted first.
const (
	PointShared      PointSource = "location"    // the sender's device shared it
	PointLink        PointSource = "map_link"    // of a map's address, or a geo: URI
	PointCode        PointSource = "plus_code"   // a full Open Location Code
	PointCoordinates PointSource = "coordinates" // written out
	PointPhoto       PointSource = "photo"       // GPS of a picture
)

// words is the source as staff read it.
func (s PointSource) words() string {
	switch s {
	case PointShared:
		return "the shared location"
	case PointLink:
		return "the map link"
	case PointCode:
		return "the plus code"
	case PointCoordinates:
		return "the point written in the text"
	case PointPhoto:
		return "the place a photo was taken at"
	}
	return "the point"
}

// Located is a point with where it comes from.
type Located struct {
	Point
	From PointSource
}

// fraction is a coordinate with enough decimals not to be a price or a date.
const fraction = `([+-]?\d{1,3}\.\d{3,15})`

var (
	geoURI  = regexp.MustCompile(`(?i)\bgeo:([^\s<>"']{3,200})`)
	webLink = regexp.MustCompile(`(?i)\b(?:https?://|www\.)[^\s<>"]+`)
	decimal = regexp.MustCompile(`(?i)(?:^|[^\d.,+-])` + fraction + `\s*°?\s*([NS])?\s*[,;/|]?\s*(?:lon(?:g(?:itude)?)?|lng)?\s*[:=]?\s*` + fraction + `\s*°?\s*([EWO]\b)?`)
	comma   = regexp.MustCompile(`(?:^|[^\d.,+-])([+-]?\d{1,3},\d{3,15})\s*[;/|]\s*([+-]?\d{1,3},\d{3,15})`)
	angles  = regexp.MustCompile(`(?i)(?:\b([NS])\s*)?\b(\d{1,2})\s*[°º]\s*` + arc + `\s*([NS])?[\s,;/|]*` +
		`(?:([EWO])\s*)?\b(\d{1,3})\s*[°º]\s*` + arc + `\s*([EWO]\b)?`)
)

// arc is minutes and, perhaps, seconds.
const arc = `(\d{1,2}(?:\.\d{1,10})?)\s*['′’]\s*(?:(\d{1,2}(?:\.\d{1,10})?)\s*(?:"|″|”|''|′′|’’))?`

// FindPoint is the first point that a text names: by a geo: URI or a map's
// address, a full plus code, or coordinates, in this order. Nothing is ever
// fetched: an address that only its provider can resolve is reported as
// unread. The first 20,000 characters are read.
func FindPoint(text string) (found Located, ok, unread bool) {
	text = asciiDigits(firstRunes(text, maxClassified))
	if !strings.ContainsAny(text, "0123456789+:") && !strings.Contains(text, "www.") {
		return Located{}, false, false
	}
	for _, m := range matches(geoURI, text, "geo:") {
		if p, ok := pointOfGeoURI(m[1]); ok {
			return Located{p, PointLink}, true, false
		}
	}
	for _, m := range append(matches(webLink, text, "://"), matches(webLink, text, "www.")...) {
		p, ok, short := pointOfLink(m[0])
		if ok {
			return Located{p, PointLink}, true, false
		}
		unread = unread || short
	}
	// In the address of something else, numbers may mean anything.
	if strings.Contains(text, ":") || strings.Contains(text, "www.") {
		text = geoURI.ReplaceAllString(webLink.ReplaceAllString(text, " "), " ")
	}
	if strings.Contains(text, "+") {
		if p, ok := pointOfCode(text); ok {
			return Located{p, PointCode}, true, unread
		}
	}
	if p, ok := pointOfCoordinates(text); ok {
		return Located{p, PointCoordinates}, true, unread
	}
	return Located{}, false, unread
}

// pointOfGeoURI reads what follows geo: (RFC 5870, section 3.3). Another
// reference system than WGS 84 is not understood.
func pointOfGeoURI(s string) (Point, bool) {
	place, query, _ := strings.Cut(s, "?")
	coordinates, parameters, _ := strings.Cut(place, ";")
	for parameter := range strings.SplitSeq(strings.ToLower(parameters), ";") {
		if crs, ok := strings.CutPrefix(parameter, "crs="); ok && crs != "wgs84" {
			return Point{}, false
		}
	}
	parts := strings.Split(strings.TrimRight(coordinates, ".,"), ",")
	if len(parts) < 2 || len(parts) > 3 {
		return Point{}, false
	}
	if p, ok := pointOf(parts[0], parts[1]); ok {
		return p, true
	}
	// Android writes geo:0,0?q=12.97,77.59(Label).
	values, err := url.ParseQuery(query)
	if err != nil {
		return Point{}, false
	}
	return pointOfPair(values.Get("q"))
}

func pointOfCoordinates(text string) (Point, bool) {
	for _, m := range append(matches(angles, text, "°"), matches(angles, text, "º")...) {
		latitude, ok1 := angle(m[2], m[3], m[4], m[1]+m[5])
		longitude, ok2 := angle(m[7], m[8], m[9], m[6]+m[10])
		if p := (Point{latitude, longitude}); ok1 && ok2 && p.Valid() {
			return p, true
		}
	}
	if fractions(text, '.') {
		for _, m := range decimal.FindAllStringSubmatch(text, 20) {
			if p, ok := pointOf(signed(m[1], m[2], "S"), signed(m[3], m[4], "WO")); ok {
				return p, true
			}
		}
	}
	if fractions(text, ',') {
		for _, m := range comma.FindAllStringSubmatch(text, 20) {
			if p, ok := pointOf(strings.Replace(m[1], ",", ".", 1), strings.Replace(m[2], ",", ".", 1)); ok {
				return p, true
			}
		}
	}
	return Point{}, false
}

// matches are those of a pattern that cannot match without a word, which may
// be written in capitals or begin with one. Looking for the word is much faster.
func matches(pattern *regexp.Regexp, text, word string) [][]string {
	upper := strings.ToUpper(word)
	if !strings.Contains(text, word) && !strings.Contains(text, upper) && !strings.Contains(text, upper[:1]+word[1:]) {
		return nil
	}
	return pattern.FindAllStringSubmatch(text, 20)
}

// fractions reports whether two numbers with three decimals may be in the text.
func fractions(text string, point byte) bool {
	found := 0
	digit := func(i int) bool { return i >= 0 && i < len(text) && text[i] >= '0' && text[i] <= '9' }
	for i := range len(text) {
		if text[i] == point && digit(i-1) && digit(i+1) && digit(i+2) && digit(i+3) {
			found++
		}
	}
	return found >= 2
}

// signed puts a minus before a number of the southern or western half.
func signed(number, letter, negative string) string {
	if letter != "" && strings.Contains(negative, strings.ToUpper(letter)) && !strings.HasPrefix(number, "-") {
		return "-" + strings.TrimPrefix(number, "+")
	}
	return number
}

// angle is degrees, minutes and seconds (may be empty) with the letter of the
// half of the globe, of which there is exactly one.
func angle(degrees, minutes, seconds, letter string) (float64, bool) {
	d, err1 := strconv.ParseFloat(degrees, 64)
	m, err2 := strconv.ParseFloat(minutes, 64)
	s, err3 := 0.0, error(nil)
	if seconds != "" {
		s, err3 = strconv.ParseFloat(seconds, 64)
	}
	if err1 != nil || err2 != nil || err3 != nil || m >= 60 || s >= 60 || len(letter) != 1 {
		return 0, false
	}
	value := d + m/60 + s/3600
	if strings.Contains("SWO", strings.ToUpper(letter)) { // O: oeste
		value = -value
	}
	return value, true
}

// pointOfPair reads "12.97,77.59", as queries of maps hold it.
func pointOfPair(s string) (Point, bool) {
	s = strings.TrimPrefix(strings.TrimSpace(asciiDigits(s)), "loc:")
	s, _, _ = strings.Cut(s, "(")
	latitude, longitude, ok := strings.Cut(s, ",")
	if !ok {
		return Point{}, false
	}
	longitude, _, _ = strings.Cut(longitude, ",") // a zoom level may follow
	return pointOf(latitude, longitude)
}

func pointOf(latitude, longitude string) (Point, bool) {
	lat, err1 := strconv.ParseFloat(strings.TrimSpace(latitude), 64)
	lon, err2 := strconv.ParseFloat(strings.TrimSpace(longitude), 64)
	p := Point{lat, lon}
	return p, err1 == nil && err2 == nil && p.Valid()
}

// asciiDigits writes the digits of all scripts as 0 to 9.
func asciiDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII {
			for _, digits := range unicode.Nd.R16 { // the ranges begin with a zero
				if lo := rune(digits.Lo); r >= lo && r <= rune(digits.Hi) {
					return '0' + (r-lo)%10
				}
			}
		}
		return r
	}, s)
}
