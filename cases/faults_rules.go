package cases

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

func (c *checker) calendars() {
	weekdays := [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	seen := map[string]bool{}
	for i, cal := range c.o.Calendars {
		path := fmt.Sprintf("calendars[%d]", i)
		c.key(path+".name", "calendar name", cal.Name, seen)
		if !cal.hasShifts() {
			c.add(path+".week", "calendar %q has no working time", cal.Name)
		}
		for day, shifts := range cal.Week {
			for k, s := range shifts {
				c.shift(fmt.Sprintf("%s.week.%s[%d]", path, weekdays[day], k), shifts[:k], s)
			}
		}
		dates := map[Date]bool{}
		for k, h := range cal.Holidays {
			at := fmt.Sprintf("%s.holidays[%d].date", path, k)
			if parsed, err := ParseDate(h.Date.String()); err != nil || parsed != h.Date {
				c.add(at, "%d-%02d-%02d is no date", h.Date.Year, h.Date.Month, h.Date.Day)
			}
			if dates[h.Date] {
				c.add(at, "%s is there twice", h.Date)
			}
			dates[h.Date] = true
		}
	}
}

func (c *checker) shift(path string, before []Shift, s Shift) {
	switch {
	case s.From < 0 || s.To > minutesPerDay || s.From >= s.To:
		c.add(path, "%s does not lie within one day; split a night shift at 24:00", s)
	case len(before) > 0 && s.From < before[len(before)-1].To:
		c.add(path, "%s begins before %s has ended", s, before[len(before)-1])
	}
}

// String is the shift as 09:00-13:00.
func (s Shift) String() string {
	return fmt.Sprintf("%02d:%02d-%02d:%02d", s.From/60, s.From%60, s.To/60, s.To%60)
}

func (c *checker) policies() {
	seen := map[string]bool{}
	if len(c.o.Policies) == 0 {
		c.add("policies", "at least one is needed")
	}
	for i, p := range c.o.Policies {
		path := fmt.Sprintf("policies[%d]", i)
		c.key(path+".name", "policy name", p.Name, seen)
		refer(c, path+".calendar", "calendar", p.Calendar, c.o.index.calendars)
		if p.Calendar == "" && p.counts() {
			c.add(path+".calendar", "policy %q counts working time and needs a calendar", p.Name)
		}
		if p.ResolveWithin.N <= 0 {
			c.add(path+".resolve_within", "policy %q needs a time to resolve", p.Name)
		}
		for k, percent := range p.RemindAt {
			at := fmt.Sprintf("%s.remind_at[%d]", path, k)
			if percent < 1 || percent > 100 {
				c.add(at, "%d%% is not between 1%% and 100%%", percent)
			} else if k > 0 && percent <= p.RemindAt[k-1] {
				c.add(at, "%d%% does not follow %d%%; put them in order", percent, p.RemindAt[k-1])
			}
		}
		c.ladder(path, p)
		if p.Extension.Times < 0 {
			c.add(path+".extension.times", "must not be negative")
		} else if p.Extension.Times > 0 && p.Extension.Max.IsZero() {
			c.add(path+".extension.max", "policy %q allows an extension of no time", p.Name)
		}
	}
}

// counts reports whether any part of the policy counts working time.
func (p Policy) counts() bool {
	for _, step := range p.Ladder {
		if step.After.Working() {
			return true
		}
	}
	return p.RespondWithin.Working() || p.ResolveWithin.Working() || p.Extension.Max.Working() ||
		p.ReopenWithin.Working() || p.CloseAfterResolution.Working() || p.AcknowledgeWithin.Working()
}

// ladder checks that steps rise in time and level. Times are compared by
// applying them to one instant, since their units may differ.
func (c *checker) ladder(path string, p Policy) {
	calendar := c.o.CalendarNamed(p.Calendar)
	monday := time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC)
	for k, step := range p.Ladder {
		at := fmt.Sprintf("%s.ladder[%d]", path, k)
		if step.Level < 2 {
			c.add(at+".level", "level %d is not above the first; a ladder begins with level 2", step.Level)
		}
		if k == 0 {
			continue
		}
		before := p.Ladder[k-1]
		if step.Level <= before.Level {
			c.add(at+".level", "level %d does not follow level %d; put the steps in order", step.Level, before.Level)
		}
		if !calendar.Add(monday, step.After, time.UTC).After(calendar.Add(monday, before.After, time.UTC)) {
			c.add(at+".after", "%s is not after %s; put the steps in order", step.After, before.After)
		}
	}
}

// maxWeight of a keyword; one that decides by itself, whatever else is found.
const maxWeight = 100

func (c *checker) services() {
	seen := map[string]bool{}
	for i, s := range c.o.Services {
		path := fmt.Sprintf("services[%d]", i)
		c.key(path+".code", "service code", s.Code, seen)
		if s.Name == "" {
			c.add(path+".name", "service %q has no name", s.Code)
		}
		refer(c, path+".department", "department", s.Department, c.o.index.departments)
		refer(c, path+".policy", "policy", s.Policy, c.o.index.policies)
		c.priority(path+".priority", s.Priority)
		c.languages(path+".names", s.Names)
		for _, lang := range slices.Sorted(maps.Keys(s.Keywords)) {
			c.language(path+".keywords."+lang, lang)
			for k, phrase := range s.Keywords[lang] {
				if plainWords(phrase) == "" {
					c.add(fmt.Sprintf("%s.keywords.%s[%d]", path, lang, k), "%q has no letters or digits", phrase)
				}
				if w := s.Weight(lang, phrase); !(w > 0 && w <= maxWeight) {
					c.add(fmt.Sprintf("%s.keywords.%s[%d]", path, lang, k), "the weight of %q is not above 0 and up to %d", phrase, maxWeight)
				}
			}
		}
	}
}

func (c *checker) priority(path string, p Priority) {
	if p != "" && p.rank() < 0 {
		c.add(path, "there is no priority %q; priorities are %s", p, list([]Priority{Low, Normal, High, Urgent}))
	}
}

func (c *checker) route(r Route, path string, root bool) {
	x := c.o.index
	if root && r.Department == "" {
		c.add(path+".department", "the front desk is missing; it takes what nothing else matches")
	}
	if root && r.Match != (Match{}) {
		c.add(path+".match", "the first route takes everything and has no match")
	}
	if !root && r.Match == (Match{}) {
		c.add(path+".match", "a route without a match would take everything")
	}
	refer(c, path+".match.service", "service", r.Match.Service, x.services)
	refer(c, path+".match.area", "area", r.Match.Area, x.areas)
	if r.Match.Group != "" && !slices.ContainsFunc(c.o.Services, func(s Service) bool { return s.Group == r.Match.Group }) {
		c.add(path+".match.group", "no service is of group %q", r.Match.Group)
	}
	if r.Match.Language != "" && !slices.Contains(c.o.Jurisdiction.Languages, r.Match.Language) {
		c.add(path+".match.language", "%q is none of the jurisdiction's languages", r.Match.Language)
	}
	c.priority(path+".match.priority", r.Match.Priority)
	refer(c, path+".department", "department", r.Department, x.departments)
	refer(c, path+".policy", "policy", r.Policy, x.policies)
	refer(c, path+".owner", "user", r.Owner, x.users)
	c.priority(path+".priority", r.Priority)
	for i, child := range r.Routes {
		c.route(child, fmt.Sprintf("%s.routes[%d]", path, i), false)
	}
}

func (c *checker) rules() {
	r := c.o.Rules
	if r.Settle < 0 || r.FloodWindow < 0 || r.RecentTalk < 0 || r.AlertExpiry < 0 || r.NoticeExpiry < 0 {
		c.add("rules", "a time span must not be negative")
	}
	if r.FloodLimit < 0 {
		c.add("rules.flood_limit", "must not be negative")
	}
	switch r.Splitting {
	case "", SplitOffer, SplitAlways, SplitNever:
	default:
		c.add("rules.splitting", "%q is none of offer, always and never", r.Splitting)
	}
	c.alarms()
	c.facts()
	c.learning()
	for i, phrase := range r.Urgent {
		if plainWords(phrase) == "" {
			c.add(fmt.Sprintf("rules.urgent[%d]", i), "%q has no letters or digits", phrase)
		}
	}
}
