package pipeline

import (
	"context"
	"fmt"
	"slices"

	"github.com/redress-cms/redress/cases"
)

// attached is how many files the complainant sent along.
type attached struct {
	files int
	voice int // of them, to be listened to
	video int // of them, to be watched
}

func (a *attached) count(m cases.Message) {
	if m.Direction != cases.In || m.VersionOf != 0 {
		return
	}
	for _, file := range m.Attachments {
		a.files++
		switch {
		case file.Spoken():
			a.voice++
		case file.Watched():
			a.video++
		}
	}
}

// countFiles counts the files of the message at hand and, where a card shows
// the whole case, of all.
func (s *sending) countFiles(ctx context.Context, notices []cases.Notice) error {
	for _, m := range s.step.Messages {
		s.withMessage.count(m)
	}
	if s.step.Addition != nil {
		s.withMessage.count(cases.Message{Direction: cases.In, Attachments: s.step.Addition.Attachments})
	}
	s.withCase = s.withMessage
	if s.kase.ID == 0 || !slices.ContainsFunc(notices, func(n cases.Notice) bool { return showsCase(n.Kind) }) {
		return nil
	}
	earlier, err := s.Store.Messages(ctx, s.kase.ID)
	if err != nil {
		return fmt.Errorf("reading the conversation: %w", err)
	}
	s.earlier = earlier
	for _, m := range earlier {
		s.withCase.count(m)
		s.hasFuller = s.hasFuller || leftOut(m)
	}
	return nil
}

// showsCase reports whether a notice shows staff the whole case.
func showsCase(kind cases.NoticeKind) bool {
	return isCard(kind) || kind == cases.AlertUpdated || kind == cases.AnswerCase
}
