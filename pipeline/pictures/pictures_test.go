package pictures

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"testing"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/pipeline/pictures/picturetest"
)

func TestReadFacts(t *testing.T) {
	bengaluru, sydney := &cases.Point{Latitude: 12.9716, Longitude: 77.5946}, &cases.Point{Latitude: -33.8688, Longitude: -151.2093}
	for name, tt := range map[string]struct {
		data        []byte
		contentType string
		point       *cases.Point
		orientation int
	}{
		"JPEG":               {picturetest.JPEG(40, 30, 6, bengaluru), "image/jpeg", bengaluru, 6},
		"south and west":     {picturetest.JPEG(40, 30, 1, sydney), "image/jpeg", sydney, 1},
		"no GPS":             {picturetest.JPEG(40, 30, 3, nil), "image/jpeg", nil, 3},
		"null island":        {picturetest.JPEG(40, 30, 1, &cases.Point{}), "image/jpeg", nil, 1},
		"wrong orientation":  {picturetest.JPEG(40, 30, 77, nil), "image/jpeg", nil, 1},
		"PNG":                {picturetest.PNG(40, 30, 8, bengaluru), "image/png", bengaluru, 8},
		"TIFF":               {picturetest.EXIF(1, bengaluru), "image/tiff", bengaluru, 1},
		"nothing":            {nil, "image/jpeg", nil, 1},
		"no picture":         {[]byte("<svg/>"), "image/svg+xml", nil, 1},
		"cut in the middle":  {picturetest.JPEG(40, 30, 6, bengaluru)[:60], "image/jpeg", nil, 1},
		"a PNG called JPEG":  {picturetest.PNG(40, 30, 8, bengaluru), "image/jpeg", nil, 1},
		"text called a HEIC": {bytes.Repeat([]byte("ftypheic"), 100), "image/heic", nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			facts, _ := ReadFacts(bytes.NewReader(tt.data), tt.contentType)
			if facts.Orientation != tt.orientation || (facts.Point == nil) != (tt.point == nil) {
				t.Fatalf("%+v, want %v, %d", facts, tt.point, tt.orientation)
			}
			if tt.point != nil && (math.Abs(facts.Point.Latitude-tt.point.Latitude) > 1e-6 || math.Abs(facts.Point.Longitude-tt.point.Longitude) > 1e-6) {
				t.Errorf("taken at %v, want %v", facts.Point, tt.point)
			}
		})
	}
}

func FuzzReadFacts(f *testing.F) {
	point := &cases.Point{Latitude: 12.9716, Longitude: 77.5946}
	for i, data := range [][]byte{
		picturetest.JPEG(8, 8, 6, point), picturetest.PNG(8, 8, 1, point), picturetest.EXIF(3, point),
		append([]byte("RIFF\x40\x00\x00\x00WEBPEXIF\x30\x00\x00\x00"), picturetest.EXIF(1, point)...),
		[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00heicmif1\x00\x00\x00\x20meta\x00\x00\x00\x00"),
	} {
		f.Add(data, uint8(i))
	}
	types := []string{"image/jpeg", "image/png", "image/tiff", "image/webp", "image/heic", "image/avif"}
	f.Fuzz(func(t *testing.T, data []byte, kind uint8) {
		facts, _ := ReadFacts(bytes.NewReader(data), types[int(kind)%len(types)])
		if facts.Orientation < 1 || facts.Orientation > 8 || facts.Point != nil && !facts.Point.Valid() {
			t.Errorf("%+v", facts)
		}
	})
}

func TestShownPicturesHoldNothingButPixels(t *testing.T) {
	for name, data := range map[string][]byte{
		"JPEG": picturetest.JPEG(2000, 1000, 1, &cases.Point{Latitude: 12.9716, Longitude: 77.5946}),
		"PNG":  picturetest.PNG(2000, 1000, 1, &cases.Point{Latitude: 12.9716, Longitude: 77.5946}),
	} {
		t.Run(name, func(t *testing.T) {
			if !bytes.Contains(data, []byte(picturetest.Secret)) {
				t.Fatal("the original holds no metadata")
			}
			shown, err := Make(bytes.NewReader(data), 1)
			if err != nil {
				t.Fatal(err)
			}
			for version, side := range map[*[]byte]int{&shown.Picture: 1600, &shown.Thumbnail: 320} {
				if bytes.Contains(*version, []byte(picturetest.Secret)) || bytes.Contains(*version, []byte("Exif")) {
					t.Error("metadata got through")
				}
				header, err := jpeg.DecodeConfig(bytes.NewReader(*version))
				if err != nil || header.Width != side || header.Height != side/2 {
					t.Errorf("%d by %d, %v; want a JPEG of %d by %d", header.Width, header.Height, err, side, side/2)
				}
			}
			if shown.Shorter != 1000 {
				t.Errorf("shorter side %d, want 1000", shown.Shorter)
			}
		})
	}
}

// The red quarter of the scene ends up at the upper left, however the camera
// was held.
func TestShownPicturesAreUpright(t *testing.T) {
	scene := picturetest.Striped(64, 32).(*image.RGBA)
	// What the sensor saw: the inverse of what upright does.
	inverse := map[int]int{1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
	for orientation := 1; orientation <= 8; orientation++ {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, upright(scene, inverse[orientation]), &jpeg.Options{Quality: 100}); err != nil {
			t.Fatal(err)
		}
		shown, err := Make(bytes.NewReader(b.Bytes()), orientation)
		if err != nil {
			t.Fatal(err)
		}
		got, err := jpeg.Decode(bytes.NewReader(shown.Picture))
		if err != nil || got.Bounds().Dx() != 64 || got.Bounds().Dy() != 32 {
			t.Fatalf("orientation %d: %v, %v", orientation, got.Bounds(), err)
		}
		red, _, blue, _ := got.At(8, 8).RGBA()
		red2, _, blue2, _ := got.At(56, 24).RGBA()
		if red < blue || red2 > blue2 {
			t.Errorf("orientation %d: the red quarter is not at the upper left", orientation)
		}
	}
}

func TestWhatIsNotShown(t *testing.T) {
	bomb := picturetest.PNG(8, 8, 1, nil)
	binary.BigEndian.PutUint32(bomb[16:], 29_000) // width and height in IHDR
	binary.BigEndian.PutUint32(bomb[20:], 29_000)
	copy(bomb[8:], picturetest.Chunk("IHDR", bomb[16:29]))
	giant := bytes.Clone(bomb)
	binary.BigEndian.PutUint32(giant[16:], 1<<31-1)
	copy(giant[8:], picturetest.Chunk("IHDR", giant[16:29]))
	for name, data := range map[string][]byte{
		"nothing": nil, "SVG": []byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), "pixel bomb": bomb, "giant": giant,
		"cut JPEG": picturetest.JPEG(400, 300, 1, nil)[:700],
	} {
		if shown, err := Make(bytes.NewReader(data), 1); !errors.Is(err, ErrNotShown) {
			t.Errorf("%s: %d bytes, %v; want ErrNotShown", name, len(shown.Picture), err)
		}
	}
}

func TestOtherFormatsAreShown(t *testing.T) {
	var animated, paletted bytes.Buffer
	frame := image.NewPaletted(image.Rect(0, 0, 20, 10), color.Palette{color.RGBA{R: 255, A: 255}, color.RGBA{B: 255, A: 255}})
	if err := gif.EncodeAll(&animated, &gif.GIF{Image: []*image.Paletted{frame, frame}, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(&paletted, frame); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"GIF": animated.Bytes(), "paletted PNG": paletted.Bytes()} {
		shown, err := Make(bytes.NewReader(data), 1)
		if err != nil || shown.Shorter != 10 {
			t.Errorf("%s: %v, %v", name, shown.Shorter, err)
		}
	}
}

func FuzzMake(f *testing.F) {
	f.Add(picturetest.JPEG(16, 8, 1, nil), 1)
	f.Add(picturetest.PNG(16, 8, 1, nil), 6)
	f.Add([]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), 0)
	f.Fuzz(func(t *testing.T, data []byte, orientation int) {
		shown, err := Make(bytes.NewReader(data), orientation)
		if err != nil {
			return
		}
		if header, err := jpeg.DecodeConfig(bytes.NewReader(shown.Thumbnail)); err != nil || max(header.Width, header.Height) > thumbnailSide {
			t.Errorf("thumbnail: %+v, %v", header, err)
		}
	})
}
