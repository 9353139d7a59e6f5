package cases

import (
	"fmt"
	"strconv"
	"strings"
)

// maxDuration bounds N of a Duration, so that sums of times stay sound.
const maxDuration = 100_000

// ParseDuration reads a span as an administrator writes it: a whole number of
// at most 100,000 and a unit: 30s, 5m, 4h, 3d, 4wh, 10wd.
func ParseDuration(s string) (Duration, error) {
	s = strings.TrimSpace(s)
	digits := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if digits <= 0 {
		return Duration{}, durationError(s)
	}
	n, err := strconv.Atoi(s[:digits])
	if err != nil || n > maxDuration {
		return Duration{}, durationError(s)
	}
	unit := Unit(s[digits:])
	switch unit {
	case Seconds, Minutes, Hours, Days, WorkingHours, WorkingDays:
		return Duration{N: n, Unit: unit}, nil
	}
	return Duration{}, durationError(s)
}

func durationError(s string) error {
	if len(s) > 20 {
		s = s[:20] + "…"
	}
	return Refuse(Invalid, "%q is not a time span. Write it as 30s, 5m, 4h, 3d, 4wh (working hours) or 10wd (working days).", s)
}

// String is the form ParseDuration reads. The zero Duration is "0s".
func (d Duration) String() string {
	if d.Unit == "" {
		return fmt.Sprintf("%ds", d.N)
	}
	return fmt.Sprintf("%d%s", d.N, d.Unit)
}

// IsZero reports whether d is no time at all.
func (d Duration) IsZero() bool { return d.N == 0 }

// Working reports whether d counts working time only.
func (d Duration) Working() bool { return d.Unit == WorkingHours || d.Unit == WorkingDays }

// MarshalText writes the form ParseDuration reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads it.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := ParseDuration(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
