package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cmd/redress/internal/app"
	"github.com/redress-cms/redress/pipeline/pictures/picturetest"
)

// TestPlaces finds the area by a photo's place, by a link, and by a location
// that a chat sends after the words.
func TestPlaces(t *testing.T) {
	s := newPlayed(t, false)
	file := filepath.Join(s.folder, "organisation.yaml")
	organisation, err := os.ReadFile(file)
	must(t, err)
	must(t, os.WriteFile(file, append(organisation, "\nareas_file: wards.geojson\n"...), 0o600))
	must(t, os.WriteFile(filepath.Join(s.folder, "wards.geojson"), []byte(`{"type": "FeatureCollection", "features": [
		{"type": "Feature", "properties": {"code": "ward-1"}, "geometry": {"type": "Polygon", "coordinates": [[[77.5, 12.9], [77.6, 12.9], [77.6, 13], [77.5, 13], [77.5, 12.9]]]}},
		{"type": "Feature", "properties": {"code": "ward-4"}, "geometry": {"type": "Polygon", "coordinates": [[[77.6, 12.9], [77.7, 12.9], [77.7, 13], [77.6, 13], [77.6, 12.9]]]}}]}`), 0o600))
	s.start("serve")
	s.awaitReady()

	in := func(story app.CaseStory, area, why string) error {
		if story.Area == nil || *story.Area != area || !strings.Contains(fmt.Sprint(story.Reasons), why) {
			return fmt.Errorf("area %v because of %v", story.Area, story.Reasons)
		}
		return nil
	}
	from := stranger()
	photo := picturetest.JPEG(800, 600, 1, &cases.Point{Latitude: 12.95, Longitude: 77.65})
	must(t, sendMail(s.mail.SMTPAddress(), from, rawMail(from, "<p>Water is leaking</p>", sentFile{"leak.jpg", "image/jpeg", photo}), "complaints@city.test"))
	if err := in(s.examined("email:"+from, 1), "ward-4", "the place a photo was taken at lies in it"); err != nil {
		t.Error(err)
	}

	from = stranger()
	must(t, sendMail(s.mail.SMTPAddress(), from, rawMail(from, "<p>Water is leaking at https://maps.google.com/?q=12.95,77.55</p>"), "complaints@city.test"))
	if err := in(s.examined("email:"+from, 0), "ward-1", "the map link lies in it"); err != nil {
		t.Error(err)
	}

	mira := s.chatter()
	ref := mira.complains("Water is leaking")
	_, err = s.telegram.SendLocation(mira.id, mira.id, 12.95, 77.55)
	must(t, err)
	s.eventually("the area of the location", func() error { return in(s.show(ref), "ward-1", "the shared location lies in it") })
}
