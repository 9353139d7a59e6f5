package cases

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// splitWeek works 09:00-13:00 and 14:00-17:00 from Monday to Friday, and
// Saturday mornings; Republic Day 2027 is a Tuesday.
func splitWeek() *Calendar {
	day := []Shift{{9 * 60, 13 * 60}, {14 * 60, 17 * 60}}
	return &Calendar{
		Week:     [7][]Shift{{}, day, day, day, day, day, {{9 * 60, 13 * 60}}},
		Holidays: []Holiday{{Date: Date{2027, time.January, 26}}},
	}
}

const wall = "Mon 2006-01-02 15:04"

func TestCalendarAdd(t *testing.T) {
	nights := &Calendar{Week: [7][]Shift{{{0, 360}}, {{0, 360}}, {{0, 360}}, {{0, 360}}, {{0, 360}}, {{0, 360}}, {{0, 360}}}}
	tests := []struct {
		name        string
		calendar    *Calendar
		zone, start string
		span, want  string
	}{
		{"hours within a shift", splitWeek(), "Asia/Kolkata", "Mon 2027-01-04 09:30", "2wh", "Mon 2027-01-04 11:30"},
		{"hours across the break", splitWeek(), "Asia/Kolkata", "Mon 2027-01-04 12:00", "2wh", "Mon 2027-01-04 15:00"},
		{"hours that end with a shift", splitWeek(), "Asia/Kolkata", "Mon 2027-01-04 14:00", "3wh", "Mon 2027-01-04 17:00"},
		{"hours across the night", splitWeek(), "Asia/Kolkata", "Mon 2027-01-04 16:00", "4wh", "Tue 2027-01-05 12:00"},
		{"hours across the weekend", splitWeek(), "Asia/Kolkata", "Sat 2027-01-09 12:00", "2wh", "Mon 2027-01-11 10:00"},
		{"hours across a holiday", splitWeek(), "Asia/Kolkata", "Mon 2027-01-25 16:30", "1wh", "Wed 2027-01-27 09:30"},
		{"hours from before work", splitWeek(), "Asia/Kolkata", "Mon 2027-01-04 03:00", "1wh", "Mon 2027-01-04 10:00"},
		{"hours from within the break", splitWeek(), "Asia/Kolkata", "Mon 2027-01-04 13:30", "1wh", "Mon 2027-01-04 15:00"},
		{"days count from the next working day", splitWeek(), "Asia/Kolkata", "Mon 2027-01-04 08:00", "1wd", "Tue 2027-01-05 17:00"},
		{"days from late at night", splitWeek(), "Asia/Kolkata", "Mon 2027-01-04 23:59", "1wd", "Tue 2027-01-05 17:00"},
		{"days from a Sunday", splitWeek(), "Asia/Kolkata", "Sun 2027-01-03 12:00", "1wd", "Mon 2027-01-04 17:00"},
		{"days that end on a short day", splitWeek(), "Asia/Kolkata", "Fri 2027-01-08 12:00", "1wd", "Sat 2027-01-09 13:00"},
		{"ten days", splitWeek(), "Asia/Kolkata", "Mon 2027-01-04 12:00", "10wd", "Fri 2027-01-15 17:00"},
		{"ten days across a holiday", splitWeek(), "Asia/Kolkata", "Mon 2027-01-18 12:00", "10wd", "Sat 2027-01-30 13:00"},
		{"calendar days keep the time of day", splitWeek(), "Europe/Madrid", "Sat 2027-03-27 12:00", "1d", "Sun 2027-03-28 12:00"},
		{"hours of any time do not", splitWeek(), "Europe/Madrid", "Sat 2027-03-27 12:00", "24h", "Sun 2027-03-28 13:00"},
		{"minutes", splitWeek(), "Asia/Kolkata", "Sun 2027-01-03 23:58", "5m", "Mon 2027-01-04 00:03"},
		{"nothing", splitWeek(), "Asia/Kolkata", "Sun 2027-01-03 12:00", "0wd", "Sun 2027-01-03 12:00"},
		{"working hours on the day the clock goes forward", nights, "Europe/Madrid", "Sun 2027-03-28 01:00", "5wh", "Mon 2027-03-29 01:00"},
		{"working hours on the day the clock goes back", nights, "Europe/Madrid", "Sun 2027-10-31 01:00", "6wh", "Sun 2027-10-31 06:00"},
		{"no calendar works round the clock", nil, "Asia/Kolkata", "Sun 2027-01-03 12:00", "36wh", "Tue 2027-01-05 00:00"},
		{"no calendar ends days at midnight", nil, "Asia/Kolkata", "Sun 2027-01-03 12:00", "1wd", "Tue 2027-01-05 00:00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			loc := zone(t, tt.zone)
			start, err := time.ParseInLocation(wall, tt.start, loc)
			if err != nil {
				t.Fatal(err)
			}
			span, err := ParseDuration(tt.span)
			if err != nil {
				t.Fatal(err)
			}
			if got := tt.calendar.Add(start, span, loc).In(loc).Format(wall); got != tt.want {
				t.Errorf("%s + %s = %s, want %s", tt.start, tt.span, got, tt.want)
			}
		})
	}
}

func TestCalendarBetween(t *testing.T) {
	loc := zone(t, "Asia/Kolkata")
	tests := []struct {
		from, to string
		want     time.Duration
	}{
		{"Mon 2027-01-04 09:00", "Mon 2027-01-04 17:00", 7 * time.Hour},
		{"Mon 2027-01-04 12:30", "Mon 2027-01-04 14:30", time.Hour},
		{"Fri 2027-01-08 16:00", "Mon 2027-01-11 10:00", 6 * time.Hour},
		{"Sun 2027-01-03 00:00", "Sun 2027-01-03 23:00", 0},
		{"Mon 2027-01-25 16:00", "Wed 2027-01-27 10:00", 2 * time.Hour},
		{"Mon 2027-01-04 12:00", "Mon 2027-01-04 11:00", 0},
	}
	for _, tt := range tests {
		from, _ := time.ParseInLocation(wall, tt.from, loc)
		to, _ := time.ParseInLocation(wall, tt.to, loc)
		if got := splitWeek().Between(from, to, loc); got != tt.want {
			t.Errorf("between %s and %s: %s, want %s", tt.from, tt.to, got, tt.want)
		}
	}
}

func TestCalendarWithoutAnyWorkingDayEnds(t *testing.T) {
	c := &Calendar{Week: [7][]Shift{time.Monday: {{540, 600}}}}
	for d := (Date{2027, time.January, 1}); d.Year < 2038; d = d.next() {
		c.Holidays = append(c.Holidays, Holiday{Date: d})
	}
	if got := c.Add(noon, Duration{3, WorkingDays}, time.UTC); got.Before(noon) {
		t.Errorf("due %s", got)
	}
}

func drawCalendar(t *rapid.T) *Calendar {
	c := &Calendar{}
	for day := range c.Week {
		at := 0
		for range rapid.IntRange(0, 3).Draw(t, "shifts") {
			from := at + rapid.IntRange(0, 300).Draw(t, "gap")
			to := from + rapid.IntRange(1, 300).Draw(t, "length")
			if to > minutesPerDay {
				break
			}
			c.Week[day] = append(c.Week[day], Shift{from, to})
			at = to
		}
	}
	for range rapid.IntRange(0, 3).Draw(t, "holidays") {
		c.Holidays = append(c.Holidays, Holiday{Date: DateOf(drawTime(t), time.UTC)})
	}
	return c
}

func drawTime(t *rapid.T) time.Time {
	return noon.Add(time.Duration(rapid.IntRange(0, 400*24*60).Draw(t, "minutes")) * time.Minute)
}

func TestCalendarProperties(t *testing.T) {
	zones := []*time.Location{zone(t, "Asia/Kolkata"), zone(t, "Europe/Madrid"), zone(t, "America/Santiago"), zone(t, "Australia/Lord_Howe")}
	rapid.Check(t, func(t *rapid.T) {
		c, loc := drawCalendar(t), rapid.SampledFrom(zones).Draw(t, "zone")
		a, b := drawTime(t), drawTime(t)
		if b.Before(a) {
			a, b = b, a
		}
		unit := rapid.SampledFrom([]Unit{Minutes, Hours, Days, WorkingHours, WorkingDays}).Draw(t, "unit")
		d := Duration{rapid.IntRange(0, 40).Draw(t, "n"), unit}
		if c.Add(b, d, loc).Before(c.Add(a, d, loc)) {
			t.Fatalf("%s after %s is before %s after %s", d, b, d, a)
		}
		if c.Add(a, Duration{d.N + 1, unit}, loc).Before(c.Add(a, d, loc)) {
			t.Fatalf("one more than %s is less", d)
		}
		if unit == WorkingHours {
			if got := c.Between(a, c.Add(a, d, loc), loc); got != time.Duration(d.N)*time.Hour {
				t.Fatalf("%s after %s has %s of working time", d, a, got)
			}
		}
		if unit == WorkingDays && d.N > 0 && !c.IsWorkingDay(DateOf(c.Add(a, d, loc).Add(-time.Nanosecond), loc)) {
			t.Fatalf("%s after %s is no working day", d, a)
		}
		half := c.Share(a, b, 50, loc)
		if half.Before(a) || half.After(b) || c.Share(a, b, 80, loc).Before(half) {
			t.Fatalf("half between %s and %s is %s", a, b, half)
		}
		mid := a.Add(b.Sub(a) / 2)
		if c.Between(a, mid, loc)+c.Between(mid, b, loc) != c.Between(a, b, loc) {
			t.Fatalf("working time between %s and %s does not add up", a, b)
		}
	})
}

func TestDurationIsReadBack(t *testing.T) {
	for _, s := range []string{"30s", "5m", "4h", "3d", "4wh", "10wd", "0s"} {
		d, err := ParseDuration(s)
		if err != nil || d.String() != s {
			t.Errorf("%s was read as %s (%v)", s, d, err)
		}
	}
	kept, err := json.Marshal(Step{After: Duration{2, WorkingDays}, Level: 3})
	var step Step
	if err != nil || json.Unmarshal(kept, &step) != nil || step.After.String() != "2wd" {
		t.Errorf("kept as %s, read as %v", kept, step)
	}
	for _, s := range []string{"", "5", "m", "-5m", "5 m", "1.5h", "5M", "99999999999999999999d", "100001d", "5mo"} {
		if d, err := ParseDuration(s); err == nil {
			t.Errorf("%q was read as %s", s, d)
		}
	}
}
