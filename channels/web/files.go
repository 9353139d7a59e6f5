package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
)

// FileVersion says in which form a file is asked for.
type FileVersion string

// The versions of a file. What is not the original was made by us of nothing
// but its pixels, and is all that a page shows.
const (
	FileOriginal  FileVersion = ""          // as sent, as a download
	FilePicture   FileVersion = "picture"   // JPEG
	FileThumbnail FileVersion = "thumbnail" // JPEG, small
)

// FileState says whether a file can be had.
type FileState string

// The states of a file.
const (
	FileReady   FileState = "ready"
	FileHeld    FileState = "held"    // it is still looked at
	FileRefused FileState = "refused" // it is harmful
)

// StoryFile is a file of a message. Only what is ready has more than a name.
type StoryFile struct {
	Name     string
	State    FileState
	ID       string // of its address; empty: it has none
	Original bool   // can be downloaded
	Picture  bool   // has a picture and a thumbnail
}

// OpenFile is a file to be handed out.
type OpenFile struct {
	Name    string // safe to show
	Size    int64  // bytes
	Content io.ReadCloser
}

// filePolicy keeps a browser from running anything in a file that it shows
// against our wish.
const filePolicy = "default-src 'none'; sandbox"

func (s *site) original(w http.ResponseWriter, r *http.Request)  { s.file(w, r, FileOriginal) }
func (s *site) picture(w http.ResponseWriter, r *http.Request)   { s.file(w, r, FilePicture) }
func (s *site) thumbnail(w http.ResponseWriter, r *http.Request) { s.file(w, r, FileThumbnail) }

// file hands out a file of the case that the request's token opens; anything
// else gets the answer of a token that opens nothing.
func (s *site) file(w http.ResponseWriter, r *http.Request, version FileVersion) {
	w.Header().Set("X-Robots-Tag", "noindex, nofollow")
	client := s.client(r)
	if !s.guesses.take(client, s.config.Now()) {
		s.busy(w, r)
		return
	}
	token, id := r.PathValue("token"), r.PathValue("id")
	file, err := OpenFile{}, ErrNotFound
	if len(token) <= 200 && len(id) <= 200 {
		file, err = s.config.Stories.File(r.Context(), token, id, version)
	}
	if errors.Is(err, ErrNotFound) {
		s.problem(w, r, http.StatusNotFound, "unknown")
		return
	}
	s.guesses.giveBack(client, s.config.Now())
	if err != nil {
		s.config.Logger.Error("file of a tracking page", "channel", Channel, "account", s.config.Account, "error", err)
		s.problem(w, r, http.StatusServiceUnavailable, "away")
		return
	}
	defer func() { _ = file.Content.Close() }() // it was only read
	h := w.Header()
	h.Set("Content-Security-Policy", filePolicy)
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Length", strconv.FormatInt(file.Size, 10))
	if version == FileOriginal {
		// Never its own type: nothing of it is shown in our name.
		h.Set("Content-Type", "application/octet-stream")
		h.Set("Content-Disposition", disposition(file.Name))
	} else {
		h.Set("Content-Type", "image/jpeg")
		h.Set("Content-Disposition", "inline")
	}
	_, _ = io.CopyN(w, file.Content, file.Size) // the client's loss
}

// disposition makes a file a download under its name (RFC 6266, RFC 8187).
func disposition(name string) string {
	if value := mime.FormatMediaType("attachment", map[string]string{"filename": name}); value != "" {
		return value
	}
	return "attachment"
}
