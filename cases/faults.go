package cases

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"
)

// Fault is something wrong in an organisation.
type Fault struct {
	Path    string // as in the file: services[3].department
	Message string // names the thing and the way out
}

func (f Fault) String() string { return f.Path + ": " + f.Message }

// Faults are all that is wrong with an organisation.
type Faults []Fault

func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.String()
	}
	return strings.Join(lines, "\n")
}

// checker gathers faults.
type checker struct {
	o      *Organisation
	faults Faults
}

func (o *Organisation) check() error {
	c := &checker{o: o}
	c.jurisdiction()
	c.calendars()
	c.policies()
	c.departments()
	c.areas()
	c.shapes()
	c.users()
	c.services()
	c.route(o.Routes, "routes", true)
	c.rules()
	if len(c.faults) == 0 {
		return nil
	}
	return c.faults
}

func (c *checker) add(path, format string, args ...any) {
	c.faults = append(c.faults, Fault{Path: path, Message: fmt.Sprintf(format, args...)})
}

// key checks that a code, name or login is there and the only one of its kind.
func (c *checker) key(path, what, key string, seen map[string]bool) {
	switch {
	case strings.TrimSpace(key) == "":
		c.add(path, "a %s is missing", what)
	case strings.TrimSpace(key) != key:
		c.add(path, "the %s %q begins or ends with a blank", what, key)
	case seen[key]:
		c.add(path, "the %s %q is there twice", what, key)
	}
	seen[key] = true
}

// refer checks that a name which may be empty refers to something.
func refer[T any](c *checker, path, what, key string, known map[string]*T) {
	if key != "" && known[key] == nil {
		c.add(path, "there is no %s %q", what, key)
	}
}

func (c *checker) jurisdiction() {
	j := c.o.Jurisdiction
	if j.ID == "" {
		c.add("jurisdiction.id", "is missing; use the domain name of the body, such as city.example")
	}
	if j.Name == "" {
		c.add("jurisdiction.name", "is missing")
	}
	if _, err := time.LoadLocation(j.Timezone); j.Timezone == "" || err != nil {
		c.add("jurisdiction.timezone", "%q is no time zone; write it as Asia/Kolkata", j.Timezone)
	}
	if !validPrefix(j.ReferencePrefix) {
		c.add("jurisdiction.reference_prefix", "%q is not 1 to 4 letters A to Z", j.ReferencePrefix)
	}
	if _, err := language.ParseRegion(j.DefaultRegion); j.DefaultRegion == "" || err != nil {
		c.add("jurisdiction.default_region", "%q is no country code; write it as IN", j.DefaultRegion)
	}
	if len(j.Languages) == 0 {
		c.add("jurisdiction.languages", "at least one is needed; write it as [en, hi]")
	}
	seen := map[string]bool{}
	for i, tag := range j.Languages {
		path := fmt.Sprintf("jurisdiction.languages[%d]", i)
		c.key(path, "language", tag, seen)
		c.language(path, tag)
	}
}

func (c *checker) language(path, tag string) {
	if _, err := language.Parse(tag); err != nil && tag != "" {
		c.add(path, "%q is no language; write it as en, hi or pt-BR", tag)
	}
}

func (c *checker) departments() {
	seen := map[string]bool{}
	if len(c.o.Departments) == 0 {
		c.add("departments", "at least one is needed")
	}
	for i, d := range c.o.Departments {
		path := fmt.Sprintf("departments[%d]", i)
		c.key(path+".code", "department code", d.Code, seen)
		if d.Name == "" {
			c.add(path+".name", "department %q has no name", d.Code)
		}
		refer(c, path+".parent", "department", d.Parent, c.o.index.departments)
		if c.o.circular(d) {
			c.add(path+".parent", "department %q is its own superior", d.Code)
		}
		c.languages(path+".names", d.Names)
		if d.Alerts != nil && (d.Alerts.Channel == "" || d.Alerts.Value == "") {
			c.add(path+".alerts", "needs a channel and an address")
		}
	}
}

// circular reports whether the superiors of d lead back to d.
func (o *Organisation) circular(d Department) bool {
	at := d.Parent
	for range len(o.Departments) {
		if at == "" {
			return false
		}
		if at == d.Code {
			return true
		}
		above, _ := o.Department(at)
		at = above.Parent
	}
	return false
}

func (c *checker) languages(path string, names map[string]string) {
	for _, tag := range slices.Sorted(maps.Keys(names)) {
		c.language(path+"."+tag, tag)
	}
}

func (c *checker) areas() {
	codes, names := map[string]bool{}, map[string]string{}
	for i, a := range c.o.Areas {
		path := fmt.Sprintf("areas[%d]", i)
		c.key(path+".code", "area code", a.Code, codes)
		if a.Name == "" {
			c.add(path+".name", "area %q has no name", a.Code)
		}
		c.alias(path+".name", a, a.Name, names)
		for k, alias := range a.Aliases {
			c.alias(fmt.Sprintf("%s.aliases[%d]", path, k), a, alias, names)
		}
	}
}

func (c *checker) alias(path string, a Area, alias string, owner map[string]string) {
	plain := plainWords(alias)
	if plain == "" && alias != "" {
		c.add(path, "%q has no letters or digits", alias)
	} else if other, taken := owner[plain]; taken && other != a.Code && plain != "" {
		c.add(path, "%q already means area %q", alias, other)
	} else {
		owner[plain] = a.Code
	}
}

func (c *checker) users() {
	roles := []Role{RoleOfficer, RoleSupervisor, RoleAgent, RoleAdministrator, RoleAuditor}
	seen := map[string]bool{}
	for i, u := range c.o.Users {
		path := fmt.Sprintf("users[%d]", i)
		c.key(path+".login", "login", u.Login, seen)
		refer(c, path+".department", "department", u.Department, c.o.index.departments)
		for k, role := range u.Roles {
			if !slices.Contains(roles, role) {
				c.add(fmt.Sprintf("%s.roles[%d]", path, k), "there is no role %q; roles are %s", role, list(roles))
			}
		}
		for k, area := range u.Areas {
			refer(c, fmt.Sprintf("%s.areas[%d]", path, k), "area", area, c.o.index.areas)
		}
		if u.Level < 0 {
			c.add(path+".level", "level %d of %q is below 1", u.Level, u.Login)
		}
		if u.actsOnCases() && u.Department == "" {
			c.add(path+".department", "%q works on cases and needs a department", u.Login)
		}
		c.language(path+".language", u.Language)
	}
}

func list[T ~string](values []T) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = string(v)
	}
	return strings.Join(words, ", ")
}
