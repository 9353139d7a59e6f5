package cases

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestIndexTellsEveryFault(t *testing.T) {
	o := cityUnchecked()
	o.Jurisdiction.Timezone = "Mars/Olympus"
	o.Jurisdiction.Languages = append(o.Jurisdiction.Languages, "en", "nonsense!")
	o.Jurisdiction.ReferencePrefix = "C1"
	o.Calendars[0].Week[time.Monday] = []Shift{{540, 780}, {720, 900}, {1320, 360}}
	o.Calendars[0].Holidays = append(o.Calendars[0].Holidays, Holiday{Date: Date{2027, 2, 30}})
	o.Policies[0].Calendar = "shop"
	o.Policies[0].RemindAt = []int{80, 50, 120}
	o.Policies[0].Ladder = []Step{{Duration{2, WorkingDays}, 2}, {Duration{1, WorkingHours}, 2}}
	o.Policies[1].ResolveWithin = Duration{}
	o.Departments[0].Parent = "water"
	o.Departments[2].Parent = "nowhere"
	o.Areas[1].Aliases = append(o.Areas[1].Aliases, "old  TOWN")
	o.Users[0].Department = "fire"
	o.Users[0].Areas = []string{"ward-9"}
	o.Users[1].Roles = []Role{"king"}
	o.Users[2].Login = "anil"
	o.Services[1].Policy = "slow"
	o.Services[1].Priority = "huge"
	o.Services[3].Keywords["en"] = []string{"!!"}
	o.Services = append(o.Services, Service{Code: "pothole", Name: "Again"})
	o.Routes.Routes[0].Routes[0].Match.Service = "nothing"
	o.Routes.Routes[1].Owner = "nobody"
	o.Routes.Routes = append(o.Routes.Routes, Route{Department: "roads"})

	want := []string{
		`jurisdiction.timezone: "Mars/Olympus" is no time zone; write it as Asia/Kolkata`,
		`jurisdiction.reference_prefix: "C1" is not 1 to 4 letters A to Z`,
		`jurisdiction.languages[3]: the language "en" is there twice`,
		`jurisdiction.languages[4]: "nonsense!" is no language; write it as en, hi or pt-BR`,
		`calendars[0].week.mon[1]: 12:00-15:00 begins before 09:00-13:00 has ended`,
		`calendars[0].week.mon[2]: 22:00-06:00 does not lie within one day; split a night shift at 24:00`,
		`calendars[0].holidays[1].date: 2027-02-30 is no date`,
		`policies[0].calendar: there is no calendar "shop"`,
		`policies[0].remind_at[1]: 50% does not follow 80%; put them in order`,
		`policies[0].remind_at[2]: 120% is not between 1% and 100%`,
		`policies[0].ladder[1].level: level 2 does not follow level 2; put the steps in order`,
		`policies[0].ladder[1].after: 1wh is not after 2wd; put the steps in order`,
		`policies[1].resolve_within: policy "urgent" needs a time to resolve`,
		`departments[0].parent: department "head" is its own superior`,
		`departments[1].parent: department "water" is its own superior`,
		`departments[2].parent: there is no department "nowhere"`,
		`areas[1].aliases[2]: "old  TOWN" already means area "ward-1"`,
		`users[0].department: there is no department "fire"`,
		`users[0].areas[0]: there is no area "ward-9"`,
		`users[1].roles[0]: there is no role "king"; roles are officer, supervisor, agent, administrator, auditor`,
		`users[2].login: the login "anil" is there twice`,
		`services[1].policy: there is no policy "slow"`,
		`services[1].priority: there is no priority "huge"; priorities are low, normal, high, urgent`,
		`services[3].keywords.en[0]: "!!" has no letters or digits`,
		`services[4].code: the service code "pothole" is there twice`,
		`routes.routes[0].routes[0].match.service: there is no service "nothing"`,
		`routes.routes[1].owner: there is no user "nobody"`,
		`routes.routes[4].match: a route without a match would take everything`,
	}
	var faults Faults
	if err := o.Index(); !errors.As(err, &faults) {
		t.Fatalf("Index returned %v", err)
	}
	var got []string
	for _, f := range faults {
		got = append(got, f.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults differ (-want +got):\n%s", diff)
	}
	if c := o.Classify(Text{Body: "pothole"}); c.Service != "pothole" {
		t.Error("the sound parts do not work in spite of the faults")
	}
}

func TestIndexOfNothing(t *testing.T) {
	o := &Organisation{}
	if o.Index() == nil {
		t.Error("an empty organisation is accepted")
	}
	if o.Location() != time.UTC || o.DefaultLanguage() != "en" || o.Language("hi") != "en" {
		t.Error("an empty organisation has no usable defaults")
	}
	o.Classify(Text{Body: "leak in Ward 4"})
	if r := o.Route(Case{}, nil); r.Owner != "" || r.Department != "" {
		t.Errorf("an empty organisation routes to %v", r)
	}
	if _, ok := (&Organisation{}).Service("x"); ok {
		t.Error("an organisation that was not indexed knows a service")
	}
}

func TestNamesAndLanguages(t *testing.T) {
	o := city(t)
	for tag, want := range map[string]string{"hi": "hi", "hi-IN": "hi", "es-419": "es", "fr": "en", "": "en", "en-GB": "en"} {
		if got := o.Language(tag); got != want {
			t.Errorf("%q is served in %q, want %q", tag, got, want)
		}
	}
	for _, tt := range []struct{ got, want string }{
		{o.DepartmentName("water", "hi"), "जल विभाग"},
		{o.DepartmentName("water", "hi-IN"), "जल विभाग"},
		{o.DepartmentName("water", "es"), "Water and Sewerage"},
		{o.ServiceName("water-leak", "hi"), "पानी का रिसाव"},
		{o.ServiceName("gone", "hi"), "gone"},
		{o.AreaName("ward-4"), "Ward 4"},
		{o.UserName("asha"), "Asha Rao"},
		{o.UserName("anil"), "anil"},
	} {
		if tt.got != tt.want {
			t.Errorf("named %q, want %q", tt.got, tt.want)
		}
	}
	if o.Rules.Settle != defaultSettle || o.Rules.FloodLimit != defaultFloodLimit {
		t.Errorf("rules are %+v", o.Rules)
	}
}
