package pictures

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // formats that image.Decode knows
	"image/jpeg"
	_ "image/png"
	"io"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp"
)

// Sizes of what others are shown, in pixels of the longer side.
const (
	pictureSide   = 1600
	thumbnailSide = 320
)

// Bounds of what is decoded.
const (
	maxSide    = 30_000
	maxDecoded = 256 << 20 // bytes in memory
)

// ErrNotShown is a file that others are not shown as a picture: it is none,
// damaged, or too large when decoded.
var ErrNotShown = errors.New("not shown as a picture")

// Shown is a picture as others see it: JPEG of nothing but pixels, upright.
type Shown struct {
	Picture   []byte // at most 1600 pixels a side
	Thumbnail []byte // at most 320
	Shorter   int    // side of the original, in pixels
}

// Make decodes a picture (JPEG, PNG, GIF, WebP; of several frames the first)
// and encodes it again. orientation is what its EXIF says.
func Make(r io.ReadSeeker, orientation int) (Shown, error) {
	size, err := affordable(r)
	if err != nil {
		return Shown{}, err
	}
	source, _, err := image.Decode(bufio.NewReader(r))
	if err != nil {
		return Shown{}, fmt.Errorf("%w: %w", ErrNotShown, err)
	}
	picture := upright(scaled(source, pictureSide), orientation)
	shown := Shown{Shorter: min(size.X, size.Y)}
	if shown.Picture, err = encoded(picture, 82); err != nil {
		return Shown{}, err
	}
	shown.Thumbnail, err = encoded(scaled(picture, thumbnailSide), 75)
	return shown, err
}

// affordable reads how large the picture is before anything of it is decoded,
// and leaves r at the beginning.
func affordable(r io.ReadSeeker) (image.Point, error) {
	header, format, err := image.DecodeConfig(bufio.NewReader(r))
	if err != nil {
		return image.Point{}, fmt.Errorf("%w: %w", ErrNotShown, err)
	}
	size := image.Pt(header.Width, header.Height)
	if size.X < 1 || size.Y < 1 || size.X > maxSide || size.Y > maxSide {
		return size, fmt.Errorf("%w: %d by %d pixels", ErrNotShown, size.X, size.Y)
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return size, fmt.Errorf("reading a picture: %w", err)
	}
	perPixel := bytesPerPixel(header.ColorModel)
	if format == "jpeg" {
		if progressive(bufio.NewReader(r)) {
			perPixel += 12 // coefficients of four bytes, for three components
		}
		if _, err := r.Seek(0, io.SeekStart); err != nil {
			return size, fmt.Errorf("reading a picture: %w", err)
		}
	}
	if int64(size.X)*int64(size.Y)*perPixel > maxDecoded {
		return size, fmt.Errorf("%w: %d by %d pixels are too many", ErrNotShown, size.X, size.Y)
	}
	return size, nil
}

func bytesPerPixel(model color.Model) int64 {
	switch model {
	case color.RGBA64Model, color.NRGBA64Model:
		return 8
	case color.YCbCrModel:
		return 3
	case color.Gray16Model, color.Alpha16Model:
		return 2
	case color.GrayModel, color.AlphaModel:
		return 1
	}
	if _, ok := model.(color.Palette); ok {
		return 1
	}
	return 4
}

// progressive reports whether a JPEG is decoded in several passes, which takes
// memory for all of its coefficients (ITU-T T.81, B.1.1.3: SOF2).
func progressive(r *bufio.Reader) bool {
	var marker [4]byte
	if _, err := io.ReadFull(r, marker[:2]); err != nil {
		return true
	}
	for {
		if _, err := io.ReadFull(r, marker[:]); err != nil || marker[0] != 0xFF {
			return true // unusual: counted as the dearer
		}
		switch marker[1] {
		case 0xC0, 0xC1:
			return false
		case 0xC2, 0xDA:
			return true
		}
		length := int(binary.BigEndian.Uint16(marker[2:]))
		if _, err := r.Discard(max(length-2, 0)); err != nil {
			return true
		}
	}
}

// scaled is the picture on white, its longer side at most side.
func scaled(source image.Image, side int) *image.RGBA {
	from := source.Bounds()
	width, height := from.Dx(), from.Dy()
	if longer := max(width, height); longer > side {
		width, height = max(1, width*side/longer), max(1, height*side/longer)
	}
	to := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(to, to.Bounds(), image.White, image.Point{}, draw.Src)
	draw.BiLinear.Scale(to, to.Bounds(), source, from, draw.Over, nil)
	return to
}

// upright turns the picture as its EXIF orientation says: 2, 4, 5 and 7 are
// mirrored, 5 to 8 lie on a side.
func upright(p *image.RGBA, orientation int) *image.RGBA {
	if orientation < 2 || orientation > 8 {
		return p
	}
	w, h := p.Bounds().Dx(), p.Bounds().Dy()
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	turned := image.NewRGBA(size)
	for y := range h {
		for x := range w {
			tx, ty := x, y
			switch orientation {
			case 2:
				tx = w - 1 - x
			case 3:
				tx, ty = w-1-x, h-1-y
			case 4:
				ty = h - 1 - y
			case 5:
				tx, ty = y, x
			case 6:
				tx, ty = h-1-y, x
			case 7:
				tx, ty = h-1-y, w-1-x
			case 8:
				tx, ty = y, w-1-x
			}
			turned.SetRGBA(tx, ty, p.RGBAAt(x, y))
		}
	}
	return turned
}

func encoded(p image.Image, quality int) ([]byte, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, p, &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("encoding a picture: %w", err)
	}
	return b.Bytes(), nil
}
