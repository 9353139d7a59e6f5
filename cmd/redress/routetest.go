package main

import (
	"fmt"
	"io"
	"strings"
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
	Service      *string             `json:"service"`
	Priority     string              `json:"priority"`
	Area         *string             `json:"area"`
	Language     string              `json:"language"`
	Department   *string             `json:"department"`
	Owner        *string             `json:"owner"`
	Level        int                 `json:"level"`
	Policy       *string             `json:"policy"`
	DueAt        *time.Time          `json:"due_at"`
	Why          []cases.Reason      `json:"why"`
	Alternatives []cases.Alternative `json:"alternatives"`
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
	found := org.Classify(cases.Text{Subject: c.Subject, Body: c.Text, Language: c.Lang, AreaHint: c.Area})
	load, err := a.Store.OwnerLoad(r.Context, "")
	if err != nil {
		return fmt.Errorf("counting open cases: %w", err)
	}
	desk := cases.Desk{Org: org, At: time.Now().UTC(), By: cases.System, Load: load}
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
		Why: k.Reasons, Alternatives: append([]cases.Alternative{}, found.Alternatives...),
	}
	return r.print(view, func(w io.Writer) { printRoute(w, view) })
}

func printRoute(w io.Writer, v routeView) {
	fmt.Fprintf(w, "service     %s\npriority    %s\narea        %s\nlanguage    %s\ndepartment  %s\nowner       %s (level %d)\npolicy      %s\ndue         %s\n\nwhy\n",
		text(v.Service), v.Priority, text(v.Area), v.Language, text(v.Department), text(v.Owner), v.Level, text(v.Policy), when(v.DueAt))
	for _, reason := range v.Why {
		fmt.Fprintf(w, "  %-10s %s: %s\n", reason.Decision, reason.Value, reason.Why)
	}
	var others []string
	for _, other := range v.Alternatives {
		others = append(others, other.Service)
	}
	if len(others) > 0 {
		fmt.Fprintf(w, "also considered: %s\n", strings.Join(others, ", "))
	}
}

func null(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
