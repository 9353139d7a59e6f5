package main

// The city that the suite complains to. Its staff have no addresses: what is
// compared is what complainants get.
const (
	cityNumber  = "+12025550100"
	cityMailbox = "complaints@city.test"

	organisation = `
jurisdiction: {id: city.test, name: City of Test, timezone: Europe/Madrid, languages: [en], default_region: US, reference_prefix: C}
calendars:
  - {name: always, week: {mon: ["00:00-24:00"], tue: ["00:00-24:00"], wed: ["00:00-24:00"], thu: ["00:00-24:00"], fri: ["00:00-24:00"], sat: ["00:00-24:00"], sun: ["00:00-24:00"]}}
policies:
  - {name: standard, calendar: always, acknowledge_within: 5m, respond_within: 5d, resolve_within: 9d, remind_at: [50%],
     ladder: [{after: 0s, level: 2}], reopen_within: 30d, close_after_resolution: 7d}
departments:
  - {code: water, name: Water and Sewerage}
areas: []
users:
  - {login: asha, name: Asha Rao, roles: [officer], department: water, level: 1}
  - {login: ravi, name: Ravi Iyer, roles: [officer, supervisor], department: water, level: 2}
services:
  - {code: water-leak, name: Water leak, group: Water, department: water, priority: high, policy: standard,
     keywords: {en: [leak, leaking]}}
routes: {department: water, policy: standard}
rules: {settle: 1s, flood_limit: 100000, flood_window: 1m, recent_talk: 30d}
`
)
