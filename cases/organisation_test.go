package cases

import (
	"testing"
	"time"
)

// city is a small organisation with two departments under a head office.
func city(t testing.TB) *Organisation {
	t.Helper()
	o := cityUnchecked()
	if err := o.Index(); err != nil {
		t.Fatalf("the test organisation is wrong:\n%v", err)
	}
	return o
}

func cityUnchecked() *Organisation {
	office := []Shift{{9 * 60, 13 * 60}, {14 * 60, 17 * 60}}
	return &Organisation{
		Jurisdiction: Jurisdiction{
			ID: "city.example", Name: "City of Example", Timezone: "Asia/Kolkata",
			Languages: []string{"en", "hi", "es"}, DefaultRegion: "IN", ReferencePrefix: "C",
		},
		Calendars: []Calendar{{
			Name:     "office",
			Week:     [7][]Shift{time.Monday: office, time.Tuesday: office, time.Wednesday: office, time.Thursday: office, time.Friday: office},
			Holidays: []Holiday{{Date{2027, time.January, 26}, "Republic Day"}},
		}},
		Policies: []Policy{
			{
				Name: "standard", Calendar: "office",
				RespondWithin: Duration{5, WorkingDays}, ResolveWithin: Duration{10, WorkingDays},
				RemindAt: []int{50, 80}, Ladder: []Step{{Duration{0, Seconds}, 2}, {Duration{2, WorkingDays}, 3}},
				Extension: Extension{Duration{10, WorkingDays}, 1}, ReopenWithin: Duration{30, Days},
				CloseAfterResolution: Duration{7, Days},
			},
			{
				Name: "urgent", Calendar: "office", ResolveWithin: Duration{24, Hours},
				RemindAt: []int{50}, Ladder: []Step{{Duration{0, Seconds}, 2}, {Duration{4, Hours}, 3}},
				ReopenWithin: Duration{30, Days}, CloseAfterResolution: Duration{7, Days},
			},
		},
		Departments: []Department{
			{Code: "head", Name: "Head Office"},
			{Code: "water", Name: "Water and Sewerage", Names: map[string]string{"hi": "जल विभाग"}, Parent: "head"},
			{Code: "roads", Name: "Roads", Parent: "head"},
			{Code: "front-desk", Name: "Front Desk", Parent: "head"},
		},
		Areas: []Area{
			{Code: "ward-1", Name: "Ward 1", Aliases: []string{"Old Town"}},
			{Code: "ward-4", Name: "Ward 4", Aliases: []string{"Gandhi Nagar", "गांधी नगर"}},
			{Code: "ward-12", Name: "Ward 12", Aliases: []string{"New Town", "New Town Market"}},
		},
		Users: []User{
			{Login: "asha", Name: "Asha Rao", Roles: []Role{RoleOfficer}, Department: "water", Areas: []string{"ward-4"}, Level: 1},
			{Login: "anil", Roles: []Role{RoleOfficer}, Department: "water", Level: 1},
			{Login: "amit", Roles: []Role{RoleOfficer}, Department: "water", Level: 1},
			{Login: "wade", Roles: []Role{RoleSupervisor}, Department: "water", Level: 2},
			{Login: "ravi", Roles: []Role{RoleOfficer}, Department: "roads", Level: 1},
			{Login: "rosa", Roles: []Role{RoleSupervisor}, Department: "roads", Level: 2},
			{Login: "dora", Roles: []Role{RoleOfficer}, Department: "front-desk", Level: 1},
			{Login: "hema", Roles: []Role{RoleSupervisor}, Department: "head", Level: 3},
			{Login: "gone", Roles: []Role{RoleOfficer}, Department: "water", Areas: []string{"ward-4"}, Level: 1, Disabled: true},
			{Login: "carl", Roles: []Role{RoleAgent}, Department: "front-desk", Level: 1},
			{Login: "audi", Roles: []Role{RoleAuditor}, Department: "head"},
		},
		Services: []Service{
			{
				Code: "water-leak", Name: "Water leak", Names: map[string]string{"hi": "पानी का रिसाव"}, Group: "Water",
				Department: "water", Priority: High, Policy: "standard",
				Keywords: map[string][]string{
					"en": {"leak", "burst pipe", "water"}, "hi": {"रिसाव", "पाइप फटा"}, "es": {"fuga de agua", "tubería rota"},
				},
			},
			{
				Code: "no-water", Name: "No water supply", Group: "Water", Department: "water", Priority: High,
				Keywords: map[string][]string{"en": {"no water", "dry tap"}, "hi": {"पानी नहीं"}, "es": {"sin agua"}},
			},
			{
				Code: "pothole", Name: "Pothole", Group: "Roads", Department: "roads", Priority: Normal,
				Keywords: map[string][]string{"en": {"pothole", "road damage"}, "hi": {"गड्ढा"}, "es": {"bache"}},
			},
			{Code: "garbage", Name: "Garbage", Group: "Waste", Keywords: map[string][]string{"en": {"garbage", "puddle", "puddles", "puddling"}, "hi": {"कचरा"}, "es": {"basura"}}},
		},
		Routes: Route{Department: "front-desk", Routes: []Route{
			{Match: Match{Priority: Urgent}, Policy: "urgent", Routes: []Route{
				{Match: Match{Service: "garbage"}, Department: "roads"},
			}},
			{Match: Match{Group: "Roads", Area: "ward-12"}, Owner: "rosa"},
			{Match: Match{Service: "garbage", Area: "ward-1"}, Department: "roads", Priority: Low},
			{Match: Match{Channel: "letter"}, Department: "head"},
		}},
		Rules: Rules{Urgent: []string{"danger", "खतरा", "peligro"}},
	}
}

// noon is a Monday's, 2027-01-04 12:00 in Kolkata.
var noon = time.Date(2027, time.January, 4, 6, 30, 0, 0, time.UTC)
