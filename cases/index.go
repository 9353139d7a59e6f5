package cases

import (
	"cmp"
	"strings"
	"time"

	"golang.org/x/text/language"
)

// Defaults of Rules.
const (
	defaultSettle       = 90 * time.Second
	defaultFloodLimit   = 20
	defaultFloodWindow  = time.Minute
	defaultRecentTalk   = 30 * 24 * time.Hour
	defaultAlertExpiry  = 24 * time.Hour
	defaultNoticeExpiry = 72 * time.Hour
)

// index answers look-ups. It is made once and only read afterwards.
type index struct {
	location    *time.Location
	services    map[string]*Service
	departments map[string]*Department
	areas       map[string]*Area
	users       map[string]*User
	policies    map[string]*Policy
	calendars   map[string]*Calendar
	tags        []language.Tag // of Jurisdiction.Languages, in order
	matcher     language.Matcher
	vocabulary  *vocabulary
	facts       []factReader
	shapes      []shape // of Areas that are sound
}

// Index prepares the organisation for use: it sets the defaults of Rules,
// builds the look-ups and checks everything. The error is Faults, all of them
// at once, in the order of the file. In spite of faults the look-ups work for
// the parts that are sound, so that a running installation keeps going.
// An organisation must not be changed after Index.
func (o *Organisation) Index() error {
	o.Rules = o.Rules.WithDefaults()
	x := &index{
		location:    time.UTC,
		services:    byKey(o.Services, func(s *Service) string { return s.Code }),
		departments: byKey(o.Departments, func(d *Department) string { return d.Code }),
		areas:       byKey(o.Areas, func(a *Area) string { return a.Code }),
		users:       byKey(o.Users, func(u *User) string { return u.Login }),
		policies:    byKey(o.Policies, func(p *Policy) string { return p.Name }),
		calendars:   byKey(o.Calendars, func(c *Calendar) string { return c.Name }),
	}
	if loc, err := time.LoadLocation(o.Jurisdiction.Timezone); err == nil {
		x.location = loc
	}
	for _, tag := range o.Jurisdiction.Languages {
		x.tags = append(x.tags, language.Make(tag))
	}
	x.matcher = language.NewMatcher(x.tags)
	o.index = x
	x.vocabulary = newVocabulary(o)
	x.facts = o.factReaders()
	x.shapes = shapesOf(o.Areas)
	return o.check()
}

// byKey maps the elements of a list; of two with the same key the first counts.
func byKey[T any](list []T, key func(*T) string) map[string]*T {
	m := make(map[string]*T, len(list))
	for i := range list {
		if k := key(&list[i]); m[k] == nil {
			m[k] = &list[i]
		}
	}
	return m
}

// WithDefaults fills in what is zero.
func (r Rules) WithDefaults() Rules {
	r.Settle = orDuration(r.Settle, defaultSettle)
	r.FloodWindow = orDuration(r.FloodWindow, defaultFloodWindow)
	r.RecentTalk = orDuration(r.RecentTalk, defaultRecentTalk)
	r.AlertExpiry = orDuration(r.AlertExpiry, defaultAlertExpiry)
	r.NoticeExpiry = orDuration(r.NoticeExpiry, defaultNoticeExpiry)
	r.Similar = orDuration(r.Similar, defaultSimilar)
	if r.MassEvent == 0 {
		r.MassEvent = defaultMassEvent
	}
	if r.FloodLimit == 0 {
		r.FloodLimit = defaultFloodLimit
	}
	r.Splitting = cmp.Or(r.Splitting, SplitOffer)
	return r
}

func orDuration(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

// Service finds a service by its code.
func (o *Organisation) Service(code string) (Service, bool) { return find(o.lookup().services, code) }

// Department finds a department by its code.
func (o *Organisation) Department(code string) (Department, bool) {
	return find(o.lookup().departments, code)
}

// Area finds an area by its code.
func (o *Organisation) Area(code string) (Area, bool) { return find(o.lookup().areas, code) }

// User finds a member of staff by login, disabled ones too.
func (o *Organisation) User(login string) (User, bool) { return find(o.lookup().users, login) }

// PolicyNamed finds a policy.
func (o *Organisation) PolicyNamed(name string) (Policy, bool) {
	return find(o.lookup().policies, name)
}

// CalendarNamed finds a calendar, nil when there is none of the name; nil
// works round the clock.
func (o *Organisation) CalendarNamed(name string) *Calendar { return o.lookup().calendars[name] }

// Location is the jurisdiction's time zone, UTC when it is unknown.
func (o *Organisation) Location() *time.Location {
	if loc := o.lookup().location; loc != nil {
		return loc
	}
	return time.UTC
}

func (o *Organisation) lookup() *index {
	if o.index == nil {
		return &index{vocabulary: &vocabulary{}}
	}
	return o.index
}

func find[T any](m map[string]*T, key string) (T, bool) {
	if v := m[key]; v != nil {
		return *v, true
	}
	var none T
	return none, false
}

// ServiceName is the name of a service in a language, its code when it is unknown.
func (o *Organisation) ServiceName(code, lang string) string {
	if s, ok := o.Service(code); ok {
		return nameIn(s.Names, s.Name, lang)
	}
	return code
}

// DepartmentName is the name of a department in a language, its code when it is unknown.
func (o *Organisation) DepartmentName(code, lang string) string {
	if d, ok := o.Department(code); ok {
		return nameIn(d.Names, d.Name, lang)
	}
	return code
}

// AreaName is the name of an area, its code when it is unknown.
func (o *Organisation) AreaName(code string) string {
	if a, ok := o.Area(code); ok {
		return a.Name
	}
	return code
}

// UserName is the name of a member of staff, the login when it is unknown.
func (o *Organisation) UserName(login string) string {
	if u, ok := o.User(login); ok && u.Name != "" {
		return u.Name
	}
	return login
}

// nameIn picks a name by language, then by the language without its region.
func nameIn(names map[string]string, otherwise, lang string) string {
	if name := names[lang]; name != "" {
		return name
	}
	base, _, _ := strings.Cut(lang, "-")
	if name := names[base]; name != "" {
		return name
	}
	return otherwise
}

// Language is the organisation's language that serves a BCP 47 tag best, the
// default one when none does.
func (o *Organisation) Language(tag string) string {
	if lang, ok := o.MatchLanguage(tag); ok {
		return lang
	}
	return o.DefaultLanguage()
}

// MatchLanguage is Language, with false when none of the organisation's
// languages serves the tag.
func (o *Organisation) MatchLanguage(tag string) (string, bool) {
	parsed, err := language.Parse(tag)
	x := o.lookup()
	if tag == "" || err != nil || len(x.tags) == 0 {
		return "", false
	}
	if _, i, confidence := x.matcher.Match(parsed); confidence > language.No {
		return o.Jurisdiction.Languages[i], true
	}
	return "", false
}

// DefaultLanguage is the first of the jurisdiction's, "en" when it has none.
func (o *Organisation) DefaultLanguage() string {
	if len(o.Jurisdiction.Languages) > 0 {
		return o.Jurisdiction.Languages[0]
	}
	return "en"
}
