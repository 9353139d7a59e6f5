package store_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
)

var (
	phone = cases.Address{Channel: "sms", Value: "+15550001111"}
	mail  = cases.Address{Channel: "email", Value: "asha@city.example"}
	chat  = cases.Address{Channel: "telegram", Value: "12345"}
)

func city() *cases.Organisation {
	return &cases.Organisation{
		Jurisdiction: cases.Jurisdiction{ID: "city.example", Timezone: "Asia/Kolkata", Languages: []string{"en", "hi"}, ReferencePrefix: "C"},
		Calendars: []cases.Calendar{{
			Name: "office", Week: [7][]cases.Shift{time.Monday: {{From: 540, To: 780}}},
			Holidays: []cases.Holiday{{Date: cases.Date{Year: 2027, Month: 1, Day: 26}, Name: "Republic Day"}},
		}},
		Policies: []cases.Policy{{
			Name: "standard", Calendar: "office", ResolveWithin: cases.Duration{N: 10, Unit: cases.WorkingDays},
			RemindAt: []int{50}, Ladder: []cases.Step{{Level: 2}},
		}},
		Departments: []cases.Department{{Code: "water", Name: "Water", Names: map[string]string{"hi": "जल"}, Alerts: &cases.Address{Channel: "telegram", Value: "-100"}}},
		Areas:       []cases.Area{{Code: "ward-4", Name: "Ward 4", Aliases: []string{"School"}}},
		Services:    []cases.Service{{Code: "water-leak", Department: "water", Policy: "standard", Keywords: map[string][]string{"en": {"leak"}}}},
		Routes:      cases.Route{Department: "water"},
		Users: []cases.User{
			{Login: "asha", Name: "Asha Rao", Roles: []cases.Role{cases.RoleOfficer}, Department: "water", Areas: []string{"ward-4"}, Level: 1, Language: "hi", Addresses: []cases.Address{phone, mail}},
		},
	}
}

func apply(t *testing.T, s engine, o *cases.Organisation, source string) bool {
	t.Helper()
	changed, err := s.ApplyOrganisation(t.Context(), o, source, "file")
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

func version(t *testing.T, s engine) int64 {
	t.Helper()
	v, err := s.OrganisationVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestOrganisationComesBackAsItWasApplied(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		if _, _, err := s.Organisation(t.Context()); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("before the first apply: %v, want ErrNotFound", err)
		}
		if !apply(t, s, city(), "hash 1") {
			t.Error("the first apply changed nothing")
		}
		got, v, err := s.Organisation(t.Context())
		if err != nil || v != version(t, s) {
			t.Fatalf("version %d, %v", v, err)
		}
		want := city()
		want.Rules = want.Rules.WithDefaults()
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(cases.Organisation{}),
			cmp.Comparer(func(a, b cases.Duration) bool { return a == b || a.N == 0 && b.N == 0 })); diff != "" {
			t.Error(diff)
		}
		if _, ok := got.User("asha"); !ok {
			t.Error("the look-ups are not ready")
		}
		if apply(t, s, city(), "hash 1") || version(t, s) != v {
			t.Error("an unchanged file was applied again")
		}
		if !apply(t, s, city(), "hash 2") || version(t, s) <= v {
			t.Error("a changed file was not applied")
		}
		if n := s.count(t, `SELECT count(*) FROM organisation`); n != 2 {
			t.Errorf("%d organisations are kept, want 2", n)
		}
	})
}

func TestApplyKeepsLinkedChatsPasswordsAndOtherUsers(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		ctx := t.Context()
		apply(t, s, city(), "1")
		if err := s.SetPassword(ctx, "asha", "argon2"); err != nil {
			t.Fatal(err)
		}
		if err := s.SaveUser(ctx, cases.User{Login: "ravi", Addresses: []cases.Address{{Channel: "sms", Value: "+15550002222"}}}); err != nil {
			t.Fatal(err)
		}
		linked(t, s, "asha", chat)

		next := city()
		next.Users = []cases.User{
			{Login: "asha", Name: "Asha R.", Addresses: []cases.Address{mail}},
			{Login: "new", Addresses: []cases.Address{phone, {Channel: "sms", Value: "+15550002222"}}},
		}
		apply(t, s, next, "2")
		users, err := s.Users(ctx)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string][]cases.Address{}
		for _, u := range users {
			got[u.Login] = u.Addresses
		}
		want := map[string][]cases.Address{
			"asha": {chat, mail}, "new": {phone, {Channel: "sms", Value: "+15550002222"}}, "ravi": nil,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if n := s.count(t, `SELECT count(*) FROM users WHERE login = 'asha' AND password_hash = 'argon2' AND name = 'Asha R.'`); n != 1 {
			t.Error("the password is gone, or the name is the old one")
		}
	})
}

// linked lets a user link a chat by a code.
func linked(t *testing.T, s engine, login string, chat cases.Address) {
	t.Helper()
	if err := s.NewLinkCode(t.Context(), login, "code of "+login, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	recorded, err := s.Record(t.Context(), store.Step{At: now, Link: &store.LinkUse{Code: "code of " + login, Address: chat}})
	if err != nil || recorded.Login != login {
		t.Fatalf("linked %q, %v; want %s", recorded.Login, err, login)
	}
}

func TestALinkCodeWorksOnce(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		ctx := t.Context()
		apply(t, s, city(), "1")
		if err := s.NewLinkCode(ctx, "nobody", "x", now); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("for an unknown user: %v, want ErrNotFound", err)
		}
		for _, code := range []string{"OLD", "ABC"} {
			if err := s.NewLinkCode(ctx, "asha", code, now.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		for _, tt := range []struct {
			code string
			at   time.Time
			want string
		}{{"ABC", now, "asha"}, {"abc", now, ""}, {"OLD", now, ""}, {"ABC", now.Add(time.Hour), ""}} {
			login, err := s.LinkCodeUser(ctx, tt.code, tt.at)
			if login != tt.want || (tt.want == "") != errors.Is(err, store.ErrNotFound) {
				t.Errorf("code %s at %s: %q, %v; want %q", tt.code, tt.at, login, err, tt.want)
			}
		}
		before := version(t, s)
		var wg sync.WaitGroup
		var won, lost atomic.Int32
		for range 4 {
			wg.Go(func() {
				_, err := s.Record(ctx, store.Step{At: now, Link: &store.LinkUse{Code: "ABC", Address: chat}})
				switch {
				case err == nil:
					won.Add(1)
				case errors.Is(err, store.ErrConflict):
					lost.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || lost.Load() != 3 {
			t.Errorf("the code worked %d times", won.Load())
		}
		user, err := s.UserByAddress(ctx, chat)
		if err != nil || user.Login != "asha" || user.Addresses[0] != chat {
			t.Errorf("user of the chat: %+v, %v", user, err)
		}
		if version(t, s) <= before {
			t.Error("nobody is told that a user changed")
		}
	})
}

func TestUsersAreChanged(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		ctx := t.Context()
		apply(t, s, city(), "1")
		linked(t, s, "asha", chat)
		asha, err := s.User(ctx, "asha")
		if err != nil {
			t.Fatal(err)
		}
		asha.Level, asha.Addresses = 2, []cases.Address{mail, chat}
		before := version(t, s)
		if err := s.SaveUser(ctx, asha); err != nil {
			t.Fatal(err)
		}
		got, err := s.User(ctx, "asha")
		if diff := cmp.Diff(asha, got); diff != "" || err != nil {
			t.Error(diff, err)
		}
		if err := s.SaveUser(ctx, cases.User{Login: "ravi", Addresses: []cases.Address{mail}}); !errors.Is(err, store.ErrConflict) {
			t.Errorf("an address of somebody else: %v, want ErrConflict", err)
		}
		if _, err := s.User(ctx, "ravi"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a user that was not saved: %v, want ErrNotFound", err)
		}
		if err := s.DisableUser(ctx, "asha"); err != nil {
			t.Fatal(err)
		}
		if got, _ := s.User(ctx, "asha"); !got.Disabled {
			t.Error("the user is still in service")
		}
		for name, err := range map[string]error{
			"disable": s.DisableUser(ctx, "nobody"), "password": s.SetPassword(ctx, "nobody", "x"),
		} {
			if !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s of an unknown user: %v, want ErrNotFound", name, err)
			}
		}
		if version(t, s) != before+2 {
			t.Errorf("version %d, was %d; two changes were made", version(t, s), before)
		}
	})
}

func TestAStaffGroupMoves(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		from, to := cases.Address{Channel: "telegram", Value: "-1"}, cases.Address{Channel: "telegram", Value: "-100"}
		org := city()
		org.Departments[0].Alerts = &from
		apply(t, s, org, "hash 1")
		before := version(t, s)
		if err := s.MoveAlerts(t.Context(), from, to); err != nil {
			t.Fatal(err)
		}
		got, after, err := s.Organisation(t.Context())
		if err != nil || *got.Departments[0].Alerts != to || after <= before {
			t.Errorf("the group is at %v, version %d after %d, %v", got.Departments[0].Alerts, after, before, err)
		}
		if apply(t, s, org, "hash 1") {
			t.Error("the file was applied again, with the old address")
		}
	})
}
