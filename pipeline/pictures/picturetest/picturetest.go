// Package picturetest makes pictures for tests, with EXIF as cameras write it.
package picturetest

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"

	"github.com/redress-cms/redress/cases"
)

// Secret stands in the EXIF of every picture; others must not get it.
const Secret = "Camera of Mira, serial 4711"

// Striped is a picture whose upper left quarter is red and the rest blue.
func Striped(width, height int) image.Image {
	p := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := color.RGBA{B: 0xff, A: 0xff}
			if x < width/2 && y < height/2 {
				c = color.RGBA{R: 0xff, A: 0xff}
			}
			p.SetRGBA(x, y, c)
		}
	}
	return p
}

// JPEG is a Striped photo that says where it was taken (nil: it does not) and
// how it was held.
func JPEG(width, height, orientation int, taken *cases.Point) []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, Striped(width, height), nil) // a buffer never fails
	exif := append([]byte("Exif\x00\x00"), EXIF(orientation, taken)...)
	segment := binary.BigEndian.AppendUint16([]byte{0xFF, 0xE1}, uint16(len(exif)+2))
	plain := b.Bytes()
	return bytes.Join([][]byte{plain[:2], segment, exif, plain[2:]}, nil)
}

// PNG is a Striped picture with EXIF.
func PNG(width, height, orientation int, taken *cases.Point) []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, Striped(width, height)) // a buffer never fails
	plain := b.Bytes()
	const headerEnd = 8 + 25 // signature and IHDR
	return bytes.Join([][]byte{plain[:headerEnd], Chunk("eXIf", EXIF(orientation, taken)), plain[headerEnd:]}, nil)
}

// Chunk is a chunk of a PNG.
func Chunk(kind string, data []byte) []byte {
	body := append([]byte(kind), data...)
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	chunk = append(chunk, body...)
	return binary.BigEndian.AppendUint32(chunk, crc(body))
}

func crc(data []byte) uint32 {
	sum := uint32(math.MaxUint32)
	for _, b := range data {
		sum ^= uint32(b)
		for range 8 {
			sum = sum>>1 ^ 0xEDB88320&-(sum&1)
		}
	}
	return ^sum
}

// tag is an entry of a TIFF directory: its value if it has up to four bytes,
// else where it lies.
type tag struct {
	id, kind uint16
	count    uint32
	value    uint32
}

// EXIF is a TIFF structure with model, orientation and GPS tags.
func EXIF(orientation int, taken *cases.Point) []byte {
	const head = 8
	main := []tag{
		{0x0110, 2, uint32(len(Secret) + 1), 0},
		{0x0112, 3, 1, uint32(orientation) << 16},
	}
	if taken != nil {
		main = append(main, tag{0x8825, 4, 1, 0})
	}
	text := head + size(len(main))
	main[0].value = uint32(text)
	gpsAt := text + len(Secret) + 1
	gpsAt += gpsAt % 2
	if taken != nil {
		main[2].value = uint32(gpsAt)
	}
	out := []byte("MM\x00\x2a\x00\x00\x00\x08")
	out = directory(out, main)
	out = append(out, Secret...)
	out = append(out, make([]byte, gpsAt-len(out))...)
	if taken == nil {
		return out
	}
	numbers := uint32(gpsAt + size(4))
	out = directory(out, []tag{
		{1, 2, 2, letter(taken.Latitude, "N", "S")}, {2, 5, 3, numbers},
		{3, 2, 2, letter(taken.Longitude, "E", "W")}, {4, 5, 3, numbers + 24},
	})
	return degrees(degrees(out, taken.Latitude), taken.Longitude)
}

func size(tags int) int { return 2 + 12*tags + 4 }

func directory(out []byte, tags []tag) []byte {
	out = binary.BigEndian.AppendUint16(out, uint16(len(tags)))
	for _, t := range tags {
		out = binary.BigEndian.AppendUint16(out, t.id)
		out = binary.BigEndian.AppendUint16(out, t.kind)
		out = binary.BigEndian.AppendUint32(out, t.count)
		out = binary.BigEndian.AppendUint32(out, t.value)
	}
	return append(out, 0, 0, 0, 0) // no further directory
}

func letter(degrees float64, positive, negative string) uint32 {
	if degrees < 0 {
		return uint32(negative[0]) << 24
	}
	return uint32(positive[0]) << 24
}

// degrees are written as degrees, minutes and seconds, each a fraction.
func degrees(out []byte, value float64) []byte {
	value = math.Abs(value)
	whole := math.Floor(value)
	minutes := math.Floor((value - whole) * 60)
	seconds := ((value-whole)*60 - minutes) * 60
	for _, f := range [][2]uint32{{uint32(whole), 1}, {uint32(minutes), 1}, {uint32(math.Round(seconds * 10000)), 10000}} {
		out = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(out, f[0]), f[1])
	}
	return out
}
