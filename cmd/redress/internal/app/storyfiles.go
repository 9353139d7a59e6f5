package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels/web"
)

// ownMessage reports whether the complainant sent a message. Others are shown
// only what was made of the pixels of their files, and the other way round.
func ownMessage(m cases.Message) bool {
	return m.Direction == cases.In && m.Login == "" && !m.Participant
}

// storyFiles are the files of a message as the tracking page shows them.
func storyFiles(m cases.Message) []web.StoryFile {
	var files []web.StoryFile
	for _, a := range m.Attachments {
		file := web.StoryFile{Name: a.Filename, State: web.FileHeld}
		switch {
		case a.State.Shown():
			file.State = web.FileReady
			file.ID, file.Original, file.Picture = a.PublicID, ownMessage(m), a.Picture != "" && a.Thumbnail != ""
		case a.State == cases.AttachmentInfected:
			file.State = web.FileRefused
		}
		if ownMessage(m) || file.Picture {
			files = append(files, file)
		}
	}
	return files
}

// File implements web.Stories: a file of the case behind a token.
func (s stories) File(ctx context.Context, token, id string, version web.FileVersion) (web.OpenFile, error) {
	c, err := s.Store.CaseByToken(ctx, token)
	if errors.Is(err, store.ErrNotFound) {
		return web.OpenFile{}, web.ErrNotFound
	}
	if err != nil {
		return web.OpenFile{}, fmt.Errorf("reading the case of a token: %w", err)
	}
	a, m, err := s.Store.CaseAttachment(ctx, c.ID, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && (m.Held || !a.State.Shown()) {
		return web.OpenFile{}, web.ErrNotFound
	}
	if err != nil {
		return web.OpenFile{}, fmt.Errorf("reading a file of a token: %w", err)
	}
	name := ""
	switch {
	case version == web.FilePicture:
		name = a.Picture
	case version == web.FileThumbnail:
		name = a.Thumbnail
	case ownMessage(m):
		name = a.SHA256
	}
	if name == "" {
		return web.OpenFile{}, web.ErrNotFound
	}
	content, size, err := s.Files.Open(ctx, name)
	if err != nil {
		return web.OpenFile{}, fmt.Errorf("opening a file of a token: %w", err)
	}
	return web.OpenFile{Name: a.Filename, Size: size, Content: content}, nil
}
