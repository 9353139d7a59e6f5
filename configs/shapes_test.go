package configs

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redress-cms/redress/cases"
)

const square = `[[77.5, 12.5], [77.6, 12.5], [77.6, 12.6], [77.5, 12.6], [77.5, 12.5]]`

// withAreas is the example organisation with other areas.
func withAreas(t *testing.T, folder, areas string) (string, []byte) {
	t.Helper()
	text := string(ExampleOrganisation)
	from := strings.Index(text, "\nareas:\n")
	to := from + strings.Index(text[from:], "\n\n")
	kept := text[from:to]
	for i := 1; i <= 2; i++ { // the two first ones are the test's
		line := strings.Index(kept, "  - {code: ward-"+fmt.Sprint(i)+",")
		kept = kept[:line] + kept[line+strings.Index(kept[line:], "\n")+1:]
	}
	name := filepath.Join(folder, "organisation.yaml")
	return name, []byte(text[:from] + kept + "\n" + areas + text[to:])
}

func TestShapesOfAreas(t *testing.T) {
	folder := t.TempDir()
	name, data := withAreas(t, folder, `  - code: ward-1
    name: Ward 1
    geometry: {"type": "Polygon", "coordinates": [`+square+`]}
  - {code: ward-2, name: Ward 2}
areas_file: wards.geojson
areas_property: ward
`)
	write(t, filepath.Join(folder, "wards.geojson"), `{"type": "FeatureCollection", "name": "wards", "features": [
		{"type": "Feature", "properties": {"ward": "ward-2", "population": 3}, "geometry": {"type": "Polygon", "coordinates": [[[77.6, 12.5, 900], [77.7, 12.5, 900], [77.7, 12.6, 900], [77.6, 12.5, 900]]]}},
		{"type": "Feature", "properties": {"ward": "ward-2"}, "geometry": {"type": "MultiPolygon", "coordinates": [[[[78, 12], [79, 12], [79, 13], [78, 12]]]]}}]}`)
	org, err := ParseOrganisation(name, data)
	if err != nil {
		t.Fatal(err)
	}
	for code, p := range map[string]cases.Point{
		"ward-1": {Latitude: 12.55, Longitude: 77.55}, "ward-2": {Latitude: 12.1, Longitude: 78.9}, "": {Latitude: 1, Longitude: 1},
	} {
		if got := org.AreaAt(p); got != code {
			t.Errorf("AreaAt(%v) = %q, want %q", p, got, code)
		}
	}
	exported, err := ExportOrganisation(org)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseOrganisation("export", exported)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(org.Areas, again.Areas); diff != "" {
		t.Errorf("areas after export (-before +after):\n%s", diff)
	}
	before := Digest(name, data)
	write(t, filepath.Join(folder, "wards.geojson"), "{}")
	if Digest(name, data) == before {
		t.Error("the digest does not change with the shapes")
	}
}

func TestFaultsOfShapes(t *testing.T) {
	plain := "  - {code: ward-1, name: Ward 1}\n  - {code: ward-2, name: Ward 2}\n"
	one := func(geometry string) string {
		return "  - {code: ward-1, name: Ward 1, geometry: " + geometry + "}\n  - {code: ward-2, name: Ward 2}\n"
	}
	feature := func(properties, geometry string) string {
		return `{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": ` + properties + `, "geometry": ` + geometry + `}]}`
	}
	polygon := `{"type": "Polygon", "coordinates": [` + square + `]}`
	for _, tt := range []struct{ name, areas, file, want string }{
		{"open ring", one(`{type: Polygon, coordinates: [[[0, 0], [1, 0], [1, 1], [0, 1]]]}`), "", "areas[10].geometry: polygon 1, ring 1: is not closed"},
		{"off the globe", one(`{type: Polygon, coordinates: [[[12, 97], [13, 97], [13, 98], [12, 97]]]}`), "", "longitude first"},
		{"a point", one(`{type: Point, coordinates: [77, 12]}`), "", "is a Point; an area is a Polygon or a MultiPolygon"},
		{"half a position", one(`{type: Polygon, coordinates: [[[0], [1, 0], [1, 1], [0]]]}`), "", "its coordinates are not those of a Polygon"},
		{"nothing for a number", one(`{type: Polygon, coordinates: [[[null, 1], [1, 0], [1, 1], [null, 1]]]}`), "", "its coordinates are not those of a Polygon"},
		{"text", one(`{type: Polygon, coordinates: here}`), "", "its coordinates are not those of a Polygon"},
		{"no geometry at all", one(`north`), "", "is no GeoJSON geometry"},
		{"no type", one(`{coordinates: []}`), "", "has no type"},
		{"missing file", plain + "areas_file: none.geojson\n", "", "areas_file: none.geojson: no such file or directory"},
		{"no JSON", plain + "areas_file: wards.geojson\n", "{", "is not GeoJSON"},
		{"a single feature", plain + "areas_file: wards.geojson\n", `{"type": "Feature"}`, "is no FeatureCollection"},
		{"no code", plain + "areas_file: wards.geojson\n", feature(`{"name": "x"}`, polygon), `areas_file.features[0]: wards.geojson, feature 1: has no property "code"`},
		{"unknown code", plain + "areas_file: wards.geojson\n", feature(`{"code": "ward-99"}`, polygon), `feature 1 (ward-99): there is no area "ward-99"`},
		{"no geometry", plain + "areas_file: wards.geojson\n", feature(`{"code": "ward-1"}`, "null"), "feature 1 (ward-1): has no geometry"},
		{"open ring in the file", plain + "areas_file: wards.geojson\n", feature(`{"code": "ward-1"}`, `{"type": "Polygon", "coordinates": [[[0,0],[1,0],[1,1],[2,2]]]}`), "feature 1 (ward-1): polygon 1, ring 1: is not closed"},
		{"in both", one(polygon) + "areas_file: wards.geojson\n", feature(`{"code": "ward-1"}`, polygon), "keep one"},
		{"property without file", plain + "areas_property: ward\n", "", "areas_property: is given without areas_file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			folder := t.TempDir()
			if tt.file != "" {
				write(t, filepath.Join(folder, "wards.geojson"), tt.file)
			}
			name, data := withAreas(t, folder, tt.areas)
			_, err := ParseOrganisation(name, data)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "organisation.yaml:") {
				t.Errorf("ParseOrganisation = %v, want %q with its line", err, tt.want)
			}
		})
	}
}

func FuzzFeatures(f *testing.F) {
	f.Add([]byte(`{"type": "FeatureCollection", "features": [{"properties": {"code": 7}, "geometry": {"type": "Polygon", "coordinates": [` + square + `]}}]}`))
	f.Add([]byte(`{"type": "FeatureCollection", "features": [{"properties": null, "geometry": {"type": "MultiPolygon", "coordinates": [[[[]]]]}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		features, err := parseFeatures(data)
		if err != nil {
			return
		}
		for _, feature := range features {
			_, shape, err := feature.area("code")
			if err != nil {
				continue
			}
			if err := shape.Check(); err != nil {
				t.Errorf("a shape that is taken is not sound: %v", err)
			}
			o := &cases.Organisation{Areas: []cases.Area{{Code: "a", Geometry: shape}}}
			_ = o.Index() // only its areas are whole
			first := shape[0][0][0]
			if p := (cases.Point{Latitude: first[1], Longitude: first[0]}); o.AreaAt(p) != "a" && shape.Points() < 200_000 {
				t.Errorf("a corner of the shape, %v, is outside it: %s", p, bytes.TrimSpace(data))
			}
		}
	})
}
