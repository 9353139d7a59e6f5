package web

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"unicode"
)

// formOverhead is what a form may weigh besides its files: its text in UTF-8
// and the wrapping of each part.
const formOverhead = 256 << 10

// acceptedTypes are the kinds of file that forms take, by their content.
// Pictures that can carry script (SVG) and pages are not among them.
var acceptedTypes = [...]string{"image/jpeg", "image/png", "image/gif", "image/webp", "application/pdf"}

// errFileType is a file of a kind that is not taken.
var errFileType = errors.New("file is neither picture nor PDF")

// readForm parses what was posted, within the size limit and in memory only.
// When it returns false it has answered the request.
func (s *site) readForm(w http.ResponseWriter, r *http.Request) bool {
	limit := s.config.MaxBytes + formOverhead
	body := r.Body
	r.Body = http.MaxBytesReader(w, body, limit)
	err := r.ParseForm() // ParseMultipartForm alone would hide its error
	if err == nil {
		err = r.ParseMultipartForm(limit)
	}
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil, errors.Is(err, http.ErrNotMultipart):
		return true
	case errors.As(err, &tooLarge), errors.Is(err, multipart.ErrMessageTooLarge):
		// A browser shows our answer only once it has sent everything.
		_, _ = io.CopyN(io.Discard, body, 4*limit)
		s.problem(w, r, http.StatusRequestEntityTooLarge, "large", "Megabytes", s.megabytes())
	default:
		s.problem(w, r, http.StatusBadRequest, "broken")
	}
	return false
}

func (a *Adapter) megabytes() int64 { return a.config.MaxBytes >> 20 }

// filesOf are the files of a form that readForm parsed.
func filesOf(r *http.Request) ([]File, error) {
	if r.MultipartForm == nil {
		return nil, nil
	}
	var files []File
	for _, header := range r.MultipartForm.File["files"] {
		if header.Size == 0 {
			continue
		}
		data, err := contentOf(header)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(acceptedTypes[:], http.DetectContentType(data)) {
			return nil, errFileType
		}
		files = append(files, File{Name: cleanLine(header.Filename, 120), Data: data})
	}
	return files, nil
}

func contentOf(header *multipart.FileHeader) ([]byte, error) {
	f, err := header.Open()
	if err != nil {
		return nil, fmt.Errorf("open uploaded file: %w", err)
	}
	defer func() { _ = f.Close() }() // it is in memory
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("read uploaded file: %w", err)
	}
	return data, nil
}

// cleanText keeps what a person can have typed: valid text with line ends as
// "\n" and without control characters.
func cleanText(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\r\n", "\n")
	s = strings.Map(func(c rune) rune {
		if c != '\n' && c != '\t' && unicode.IsControl(c) {
			return -1
		}
		return c
	}, s)
	return strings.TrimSpace(s)
}

// cleanLine is cleanText on one line of at most limit characters.
func cleanLine(s string, limit int) string {
	runes := []rune(strings.Join(strings.Fields(cleanText(s)), " "))
	return string(runes[:min(limit, len(runes))])
}
