package main

import (
	"fmt"
	"io"
	"time"

	"github.com/redress-cms/redress/cases"
)

type routeCommand struct {
	Test routeTestCommand `cmd:"" help:"Service, priority, department, owner, policy and due time of a text, and why."`
}

type routeTestCommand struct {
	Text    string `required:"" help:"What the complainant wrote."`
	Subject string `help:"Subject of a mail."`
	Channel string `help:"Channel it comes in on." default:"email"`
	From    string `help:"Sender's address; for the record only."`
	Lang    string `help:"Language hint (BCP 47)."`
	Area    string `help:"Area code, if chosen on a form."`
}

// Help is shown by `redress route test --help`.
func (routeTestCommand) Help() string {
	return "It uses the very rules of production, and changes nothing.\n\n" +
		"Example:\n\n  redress route test --text \"Water is leaking from a burst pipe near the school in Ward 4\""
}

// routeView is the JSON of route test.
type routeView struct {
	Service      *string        `json:"service"`
	Priority     string         `json:"priority"`
	Area         *string        `json:"area"`
	Language     string         `json:"language"`
	Department   *string        `json:"department"`
	Owner        *string        `json:"owner"`
	Level        int            `json:"level"`
	Policy       *string        `json:"policy"`
	DueAt        *time.Time     `json:"due_at"`
	Facts        []cases.Fact   `json:"facts"`
	Why          []cases.Reason `json:"why"`
	Alternatives []alternative  `json:"alternatives"`
	Opinions     opinions       `json:"opinions"`
}

// opinions are what the keywords and the lessons say, each by itself.
type opinions struct {
	Keywords keywordOpinion `json:"keywords"`
	Learned  cases.Opinion  `json:"learned"`
}

// keywordOpinion is the service by the keywords alone.
type keywordOpinion struct {
	Service *string `json:"service"`
	Why     string  `json:"why"`
}

// alternative is a service that was considered too.
type alternative struct {
	Service string `json:"service"`
	Score   int    `json:"score"`
}

// Run classifies and routes without saving.
func (c routeTestCommand) Run(r *invocation) error {
	a, err := r.open()
	if err != nil {
		return err
	}
	org, err := a.Office.Organisation(r.Context)
	if err != nil {
		return err
	}
	if err := checkCodes(org, "", c.Area); err != nil {
		return err
	}
	text := cases.Text{Subject: c.Subject, Body: c.Text, Language: c.Lang, AreaHint: c.Area}
	words := org.Classify(text)
	learned, err := a.Office.Opinion(r.Context, org, words.Language, text)
	if err != nil {
		return err
	}
	found, err := a.Office.Classify(r.Context, org, text)
	if err != nil {
		return err
	}
	load, err := a.Store.OwnerLoad(r.Context, "")
	if err != nil {
		return fmt.Errorf("counting open cases: %w", err)
	}
	desk := cases.Desk{Org: org, At: a.Clock.Now(), By: cases.System, Load: load}
	change, err := desk.Register(cases.Draft{
		Reference: "test", Token: "test", Intake: c.Channel, Channel: c.Channel, Address: c.From,
		Subject: c.Subject, Description: c.Text, Classification: found,
	})
	if err != nil {
		return err
	}
	k := change.Case
	view := routeView{
		Service: null(k.Service), Priority: string(k.Priority), Area: null(k.Area), Language: k.Language,
		Department: null(k.Department), Owner: null(k.Owner), Level: k.Level, Policy: null(k.Policy), DueAt: k.DueAt,
		Facts: append([]cases.Fact{}, k.Facts...), Why: k.Reasons, Alternatives: []alternative{},
	}
	view.Opinions.Learned = learned
	view.Opinions.Keywords.Service = null(words.Service)
	for _, reason := range words.Reasons {
		if reason.Decision == "service" {
			view.Opinions.Keywords.Why = reason.Why
		}
	}
	for _, other := range found.Alternatives {
		view.Alternatives = append(view.Alternatives, alternative(other))
	}
	return r.print(view, func(w io.Writer) { r.printRoute(w, view) })
}

func (r *invocation) printRoute(w io.Writer, v routeView) {
	r.printFields(w, "service", v.Service, "priority", v.Priority, "area", v.Area, "language", v.Language,
		"department", v.Department, "owner", fmt.Sprintf("%s (level %d)", text(v.Owner), v.Level),
		"policy", v.Policy, "due", v.DueAt)
	section(w, "Facts", v.Facts, func(f cases.Fact) string { return fmt.Sprintf("%-10s %s", f.Kind, f.Value) })
	section(w, "Why", v.Why, func(reason cases.Reason) string {
		return fmt.Sprintf("%-10s %s: %s", reason.Decision, reason.Value, reason.Why)
	})
	learned := v.Opinions.Learned
	fmt.Fprintf(w, "\nOpinions\n  %-10s %s: %s\n  %-10s %s: %s\n",
		"keywords", text(v.Opinions.Keywords.Service), v.Opinions.Keywords.Why, "learned", text(null(learned.Service)), learned.Why)
	section(w, "Also considered", v.Alternatives, func(a alternative) string { return a.Service })
}

// checkCodes refuses codes of a service or an area that do not exist.
func checkCodes(org *cases.Organisation, service, area string) error {
	if _, ok := org.Service(service); service != "" && !ok {
		return fmt.Errorf("there is no service %s; see: redress org export", service)
	}
	if _, ok := org.Area(area); area != "" && !ok {
		return fmt.Errorf("there is no area %s; see: redress org export", area)
	}
	return nil
}
