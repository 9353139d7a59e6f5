package main

import (
	"fmt"
	"strings"
)

// The city of the benchmark.
const (
	cityDepartments = 8
	cityOfficers    = 5 // of each department
	cityServices    = 20
	cityAreas       = 16
)

var cityMatters = []string{
	"leaking pipe", "dark street lamp", "pothole", "blocked drain", "missed garbage", "broken bench", "stray dogs",
	"loud music", "illegal parking", "fallen tree", "dirty water", "broken signal", "open manhole", "rat plague",
	"burning rubbish", "damaged footpath", "faulty meter", "late bus", "closed clinic", "crumbling wall",
}

// organisation is the city's file. Its officers have no address of their own,
// so that one complaint is one message out.
func organisation() string {
	var b strings.Builder
	b.WriteString(`jurisdiction: {id: bench.test, name: City of Bench, timezone: Europe/Madrid, languages: [en, es], default_region: US, reference_prefix: C}
calendars:
  - {name: office, week: {mon: ["09:00-17:00"], tue: ["09:00-17:00"], wed: ["09:00-17:00"], thu: ["09:00-17:00"], fri: ["09:00-17:00"]}}
policies:
  - {name: standard, calendar: office, acknowledge_within: 5m, respond_within: 5wd, resolve_within: 10wd, remind_at: [50%, 80%],
     ladder: [{after: 0s, level: 2}, {after: 2wd, level: 3}], reopen_within: 30d, close_after_resolution: 7d}
departments:
  - {code: front-desk, name: Front Desk}
`)
	for d := range cityDepartments {
		fmt.Fprintf(&b, "  - {code: dept-%d, name: Department %d, parent: front-desk}\n", d, d)
	}
	b.WriteString("areas:\n")
	for a := range cityAreas {
		fmt.Fprintf(&b, "  - {code: ward-%d, name: Ward %d}\n", a, a)
	}
	b.WriteString("users:\n  - {login: head, name: Head, roles: [officer, supervisor], department: front-desk, level: 3}\n")
	for d := range cityDepartments {
		for o := range cityOfficers {
			fmt.Fprintf(&b, "  - {login: officer-%d-%d, name: Officer %d %d, roles: [officer], department: dept-%d, level: 1}\n", d, o, d, o, d)
		}
		fmt.Fprintf(&b, "  - {login: super-%d, name: Supervisor %d, roles: [officer, supervisor], department: dept-%d, level: 2}\n", d, d, d)
	}
	b.WriteString("services:\n")
	for s := range cityServices {
		fmt.Fprintf(&b, "  - {code: service-%d, name: %s, group: Group %d, department: dept-%d, priority: normal, policy: standard, keywords: {en: [%s]}}\n",
			s, cityMatters[s], s%4, s%cityDepartments, cityMatters[s])
	}
	b.WriteString("routes: {department: front-desk, policy: standard}\n")
	return b.String()
}

// complaint is what the nth person writes.
func complaint(n int) string {
	return fmt.Sprintf("There is a %s in Ward %d near house %d, for three days now. Please send somebody.",
		cityMatters[n%cityServices], n%cityAreas, n)
}

// phone is the nth person's number.
func phone(n int) string { return fmt.Sprintf("+1312%07d", 2000000+n) }
