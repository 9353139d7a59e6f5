package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/cmd/redress/internal/app"
)

type caseCommand struct {
	List caseListCommand `cmd:"" help:"List cases, newest first."`
	Show caseShowCommand `cmd:"" help:"Print the whole story of a case."`
	caseActions
}

type caseListCommand struct {
	bounded
	Status     []string `help:"Only these: pending, deferred, reforwarded, reopened, escalated, resolved, closed." enum:"pending,deferred,reforwarded,reopened,escalated,resolved,closed" placeholder:"STATUS,..."`
	Owner      string   `help:"Only cases of this officer." placeholder:"LOGIN"`
	Department string   `help:"Only cases of this department." placeholder:"CODE"`
	Service    string   `help:"Only this service." placeholder:"CODE"`
	Area       string   `help:"Only this area." placeholder:"CODE"`
	Overdue    bool     `help:"Only open cases past their due time."`
}

// Help is shown by `redress case list --help`.
func (caseListCommand) Help() string {
	return "Example:\n\n  redress case list --department water --status pending,reopened --json"
}

// Run lists cases.
func (c caseListCommand) Run(r *invocation) error {
	a, err := r.open()
	if err != nil {
		return err
	}
	filter := store.CaseFilter{Owner: c.Owner, Department: c.Department, Service: c.Service, Area: c.Area, Limit: c.Limit}
	for _, status := range c.Status {
		filter.Statuses = append(filter.Statuses, cases.Status(status))
	}
	if c.Overdue {
		now := a.Clock.Now()
		filter.Overdue = &now
	}
	views, err := a.Cases(r.Context, filter)
	if err != nil {
		return err
	}
	return printList(r, views, "REFERENCE STATUS LEVEL PRIORITY SERVICE AREA DEPARTMENT OWNER DUE", func(v app.CaseView) []any {
		return []any{v.Reference, v.Status, v.Level, v.Priority, v.Service, v.Area, v.Department, v.Owner, v.DueAt}
	})
}

type caseShowCommand struct {
	Ref  string `arg:"" help:"The case's reference."`
	Full bool   `help:"Show messages with all their words: quotes, signatures and disclaimers, too."`
}

// Help is shown by `redress case show --help`.
func (caseShowCommand) Help() string {
	return "Examples:\n\n  redress case show C-7K2M-9QXT\n  redress case show C-7K2M-9QXT --full"
}

// Run prints the story of one case.
func (c caseShowCommand) Run(r *invocation) error {
	ref, err := parseReference(c.Ref)
	if err != nil {
		return err
	}
	a, err := r.open()
	if err != nil {
		return err
	}
	story, err := a.Story(r.Context, ref)
	if err != nil {
		return refusal(err, "case "+string(ref), "", "redress case list")
	}
	if !c.Full {
		for i := range story.Messages {
			story.Messages[i].FullText = ""
		}
	}
	return r.print(story, func(w io.Writer) { r.printStory(w, story) })
}

// printStory prints a case with its conversation, history and what comes next.
func (r *invocation) printStory(w io.Writer, s app.CaseStory) {
	r.printFields(w,
		"reference", fmt.Sprintf("%s (%s)", s.Reference, s.Type),
		"status", fmt.Sprintf("%s, level %d, stage %d, priority %s", s.Status, s.Level, s.Stage, s.Priority),
		"service", s.Service, "area", s.Area, "place", s.Place,
		"department", fmt.Sprintf("%s, owner %s", text(s.Department), text(s.Owner)),
		"contact", strings.TrimSpace(fmt.Sprintf("%s %s", s.Contact.Name, strings.Join(s.Contact.Addresses, ", "))),
		"on behalf", s.OnBehalf, "in copy", participants(s.Participants),
		"received", fmt.Sprintf("%s by %s, in %s", r.when(&s.ReceivedAt), s.Channel, s.Language),
		"due", fmt.Sprintf("%s (policy %s)", r.when(s.DueAt), text(s.Policy)),
		"resolved", s.ResolvedAt, "outcome", s.Outcome,
		"links", s.Links)
	fmt.Fprintf(w, "\n%s\n", strings.TrimSpace(string(s.Subject)+"\n"+s.Description))
	section(w, "Facts", s.Facts, func(f cases.Fact) string { return fmt.Sprintf("%-10s %s", f.Kind, f.Value) })
	section(w, "Why", s.Reasons, func(reason cases.Reason) string {
		return fmt.Sprintf("%-10s %s: %s", reason.Decision, reason.Value, reason.Why)
	})
	section(w, "Messages", s.Messages, func(m app.MessageView) string {
		return fmt.Sprintf("%s %-3s %-11s %s %s [%s]\n%s", r.second(m.At), m.Direction, m.To, m.Channel, m.Address, m.State, indented(cmp.Or(m.FullText, m.Text)))
	})
	section(w, "Events", s.Events, func(e app.EventView) string {
		return fmt.Sprintf("%s %-12s %s %s", r.second(e.At), e.Kind, e.Actor, e.Note)
	})
	section(w, "Next", s.Timers, func(t app.TimerView) string { return fmt.Sprintf("%s %s", r.second(t.At), t.Kind) })
}

// participants are those in copy on one line.
func participants(list []app.ParticipantView) string {
	names := make([]string, len(list))
	for i, p := range list {
		names[i] = strings.TrimSpace(string(p.Name) + " " + p.Address)
	}
	return strings.Join(names, ", ")
}

// second is a time in the jurisdiction's time zone, to the second.
func (r *invocation) second(t time.Time) string { return t.In(r.zone).Format(time.DateTime) }

func indented(text string) string {
	return "      " + strings.ReplaceAll(strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n      "), "      \n", "\n")
}

// section prints a list under a title, if there is any.
func section[T any](w io.Writer, title string, list []T, line func(T) string) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", title)
	for _, v := range list {
		fmt.Fprintf(w, "  %s\n", strings.TrimRight(line(v), " "))
	}
}
