// Package pictures reads what a picture says of itself and makes the versions
// of it that others are shown: decoded, turned upright, made smaller and
// encoded again, so that nothing but its pixels is left. Its input is hostile.
package pictures

import (
	"fmt"
	"io"
	"strings"

	"github.com/bep/imagemeta"

	"github.com/redress-cms/redress/cases"
)

// Bounds of reading what a picture says of itself.
const (
	maxTags    = 500
	maxTagSize = 1 << 10 // bytes
)

// formats are the kinds of picture that may hold EXIF.
var formats = map[string]imagemeta.ImageFormat{
	"image/jpeg": imagemeta.JPEG, "image/png": imagemeta.PNG, "image/webp": imagemeta.WebP, "image/tiff": imagemeta.TIFF,
	"image/heic": imagemeta.HEIF, "image/heif": imagemeta.HEIF, "image/heic-sequence": imagemeta.HEIF, "image/avif": imagemeta.AVIF,
}

// Facts are what EXIF says of a picture, as far as we use it.
type Facts struct {
	Point       *cases.Point // where it was taken; nil: not said
	Orientation int          // 1 to 8 (EXIF 2.32, tag 0x0112); 1: upright
}

// HasFacts reports whether a kind of file may say something of itself.
func HasFacts(contentType string) bool {
	_, ok := formats[contentType]
	return ok
}

// ReadFacts reads the EXIF of a picture. What cannot be understood is left out:
// facts are found as far as there are any, also beside an error.
func ReadFacts(r io.ReadSeeker, contentType string) (Facts, error) {
	facts := Facts{Orientation: 1}
	format, ok := formats[contentType]
	if !ok {
		return facts, nil
	}
	gps := map[string]any{}
	_, err := imagemeta.Decode(imagemeta.Options{
		R: r, ImageFormat: format, Sources: imagemeta.EXIF, LimitNumTags: maxTags, LimitTagSize: maxTagSize,
		ShouldHandleTag: func(tag imagemeta.TagInfo) bool {
			return tag.Tag == "Orientation" && tag.Namespace == "IFD0" || strings.HasPrefix(tag.Tag, "GPSL")
		},
		HandleTag: func(tag imagemeta.TagInfo) error {
			if tag.Tag != "Orientation" {
				gps[tag.Tag] = tag.Value
				return nil
			}
			if n, ok := whole(tag.Value); ok && n >= 1 && n <= 8 {
				facts.Orientation = n
			}
			return nil
		},
	})
	facts.Point = pointOf(gps)
	if err != nil {
		return facts, fmt.Errorf("reading the EXIF of a picture: %w", err)
	}
	return facts, nil
}

// pointOf makes a point of the GPS tags: degrees, and the half of the globe.
func pointOf(gps map[string]any) *cases.Point {
	latitude, ok1 := gps["GPSLatitude"].(float64)
	longitude, ok2 := gps["GPSLongitude"].(float64)
	if !ok1 || !ok2 {
		return nil
	}
	if ref, _ := gps["GPSLatitudeRef"].(string); strings.HasPrefix(ref, "S") {
		latitude = -latitude
	}
	if ref, _ := gps["GPSLongitudeRef"].(string); strings.HasPrefix(ref, "W") {
		longitude = -longitude
	}
	p := cases.Point{Latitude: latitude, Longitude: longitude}
	if !p.Valid() {
		return nil
	}
	return &p
}

func whole(v any) (int, bool) {
	switch n := v.(type) {
	case uint16:
		return int(n), true
	case uint32:
		return int(min(n, 9)), true
	case uint8:
		return int(n), true
	case int:
		return n, true
	}
	return 0, false
}
