package web

import (
	"net/http"
	"slices"
	"time"

	"github.com/redress-cms/redress/templates/pages"
)

// storyPage is a tracking page. Times are in the jurisdiction's zone.
type storyPage struct {
	frame
	uploadLimits
	Story
	Token, FormToken, Link string
	StatusName, Meaning    string
	Steps                  []step
	Latest                 *StoryMessage  // from us
	History                []historyEntry // newest first
	Marks                  []int

	New                 bool   // just registered
	Done                string // what was just done, in words
	Errors              faults
	TypedText, TypedWhy string
}

// step of the way to a resolution; State is "done", "now" or "next".
type step struct{ Name, State string }

type historyEntry struct {
	At         time.Time
	Name, Text string
}

// publicEvents are the kinds of event that a complainant is shown. What is
// said in messages is shown there.
var publicEvents = [...]string{
	"registered", "routed", "accepted", "deferred", "resumed", "reforwarded", "escalated", "extended",
	"resolved", "reopened", "rated", "closed",
}

func (s *site) showStory(w http.ResponseWriter, r *http.Request, status int, story Story, page storyPage) {
	lang := s.lang(r, story.Language)
	token := r.PathValue("token")
	formToken, err := s.tokens.fresh(purposeTrack + token)
	if err != nil {
		s.config.Logger.Error("tracking page", "channel", Channel, "account", s.config.Account, "error", err)
		s.problem(w, r, http.StatusServiceUnavailable, "away")
		return
	}
	page.frame, page.uploadLimits = s.frame(r, lang), s.uploadLimits()
	page.NoIndex = true
	page.Story = s.localised(story)
	page.Token, page.FormToken, page.Link = token, formToken, s.config.PublicURL+"/track/"+token
	page.StatusName = s.text(lang, "status."+statusText(story))
	page.Meaning = s.text(lang, "meaning."+meaningText(story))
	page.Steps, page.Latest = s.steps(story, lang), latest(page.Messages)
	page.History = s.history(page.Story, lang)
	page.Marks = []int{1, 2, 3, 4, 5}
	s.render(w, status, pages.Story, lang, page)
}

// localised is the story with its times in the jurisdiction's zone.
func (s *site) localised(story Story) Story {
	story.ReceivedAt = s.local(story.ReceivedAt)
	for _, t := range []**time.Time{&story.DueAt, &story.ResolvedAt, &story.ReopenUntil, &story.StatusSince} {
		*t = s.localOrNil(*t)
	}
	story.Messages, story.Events = slices.Clone(story.Messages), slices.Clone(story.Events)
	for i := range story.Messages {
		story.Messages[i].At = s.local(story.Messages[i].At)
	}
	for i := range story.Events {
		story.Events[i].At = s.local(story.Events[i].At)
	}
	return story
}

// latest is our newest message, nil when we did not write yet.
func latest(messages []StoryMessage) *StoryMessage {
	for _, m := range slices.Backward(messages) {
		if m.FromUs && m.Text != "" {
			return &m
		}
	}
	return nil
}

func (s *site) history(story Story, lang string) []historyEntry {
	var entries []historyEntry
	for _, e := range slices.Backward(story.Events) {
		if slices.Contains(publicEvents[:], e.Kind) {
			entries = append(entries, historyEntry{At: e.At, Name: s.text(lang, "events."+e.Kind), Text: e.Text})
		}
	}
	return entries
}

func (s *site) steps(story Story, lang string) []step {
	state := [...]string{"now", "next", "next"}
	switch statusText(story) {
	case "resolved", "closed":
		state = [...]string{"done", "done", "done"}
	case "pending":
	default:
		state = [...]string{"done", "now", "next"}
	}
	return []step{
		{s.text(lang, "steps.received"), state[0]},
		{s.text(lang, "steps.working"), state[1]},
		{s.text(lang, "steps.resolved"), state[2]},
	}
}

// statusText names the text for a status: the status itself, or "accepted" for
// a pending case that an officer took on. One that there is no text for is told
// as pending.
func statusText(story Story) string {
	switch story.Status {
	case "deferred", "reforwarded", "reopened", "escalated", "resolved", "closed":
		return story.Status
	}
	if slices.ContainsFunc(story.Events, func(e StoryEvent) bool { return e.Kind == "accepted" }) {
		return "accepted"
	}
	return "pending"
}

func meaningText(story Story) string {
	status := statusText(story)
	if status == "resolved" && !story.CanReopen {
		return "resolved_final"
	}
	return status
}
