package botapi

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"unicode/utf16"
)

// The provider's bounds of what a bot uploads.
const (
	maxCaption = 1024     // UTF-16 units, of the text under a file
	maxUpload  = 50 << 20 // bytes
)

// sendFile takes a file as a part of the form, as the bot uploads it. The part
// has the name of its kind: photo, voice, audio, video, document.
func (s *Server) sendFile(part string) method {
	return func(r *http.Request, p params) (any, error) {
		if r.MultipartForm == nil || len(r.MultipartForm.File[part]) != 1 {
			return nil, badRequest("there is no " + part + " in the request")
		}
		header := r.MultipartForm.File[part][0]
		file, err := header.Open()
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }() // it is in memory
		data, err := io.ReadAll(file)
		switch {
		case err != nil:
			return nil, err
		case len(data) > maxUpload:
			return nil, &apiError{code: 413, description: "Request Entity Too Large"}
		case part == "photo" && !strings.HasPrefix(http.DetectContentType(data), "image/"):
			return nil, badRequest("IMAGE_PROCESS_FAILED")
		case len(utf16.Encode([]rune(p.get("caption")))) > maxCaption:
			return nil, badRequest("message caption is too long")
		}
		m := &Message{From: &s.bot, Caption: p.get("caption")}
		m.bring(kindOf(part, data), s.store(part+"s", ".bin", data), header.Filename, len(data))
		return s.deliver(m, part, p)
	}
}

// kindOf is what the provider makes of a file: what is not of the form that a
// method asks for is shown as a document.
func kindOf(part string, data []byte) string {
	found := http.DetectContentType(data)
	switch {
	case part == "voice" && !bytes.Contains(data[:min(len(data), 64)], []byte("OpusHead")),
		part == "audio" && found != "audio/mpeg" && found != "video/mp4",
		part == "video" && found != "video/mp4":
		return "document"
	}
	return part
}

// bring puts a file into a message.
func (m *Message) bring(kind, id, name string, size int) {
	file := &File{FileID: id, UniqueID: "u" + id, Name: name, Size: size}
	switch kind {
	case "photo":
		m.Photo = []PhotoSize{{FileID: id, UniqueID: "u" + id, Size: size}}
	case "voice":
		m.Voice = file
	case "audio":
		m.Audio = file
	case "video":
		m.Video = file
	default:
		m.Document = file
	}
}

// deliver adds a message of the bot's that brings a file.
func (s *Server) deliver(m *Message, part string, p params) (any, error) {
	defer s.ring()
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.recipient(p)
	if err != nil {
		return nil, err
	}
	if part == "voice" && c.noVoice {
		return nil, badRequest("VOICE_MESSAGES_FORBIDDEN")
	}
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
