package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
)

// desk registers four cases: C-1 open and due in ten days, C-2 overdue of ravi,
// C-3 deferred past its due time, C-4 resolved.
func desk(t *testing.T, s engine) {
	t.Helper()
	past := now.Add(-time.Hour)
	for reference, adjust := range map[string]func(c *cases.Case){
		"C-1": func(*cases.Case) {},
		"C-2": func(c *cases.Case) {
			c.Owner, c.Department, c.DueAt, c.Status = "ravi", "roads", &past, cases.Escalated
		},
		"C-3": func(c *cases.Case) { c.DueAt, c.Status = &past, cases.Deferred },
		"C-4": func(c *cases.Case) { c.DueAt, c.Status = &past, cases.Resolved },
	} {
		step := complaint(reference)
		adjust(&step.Change.Case)
		if _, err := s.Record(t.Context(), step); err != nil {
			t.Fatal(err)
		}
	}
}

func TestListCases(t *testing.T) {
	tests := map[string]struct {
		filter store.CaseFilter
		want   map[cases.Reference]bool
	}{
		"all":        {store.CaseFilter{}, map[cases.Reference]bool{"C-1": true, "C-2": true, "C-3": true, "C-4": true}},
		"owner":      {store.CaseFilter{Owner: "ravi"}, map[cases.Reference]bool{"C-2": true}},
		"department": {store.CaseFilter{Department: "roads"}, map[cases.Reference]bool{"C-2": true}},
		"statuses":   {store.CaseFilter{Statuses: []cases.Status{cases.Pending, cases.Resolved}}, map[cases.Reference]bool{"C-1": true, "C-4": true}},
		"overdue":    {store.CaseFilter{Overdue: &now}, map[cases.Reference]bool{"C-2": true}},
		"together":   {store.CaseFilter{Service: "water-leak", Area: "ward-4", Owner: "asha", Statuses: []cases.Status{cases.Deferred}}, map[cases.Reference]bool{"C-3": true}},
		"hostile":    {store.CaseFilter{Owner: "' OR 1=1 --"}, map[cases.Reference]bool{}},
	}
	each(t, func(t *testing.T, s engine) {
		desk(t, s)
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				list, err := s.ListCases(t.Context(), tt.filter)
				if err != nil {
					t.Fatal(err)
				}
				got := map[cases.Reference]bool{}
				for _, c := range list {
					got[c.Reference] = true
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Error(diff)
				}
			})
		}
	})
}

func TestListCasesByPages(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		desk(t, s)
		var seen []int64
		for before := int64(0); ; {
			page, err := s.ListCases(t.Context(), store.CaseFilter{Limit: 3, BeforeID: before})
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			for _, c := range page {
				seen = append(seen, c.ID)
			}
			before = seen[len(seen)-1]
		}
		if diff := cmp.Diff([]int64{4, 3, 2, 1}, seen); diff != "" {
			t.Error(diff)
		}
	})
}

func TestFiguresOfOpenCases(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		desk(t, s)
		counts, err := s.OpenCounts(t.Context())
		want := map[cases.Status]int{cases.Pending: 1, cases.Escalated: 1, cases.Deferred: 1}
		if diff := cmp.Diff(want, counts); diff != "" || err != nil {
			t.Error(diff, err)
		}
		for department, want := range map[string]map[string]int{
			"": {"asha": 2, "ravi": 1}, "water": {"asha": 2}, "parks": {},
		} {
			load, err := s.OwnerLoad(t.Context(), department)
			if diff := cmp.Diff(want, load); diff != "" || err != nil {
				t.Error(department, diff, err)
			}
		}
	})
}

func TestCasesOfAContactBeginWithTheOneLastTalkedAbout(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		first := registered(t, s, "C-1")
		for reference, talked := range map[string]time.Duration{"C-2": time.Hour, "C-3": -time.Hour} {
			step := complaint(reference)
			at := now.Add(talked)
			step.Contact, step.Addresses = nil, nil
			step.Change.Case.ContactID, step.Change.Case.LastInboundAt = first.ContactID, &at
			if _, err := s.Record(t.Context(), step); err != nil {
				t.Fatal(err)
			}
		}
		list, err := s.CasesOfContact(t.Context(), first.ContactID, 2)
		if err != nil || len(list) != 2 || list[0].Reference != "C-2" || list[1].Reference != "C-1" {
			t.Errorf("cases: %+v, %v", list, err)
		}
	})
}
