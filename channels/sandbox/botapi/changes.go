package botapi

import "fmt"

// SendAlbum lets a person send several pictures at once: as many messages that
// share a media group, the caption with the first. It returns their ids.
func (s *Server) SendAlbum(chatID, from int64, caption string, pictures ...[]byte) (messageIDs []int, err error) {
	s.mu.Lock()
	s.nextFile++
	group := fmt.Sprintf("1399%012d", s.nextFile)
	s.mu.Unlock()
	for i, data := range pictures {
		id := s.store("photos", ".jpg", data)
		text := caption
		if i > 0 {
			text = ""
		}
		messageID, err := s.speak(chatID, from, 0, func(m *Message) {
			m.Caption, m.MediaGroup = text, group
			m.Photo = []PhotoSize{{FileID: id, UniqueID: "u" + id, Width: 1280, Height: 853, Size: len(data)}}
		})
		if err != nil {
			return nil, err
		}
		messageIDs = append(messageIDs, messageID)
	}
	return messageIDs, nil
}

// Forward lets a person pass on what somebody else wrote, who is named name.
func (s *Server) Forward(chatID, from int64, name, text string) (messageID int, err error) {
	return s.speak(chatID, from, 0, func(m *Message) {
		m.Text = text
		m.Origin = &Origin{Type: "hidden_user", Date: s.config.Now().Unix(), UserName: name}
	})
}

// EditText lets a person change the words of an own message, or the caption of
// an own file.
func (s *Server) EditText(chatID, from int64, messageID int, text string) error {
	return s.change(chatID, from, messageID, func(m *Message) error {
		if len(m.Photo) > 0 || m.Document != nil || m.Voice != nil || m.Audio != nil || m.Video != nil {
			m.Caption = text
		} else {
			m.Text = text
		}
		return nil
	})
}

// Move lets a person's live location move.
func (s *Server) Move(chatID, from int64, messageID int, latitude, longitude float64) error {
	return s.change(chatID, from, messageID, func(m *Message) error {
		if m.Location == nil {
			return fmt.Errorf("message %d is no location", messageID)
		}
		m.Location = &Location{Latitude: latitude, Longitude: longitude}
		return nil
	})
}

// change alters a person's own message and tells the bot.
func (s *Server) change(chatID, from int64, messageID int, alter func(*Message) error) error {
	defer s.ring()
	s.mu.Lock()
	defer s.mu.Unlock()
	c, person, err := s.present(chatID, from)
	if err != nil {
		return err
	}
	m := c.find(messageID)
	if m == nil || m.From == nil || m.From.ID != person.ID {
		return fmt.Errorf("person %d wrote no message %d", from, messageID)
	}
	if err := alter(m); err != nil {
		return err
	}
	m.EditDate = s.config.Now().Unix()
	s.tell(Update{Edited: m.copied()})
	return nil
}
