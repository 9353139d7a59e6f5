package cases

import (
	"fmt"
	"math"
)

// maxShapePoints bounds the positions of all shapes of an organisation: they
// are read with it.
const maxShapePoints = 200_000

// shape is one polygon of an area, ready to be asked. West may be below -180
// and east above 180 where the polygon crosses that border.
type shape struct {
	area                     int // index in Organisation.Areas
	polygon                  Polygon
	west, south, east, north float64
	size                     float64 // of its outline
}

// shapesOf prepares the shapes that are sound.
func shapesOf(areas []Area) []shape {
	var shapes []shape
	for i, area := range areas {
		if area.Geometry.Check() != nil {
			continue
		}
		for _, polygon := range area.Geometry {
			shapes = append(shapes, newShape(i, polygon))
		}
	}
	return shapes
}

func newShape(area int, polygon Polygon) shape {
	s := shape{area: area, west: math.Inf(1), south: math.Inf(1), east: math.Inf(-1), north: math.Inf(-1)}
	for _, ring := range polygon {
		s.polygon = append(s.polygon, ring.unwrapped())
	}
	for _, p := range s.polygon[0] {
		s.west, s.east = min(s.west, p[0]), max(s.east, p[0])
		s.south, s.north = min(s.south, p[1]), max(s.north, p[1])
	}
	s.size = s.polygon[0].size()
	// A hole beyond the border at 180° may be told from its other side.
	for i := 1; i < len(s.polygon); i++ {
		s.polygon[i] = s.polygon[i].near(s.west, s.east)
	}
	return s
}

// near moves a ring by whole turns so that it begins between west and east.
func (r Ring) near(west, east float64) Ring {
	turn := 0.0
	switch {
	case r[0][0] < west:
		turn = 360
	case r[0][0] > east:
		turn = -360
	}
	if turn == 0 || r[0][0]+turn < west || r[0][0]+turn > east {
		return r
	}
	moved := make(Ring, len(r))
	for i, p := range r {
		moved[i] = Position{p[0] + turn, p[1]}
	}
	return moved
}

func (s shape) contains(p Point) bool {
	if p.Latitude < s.south || p.Latitude > s.north {
		return false
	}
	for _, turn := range [...]float64{0, 360, -360} {
		at := Position{p.Longitude + turn, p.Latitude}
		if at[0] >= s.west && at[0] <= s.east && s.polygon.contains(at) {
			return true
		}
	}
	return false
}

// AreaAt is the code of the area that a point lies in, empty when it is in
// none. Borders belong to the areas on both sides. Of several areas the one
// with the smallest outline is taken, so that a ward within a zone is found, and
// of equal ones the first.
func (o *Organisation) AreaAt(p Point) string {
	code, size := "", math.Inf(1)
	for _, s := range o.lookup().shapes {
		if s.size < size && s.contains(p) {
			code, size = o.Areas[s.area].Code, s.size
		}
	}
	return code
}

// HasShapes reports whether any area has a shape.
func (o *Organisation) HasShapes() bool { return len(o.lookup().shapes) > 0 }

// shapes checks what areas look like.
func (c *checker) shapes() {
	points := 0
	for i, a := range c.o.Areas {
		path := fmt.Sprintf("areas[%d].geometry", i)
		if err := a.Geometry.Check(); err != nil {
			c.add(path, "area %q: %s", a.Code, err)
		}
		before := points
		if points += a.Geometry.Points(); points > maxShapePoints && before <= maxShapePoints {
			c.add(path, "the shapes of the areas have more than %d positions; simplify them (a metre is 0.00001 degrees)", maxShapePoints)
		}
	}
}

// locate takes the point that was handed in or stands in the text, and the area
// it lies in, unless the area is known.
func (c *Classification) locate(o *Organisation, in Text) {
	if c.Point = in.Point; c.Point == nil || c.Point.From == PointPhoto {
		found, ok, unread := FindPoint(in.Subject + "\n" + in.Place + "\n" + in.Body)
		if ok { // what was written is meant; a photo may be from elsewhere
			c.Point = &found
		}
		if unread {
			c.because("place", "", "a short map link is in the text; it says nothing by itself and was not opened")
		}
	}
	if c.Point == nil || !o.HasShapes() {
		return
	}
	switch code := o.AreaAt(c.Point.Point); {
	case code == "":
		c.because("place", "", "%s (%s) is outside every area", c.Point.From.words(), c.Point)
	case c.Area == "":
		c.Area = code
		c.because("area", code, "%s lies in it", c.Point.From.words())
	case c.Area != code:
		c.because("place", code, "%s lies in %s", c.Point.From.words(), o.AreaName(code))
	}
}

// place gives the case a point that came later, as chats send a location by
// itself, and the area it lies in where none was known.
func (w *draft) place(c Case, p *Located) {
	if p == nil || c.Latitude != nil || !c.Status.Open() {
		return
	}
	w.Case.setPoint(*p)
	area := w.d.Org.AreaAt(p.Point)
	if area == "" && w.d.Org.HasShapes() {
		w.because("place", "", fmt.Sprintf("%s (%s) is outside every area", p.From.words(), p))
	}
	if area == "" || c.Area != "" {
		return
	}
	by := w.d.By
	w.d.By = System // the rest is our doing
	w.Case.Area = area
	w.because("area", area, p.From.words()+" lies in it")
	w.reroute(c, Correction{Area: area})
	w.d.By = by
}
