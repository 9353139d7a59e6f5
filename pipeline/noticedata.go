package pipeline

import (
	"strconv"
	"strings"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/templates"
)

// data is what the template of a notice may show.
func (s *sending) data(n cases.Notice, r recipient) templates.Data {
	c := s.kase
	d := templates.Data{
		Jurisdiction: s.org.Jurisdiction.Name, Location: s.org.Location(), Now: s.step.At,
		Text: n.Text, FormURL: s.PublicURL + "/complaints/new", OptOut: r.format.Medium == "sms",
		Action: n.Data["action"], Link: n.Data["link"], Channel: r.address.Channel,
		Choices: s.choices, Linked: n.Data["linked"], LeftOut: leftCases(n.Data["left"]),
	}
	if d.Count, _ = strconv.Atoi(n.Data["count"]); d.Count == 0 {
		d.Count = len(s.choices)
	}
	if c.Reference == "" {
		if n.Data["account"] != "" {
			d.Channel, d.Account = n.Data["channel"], n.Data["account"]
		}
		if user, ok := s.org.User(r.login); ok {
			d.Officer = user.Name
		}
		return d
	}
	d.Reference, d.Type, d.Status, d.Priority = string(c.Reference), string(c.Type), string(c.Status), string(c.Priority)
	d.Subject, d.Place, d.Level, d.Rating = brief(c), c.Place, c.Level, c.Rating
	d.Service = s.org.ServiceName(c.Service, r.language)
	d.Department = s.org.DepartmentName(c.Department, r.language)
	d.Area = s.org.AreaName(c.Area)
	d.Due, d.Deferred, d.ReceivedAt = c.DueAt, c.DeferredUntil, c.ReceivedAt
	if policy, ok := s.org.PolicyNamed(c.Policy); ok && policy.ReopenWithin.N > 0 {
		d.Reopen = days(policy.ReopenWithin)
	}
	if n.To == cases.ToComplainant {
		d.Matters, _ = strconv.Atoi(n.Data["matters"])
		d.Wordless = n.Data["wordless"] != ""
		d.TrackURL = s.PublicURL + "/track/" + c.Token
		return d
	}
	sent := s.withMessage
	if showsCase(n.Kind) {
		sent = s.withCase
		d.Text = strings.TrimSpace(n.Text + "\n\n" + c.Description)
	}
	d.Files, d.Voice, d.Videos = sent.files, sent.voice, sent.video
	d.Channel = c.Intake
	d.Complainant, d.Contact = s.contact.Name, c.Address
	if address, ok := n.Data["address"]; ok { // the alert is about another one
		d.Complainant, d.Contact, d.Channel = n.Data["name"], address, n.Data["channel"]
	}
	if user, ok := s.org.User(c.Owner); ok {
		d.Officer = user.Name
	}
	for _, e := range s.events {
		d.Events = append(d.Events, templates.Line{At: e.At, Who: e.Actor.String(), What: strings.TrimSpace(string(e.Kind) + " " + e.Note)})
	}
	for _, f := range c.Facts {
		d.Facts = append(d.Facts, templates.Fact(f))
	}
	d.Forwarded = n.Data[dataForwarded]
	for _, reason := range c.Reasons {
		switch {
		case reason.Decision == "urgency":
			d.Danger = reason.Value
		case reason.Decision == reasonForwarded && showsCase(n.Kind):
			d.Forwarded = reason.Value
		}
		d.Reasons = append(d.Reasons, reason.Why)
	}
	return d
}

// leftCases reads the linked cases that an order left out: "C-7K2M-9QXT=department …".
func leftCases(text string) []templates.LeftOut {
	var list []templates.LeftOut
	for _, field := range strings.Fields(text) {
		ref, why, _ := strings.Cut(field, "=")
		list = append(list, templates.LeftOut{Reference: ref, Why: why})
	}
	return list
}

// brief is the subject of a case, or the first words of its description.
func brief(c cases.Case) string {
	if c.Subject != "" {
		return c.Subject
	}
	words := strings.Fields(c.Description)
	line := strings.Join(words[:min(len(words), 14)], " ")
	if len(words) > 14 {
		line += " …"
	}
	return line
}

// days is a calendar duration in whole days.
func days(d cases.Duration) int {
	switch d.Unit {
	case cases.Days, cases.WorkingDays:
		return d.N
	case cases.Hours, cases.WorkingHours:
		return d.N / 24
	}
	return 0
}

// staffButtons are the buttons of a card; each sends a command.
func (s *sending) staffButtons(n cases.Notice, r recipient) [][]store.Button {
	if !r.format.Buttons || s.kase.Reference == "" {
		return nil
	}
	button := func(name string) store.Button {
		return store.Button{Label: s.Templates.Label(r.language, name), Data: "/" + name + " " + string(s.kase.Reference)}
	}
	details := store.Button{Label: s.Templates.Label(r.language, "details"), Data: "/case " + string(s.kase.Reference)}
	switch {
	case n.Kind == cases.AlertFollowUp:
		return [][]store.Button{{button("reply"), button("resolve"), details}}
	case !isCard(n.Kind) && n.Kind != cases.AlertUpdated && n.Kind != cases.AlertReminder:
		return nil
	case !s.kase.Status.Open():
		return [][]store.Button{{details}}
	}
	first := []store.Button{button("reply"), button("ask")}
	if s.kase.AcceptedAt == nil {
		first = append([]store.Button{button("accept")}, first...)
	}
	last := []store.Button{details}
	if parent := s.kase.SuggestedParent(); parent != "" {
		link := button("link")
		link.Label += " " + string(parent)
		link.Data += " " + string(parent)
		last = append(last, link)
	}
	return [][]store.Button{first, {button("defer"), button("forward"), button("resolve")}, last}
}

// complainantButtons save typing the keywords.
func (s *sending) complainantButtons(n cases.Notice, r recipient) [][]store.Button {
	if !r.format.Buttons || s.kase.Reference == "" {
		return nil
	}
	ref := string(s.kase.Reference)
	status := store.Button{Label: s.Templates.Label(r.language, "status"), Data: "STATUS " + ref}
	reopen := store.Button{Label: s.Templates.Label(r.language, "reopen"), Data: "REOPEN " + ref}
	switch n.Kind {
	case cases.NoticeAcknowledged:
		if n.Data["matters"] != "" {
			split := store.Button{Label: s.Templates.Label(r.language, "split"), Data: "SPLIT " + ref}
			return [][]store.Button{{split, status}}
		}
		return [][]store.Button{{status}}
	case cases.NoticeOfferReopen:
		return [][]store.Button{{reopen}}
	case cases.NoticeResolved:
		var stars []store.Button
		for n := 1; n <= 5; n++ {
			stars = append(stars, store.Button{Label: strconv.Itoa(n), Data: "RATE " + ref + " " + strconv.Itoa(n)})
		}
		return [][]store.Button{stars, {reopen}}
	}
	return nil
}
