package cases

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func box(west, south, east, north float64) Ring {
	return Ring{{west, south}, {east, south}, {east, north}, {west, north}, {west, south}}
}

func shaped(areas ...Area) *Organisation {
	o := &Organisation{Areas: areas}
	_ = o.Index() // only its areas are whole
	return o
}

func TestAreaAt(t *testing.T) {
	o := shaped(
		Area{Code: "zone", Geometry: Geometry{{box(77, 12, 78, 13)}}},
		Area{Code: "ward-1", Geometry: Geometry{{box(77.5, 12.5, 77.6, 12.6), box(77.54, 12.54, 77.56, 12.56)}}},
		Area{Code: "ward-2", Geometry: Geometry{{box(77.6, 12.5, 77.7, 12.6)}, {box(77.1, 12.1, 77.2, 12.2)}}},
		Area{Code: "island", Geometry: Geometry{{Ring{{179, -17}, {-179, -17}, {-179, -16}, {179, -16}, {179, -17}}}}},
		Area{Code: "split", Geometry: Geometry{{box(170, 60, 180, 61)}, {box(-180, 60, -170, 61)}}},
		Area{Code: "plain"},
	)
	for _, tt := range []struct {
		name     string
		lat, lon float64
		want     string
	}{
		{"inside", 12.51, 77.51, "ward-1"},
		{"in the hole: the zone around it", 12.55, 77.55, "zone"},
		{"on the border of the hole", 12.54, 77.55, "ward-1"},
		{"on a border of two: the first", 12.55, 77.6, "ward-1"},
		{"on a corner", 12.5, 77.5, "ward-1"},
		{"in the second polygon", 12.15, 77.15, "ward-2"},
		{"only in the zone", 12.9, 77.9, "zone"},
		{"outside", 14, 77.5, ""},
		{"across the antimeridian, east of it", -16.5, -179.5, "island"},
		{"across the antimeridian, west of it", -16.5, 179.5, "island"},
		{"on the antimeridian", -16.5, 180, "island"},
		{"on the antimeridian, other name", -16.5, -180, "island"},
		{"beside it", -16.5, 178.5, ""},
		{"cut at the antimeridian", 60.5, -179.9, "split"},
		{"cut at the antimeridian, its edge", 60.5, -180, "split"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := o.AreaAt(Point{tt.lat, tt.lon}); got != tt.want {
				t.Errorf("AreaAt(%v, %v) = %q, want %q", tt.lat, tt.lon, got, tt.want)
			}
		})
	}
}

func TestGeometryFaults(t *testing.T) {
	for _, tt := range []struct {
		name string
		g    Geometry
		want string
	}{
		{"sound", Geometry{{box(0, 0, 1, 1)}}, ""},
		{"empty polygon", Geometry{{}}, "polygon 1 has no rings"},
		{"too short", Geometry{{Ring{{0, 0}, {1, 1}, {0, 0}}}}, "polygon 1, ring 1: has fewer than 4"},
		{"open", Geometry{{box(0, 0, 1, 1), Ring{{0, 0}, {1, 0}, {1, 1}, {0, 1}}}}, "polygon 1, ring 2: is not closed"},
		{"swapped", Geometry{{Ring{{12.9, 97.5}, {13, 97.5}, {13, 97.6}, {12.9, 97.5}}}}, "longitude first"},
		{"no number", Geometry{{Ring{{math.NaN(), 0}, {1, 0}, {1, 1}, {math.NaN(), 0}}}}, "not on the globe"},
		{"a line", Geometry{{Ring{{0, 0}, {1, 1}, {2, 2}, {0, 0}}}}, "encloses nothing"},
		{"around a pole", Geometry{{Ring{{0, 80}, {120, 80}, {-120, 80}, {0, 80}}}}, "around a pole"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := fmt.Sprint(tt.g.Check())
			if tt.want == "" && got != "<nil>" || !strings.Contains(got, tt.want) {
				t.Errorf("Check() = %s, want %q", got, tt.want)
			}
		})
	}
}

func TestTooManyPositionsAreAFault(t *testing.T) {
	ring := make(Ring, 0, maxShapePoints+2)
	for i := range maxShapePoints + 1 {
		angle := 2 * math.Pi * float64(i) / (maxShapePoints + 1)
		ring = append(ring, Position{math.Cos(angle), math.Sin(angle)})
	}
	ring = append(ring, ring[0])
	o := &Organisation{Areas: []Area{{Code: "a", Name: "A", Geometry: Geometry{{ring}}}}}
	if err := o.Index(); err == nil || !strings.Contains(err.Error(), "areas[0].geometry: the shapes of the areas have more than") {
		t.Errorf("Index() = %v", err)
	}
}

// A grid of boxes gives each point away from the borders to the box that
// arithmetic says, wherever on the globe the grid lies.
func TestAreaAtOfAGrid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		west := rapid.Float64Range(-180, 180).Draw(t, "west")
		south := rapid.Float64Range(-80, 70).Draw(t, "south")
		const n, step = 4, 0.5
		var areas []Area
		for i := range n {
			for k := range n {
				ring := box(west+float64(i)*step, south+float64(k)*step, west+float64(i+1)*step, south+float64(k+1)*step)
				for j := range ring {
					ring[j][0] = wrapped(ring[j][0])
				}
				areas = append(areas, Area{Code: fmt.Sprintf("%d-%d", i, k), Geometry: Geometry{{ring}}})
			}
		}
		o := shaped(areas...)
		i, k := rapid.IntRange(0, n-1).Draw(t, "i"), rapid.IntRange(0, n-1).Draw(t, "k")
		dx, dy := rapid.Float64Range(0.01, 0.99).Draw(t, "dx"), rapid.Float64Range(0.01, 0.99).Draw(t, "dy")
		p := Point{south + (float64(k)+dy)*step, wrapped(west + (float64(i)+dx)*step)}
		if want, got := fmt.Sprintf("%d-%d", i, k), o.AreaAt(p); got != want {
			t.Fatalf("AreaAt(%v) = %q, want %q", p, got, want)
		}
	})
}

func wrapped(longitude float64) float64 {
	if longitude > 180 {
		return longitude - 360
	}
	return longitude
}

// A star around a centre holds exactly what is nearer than its outline in the
// same direction; turning its rings around or starting elsewhere changes nothing.
func TestStarsHoldWhatIsNearer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(3, 24).Draw(t, "corners")
		radius := rapid.SliceOfN(rapid.Float64Range(0.2, 1), n, n).Draw(t, "radius")
		var ring Ring
		for i, r := range radius {
			angle := 2 * math.Pi * float64(i) / float64(n)
			ring = append(ring, Position{77 + r*math.Cos(angle), 12 + r*math.Sin(angle)})
		}
		start := rapid.IntRange(0, n-1).Draw(t, "start")
		ring = append(ring[start:len(ring):len(ring)], ring[:start]...)
		if rapid.Bool().Draw(t, "backwards") {
			for i, k := 0, len(ring)-1; i < k; i, k = i+1, k-1 {
				ring[i], ring[k] = ring[k], ring[i]
			}
		}
		ring = append(ring, ring[0])
		o := shaped(Area{Code: "star", Geometry: Geometry{{ring}}})
		corner := rapid.IntRange(0, n-1).Draw(t, "towards")
		angle := 2 * math.Pi * float64(corner) / float64(n)
		for share, want := range map[float64]string{0.97: "star", 1.03: ""} {
			p := Point{12 + share*radius[corner]*math.Sin(angle), 77 + share*radius[corner]*math.Cos(angle)}
			if n > 4 && want == "" && o.AreaAt(p) != "" || want == "star" && o.AreaAt(p) != want {
				t.Fatalf("%v, %v of the way to a corner: in %q", p, share, o.AreaAt(p))
			}
		}
	})
}

func TestPointDecidesArea(t *testing.T) {
	o := shaped(
		Area{Code: "ward-1", Name: "Ward 1", Aliases: []string{"Old Town"}, Geometry: Geometry{{box(77.5, 12.5, 77.6, 12.6)}}},
		Area{Code: "ward-2", Name: "Ward 2", Geometry: Geometry{{box(77.6, 12.5, 77.7, 12.6)}}},
	)
	photo := &Located{Point{12.55, 77.65}, PointPhoto}
	for _, tt := range []struct {
		name, area, why string
		from            PointSource
		in              Text
	}{
		{"coordinates in the text", "ward-1", "the point written in the text lies in it", PointCoordinates, Text{Body: "hole at 12.550, 77.550"}},
		{"shared before written", "ward-2", "the shared location lies in it", PointShared, Text{Body: "12.550, 77.550", Point: &Located{Point{12.55, 77.65}, PointShared}}},
		{"written before a photo's", "ward-1", "the point written", PointCoordinates, Text{Body: "12.550, 77.550", Point: photo}},
		{"photo before names", "ward-2", "the place a photo was taken at lies in it", PointPhoto, Text{Body: "in Old Town", Point: photo}},
		{"chosen before all", "ward-1", "chosen by the sender", PointPhoto, Text{AreaHint: "ward-1", Point: photo}},
		{"chosen, but elsewhere", "ward-1", "the place a photo was taken at lies in Ward 2", PointPhoto, Text{AreaHint: "ward-1", Point: photo}},
		{"outside: names decide", "ward-1", "is outside every area", PointShared, Text{Body: "Old Town", Point: &Located{Point{1, 1}, PointShared}}},
		{"a short link is said", "", "was not opened", "", Text{Body: "https://maps.app.goo.gl/abc"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := o.Classify(tt.in)
			var from PointSource
			if c.Point != nil {
				from = c.Point.From
			}
			if c.Area != tt.area || from != tt.from || !strings.Contains(fmt.Sprint(c.Reasons), tt.why) {
				t.Errorf("area %q by a point from %q, because %v; want %q from %q: %s", c.Area, from, c.Reasons, tt.area, tt.from, tt.why)
			}
		})
	}
}
