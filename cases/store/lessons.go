package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"github.com/redress-cms/redress/cases"
)

// lessonRow is what one case taught.
type lessonRow struct {
	CaseID   int64 `gorm:"primaryKey"`
	Service  key
	Language key
	Words    document[[]string]
}

// TableName implements gorm's Tabler.
func (lessonRow) TableName() string { return "lessons" }

// saveLesson counts the lesson of the case in place of the one it gave before.
func (r *recording) saveLesson() error {
	if r.step.Change == nil || r.step.Change.Lesson == nil {
		return nil
	}
	before, err := one[lessonRow](r.tx, `SELECT * FROM lessons WHERE case_id = ?`, r.caseID)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if err == nil {
		if err := countLesson(r.tx, before, -1); err != nil {
			return err
		}
	}
	now := *r.step.Change.Lesson
	words := make([]string, len(now.Words))
	for i, w := range now.Words {
		words[i] = string(key(w).bounded())
	}
	slices.Sort(words) // all steps take their locks in one order
	row := lessonRow{CaseID: r.caseID, Service: key(now.Service), Language: key(now.Language), Words: document[[]string]{slices.Compact(words)}}
	if _, err := change(r.tx, `INSERT INTO lessons (case_id, service, language, words) VALUES (?, ?, ?, ?)
		ON CONFLICT (case_id) DO UPDATE SET service = excluded.service, language = excluded.language, words = excluded.words`,
		row.CaseID, row.Service, row.Language, row.Words); err != nil {
		return err
	}
	return countLesson(r.tx, row, 1)
}

// countLesson adds one lesson to the counts, or takes it back.
func countLesson(tx *gorm.DB, row lessonRow, by int) error {
	if _, err := change(tx, `INSERT INTO lesson_services (language, service, cases, words) VALUES (?, ?, ?, ?)
		ON CONFLICT (language, service) DO UPDATE SET
			cases = lesson_services.cases + excluded.cases, words = lesson_services.words + excluded.words`,
		row.Language, row.Service, by, by*len(row.Words.V)); err != nil {
		return err
	}
	for _, word := range row.Words.V {
		if _, err := change(tx, `INSERT INTO lesson_words (language, word, service, cases) VALUES (?, ?, ?, ?)
			ON CONFLICT (language, word, service) DO UPDATE SET cases = lesson_words.cases + excluded.cases`,
			row.Language, key(word), row.Service, by); err != nil {
			return err
		}
	}
	return nil
}

// Lessons are the counts of a language that speak of the words.
func (s *Store) Lessons(ctx context.Context, language string, words []string) (cases.Lessons, error) {
	taught := cases.Lessons{Services: map[string]cases.Taught{}, Words: map[string]map[string]int{}}
	totals, err := all[struct {
		Service      string
		Cases, Words int
	}](s.read(ctx), `SELECT service, cases, words FROM lesson_services WHERE language = ? AND cases > 0`, key(language))
	if err != nil {
		return taught, fmt.Errorf("read what was learned: %w", err)
	}
	for _, t := range totals {
		taught.Services[t.Service] = cases.Taught{Cases: t.Cases, Words: t.Words}
	}
	if len(totals) == 0 || len(words) == 0 {
		return taught, nil
	}
	counts, err := all[struct {
		Word, Service string
		Cases         int
	}](s.read(ctx), lessonWordsSQL, key(language), keys(words))
	if err != nil {
		return taught, fmt.Errorf("read what was learned: %w", err)
	}
	for _, c := range counts {
		if taught.Words[c.Word] == nil {
			taught.Words[c.Word] = map[string]int{}
		}
		taught.Words[c.Word][c.Service] = c.Cases
	}
	return taught, nil
}

const lessonWordsSQL = `SELECT word, service, cases FROM lesson_words WHERE language = ? AND word IN ? AND cases > 0`
