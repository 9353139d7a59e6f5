package configs

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/redress-cms/redress/cases"
)

// maxShapeBytes bounds a file of shapes.
const maxShapeBytes = 64 << 20

// defaultShapeProperty is the property of a feature that names its area.
const defaultShapeProperty = "code"

// geometry is a GeoJSON Polygon or MultiPolygon (RFC 7946, sections 3.1.6 and
// 3.1.7).
type geometry cases.Geometry

// geoJSON is a geometry as it is written.
type geoJSON struct {
	Type        string          `json:"type" yaml:"type"`
	Coordinates json.RawMessage `json:"coordinates" yaml:"coordinates"`
}

// polygonFile is the coordinates of a polygon. A third number of a position is
// its height, and is left out.
type polygonFile [][][]float64

// shape makes the domain's geometry, polygons in a list.
func (g geoJSON) shape() (cases.Geometry, error) {
	var written []polygonFile
	var err error
	switch g.Type {
	case "Polygon":
		written = make([]polygonFile, 1)
		err = json.Unmarshal(g.Coordinates, &written[0])
	case "MultiPolygon":
		err = json.Unmarshal(g.Coordinates, &written)
	case "":
		return nil, errors.New("has no type; write type: Polygon or MultiPolygon and coordinates")
	default:
		return nil, fmt.Errorf("is a %s; an area is a Polygon or a MultiPolygon", g.Type)
	}
	shape, ok := shapeOf(written)
	// To the decoder, null is the number 0.
	if err != nil || !ok || bytes.Contains(g.Coordinates, []byte("null")) {
		return nil, fmt.Errorf("its coordinates are not those of a %s (RFC 7946): lists of rings of positions [longitude, latitude]", g.Type)
	}
	return shape, shape.Check()
}

func shapeOf(written []polygonFile) (cases.Geometry, bool) {
	var shape cases.Geometry
	for _, rings := range written {
		var polygon cases.Polygon
		for _, positions := range rings {
			ring := make(cases.Ring, len(positions))
			for i, p := range positions {
				if len(p) < 2 {
					return nil, false
				}
				ring[i] = cases.Position{p[0], p[1]}
			}
			polygon = append(polygon, ring)
		}
		shape = append(shape, polygon)
	}
	return shape, len(shape) > 0
}

// readNode implements nodeReader: a geometry is JSON, which YAML includes.
func (g *geometry) readNode(n *yaml.Node) error {
	var written struct {
		Type        string `yaml:"type"`
		Coordinates any    `yaml:"coordinates"`
	}
	if err := n.Decode(&written); err != nil {
		return errors.New("is no GeoJSON geometry; write type: Polygon and coordinates")
	}
	coordinates, err := json.Marshal(written.Coordinates)
	if err != nil {
		return errors.New("its coordinates are no lists of numbers")
	}
	shape, err := geoJSON{written.Type, coordinates}.shape()
	if err == nil {
		*g = geometry(shape)
	}
	return err
}

// MarshalYAML writes the form that readNode reads, in one line per area.
func (g geometry) MarshalYAML() (any, error) {
	number := func(f float64) *yaml.Node {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!float", Value: strconv.FormatFloat(f, 'f', -1, 64)}
	}
	list := func(nodes ...*yaml.Node) *yaml.Node {
		return &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Style: yaml.FlowStyle, Content: nodes}
	}
	polygons := list()
	for _, polygon := range g {
		rings := list()
		for _, ring := range polygon {
			positions := list()
			for _, p := range ring {
				positions.Content = append(positions.Content, list(number(p[0]), number(p[1])))
			}
			rings.Content = append(rings.Content, positions)
		}
		polygons.Content = append(polygons.Content, rings)
	}
	word := func(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }
	return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Style: yaml.FlowStyle, Content: []*yaml.Node{
		word("type"), word("MultiPolygon"), word("coordinates"), polygons,
	}}, nil
}

// feature of a GeoJSON FeatureCollection; what else stands there is not ours.
type feature struct {
	Type       string         `json:"type"`
	Properties map[string]any `json:"properties"`
	Geometry   *geoJSON       `json:"geometry"`
}

// shapesFile gives areas the shapes of the features that name them. Several
// features of one area are parts of it.
func (d *decoder) shapesFile(f organisationFile, areas []cases.Area) {
	if f.AreasFile == "" {
		if f.AreasProperty != "" {
			d.add("areas_property", "is given without areas_file")
		}
		return
	}
	features, err := readFeatures(d.path(f.AreasFile))
	if err != nil {
		d.add("areas_file", "%s: %s", f.AreasFile, err)
		return
	}
	property := cmp.Or(f.AreasProperty, defaultShapeProperty)
	inline := map[string]bool{}
	place := map[string]int{}
	for i, a := range areas {
		place[a.Code], inline[a.Code] = i, len(a.Geometry) > 0
	}
	for i, feature := range features {
		code, shape, err := feature.area(property)
		index, known := place[code]
		switch {
		case err != nil:
		case !known:
			err = fmt.Errorf("there is no area %q", code)
		case inline[code]:
			err = fmt.Errorf("area %q has a geometry in the organisation file too; keep one", code)
		default:
			areas[index].Geometry = append(areas[index].Geometry, shape...)
			continue
		}
		who := ""
		if code != "" {
			who = fmt.Sprintf(" (%s)", code)
		}
		d.add(fmt.Sprintf("areas_file.features[%d]", i), "%s, feature %d%s: %s", f.AreasFile, i+1, who, err)
	}
}

// readFeatures reads a FeatureCollection.
func readFeatures(path string) (features []feature, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s; create it or take the key out", cause(err))
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	data, err := io.ReadAll(io.LimitReader(file, maxShapeBytes+1))
	if err != nil {
		return nil, errors.New(cause(err))
	}
	if len(data) > maxShapeBytes {
		return nil, fmt.Errorf("is larger than %d MB; simplify the shapes", maxShapeBytes>>20)
	}
	return parseFeatures(data)
}

func parseFeatures(data []byte) ([]feature, error) {
	var collection struct {
		Type     string    `json:"type"`
		Features []feature `json:"features"`
	}
	if err := json.Unmarshal(data, &collection); err != nil {
		return nil, fmt.Errorf("is not GeoJSON: %w", err)
	}
	if collection.Type != "FeatureCollection" {
		return nil, errors.New("is no FeatureCollection (RFC 7946, section 3.3)")
	}
	return collection.Features, nil
}

// area is what a feature says: the code of its area and its shape.
func (f feature) area(property string) (string, cases.Geometry, error) {
	var code string
	switch value := f.Properties[property].(type) {
	case string:
		code = value
	case float64: // ward numbers
		code = strconv.FormatFloat(value, 'f', -1, 64)
	}
	if code == "" {
		return "", nil, fmt.Errorf("has no property %q with the code of its area; areas_property names another", property)
	}
	if f.Geometry == nil {
		return code, nil, errors.New("has no geometry")
	}
	shape, err := f.Geometry.shape()
	return code, shape, err
}

// Digest names the content of an organisation file, with that of the file of
// shapes which it names.
func Digest(name string, data []byte) string {
	sum := sha256.New()
	_, _ = sum.Write(data) // a hash never fails to write
	var named struct {
		AreasFile string `yaml:"areas_file"`
	}
	if yaml.Unmarshal(data, &named) == nil && named.AreasFile != "" {
		// One that cannot be read is told as a fault when the file is parsed.
		if shapes, err := os.ReadFile(newDecoder(name).path(named.AreasFile)); err == nil {
			_, _ = sum.Write(shapes)
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}
