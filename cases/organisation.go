package cases

import "time"

// Organisation is everything an administrator decides: who handles what, in
// which time. It is read-only once loaded; Index must have been called.
type Organisation struct {
	Jurisdiction Jurisdiction
	Calendars    []Calendar
	Policies     []Policy
	Departments  []Department
	Areas        []Area
	Users        []User
	Services     []Service
	Facts        []FactPattern `json:",omitempty"` // beside and in place of the built-in ones
	Learning     Learning
	Routes       Route // the root of the routing tree
	Rules        Rules

	index *index // made by Index
}

// Jurisdiction is the body that runs this installation.
type Jurisdiction struct {
	ID              string
	Name            string
	Timezone        string   // IANA
	Languages       []string // BCP 47; the first is the default
	DefaultRegion   string   // ISO 3166-1, for phone numbers without a country code
	ReferencePrefix string   // 1 to 4 letters
}

// Calendar says when work is done. Week and Holidays are in the
// jurisdiction's time zone.
type Calendar struct {
	Name     string
	Week     [7][]Shift // by time.Weekday
	Holidays []Holiday
}

// Shift is a span of working time within a day, in minutes since midnight.
type Shift struct{ From, To int }

// Holiday is a day without work.
type Holiday struct {
	Date Date
	Name string
}

// Date is a calendar day.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// Duration is a span as an administrator writes it: 30s, 5m, 4h, 3d
// (calendar), 4wh (working hours), 10wd (working days).
type Duration struct {
	N    int
	Unit Unit
}

// Unit of a Duration.
type Unit string

// The units.
const (
	Seconds      Unit = "s"
	Minutes      Unit = "m"
	Hours        Unit = "h"
	Days         Unit = "d"
	WorkingHours Unit = "wh"
	WorkingDays  Unit = "wd"
)

// Policy is a service level.
type Policy struct {
	Name                 string
	Calendar             string
	AcknowledgeWithin    Duration
	RespondWithin        Duration
	ResolveWithin        Duration
	RemindAt             []int // percent of the time to resolve
	Ladder               []Step
	Extension            Extension
	ReopenWithin         Duration
	CloseAfterResolution Duration
}

// Step of an escalation ladder: After past the due time, the case goes to Level.
type Step struct {
	After Duration
	Level int
}

// Extension caps how far a due time can be moved.
type Extension struct {
	Max   Duration
	Times int
}

// Department owns cases. Alerts, where set, is a staff group's address that
// gets its cards in place of private ones.
type Department struct {
	Code   string
	Name   string
	Names  map[string]string // by language; Name where missing
	Parent string
	Alerts *Address
}

// Area is a ward or district.
type Area struct {
	Code     string
	Name     string
	Aliases  []string
	Geometry Geometry
}

// Role is what a user may do.
type Role string

// The roles.
const (
	RoleOfficer       Role = "officer"
	RoleSupervisor    Role = "supervisor"
	RoleAgent         Role = "agent" // call centre
	RoleAdministrator Role = "administrator"
	RoleAuditor       Role = "auditor"
)

// User is a member of staff. No Areas: all of them.
type User struct {
	Login      string
	Name       string
	Roles      []Role
	Department string
	Areas      []string
	Level      int
	Language   string
	Addresses  []Address // in order of preference for alerts
	Disabled   bool
}

// Service is what can be complained about.
type Service struct {
	Code       string
	Name       string
	Names      map[string]string // by language; Name where missing
	Group      string
	Department string
	Priority   Priority
	Policy     string
	Keywords   map[string][]string // by language: words or phrases
	// Weights, by language and keyword, of those that count more or less than
	// others; 1 is usual.
	Weights map[string]map[string]float64 `json:",omitempty"`
}

// Weight of a keyword of the service.
func (s Service) Weight(lang, keyword string) float64 {
	if w, ok := s.Weights[lang][keyword]; ok {
		return w
	}
	return 1
}

// Route is a node of the routing tree. The first child that matches decides,
// depth first; what a child leaves empty it inherits.
type Route struct {
	Match      Match
	Department string
	Owner      string
	Policy     string
	Priority   Priority
	Routes     []Route
}

// Match is a condition; every field that is set must hold.
type Match struct {
	Service  string
	Group    string
	Area     string
	Channel  string
	Language string
	Priority Priority
}

// Rules are the organisation-wide switches of conversation.
type Rules struct {
	Settle       time.Duration // texts of one sender within it join one complaint; default 90 s
	FloodLimit   int           // messages of one sender per FloodWindow that are answered; default 20
	FloodWindow  time.Duration // default 1 min
	RecentTalk   time.Duration // how long a case takes further texts without a keyword; default 30 days
	Urgent       []string      // words that raise the priority by a step, any language
	Similar      time.Duration // within it, cases alike may be one matter; default 48 h
	MassEvent    int           // so many alike are one event; default 5
	Alarms       []Alarm       `json:",omitempty"` // dangers beside and in place of the built-in ones
	AlertExpiry  time.Duration // staff alerts are not sent after it; default 24 h
	NoticeExpiry time.Duration // complainant notices are not sent after it; default 72 h
	Splitting    Splitting     // of a text that lists several complaints; default SplitOffer
}

// Administrators are the logins of the enabled administrators; where there is
// none, of the supervisors of the front desk.
func (o *Organisation) Administrators() []string {
	var administrators, supervisors []string
	for _, u := range o.Users {
		switch {
		case u.Disabled:
		case u.Has(RoleAdministrator):
			administrators = append(administrators, u.Login)
		case u.Has(RoleSupervisor) && u.Department == o.FrontDesk():
			supervisors = append(supervisors, u.Login)
		}
	}
	if len(administrators) == 0 {
		return supervisors
	}
	return administrators
}

// FrontDesk is the department of the root route, which takes what nothing matches.
func (o *Organisation) FrontDesk() string { return o.Routes.Department }
