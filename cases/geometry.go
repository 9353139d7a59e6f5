package cases

import (
	"errors"
	"fmt"
	"math"
)

// Point is a place on WGS 84, in degrees.
type Point struct{ Latitude, Longitude float64 }

// Valid reports whether the point lies on the globe. Latitude and longitude 0
// is what devices say that do not know where they are.
func (p Point) Valid() bool {
	return math.Abs(p.Latitude) <= 90 && math.Abs(p.Longitude) <= 180 && (p.Latitude != 0 || p.Longitude != 0)
}

func (p Point) String() string { return fmt.Sprintf("%.6f, %.6f", p.Latitude, p.Longitude) }

// Geometry is the shape of an area as the coordinates of a GeoJSON
// MultiPolygon (RFC 7946, section 3.1.7). Empty: not known.
type Geometry []Polygon

// Polygon is an outline and the holes in it.
type Polygon []Ring

// Ring is a closed line: its last position is its first.
type Ring []Position

// Position is longitude, then latitude (RFC 7946, section 3.1.1).
type Position [2]float64

// Points is how many positions there are.
func (g Geometry) Points() int {
	n := 0
	for _, polygon := range g {
		for _, ring := range polygon {
			n += len(ring)
		}
	}
	return n
}

// Check tells what is wrong with the shape, nil when it is sound. A ring may
// cross itself: what lies inside is then decided by the even-odd rule.
func (g Geometry) Check() error {
	for i, polygon := range g {
		if len(polygon) == 0 {
			return fmt.Errorf("polygon %d has no rings", i+1)
		}
		for k, ring := range polygon {
			if err := ring.check(); err != nil {
				return fmt.Errorf("polygon %d, ring %d: %w", i+1, k+1, err)
			}
		}
	}
	return nil
}

func (r Ring) check() error {
	for i, p := range r {
		// The comparison is also false for what is no number.
		if !(math.Abs(p[0]) <= 180 && math.Abs(p[1]) <= 90) {
			return fmt.Errorf("position %d, [%g, %g], is not on the globe; GeoJSON writes longitude first, then latitude", i+1, p[0], p[1])
		}
	}
	switch {
	case len(r) < 4:
		return errors.New("has fewer than 4 positions; the first one is repeated as the last")
	case r[0] != r[len(r)-1]:
		return errors.New("is not closed; repeat the first position as the last")
	}
	flat := r.unwrapped()
	if flat[0] != flat[len(flat)-1] {
		return errors.New("goes around a pole; cut it into polygons that do not")
	}
	if flat.size() == 0 {
		return errors.New("encloses nothing")
	}
	return nil
}

// unwrapped is the ring on a plane without the border at 180°: an edge longer
// than half the globe is one that crosses it.
func (r Ring) unwrapped() Ring {
	flat := make(Ring, len(r))
	shift := 0.0
	for i, p := range r {
		if i > 0 {
			switch step := p[0] - r[i-1][0]; {
			case step > 180:
				shift -= 360
			case step < -180:
				shift += 360
			}
		}
		flat[i] = Position{p[0] + shift, p[1]}
	}
	return flat
}

// size is the enclosed area in square degrees.
func (r Ring) size() float64 {
	sum := 0.0
	for i := 1; i < len(r); i++ {
		// Relative to the first position: small shapes far from 0 keep their digits.
		ax, ay := r[i-1][0]-r[0][0], r[i-1][1]-r[0][1]
		bx, by := r[i][0]-r[0][0], r[i][1]-r[0][1]
		sum += ax*by - bx*ay
	}
	return math.Abs(sum) / 2
}

// side is where a position lies seen from a ring.
type side int

const (
	outside side = iota
	onBorder
	inside
)

// sideOf casts a ray from the position and counts the edges it meets.
func (r Ring) sideOf(p Position) side {
	in := false
	for i := 1; i < len(r); i++ {
		a, b := r[i-1], r[i]
		if onEdge(p, a, b) {
			return onBorder
		}
		if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < a[0]+(p[1]-a[1])/(b[1]-a[1])*(b[0]-a[0]) {
			in = !in
		}
	}
	if in {
		return inside
	}
	return outside
}

func onEdge(p, a, b Position) bool {
	if p[0] < min(a[0], b[0]) || p[0] > max(a[0], b[0]) || p[1] < min(a[1], b[1]) || p[1] > max(a[1], b[1]) {
		return false
	}
	return (b[0]-a[0])*(p[1]-a[1]) == (b[1]-a[1])*(p[0]-a[0])
}

// contains reports whether the position is inside the polygon. Its border, also
// that of a hole, belongs to it.
func (p Polygon) contains(at Position) bool {
	for i, ring := range p {
		switch where := ring.sideOf(at); {
		case where == onBorder:
			return true
		case (where == inside) != (i == 0):
			return false
		}
	}
	return true
}
