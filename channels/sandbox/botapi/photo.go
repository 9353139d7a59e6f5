package botapi

import (
	"io"
	"net/http"
	"strings"
	"unicode/utf16"
)

// maxCaption is the provider's bound of the text under a picture, in UTF-16 units.
const maxCaption = 1024

// sendPhoto takes a picture as a part of the form, as the bot uploads it.
func (s *Server) sendPhoto(r *http.Request, p params) (any, error) {
	if r.MultipartForm == nil || len(r.MultipartForm.File["photo"]) != 1 {
		return nil, badRequest("there is no photo in the request")
	}
	file, err := r.MultipartForm.File["photo"][0].Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it is in memory
	data, err := io.ReadAll(file)
	switch {
	case err != nil:
		return nil, err
	case !strings.HasPrefix(http.DetectContentType(data), "image/"):
		return nil, badRequest("IMAGE_PROCESS_FAILED")
	case len(utf16.Encode([]rune(p.get("caption")))) > maxCaption:
		return nil, badRequest("message caption is too long")
	}
	id := s.store("photos", ".jpg", data)
	defer s.ring()
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.recipient(p)
	if err != nil {
		return nil, err
	}
	m := &Message{From: &s.bot, Caption: p.get("caption"), Photo: []PhotoSize{{FileID: id, UniqueID: "u" + id, Size: len(data)}}}
	if err := m.setMarkup(p); err != nil {
		return nil, err
	}
	if original := c.find(replyTarget(p)); original != nil {
		m.ReplyTo = original.shallow()
	}
	s.add(c, m)
	return m.copied(), nil
}

// Content is what a file holds that a message of either side brought.
func (s *Server) Content(fileID string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.files[fileID].data
}
