package cases

import "time"

const (
	minutesPerDay = 24 * 60
	// maxIdleDays ends a search for working time, should holidays cover all of it.
	maxIdleDays = 3660
)

// DateOf is the calendar day of an instant in loc.
func DateOf(t time.Time, loc *time.Location) Date {
	y, m, d := t.In(loc).Date()
	return Date{Year: y, Month: m, Day: d}
}

// next is the day after d.
func (d Date) next() Date {
	return DateOf(time.Date(d.Year, d.Month, d.Day+1, 12, 0, 0, 0, time.UTC), time.UTC)
}

// minute is the instant at so many minutes of wall-clock time after midnight.
func (d Date) minute(m int, loc *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, m, 0, 0, loc)
}

// String is the day as 2027-01-26.
func (d Date) String() string {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

// ParseDate reads a day as 2027-01-26.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, Refuse(Invalid, "%q is not a date. Write it as 2027-01-26.", s)
	}
	return DateOf(t, time.UTC), nil
}

// span is working time without a break.
type span struct{ from, to time.Time }

// IsWorkingDay reports whether any work is done on a day.
func (c *Calendar) IsWorkingDay(d Date) bool { return len(c.shifts(d)) > 0 }

// shifts of a day. A nil calendar, or one without any shift, works round the
// clock on all days that are no holiday.
func (c *Calendar) shifts(d Date) []Shift {
	if c == nil {
		return []Shift{{0, minutesPerDay}}
	}
	for _, h := range c.Holidays {
		if h.Date == d {
			return nil
		}
	}
	weekday := time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC).Weekday()
	if s := c.Week[weekday]; len(s) > 0 || c.hasShifts() {
		return s
	}
	return []Shift{{0, minutesPerDay}}
}

func (c *Calendar) hasShifts() bool {
	for _, day := range c.Week {
		if len(day) > 0 {
			return true
		}
	}
	return false
}

// spans are the shifts of a day as instants. On the day a clock is put
// forward a shift can lose time, or vanish.
func (c *Calendar) spans(d Date, loc *time.Location) []span {
	var out []span
	for _, s := range c.shifts(d) {
		from, to := d.minute(s.From, loc), d.minute(s.To, loc)
		if to.After(from) {
			out = append(out, span{from, to})
		}
	}
	return out
}

// Add is the instant d after start, in UTC.
//
// Seconds, minutes and hours pass at any time. Days are calendar days: the
// same time of day, N days on. Working hours pass during shifts only; when
// they run out as a shift ends, that end is meant, not the next beginning.
// N working days end when work ends on the Nth working day after the day of
// start in loc; the day of start itself never counts. Nothing of any unit is
// start itself.
func (c *Calendar) Add(start time.Time, d Duration, loc *time.Location) time.Time {
	if d.N <= 0 {
		return start.UTC()
	}
	switch d.Unit {
	case WorkingHours:
		return c.addWorking(start, time.Duration(d.N)*time.Hour, loc)
	case WorkingDays:
		return c.addWorkingDays(start, d.N, loc)
	case Days:
		return start.In(loc).AddDate(0, 0, d.N).UTC()
	case Hours:
		return start.Add(time.Duration(d.N) * time.Hour).UTC()
	case Minutes:
		return start.Add(time.Duration(d.N) * time.Minute).UTC()
	default:
		return start.Add(time.Duration(d.N) * time.Second).UTC()
	}
}

// addWorking is the instant at which so much working time has passed since start.
func (c *Calendar) addWorking(start time.Time, left time.Duration, loc *time.Location) time.Time {
	if left <= 0 {
		return start.UTC()
	}
	day := DateOf(start, loc)
	for idle := 0; idle < maxIdleDays; day = day.next() {
		spans := c.spans(day, loc)
		idle++
		for _, s := range spans {
			from := later(s.from, start)
			if !s.to.After(from) {
				continue
			}
			if worked := s.to.Sub(from); worked < left {
				left -= worked
				idle = 0
				continue
			}
			return from.Add(left).UTC()
		}
	}
	return start.Add(left).UTC()
}

func (c *Calendar) addWorkingDays(start time.Time, n int, loc *time.Location) time.Time {
	day := DateOf(start, loc)
	for idle := 0; idle < maxIdleDays; {
		day = day.next()
		spans := c.spans(day, loc)
		idle++
		if len(spans) == 0 {
			continue
		}
		idle = 0
		if n--; n == 0 {
			return spans[len(spans)-1].to.UTC()
		}
	}
	return start.In(loc).AddDate(0, 0, n).UTC()
}

// Between is the working time from one instant to another; zero when to is
// not after from.
func (c *Calendar) Between(from, to time.Time, loc *time.Location) time.Duration {
	var sum time.Duration
	if !to.After(from) {
		return 0
	}
	for day, last := DateOf(from, loc), DateOf(to, loc); ; day = day.next() {
		for _, s := range c.spans(day, loc) {
			a, b := later(s.from, from), s.to
			if b.After(to) {
				b = to
			}
			if b.After(a) {
				sum += b.Sub(a)
			}
		}
		if day == last {
			return sum
		}
	}
}

// Share is the instant at which so many percent of the working time between
// two instants have passed. Where no work is done between them, all time counts.
func (c *Calendar) Share(from, to time.Time, percent int, loc *time.Location) time.Time {
	if working := c.Between(from, to, loc); working > 0 {
		return c.addWorking(from, part(working, percent), loc)
	}
	return from.Add(part(to.Sub(from), percent)).UTC()
}

// part is a percentage of a span, rounded down to the second.
func part(d time.Duration, percent int) time.Duration {
	return (d / 100 * time.Duration(percent)).Truncate(time.Second)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
