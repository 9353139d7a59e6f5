package configs

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/redress-cms/redress/cases"
)

func example(t *testing.T) *cases.Organisation {
	t.Helper()
	o, err := ParseOrganisation("organisation.example.yaml", ExampleOrganisation)
	if err != nil {
		t.Fatalf("the example has faults:\n%v", err)
	}
	return o
}

func TestExampleOrganisationIsWhole(t *testing.T) {
	o := example(t)
	for what, count := range map[string][2]int{
		"departments": {len(o.Departments), 10}, "areas": {len(o.Areas), 12},
		"services": {len(o.Services), 30}, "users": {len(o.Users), 35}, "policies": {len(o.Policies), 4},
	} {
		if count[0] < count[1] {
			t.Errorf("%d %s, want at least %d", count[0], what, count[1])
		}
	}
	for _, s := range o.Services {
		for _, lang := range o.Jurisdiction.Languages {
			if len(s.Keywords[lang]) < 2 {
				t.Errorf("service %s has no keywords in %s", s.Code, lang)
			}
			if lang != "en" && s.Names[lang] == "" {
				t.Errorf("service %s has no name in %s", s.Code, lang)
			}
		}
	}
	for _, d := range o.Departments {
		for _, a := range o.Areas {
			for level := 1; level <= 3; level++ {
				if u, _ := o.Pick(d.Code, a.Code, level, nil); u.Login == "" {
					t.Errorf("nobody of level %d for %s in %s", level, d.Code, a.Name)
				}
			}
		}
	}
}

func TestExampleOrganisationClassifies(t *testing.T) {
	o := example(t)
	for _, c := range []struct{ text, service, area, priority, language, owner string }{
		{"Water is leaking from a burst pipe near the school in Ward 4 since yesterday", "water-leak", "ward-4", "high", "en", "asha"},
		{"There has been no water for three days in Nehru Colony", "no-water", "ward-7", "high", "en", "imran"},
		{"stop the sewage flooding my street in Lake View", "sewer-overflow", "ward-5", "high", "en", "imran"},
		{"The street light outside my house in old town is not working", "street-light", "ward-1", "normal", "en", "farah"},
		{"Huge pothole on Station Road, very dangerous", "pothole", "ward-2", "high", "en", "vikram"},
		{"Open manhole near the temple, ward no 1. A child fell in", "manhole", "ward-1", "urgent", "en", "vikram"},
		{"Garbage has not been collected this week, ward 12", "garbage-missed", "ward-12", "normal", "en", "mateo"},
		{"They are burning garbage behind the university road", "garbage-burning", "ward-9", "high", "en", "mateo"},
		{"An electric wire is hanging over the footpath in Riverside", "dangling-wire", "ward-10", "urgent", "en", "suresh"},
		{"The clerk asked for a bribe", "staff-conduct", "", "high", "en", "kavita"},
		{"गांधी नगर में स्कूल के पास पाइप फट गया है, पानी बह रहा है", "water-leak", "ward-4", "high", "hi", "asha"},
		{"वार्ड 7 में तीन दिन से पानी नहीं आ रहा", "no-water", "ward-7", "high", "hi", "imran"},
		{"हमारी गली में कचरा नहीं उठा, वार्ड 2", "garbage-missed", "ward-2", "normal", "hi", "ramesh"},
		{"सड़क पर बिजली का तार लटक रहा है, तुरंत आइए", "dangling-wire", "", "urgent", "hi", ""},
		{"hamare yahan pani nahi aa raha ward 9", "no-water", "ward-9", "high", "", "deepak"},
		{"Hay una fuga de agua cerca de la escuela en el distrito 4", "water-leak", "ward-4", "high", "es", "asha"},
		{"El semáforo de la Ciudad Nueva está apagado", "traffic-signal", "ward-12", "high", "es", "priya"},
		{"No recogen la basura desde el lunes en Casco Viejo", "garbage-missed", "ward-1", "normal", "es", "ramesh"},
		{"Se cayó un árbol y bloquea la calle", "fallen-tree", "", "urgent", "es", ""},
		{"Thank you", "", "", "normal", "en", ""},
	} {
		got := o.Classify(cases.Text{Body: c.text})
		if got.Service != c.service || got.Area != c.area || string(got.Priority) != c.priority || c.language != "" && got.Language != c.language {
			t.Errorf("%q: got %s, %s, %s, %s; want %s, %s, %s, %s\n%v", c.text,
				got.Service, got.Area, got.Priority, got.Language, c.service, c.area, c.priority, c.language, got.Reasons)
		}
		r := o.Route(cases.Case{Service: got.Service, Area: got.Area, Priority: got.Priority}, nil)
		if c.owner != "" && r.Owner != c.owner {
			t.Errorf("%q goes to %q, want %q: %v", c.text, r.Owner, c.owner, r.Reasons)
		}
	}
	if got := o.ServiceName("water-leak", "en"); got != "Water leak" {
		t.Errorf("water-leak is called %q", got)
	}
}

func TestOrganisationRoundTrip(t *testing.T) {
	o := example(t)
	o.Departments[2].Alerts = &cases.Address{Channel: "telegram", Value: "-1001234567890"}
	o.Users[2].Addresses = append([]cases.Address{{Channel: "whatsapp", Value: "+12025550100"}}, o.Users[2].Addresses...)
	o.Users[3].Addresses = []cases.Address{{Channel: "email", Value: "a@city.example"}, {Channel: "telegram", Value: "12345"}}
	o.Users[4].Disabled = true
	data, err := ExportOrganisation(o)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseOrganisation("export.yaml", data)
	if err != nil {
		t.Fatalf("the export has faults:\n%v\n%s", err, data)
	}
	if diff := cmp.Diff(o, again, cmpopts.IgnoreUnexported(cases.Organisation{})); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
	twice, err := ExportOrganisation(again)
	if err != nil {
		t.Fatal(err)
	}
	if string(twice) != string(data) {
		t.Error("exporting twice does not give the same file")
	}
}

func TestOrganisationFaultsAllAtOnceWithTheirPlace(t *testing.T) {
	file, err := os.ReadFile("testdata/faulty-organisation.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, err = ParseOrganisation("organisation.yaml", file)
	var faults Faults
	if !errors.As(err, &faults) {
		t.Fatalf("got %v, want Faults", err)
	}
	golden(t, "faulty-organisation.golden", faults.Error()+"\n")
}

func TestOrganisationUsers(t *testing.T) {
	o, err := ParseOrganisation("organisation.yaml", []byte(`
jurisdiction: {id: c, name: C, timezone: Asia/Kolkata, languages: [en], default_region: IN, reference_prefix: C}
policies: [{name: p, resolve_within: 3d}]
departments: [{code: water, name: Water, alerts: {telegram: -100123}}]
users: [{login: asha, roles: [officer], department: water, email: Asha@City.Example, telegram: 12345, phone: 098765 43210}]
routes: {department: water}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []cases.Address{{Channel: "telegram", Value: "12345"}, {Channel: "sms", Value: "+919876543210"}, {Channel: "email", Value: "asha@city.example"}}
	if diff := cmp.Diff(want, o.Users[0].Addresses); diff != "" {
		t.Errorf("addresses (-want +got):\n%s", diff)
	}
	if got := *o.Departments[0].Alerts; got != (cases.Address{Channel: "telegram", Value: "-100123"}) {
		t.Errorf("alerts: %+v", got)
	}
}

func TestLoadOrganisationMissing(t *testing.T) {
	_, err := LoadOrganisation("missing.yaml")
	if err == nil || !strings.HasPrefix(err.Error(), "missing.yaml: no such file or directory; ") {
		t.Errorf("got %v", err)
	}
}

func FuzzOrganisation(f *testing.F) {
	f.Add([]byte("jurisdiction: {}\ncalendars: [{week: {mon: [a]}}]\n"))
	f.Add([]byte("users: [{phone: x}, null]\nroutes: &r {routes: [*r]}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := ParseOrganisation("organisation.yaml", data)
		if (o == nil) == (err == nil) {
			t.Errorf("organisation %v and error %v", o, err)
		}
	})
}
