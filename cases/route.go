package cases

import (
	"cmp"
	"fmt"
	"slices"
)

// Routing is who answers for a case, by which clock, and why.
type Routing struct {
	Department string
	Owner      string // login; empty: nobody fits, the department is told
	Level      int    // of the owner; the wanted one when there is none
	Policy     string
	Priority   Priority
	Reasons    []Reason
}

func (r *Routing) because(decision, value, format string, args ...any) {
	r.Reasons = append(r.Reasons, Reason{Decision: decision, Value: value, Why: fmt.Sprintf(format, args...)})
}

// Route decides who gets a case. The tree is walked depth first: at each node
// the first child that matches decides, and what it leaves empty it inherits.
// Where no route but the root speaks, the service decides; the root, which is
// the front desk, comes last. The owner is found by Pick at the case's Level
// (from 1); load is the number of open cases by login.
func (o *Organisation) Route(c Case, load map[string]int) Routing {
	service, _ := o.Service(c.Service)
	route, path := o.match(c, service.Group)
	r := Routing{Level: max(c.Level, 1), Priority: cmp.Or(route.Priority, c.Priority, service.Priority, Normal)}
	if route.Priority != "" {
		r.because("priority", string(r.Priority), "%s", path)
	}
	switch {
	case route.Department != "":
		r.Department = route.Department
		r.because("department", r.Department, "%s", path)
	case service.Department != "":
		r.Department = service.Department
		r.because("department", r.Department, "department of service %s", service.Name)
	default:
		r.Department = o.FrontDesk()
		r.because("department", r.Department, "front desk: no route and no service says otherwise")
	}
	r.policy(o, route, path, service)
	r.owner(o, route.Owner, path, c.Area, load)
	return r
}

func (r *Routing) policy(o *Organisation, route Route, path string, service Service) {
	switch {
	case route.Policy != "":
		r.Policy = route.Policy
		r.because("policy", r.Policy, "%s", path)
	case service.Policy != "":
		r.Policy = service.Policy
		r.because("policy", r.Policy, "policy of service %s", service.Name)
	case o.Routes.Policy != "":
		r.Policy = o.Routes.Policy
		r.because("policy", r.Policy, "policy of the front desk")
	case len(o.Policies) > 0:
		r.Policy = o.Policies[0].Name
		r.because("policy", r.Policy, "the first policy")
	}
}

func (r *Routing) owner(o *Organisation, named, path, area string, load map[string]int) {
	if u, ok := o.User(named); ok && !u.Disabled && named != "" {
		r.Owner = named
		r.because("owner", named, "%s", path)
		return
	}
	u, why := o.Pick(r.Department, area, r.Level, load)
	if why == "" {
		r.because("owner", "", "nobody of the department is free to take it")
		return
	}
	r.Owner, r.Level = u.Login, u.level()
	r.because("owner", u.Login, "%s", why)
}

// match walks the tree below the root. What it returns holds what the routes
// on the way say, nothing of the root; path names the last for staff.
func (o *Organisation) match(c Case, group string) (Route, string) {
	var said Route
	path := "routes"
	for children := o.Routes.Routes; ; {
		i := slices.IndexFunc(children, func(r Route) bool { return r.Match.holds(c, group) })
		if i < 0 {
			return said, "route " + path
		}
		r := children[i]
		path = fmt.Sprintf("%s.routes[%d]", path, i)
		said.Department = cmp.Or(r.Department, said.Department)
		said.Policy = cmp.Or(r.Policy, said.Policy)
		said.Priority = cmp.Or(r.Priority, said.Priority)
		said.Owner = cmp.Or(r.Owner, said.Owner)
		children = r.Routes
	}
}

func (m Match) holds(c Case, group string) bool {
	return (m.Service == "" || m.Service == c.Service) &&
		(m.Group == "" || m.Group == group) &&
		(m.Area == "" || m.Area == c.Area) &&
		(m.Channel == "" || m.Channel == cmp.Or(c.Intake, c.Channel)) &&
		(m.Language == "" || m.Language == c.Language) &&
		(m.Priority == "" || m.Priority == c.Priority)
}

// Pick chooses an officer: of the department, else of the nearest one above it
// that has anybody of the level; failing all, of the next level up. In a
// department those who have the area go before those who have all areas; then
// the fewest open cases decide, then the login. A case without area fits
// everybody. why is empty when there is nobody.
func (o *Organisation) Pick(department, area string, level int, load map[string]int) (u User, why string) {
	for l := max(level, 1); l <= o.topLevel(); l++ {
		for _, d := range o.upward(department) {
			fit := o.Officers(d, area, l)
			if len(fit) == 0 {
				continue
			}
			u = slices.MinFunc(fit, func(a, b User) int {
				return cmp.Or(cmp.Compare(a.distance(area), b.distance(area)),
					cmp.Compare(load[a.Login], load[b.Login]), cmp.Compare(a.Login, b.Login))
			})
			return u, o.whyPicked(u, area, l, load[u.Login])
		}
	}
	return User{}, ""
}

func (o *Organisation) whyPicked(u User, area string, level, load int) string {
	where := "for all areas"
	if area != "" && slices.Contains(u.Areas, area) {
		where = "for " + o.AreaName(area)
	}
	return fmt.Sprintf("level %d of %s %s, %d open", level, o.DepartmentName(u.Department, ""), where, load)
}

// Officers are the enabled officers and supervisors of one department and
// level who may have cases of an area, in order of login. Those who have the
// area and those who have all are both among them; an empty area fits everybody.
func (o *Organisation) Officers(department, area string, level int) []User {
	var fit []User
	for _, u := range o.Users {
		if u.Department == department && u.level() == level && !u.Disabled && u.actsOnCases() && u.distance(area) < 2 {
			fit = append(fit, u)
		}
	}
	slices.SortFunc(fit, func(a, b User) int { return cmp.Compare(a.Login, b.Login) })
	return fit
}

// distance says how well an area suits a user: 0 it is theirs, 1 they have
// all or it is not known, 2 it is not theirs.
func (u User) distance(area string) int {
	switch {
	case area != "" && slices.Contains(u.Areas, area), area == "" && len(u.Areas) == 0:
		return 0
	case len(u.Areas) == 0, area == "":
		return 1
	}
	return 2
}

// level counts from 1, also where none is set.
func (u User) level() int { return max(u.Level, 1) }

// Has reports whether the user has a role.
func (u User) Has(r Role) bool { return slices.Contains(u.Roles, r) }

// actsOnCases reports whether the user can own cases.
func (u User) actsOnCases() bool { return u.Has(RoleOfficer) || u.Has(RoleSupervisor) }

// upward is a department and those above it, nearest first.
func (o *Organisation) upward(department string) []string {
	var codes []string
	for department != "" && !slices.Contains(codes, department) {
		codes = append(codes, department)
		d, _ := o.Department(department)
		department = d.Parent
	}
	return codes
}

// topLevel is the highest level anybody has.
func (o *Organisation) topLevel() int {
	top := 1
	for _, u := range o.Users {
		if !u.Disabled && u.actsOnCases() {
			top = max(top, u.level())
		}
	}
	return top
}
