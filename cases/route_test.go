package cases

import "testing"

func TestRoute(t *testing.T) {
	o := city(t)
	tests := []struct {
		name              string
		in                Case
		load              map[string]int
		department, owner string
		policy            string
		priority          Priority
		level             int
		ownerWhy, deptWhy string
	}{
		{name: "service's department, officer of the area", in: Case{Service: "water-leak", Area: "ward-4", Priority: High},
			department: "water", owner: "asha", policy: "standard", priority: High, level: 1,
			ownerWhy: "level 1 of Water and Sewerage for Ward 4, 0 open", deptWhy: "department of service Water leak"},
		{name: "the area's officer in spite of load", in: Case{Service: "water-leak", Area: "ward-4"}, load: map[string]int{"asha": 9},
			department: "water", owner: "asha", policy: "standard", priority: High, level: 1},
		{name: "another area: fewest open cases", in: Case{Service: "water-leak", Area: "ward-1"}, load: map[string]int{"amit": 1, "anil": 2},
			department: "water", owner: "amit", policy: "standard", priority: High, level: 1},
		{name: "another area: same load, by login", in: Case{Service: "water-leak", Area: "ward-1"},
			department: "water", owner: "amit", policy: "standard", priority: High, level: 1},
		{name: "wanted level", in: Case{Service: "water-leak", Level: 2},
			department: "water", owner: "wade", policy: "standard", priority: High, level: 2},
		{name: "level that only the head office has", in: Case{Service: "water-leak", Level: 3},
			department: "water", owner: "hema", policy: "standard", priority: High, level: 3},
		{name: "level that nobody has", in: Case{Service: "water-leak", Level: 4},
			department: "water", owner: "", policy: "standard", priority: High, level: 4,
			ownerWhy: "nobody of the department is free to take it"},
		{name: "owner named by a route", in: Case{Service: "pothole", Area: "ward-12"},
			department: "roads", owner: "rosa", policy: "standard", priority: Normal, level: 1, ownerWhy: "route routes.routes[1]"},
		{name: "route by priority keeps the service's department", in: Case{Service: "water-leak", Priority: Urgent},
			department: "water", owner: "amit", policy: "urgent", priority: Urgent, level: 1},
		{name: "child inherits", in: Case{Service: "garbage", Priority: Urgent},
			department: "roads", owner: "ravi", policy: "urgent", priority: Urgent, level: 1, deptWhy: "route routes.routes[0].routes[0]"},
		{name: "route sets the priority", in: Case{Service: "garbage", Area: "ward-1", Priority: Normal},
			department: "roads", owner: "ravi", policy: "standard", priority: Low, level: 1},
		{name: "route by the channel it came in on", in: Case{Service: "garbage", Intake: "letter", Channel: "sms"},
			department: "head", owner: "hema", policy: "standard", priority: Normal, level: 3, deptWhy: "route routes.routes[3]"},
		{name: "nothing known", in: Case{},
			department: "front-desk", owner: "dora", policy: "standard", priority: Normal, level: 1,
			deptWhy: "front desk: no route and no service says otherwise"},
		{name: "service without department", in: Case{Service: "garbage"},
			department: "front-desk", owner: "dora", policy: "standard", priority: Normal, level: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := o.Route(tt.in, tt.load)
			if r.Department != tt.department || r.Owner != tt.owner || r.Policy != tt.policy || r.Priority != tt.priority || r.Level != tt.level {
				t.Errorf("%+v", r)
			}
			for _, reason := range r.Reasons {
				if reason.Decision == "owner" && tt.ownerWhy != "" && reason.Why != tt.ownerWhy {
					t.Errorf("owner because %q, want %q", reason.Why, tt.ownerWhy)
				}
				if reason.Decision == "department" && tt.deptWhy != "" && reason.Why != tt.deptWhy {
					t.Errorf("department because %q, want %q", reason.Why, tt.deptWhy)
				}
			}
		})
	}
}

func TestOfficersWhoseAreaItIsNotAreLeftOut(t *testing.T) {
	o := city(t)
	var got []string
	for _, u := range o.Officers("water", "ward-1", 1) {
		got = append(got, u.Login)
	}
	if len(got) != 2 || got[0] != "amit" || got[1] != "anil" {
		t.Errorf("officers for ward-1 are %v, want amit and anil", got)
	}
}
