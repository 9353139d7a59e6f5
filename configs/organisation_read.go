package configs

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"github.com/redress-cms/redress/cases"
)

// The channels that the short forms of an address mean.
const (
	telegram = "telegram"
	sms      = "sms"
	email    = "email"
)

// organisation turns what was written into the domain's types.
func (d *decoder) organisation(f organisationFile) *cases.Organisation {
	o := &cases.Organisation{
		Jurisdiction: cases.Jurisdiction(f.Jurisdiction),
		Routes:       f.Routes.route(),
		Rules: cases.Rules{
			Settle: time.Duration(f.Rules.Settle), FloodLimit: f.Rules.FloodLimit,
			FloodWindow: time.Duration(f.Rules.FloodWindow), RecentTalk: time.Duration(f.Rules.RecentTalk),
			Urgent: f.Rules.Urgent, Similar: time.Duration(f.Rules.SimilarWithin), MassEvent: f.Rules.MassEvent, AlertExpiry: time.Duration(f.Rules.AlertExpiry), NoticeExpiry: time.Duration(f.Rules.NoticeExpiry),
			Splitting: cases.Splitting(f.Rules.Splitting),
		},
	}
	for _, c := range f.Calendars {
		o.Calendars = append(o.Calendars, c.calendar())
	}
	for _, p := range f.Policies {
		o.Policies = append(o.Policies, p.policy())
	}
	for i, dep := range f.Departments {
		o.Departments = append(o.Departments, cases.Department{
			Code: dep.Code, Name: dep.Name, Names: dep.Names, Parent: dep.Parent,
			Alerts: d.alerts(fmt.Sprintf("departments[%d].alerts", i), dep.Alerts),
		})
	}
	for _, a := range f.Areas {
		o.Areas = append(o.Areas, cases.Area{Code: a.Code, Name: a.Name, Aliases: a.Aliases, Geometry: cases.Geometry(a.Geometry)})
	}
	d.shapesFile(f, o.Areas)
	for i, u := range f.Users {
		o.Users = append(o.Users, d.user(fmt.Sprintf("users[%d]", i), u, f.Jurisdiction.DefaultRegion))
	}
	o.Learning = cases.Learning{
		Disabled: f.Learning.Enabled != nil && !*f.Learning.Enabled, Confidence: f.Learning.Confidence, Minimum: f.Learning.Minimum,
	}
	for _, fact := range f.Facts {
		o.Facts = append(o.Facts, cases.FactPattern(fact))
	}
	for _, a := range f.Rules.Alarms {
		o.Rules.Alarms = append(o.Rules.Alarms, cases.Alarm(a))
	}
	for _, s := range f.Services {
		o.Services = append(o.Services, s.service())
	}
	return o
}

// domain adds the faults that the domain found, with the places of their paths.
func (d *decoder) domain(err error) {
	var found cases.Faults
	if !errors.As(err, &found) {
		d.faults = append(d.faults, Fault{Place: d.name, Message: err.Error()})
		return
	}
	for _, f := range found {
		d.add(f.Path, "%s", f.Message)
	}
}

func (c calendarFile) calendar() cases.Calendar {
	cal := cases.Calendar{Name: c.Name}
	w := c.Week
	for day, shifts := range map[time.Weekday][]shift{
		time.Monday: w.Mon, time.Tuesday: w.Tue, time.Wednesday: w.Wed, time.Thursday: w.Thu,
		time.Friday: w.Fri, time.Saturday: w.Sat, time.Sunday: w.Sun,
	} {
		for _, s := range shifts {
			cal.Week[day] = append(cal.Week[day], cases.Shift(s))
		}
	}
	for _, h := range c.Holidays {
		cal.Holidays = append(cal.Holidays, cases.Holiday{Date: cases.Date(h.Date), Name: h.Name})
	}
	return cal
}

func (p policyFile) policy() cases.Policy {
	out := cases.Policy{
		Name: p.Name, Calendar: p.Calendar, AcknowledgeWithin: p.AcknowledgeWithin, RespondWithin: p.RespondWithin,
		ResolveWithin: p.ResolveWithin, Extension: cases.Extension(p.Extension),
		ReopenWithin: p.ReopenWithin, CloseAfterResolution: p.CloseAfterResolution,
	}
	for _, share := range p.RemindAt {
		out.RemindAt = append(out.RemindAt, int(share))
	}
	for _, s := range p.Ladder {
		out.Ladder = append(out.Ladder, cases.Step(s))
	}
	return out
}

func (r routeFile) route() cases.Route {
	out := cases.Route{
		Match: cases.Match(r.Match), Department: r.Department, Owner: r.Owner, Policy: r.Policy, Priority: r.Priority,
	}
	for _, child := range r.Routes {
		out.Routes = append(out.Routes, child.route())
	}
	return out
}

func (d *decoder) alerts(path string, a *alertsFile) *cases.Address {
	switch {
	case a == nil:
		return nil
	case a.Telegram == "":
		return &cases.Address{Channel: a.Channel, Value: a.Address}
	case a.Channel != "" || a.Address != "":
		d.add(path, "has telegram and channel too; keep one")
	}
	return &cases.Address{Channel: telegram, Value: a.Telegram}
}

// user reads a member of staff. Alerts go to chat rather than to the phone, and
// to the phone rather than by mail.
func (d *decoder) user(path string, u userFile, region string) cases.User {
	out := cases.User{
		Login: u.Login, Name: u.Name, Roles: u.Roles, Department: u.Department, Areas: u.Areas,
		Level: u.Level, Language: u.Language, Disabled: u.Disabled,
	}
	if len(u.Addresses) > 0 {
		if u.Telegram != "" || u.Phone != "" || u.Email != "" {
			d.add(path+".addresses", "is given and telegram, phone or email too; write all of them as addresses")
		}
		for i, a := range u.Addresses {
			at := fmt.Sprintf("%s.addresses[%d]", path, i)
			d.need(at+".channel", a.Channel, "name the channel, such as telegram")
			d.need(at+".address", a.Address, "write the address on that channel")
			out.Addresses = append(out.Addresses, cases.Address{Channel: a.Channel, Value: a.Address})
		}
		return out
	}
	if u.Telegram != "" {
		out.Addresses = append(out.Addresses, cases.Address{Channel: telegram, Value: u.Telegram})
	}
	if u.Phone != "" {
		out.Addresses = append(out.Addresses, cases.Address{Channel: sms, Value: d.phone(path+".phone", u.Phone, region)})
	}
	if u.Email != "" {
		out.Addresses = append(out.Addresses, cases.Address{Channel: email, Value: d.mail(path+".email", u.Email)})
	}
	return out
}

// phone reads a number, of the region where it has no country code, as E.164.
func (d *decoder) phone(path, s, region string) string {
	n, err := phonenumbers.Parse(s, region)
	if err != nil || !phonenumbers.IsPossibleNumber(n) {
		d.add(path, "%q is no telephone number; write it with its country code, as \"+91 98765 43210\"", s)
		return s
	}
	return phonenumbers.Format(n, phonenumbers.E164)
}

func (d *decoder) mail(path, s string) string {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Name != "" {
		d.add(path, "%q is no mail address; write it as name@city.example", s)
		return s
	}
	return strings.ToLower(a.Address)
}
