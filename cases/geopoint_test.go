package cases

import (
	"math"
	"strings"
	"testing"
)

func TestFindPoint(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		lat, lon   float64
		from       PointSource
	}{
		{"decimal", "Pothole at 12.9716, 77.5946 since Monday", 12.9716, 77.5946, PointCoordinates},
		{"decimal, signs", "leak (-33.8688, 151.2093)", -33.8688, 151.2093, PointCoordinates},
		{"decimal, blank only", "at 12.9716 77.5946", 12.9716, 77.5946, PointCoordinates},
		{"decimal, letters", "40.416775° N, 3.703790° W", 40.416775, -3.70379, PointCoordinates},
		{"decimal, oeste", "40.416775 N 3.703790 O", 40.416775, -3.70379, PointCoordinates},
		{"labelled", "lat: 12.9716 long: 77.5946", 12.9716, 77.5946, PointCoordinates},
		{"labelled, full words", "Latitude=12.9716, Longitude=77.5946", 12.9716, 77.5946, PointCoordinates},
		{"decimal commas", "bache en 40,416775; -3,703790", 40.416775, -3.70379, PointCoordinates},
		{"Devanagari digits", "यहाँ रिसाव है १२.९७१६, ७७.५९४६", 12.9716, 77.5946, PointCoordinates},
		{"degrees, minutes, seconds", `12°58'17"N 77°35'40"E`, 12.971389, 77.594444, PointCoordinates},
		{"with true primes", `12° 58′ 17.0″ N, 77° 35′ 40″ E`, 12.971389, 77.594444, PointCoordinates},
		{"letters first", `N 12° 58.296' E 77° 35.676'`, 12.9716, 77.5946, PointCoordinates},
		{"southern", `33°52'08"S 151°12'33"E`, -33.868889, 151.209167, PointCoordinates},
		{"geo URI", "geo:12.9716,77.5946", 12.9716, 77.5946, PointLink},
		{"geo URI after a full stop", "Here. Geo:12.9716,77.5946", 12.9716, 77.5946, PointLink},
		{"geo URI with altitude and uncertainty", "see geo:12.9716,77.5946,920;u=35.", 12.9716, 77.5946, PointLink},
		{"geo URI of Android", "geo:0,0?q=12.9716,77.5946(Pothole)", 12.9716, 77.5946, PointLink},
		{"Google, q", "https://maps.google.com/?q=12.9716,77.5946", 12.9716, 77.5946, PointLink},
		{"Google, loc", "https://www.google.co.in/maps?q=loc:12.9716,77.5946", 12.9716, 77.5946, PointLink},
		{"Google, search API", "https://www.google.com/maps/search/?api=1&query=12.9716%2C77.5946", 12.9716, 77.5946, PointLink},
		{"Google, search path", "https://www.google.com/maps/search/12.9716,+77.5946?entry=tts", 12.9716, 77.5946, PointLink},
		{"Google, place rather than middle", "https://www.google.com/maps/place/Market/@12.9000,77.5000,17z/data=!3m1!4b1!4m5!3m4!1s0x0:0x0!8m2!3d12.9716!4d77.5946", 12.9716, 77.5946, PointLink},
		{"Google, degrees in the path", "https://www.google.com/maps/place/12%C2%B058'17.0%22N+77%C2%B035'40.0%22E/@12.9,77.5,17z", 12.971389, 77.594444, PointLink},
		{"Google, middle", "https://www.google.com/maps/@12.9716,77.5946,15z", 12.9716, 77.5946, PointLink},
		{"Google, with full stop", "Look: https://maps.google.com/maps?q=12.9716,77.5946.", 12.9716, 77.5946, PointLink},
		{"Apple", "https://maps.apple.com/?ll=12.9716,77.5946&q=Dropped%20Pin", 12.9716, 77.5946, PointLink},
		{"Apple, new", "https://maps.apple.com/place?coordinate=12.9716,77.5946&name=Pin", 12.9716, 77.5946, PointLink},
		{"OpenStreetMap, marker", "https://www.openstreetmap.org/?mlat=12.9716&mlon=77.5946#map=12/10.0000/70.0000", 12.9716, 77.5946, PointLink},
		{"OpenStreetMap, map", "https://www.openstreetmap.org/#map=18/12.97160/77.59460", 12.9716, 77.5946, PointLink},
		{"Bing", "https://www.bing.com/maps?cp=12.9716~77.5946&lvl=16", 12.9716, 77.5946, PointLink},
		{"Bing, pin", "https://bing.com/maps/default.aspx?cp=10.000~70.000&sp=point.12.9716_77.5946_Here", 12.9716, 77.5946, PointLink},
		{"Waze", "https://waze.com/ul?ll=12.9716%2C77.5946&navigate=yes", 12.9716, 77.5946, PointLink},
		{"plus code", "it is at 7J4VXHCV+JR, near the lake", 12.971562, 77.594562, PointCode},
		{"plus code of eleven symbols", "7J4VXHCV+JRQ", 12.971587, 77.594609, PointCode},
		{"plus code link", "https://plus.codes/7J4VXHCV+JR", 12.971562, 77.594562, PointLink},
		{"link before coordinates", "10.0000, 70.0000 https://maps.google.com/?q=12.9716,77.5946", 12.9716, 77.5946, PointLink},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found, ok, unread := FindPoint(tt.text)
			if !ok || unread || found.From != tt.from || math.Abs(found.Latitude-tt.lat) > 1e-5 || math.Abs(found.Longitude-tt.lon) > 1e-5 {
				t.Errorf("FindPoint(%q) = %v from %s, found %t, unread %t; want %v, %v from %s", tt.text, found.Point, found.From, ok, unread, tt.lat, tt.lon, tt.from)
			}
		})
	}
}

func TestFindPointLeavesWhatIsNone(t *testing.T) {
	for _, text := range []string{
		"", "It cost 12.50, 77.90 the other day", "Call 080-2222 1234 or +91 98765 43210", "1.234.567,890",
		"version 12.345.678, 99.123", "95.1234, 12.1234 is off the globe", "0.0000, 0.0000", "geo:0,0", "geo:12.9716,77.5946;crs=moon",
		"https://google.evil.example/maps?q=12.9716", "https://maps.google.com.evil.example/@x", "12°75'17\"N 77°35'40\"E",
		"12°58'17\" 77°35'40\"", "http://[::1", "https://maps.google.com/?q=%zz", "ABCDEFGH+JR", "email a+b@c.example",
	} {
		if found, ok, _ := FindPoint(text); ok {
			t.Errorf("FindPoint(%q) = %v from %s, want none", text, found.Point, found.From)
		}
	}
}

func TestShortMapLinksAreReportedUnread(t *testing.T) {
	for _, text := range []string{
		"https://maps.app.goo.gl/AbCdEf123", "see https://goo.gl/maps/xyz", "https://maps.apple/p/abc", "https://maps.apple.com/p/abc", "https://w3w.co/filled.count.soap",
	} {
		if _, ok, unread := FindPoint(text); ok || !unread {
			t.Errorf("FindPoint(%q): found %t, unread %t, want only unread", text, ok, unread)
		}
	}
}

func FuzzFindPoint(f *testing.F) {
	for _, text := range []string{
		"12.9716, 77.5946", `12°58'17"N 77°35'40"E`, "geo:12.97,77.59;u=35", "7J4VXHCV+JR", "१२.९७१६, ७७.५९४६",
		"https://www.google.com/maps/place/X/@12.9,77.5,17z/data=!3d12.9716!4d77.5946", "https://www.bing.com/maps?cp=12.9~77.5",
		strings.Repeat("https://maps.google.com/?q=", 40),
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if found, ok, _ := FindPoint(text); ok && !found.Valid() {
			t.Errorf("FindPoint(%q) = %v, which is nowhere", text, found)
		}
	})
}

// Every complaint passes here.
func BenchmarkFindPoint(b *testing.B) {
	for name, text := range map[string]string{
		"complaint": "Water is leaking near the school in Ward 4 since Monday, please send somebody soon. Call 98450 12345.",
		"long":      strings.Repeat("Water is leaking 12.5 near the school. ", 500),
		"digits":    strings.Repeat("1", 20_000),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				FindPoint(text)
			}
		})
	}
}
