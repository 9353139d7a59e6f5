package configs

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/redress-cms/redress/cases"
)

// ExportOrganisation writes an organisation as a file that ParseOrganisation
// reads back as the same.
func ExportOrganisation(o *cases.Organisation) ([]byte, error) {
	f := organisationFile{
		Jurisdiction: jurisdictionFile(o.Jurisdiction),
		Routes:       exportRoute(o.Routes),
		Rules: rulesFile{
			Settle: timespan(o.Rules.Settle), FloodLimit: o.Rules.FloodLimit, FloodWindow: timespan(o.Rules.FloodWindow),
			RecentTalk: timespan(o.Rules.RecentTalk), Urgent: o.Rules.Urgent, SimilarWithin: timespan(o.Rules.Similar), MassEvent: o.Rules.MassEvent,
			AlertExpiry: timespan(o.Rules.AlertExpiry), NoticeExpiry: timespan(o.Rules.NoticeExpiry),
			Splitting: string(o.Rules.Splitting),
		},
	}
	for _, c := range o.Calendars {
		f.Calendars = append(f.Calendars, exportCalendar(c))
	}
	for _, p := range o.Policies {
		f.Policies = append(f.Policies, exportPolicy(p))
	}
	for _, d := range o.Departments {
		dep := departmentFile{Code: d.Code, Name: d.Name, Names: d.Names, Parent: d.Parent}
		if d.Alerts != nil {
			dep.Alerts = &alertsFile{Channel: d.Alerts.Channel, Address: d.Alerts.Value}
		}
		f.Departments = append(f.Departments, dep)
	}
	for _, a := range o.Areas {
		f.Areas = append(f.Areas, areaFile{Code: a.Code, Name: a.Name, Aliases: a.Aliases, Geometry: geometry(a.Geometry)})
	}
	for _, u := range o.Users {
		f.Users = append(f.Users, exportUser(u))
	}
	f.Learning.Confidence, f.Learning.Minimum = o.Learning.Confidence, o.Learning.Minimum
	if enabled := false; o.Learning.Disabled {
		f.Learning.Enabled = &enabled
	}
	for _, fact := range o.Facts {
		f.Facts = append(f.Facts, factFile(fact))
	}
	for _, a := range o.Rules.Alarms {
		f.Rules.Alarms = append(f.Rules.Alarms, alarmFile(a))
	}
	for _, s := range o.Services {
		f.Services = append(f.Services, exportService(s))
	}
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(f); err != nil {
		return nil, fmt.Errorf("export organisation: %w", err)
	}
	return b.Bytes(), nil
}

func exportCalendar(c cases.Calendar) calendarFile {
	var week [7][]shift
	for day, shifts := range c.Week {
		for _, s := range shifts {
			week[day] = append(week[day], shift(s))
		}
	}
	f := calendarFile{Name: c.Name, Week: weekFile{
		Mon: week[time.Monday], Tue: week[time.Tuesday], Wed: week[time.Wednesday], Thu: week[time.Thursday],
		Fri: week[time.Friday], Sat: week[time.Saturday], Sun: week[time.Sunday],
	}}
	for _, h := range c.Holidays {
		f.Holidays = append(f.Holidays, holidayFile{Date: date(h.Date), Name: h.Name})
	}
	return f
}

func exportPolicy(p cases.Policy) policyFile {
	f := policyFile{
		Name: p.Name, Calendar: p.Calendar, AcknowledgeWithin: p.AcknowledgeWithin, RespondWithin: p.RespondWithin,
		ResolveWithin: p.ResolveWithin, Extension: extensionFile(p.Extension),
		ReopenWithin: p.ReopenWithin, CloseAfterResolution: p.CloseAfterResolution,
	}
	for _, share := range p.RemindAt {
		f.RemindAt = append(f.RemindAt, percent(share))
	}
	for _, s := range p.Ladder {
		f.Ladder = append(f.Ladder, stepFile(s))
	}
	return f
}

func exportRoute(r cases.Route) routeFile {
	f := routeFile{
		Match: matchFile(r.Match), Department: r.Department, Owner: r.Owner, Policy: r.Policy, Priority: r.Priority,
	}
	for _, child := range r.Routes {
		f.Routes = append(f.Routes, exportRoute(child))
	}
	return f
}

// exportUser writes the addresses in their short forms where those say the
// same in the same order.
func exportUser(u cases.User) userFile {
	f := userFile{
		Login: u.Login, Name: u.Name, Roles: u.Roles, Department: u.Department, Areas: u.Areas,
		Level: u.Level, Language: u.Language, Disabled: u.Disabled,
	}
	order := []string{telegram, sms, email}
	last := -1
	for _, a := range u.Addresses {
		place := slices.Index(order, a.Channel)
		if place <= last { // none of the three, out of order, or a second one
			return exportAddresses(f, u.Addresses)
		}
		last = place
		switch a.Channel {
		case telegram:
			f.Telegram = a.Value
		case sms:
			f.Phone = a.Value
		case email:
			f.Email = a.Value
		}
	}
	return f
}

func exportAddresses(f userFile, addresses []cases.Address) userFile {
	f.Telegram, f.Phone, f.Email = "", "", ""
	for _, a := range addresses {
		f.Addresses = append(f.Addresses, addressEntry{Channel: a.Channel, Address: a.Value})
	}
	return f
}
