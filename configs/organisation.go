package configs

import (
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/redress-cms/redress/cases"
)

// The shapes of an organisation file. They hold what an administrator writes;
// read and export turn it into the domain's types and back.
type (
	organisationFile struct {
		Jurisdiction jurisdictionFile `yaml:"jurisdiction"`
		Calendars    []calendarFile   `yaml:"calendars,omitempty"`
		Policies     []policyFile     `yaml:"policies,omitempty"`
		Departments  []departmentFile `yaml:"departments,omitempty"`
		Areas        []areaFile       `yaml:"areas,omitempty"`
		// AreasFile is GeoJSON with the shapes of areas that have none here;
		// AreasProperty names the property of a feature that holds the code.
		AreasFile     string `yaml:"areas_file,omitempty"`
		AreasProperty string `yaml:"areas_property,omitempty"`

		Users    []userFile    `yaml:"users,omitempty"`
		Services []serviceFile `yaml:"services,omitempty"`
		Facts    []factFile    `yaml:"facts,omitempty"`
		Learning learningFile  `yaml:"learning,omitempty"`
		Routes   routeFile     `yaml:"routes"`
		Rules    rulesFile     `yaml:"rules,omitempty"`
	}
	jurisdictionFile struct {
		ID              string   `yaml:"id"`
		Name            string   `yaml:"name"`
		Timezone        string   `yaml:"timezone"`
		Languages       []string `yaml:"languages,flow"`
		DefaultRegion   string   `yaml:"default_region"`
		ReferencePrefix string   `yaml:"reference_prefix"`
	}
	calendarFile struct {
		Name     string        `yaml:"name"`
		Week     weekFile      `yaml:"week"`
		Holidays []holidayFile `yaml:"holidays,omitempty"`
	}
	weekFile struct {
		Mon []shift `yaml:"mon,omitempty,flow"`
		Tue []shift `yaml:"tue,omitempty,flow"`
		Wed []shift `yaml:"wed,omitempty,flow"`
		Thu []shift `yaml:"thu,omitempty,flow"`
		Fri []shift `yaml:"fri,omitempty,flow"`
		Sat []shift `yaml:"sat,omitempty,flow"`
		Sun []shift `yaml:"sun,omitempty,flow"`
	}
	holidayFile struct {
		Date date   `yaml:"date"`
		Name string `yaml:"name,omitempty"`
	}
	policyFile struct {
		Name                 string         `yaml:"name"`
		Calendar             string         `yaml:"calendar,omitempty"`
		AcknowledgeWithin    cases.Duration `yaml:"acknowledge_within,omitempty"`
		RespondWithin        cases.Duration `yaml:"respond_within,omitempty"`
		ResolveWithin        cases.Duration `yaml:"resolve_within"`
		RemindAt             []percent      `yaml:"remind_at,omitempty,flow"`
		Ladder               []stepFile     `yaml:"ladder,omitempty"`
		Extension            extensionFile  `yaml:"extension,omitempty"`
		ReopenWithin         cases.Duration `yaml:"reopen_within,omitempty"`
		CloseAfterResolution cases.Duration `yaml:"close_after_resolution,omitempty"`
	}
	stepFile struct {
		After cases.Duration `yaml:"after"`
		Level int            `yaml:"level"`
	}
	extensionFile struct {
		Max   cases.Duration `yaml:"max,omitempty"`
		Times int            `yaml:"times,omitempty"`
	}
	departmentFile struct {
		Code   string            `yaml:"code"`
		Name   string            `yaml:"name"`
		Names  map[string]string `yaml:"names,omitempty"`
		Parent string            `yaml:"parent,omitempty"`
		Alerts *alertsFile       `yaml:"alerts,omitempty"`
	}
	alertsFile struct {
		Channel  string `yaml:"channel,omitempty"`
		Address  string `yaml:"address,omitempty"`
		Telegram string `yaml:"telegram,omitempty"` // short for channel: telegram
	}
	areaFile struct {
		Code     string   `yaml:"code"`
		Name     string   `yaml:"name"`
		Aliases  []string `yaml:"aliases,omitempty,flow"`
		Geometry geometry `yaml:"geometry,omitempty"`
	}
	userFile struct {
		Login      string         `yaml:"login"`
		Name       string         `yaml:"name,omitempty"`
		Roles      []cases.Role   `yaml:"roles,omitempty,flow"`
		Department string         `yaml:"department,omitempty"`
		Areas      []string       `yaml:"areas,omitempty,flow"`
		Level      int            `yaml:"level,omitempty"`
		Language   string         `yaml:"language,omitempty"`
		Telegram   string         `yaml:"telegram,omitempty"`
		Phone      string         `yaml:"phone,omitempty"`
		Email      string         `yaml:"email,omitempty"`
		Addresses  []addressEntry `yaml:"addresses,omitempty"` // what the three cannot say; used in place of them
		Disabled   bool           `yaml:"disabled,omitempty"`
	}
	addressEntry struct {
		Channel string `yaml:"channel"`
		Address string `yaml:"address"`
	}
	serviceFile struct {
		Code       string               `yaml:"code"`
		Name       string               `yaml:"name"`
		Names      map[string]string    `yaml:"names,omitempty"`
		Group      string               `yaml:"group,omitempty"`
		Department string               `yaml:"department,omitempty"`
		Priority   cases.Priority       `yaml:"priority,omitempty"`
		Policy     string               `yaml:"policy,omitempty"`
		Keywords   map[string][]keyword `yaml:"keywords,omitempty"`
	}
	factFile struct {
		Name    string   `yaml:"name"`
		Labels  []string `yaml:"labels,omitempty,flow"`
		Pattern string   `yaml:"pattern,omitempty"`
	}
	learningFile struct {
		Enabled    *bool   `yaml:"enabled,omitempty"`
		Confidence float64 `yaml:"confidence,omitempty"`
		Minimum    int     `yaml:"minimum,omitempty"`
	}
	alarmFile struct {
		Name  string              `yaml:"name"`
		Words map[string][]string `yaml:"words,omitempty"`
	}
	routeFile struct {
		Match      matchFile      `yaml:"match,omitempty,flow"`
		Department string         `yaml:"department,omitempty"`
		Owner      string         `yaml:"owner,omitempty"`
		Policy     string         `yaml:"policy,omitempty"`
		Priority   cases.Priority `yaml:"priority,omitempty"`
		Routes     []routeFile    `yaml:"routes,omitempty"`
	}
	matchFile struct {
		Service  string         `yaml:"service,omitempty"`
		Group    string         `yaml:"group,omitempty"`
		Area     string         `yaml:"area,omitempty"`
		Channel  string         `yaml:"channel,omitempty"`
		Language string         `yaml:"language,omitempty"`
		Priority cases.Priority `yaml:"priority,omitempty"`
	}
	rulesFile struct {
		Settle        timespan    `yaml:"settle,omitempty"`
		FloodLimit    int         `yaml:"flood_limit,omitempty"`
		FloodWindow   timespan    `yaml:"flood_window,omitempty"`
		RecentTalk    timespan    `yaml:"recent_talk,omitempty"`
		Urgent        []string    `yaml:"urgent,omitempty,flow"`
		Alarms        []alarmFile `yaml:"alarms,omitempty"`
		SimilarWithin timespan    `yaml:"similar_within,omitempty"`
		MassEvent     int         `yaml:"mass_event,omitempty"`
		AlertExpiry   timespan    `yaml:"alert_expiry,omitempty"`
		NoticeExpiry  timespan    `yaml:"notice_expiry,omitempty"`
		Splitting     string      `yaml:"splitting,omitempty"`
	}
)

// shift is working time as 09:00-13:00.
type shift cases.Shift

func (s *shift) UnmarshalText(text []byte) error {
	from, to, ok := strings.Cut(string(text), "-")
	start, err1 := minutes(strings.TrimSpace(from))
	end, err2 := minutes(strings.TrimSpace(to))
	if !ok || err1 != nil || err2 != nil {
		return fmt.Errorf("%q is not working time; write it as 09:00-13:00", text)
	}
	s.From, s.To = start, end
	return nil
}

func (s shift) MarshalText() ([]byte, error) { return []byte(cases.Shift(s).String()), nil }

// minutes since midnight of 00:00 to 24:00.
func minutes(clock string) (int, error) {
	if clock == "24:00" {
		return 24 * 60, nil
	}
	t, err := time.Parse("15:04", clock)
	return t.Hour()*60 + t.Minute(), err
}

// date is a day as 2027-01-26.
type date cases.Date

func (d *date) UnmarshalText(text []byte) error {
	parsed, err := cases.ParseDate(string(text))
	*d = date(parsed)
	return err
}

// MarshalText writes the form UnmarshalText reads.
func (d date) MarshalText() ([]byte, error) { return []byte(cases.Date(d).String()), nil }

// percent is 50%, or 50.
type percent int

func (p *percent) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(string(text), "%")))
	if err != nil {
		return fmt.Errorf("%q is not a share; write it as 50%%", text)
	}
	*p = percent(n)
	return nil
}

func (p percent) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%d%%", int(p)), nil }

// timespan is a time without working hours: 90s, 30d.
type timespan time.Duration

func (t *timespan) UnmarshalText(text []byte) error {
	d, err := parseDuration(string(text))
	*t = timespan(d)
	return err
}

// MarshalText writes the largest unit that is exact.
func (t timespan) MarshalText() ([]byte, error) {
	d := time.Duration(t)
	for _, u := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if d%u.length == 0 {
			return fmt.Appendf(nil, "%d%s", d/u.length, u.name), nil
		}
	}
	return []byte(d.String()), nil
}

// LoadOrganisation reads an organisation file, indexed and ready for use. The
// error is Faults, all at once.
func LoadOrganisation(path string) (*cases.Organisation, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, Faults{{Place: path, Message: cause(err) +
			"; name another file as organisation.file, or begin with configs/organisation.example.yaml"}}
	}
	return ParseOrganisation(path, data)
}

// ParseOrganisation is LoadOrganisation for data that is at hand; name stands
// for the file in faults.
func ParseOrganisation(name string, data []byte) (*cases.Organisation, error) {
	d := newDecoder(name)
	var f organisationFile
	d.value(d.parse(data), reflect.ValueOf(&f).Elem(), "", 0)
	o := d.organisation(f)
	if err := o.Index(); err != nil {
		d.domain(err)
	}
	if len(d.faults) > 0 {
		return nil, d.faults.inOrder()
	}
	return o, nil
}
