package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
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
	Status     []string `help:"Only these statuses."`
	Owner      string   `help:"Only cases of this officer." placeholder:"LOGIN"`
	Department string   `help:"Only cases of this department." placeholder:"CODE"`
	Service    string   `help:"Only this service." placeholder:"CODE"`
	Overdue    bool     `help:"Only open cases past their due time."`
	Limit      int      `help:"At most this many." default:"100"`
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
	filter := store.CaseFilter{Owner: c.Owner, Department: c.Department, Service: c.Service, Limit: c.Limit}
	for _, status := range c.Status {
		filter.Statuses = append(filter.Statuses, cases.Status(strings.ToLower(status)))
	}
	if c.Overdue {
		now := time.Now().UTC()
		filter.Overdue = &now
	}
	views, err := a.Cases(r.Context, filter)
	if err != nil {
		return err
	}
	return r.print(views, func(w io.Writer) { printCases(w, views) })
}

func printCases(w io.Writer, views []app.CaseView) {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "REFERENCE\tSTATUS\tLEVEL\tPRIORITY\tSERVICE\tAREA\tDEPARTMENT\tOWNER\tDUE")
	for _, v := range views {
		fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\n", v.Reference, v.Status, v.Level, v.Priority,
			text(v.Service), text(v.Area), text(v.Department), text(v.Owner), when(v.DueAt))
	}
	_ = t.Flush()
}

func when(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04")
}

type caseShowCommand struct {
	Ref string `arg:"" help:"The case's reference."`
}

// Help is shown by `redress case show --help`.
func (caseShowCommand) Help() string { return "Example:\n\n  redress case show C-7K2M-9QXT" }

// Run prints the story of one case.
func (c caseShowCommand) Run(r *invocation) error {
	ref, err := cases.ParseReference(c.Ref)
	if err != nil {
		return err
	}
	a, err := r.open()
	if err != nil {
		return err
	}
	story, err := a.Story(r.Context, ref)
	if err != nil {
		return notFound(err, "there is no case %s", ref)
	}
	return r.print(story, func(w io.Writer) { printStory(w, story) })
}

func printStory(w io.Writer, s app.CaseStory) {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(t, name+"\t"+format+"\n", args...) }
	row("reference", "%s (%s)", s.Reference, s.Type)
	row("status", "%s, level %d, stage %d, priority %s", s.Status, s.Level, s.Stage, s.Priority)
	row("service", "%s", text(s.Service))
	row("area", "%s", text(s.Area))
	row("department", "%s, owner %s", text(s.Department), text(s.Owner))
	row("contact", "%s %s", s.Contact.Name, strings.Join(s.Contact.Addresses, ", "))
	row("received", "%s by %s, in %s", s.ReceivedAt.Local().Format("2006-01-02 15:04"), s.Channel, s.Language)
	row("due", "%s (policy %s)", when(s.DueAt), text(s.Policy))
	if s.ResolvedAt != nil {
		row("resolved", "%s, outcome %s", when(s.ResolvedAt), text(s.Outcome))
	}
	_ = t.Flush()
	fmt.Fprintf(w, "\n%s\n%s\n", s.Subject, s.Description)
	section(w, "Why", len(s.Reasons), func(i int) string {
		return fmt.Sprintf("%-10s %s: %s", s.Reasons[i].Decision, s.Reasons[i].Value, s.Reasons[i].Why)
	})
	section(w, "Messages", len(s.Messages), func(i int) string {
		m := s.Messages[i]
		return fmt.Sprintf("%s %-3s %-11s %s %s [%s]\n      %s", m.At.Local().Format("2006-01-02 15:04:05"), m.Direction, m.To,
			m.Channel, m.Address, m.State, strings.ReplaceAll(strings.TrimSpace(m.Text), "\n", "\n      "))
	})
	section(w, "Events", len(s.Events), func(i int) string {
		e := s.Events[i]
		return fmt.Sprintf("%s %-12s %s %s", e.At.Local().Format("2006-01-02 15:04:05"), e.Kind, e.Actor, e.Note)
	})
	section(w, "Next", len(s.Timers), func(i int) string {
		return fmt.Sprintf("%s %s", s.Timers[i].At.Local().Format("2006-01-02 15:04:05"), s.Timers[i].Kind)
	})
}

func section(w io.Writer, title string, n int, line func(int) string) {
	if n == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", title)
	for i := range n {
		fmt.Fprintf(w, "  %s\n", line(i))
	}
}
