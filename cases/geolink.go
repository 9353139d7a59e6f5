package cases

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// pinned is the place of a Google map's address, which may lie beside the
// middle of what it shows.
var pinned = regexp.MustCompile(`!3d(-?\d{1,3}\.\d{1,15})!4d(-?\d{1,3}\.\d{1,15})`)

// middle is the middle of what a Google map shows.
var middle = regexp.MustCompile(`/@(-?\d{1,3}\.\d{1,15}),(-?\d{1,3}\.\d{1,15})`)

// stop of a Bing map's address: sp=point.12.97_77.59_Name.
var stop = regexp.MustCompile(`^point\.(-?\d{1,3}\.\d{1,15})_(-?\d{1,3}\.\d{1,15})`)

// pointOfLink reads the address of a map. short means that only the provider
// knows what the address leads to.
func pointOfLink(link string) (p Point, ok, short bool) {
	link = strings.TrimRight(link, `.,;:!?)]}'"`)
	if !strings.Contains(link[:min(len(link), 8)], "://") {
		link = "https://" + link
	}
	u, err := url.Parse(link)
	if err != nil {
		return Point{}, false, false
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return Point{}, false, false
	}
	host := strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
	switch {
	case slices.Contains(shortHosts[:], host), host == "goo.gl" && strings.HasPrefix(u.Path, "/maps"),
		host == "osm.org" && strings.HasPrefix(u.Path, "/go/"):
		return Point{}, false, true
	case isGoogle(host) && (strings.HasPrefix(host, "maps.") || strings.HasPrefix(u.Path, "/maps")):
		p, ok = googlePoint(u, query)
	case host == "maps.apple.com":
		p, ok = firstPair(query, "coordinate", "ll", "q", "daddr", "near", "sll", "center")
		short = !ok && strings.HasPrefix(u.Path, "/p/")
	case host == "openstreetmap.org", host == "osm.org":
		p, ok = osmPoint(u, query)
	case host == "bing.com" && strings.HasPrefix(u.Path, "/maps"):
		p, ok = bingPoint(query)
	case host == "waze.com", host == "ul.waze.com":
		p, ok = firstPair(query, "ll", "to", "latlng")
	case host == "share.here.com", host == "wego.here.com":
		_, after, _ := strings.Cut(u.Path, "/l/")
		if p, ok = pointOfPair(after); !ok {
			p, ok = firstPair(query, "map", "ll")
		}
	case host == "plus.codes":
		p, ok = pointOfCode(u.Path)
	}
	return p, ok, short
}

// shortHosts give addresses that say nothing by themselves.
var shortHosts = [...]string{"maps.app.goo.gl", "maps.apple", "g.co", "w3w.co", "what3words.com", "her.is", "binged.it"}

// isGoogle knows google.com, maps.google.co.in and the like, and no host that
// only has the name in it.
func isGoogle(host string) bool {
	host = strings.TrimPrefix(host, "maps.")
	rest, ok := strings.CutPrefix(host, "google.")
	labels := strings.Split(rest, ".")
	if !ok || len(labels) > 2 {
		return false
	}
	for _, label := range labels {
		if len(label) < 2 || len(label) > 3 {
			return false
		}
	}
	return true
}

func googlePoint(u *url.URL, query url.Values) (Point, bool) {
	if m := pinned.FindAllStringSubmatch(u.Path, -1); m != nil {
		last := m[len(m)-1] // of a route, where it leads
		if p, ok := pointOf(last[1], last[2]); ok {
			return p, true
		}
	}
	if p, ok := firstPair(query, "q", "query", "destination", "daddr", "ll", "center", "cbll", "viewpoint", "sll"); ok {
		return p, true
	}
	for segment := range strings.SplitSeq(u.Path, "/") {
		if strings.HasPrefix(segment, "@") {
			continue
		}
		segment = strings.ReplaceAll(segment, "+", " ")
		if p, ok := pointOfPair(segment); ok {
			return p, true
		}
		if p, ok := pointOfCoordinates(segment); ok {
			return p, true
		}
	}
	if m := middle.FindStringSubmatch(u.Path); m != nil {
		return pointOf(m[1], m[2])
	}
	return pointOfCode(strings.ReplaceAll(u.Path, "%2B", "+"))
}

// osmPoint prefers the marker over the middle of the map.
func osmPoint(u *url.URL, query url.Values) (Point, bool) {
	if p, ok := pointOf(query.Get("mlat"), query.Get("mlon")); ok {
		return p, true
	}
	fragment, err := url.ParseQuery(u.Fragment)
	if err != nil {
		return Point{}, false
	}
	for _, shown := range []string{fragment.Get("map"), query.Get("map")} { // zoom/latitude/longitude
		if parts := strings.Split(shown, "/"); len(parts) == 3 {
			if p, ok := pointOf(parts[1], parts[2]); ok {
				return p, true
			}
		}
	}
	return pointOf(query.Get("lat"), query.Get("lon"))
}

func bingPoint(query url.Values) (Point, bool) {
	if m := stop.FindStringSubmatch(query.Get("sp")); m != nil {
		if p, ok := pointOf(m[1], m[2]); ok {
			return p, true
		}
	}
	if p, ok := firstPair(query, "where1", "q"); ok {
		return p, true
	}
	latitude, longitude, _ := strings.Cut(query.Get("cp"), "~")
	return pointOf(latitude, longitude)
}

// firstPair is the first of the named values that is a pair of coordinates.
func firstPair(query url.Values, names ...string) (Point, bool) {
	for _, name := range names {
		if p, ok := pointOfPair(query.Get(name)); ok {
			return p, true
		}
	}
	return Point{}, false
}
