package configs

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds of the limits, in bytes.
const (
	minMessageBytes = 64 << 10
	maxMessageBytes = 1 << 30
)

// check finds what decoding cannot see: values that make no sense alone or
// together. It adds to the faults.
func (d *decoder) check(s *Settings) {
	d.need("data_dir", s.DataDir, "name the folder that the database and files go to")
	d.database(s.Database)
	d.redis(s.Redis)
	d.http(s.HTTP)
	d.need("organisation.file", s.Organisation.File, "name the file with departments, services and officers")
	d.channels(s)
	d.limits(s.Limits)
	d.scanner(s.Scanner)
	d.oneOf("log.level", s.Log.Level, "debug", "info", "warn", "error")
	d.oneOf("log.format", s.Log.Format, "text", "json")
	if s.Alerts.IntakeDownAfter < time.Minute {
		d.add("alerts.intake_down_after", "%v is less than a minute, which every restart takes", s.Alerts.IntakeDownAfter)
	}
	if s.Tracing.Endpoint != "" {
		d.webURL("tracing.endpoint", s.Tracing.Endpoint)
	}
	if s.Tracing.Sample < 0 || s.Tracing.Sample > 1 {
		d.add("tracing.sample", "%v is no share; write 1 for all messages, 0.01 for one in a hundred", s.Tracing.Sample)
	}
	d.debug(s.Debug)
}

// add notes a fault of the value at path, unless the value could not even be
// read, which has been said.
func (d *decoder) add(path, format string, args ...any) {
	for _, f := range d.faults {
		if f.Path == path || f.Path == path+"_file" {
			return
		}
	}
	d.faults = append(d.faults, Fault{Place: d.placeOf(path), Path: path, Message: fmt.Sprintf(format, args...)})
}

func (d *decoder) need(path, value, wayOut string) bool {
	if strings.TrimSpace(value) == "" {
		d.add(path, "is missing; %s", wayOut)
		return false
	}
	return true
}

func (d *decoder) oneOf(path, value string, known ...string) {
	if !slices.Contains(known, value) {
		d.add(path, "%q is not one of %s", value, strings.Join(known, ", "))
	}
}

func (d *decoder) database(db Database) {
	if db.URL == "" {
		return
	}
	if u, err := url.Parse(db.URL.Reveal()); err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" || u.Host == "" && u.Query().Get("host") == "" {
		d.add("database.url", "is no PostgreSQL address; write postgres://user:password@host/database, or leave it empty for SQLite")
	}
}

func (d *decoder) redis(r Redis) {
	for i, address := range r.URL {
		path := "redis.url"
		if len(r.URL) > 1 {
			path = fmt.Sprintf("redis.url[%d]", i)
		}
		text := address.Reveal()
		if u, err := url.Parse(text); err == nil && (u.Scheme == "redis" || u.Scheme == "rediss") && u.Host != "" {
			continue
		}
		if len(r.URL) > 1 && validHostPort(text) {
			continue
		}
		d.add(path, "is no Redis address; write redis://host:6379 or rediss://host:6380, or leave it empty to dispatch in process")
	}
}

func (d *decoder) http(h HTTP) {
	if _, port, err := net.SplitHostPort(h.Listen); err != nil || !validPort(port, 0) {
		d.add("http.listen", "%q is no address to listen on; write 127.0.0.1:8080, or :8080 for all interfaces", h.Listen)
	}
	if u, ok := d.webURL("http.public_url", h.PublicURL); ok && (u.RawQuery != "" || u.Fragment != "" || u.User != nil) {
		d.add("http.public_url", "must end after host and path; write https://complaints.city.example")
	}
	for i, proxy := range h.TrustedProxies {
		if _, err := netip.ParsePrefix(proxy); err != nil {
			d.add(fmt.Sprintf("http.trusted_proxies[%d]", i), "%q is no network; write 10.0.0.0/8, or 192.0.2.7/32 for one machine", proxy)
		}
	}
}

func (d *decoder) scanner(s Scanner) {
	path, isPath := strings.CutPrefix(s.Address, "unix:")
	place, isTCP := strings.CutPrefix(s.Address, "tcp://")
	known := isPath && strings.HasPrefix(path, "/") || isTCP && validHostPort(place)
	if s.Address != "" && !known {
		d.add("scanner.address", "%q is no address of a scanner; write tcp://localhost:3310 or unix:/run/clamav/clamd.ctl", s.Address)
	}
	if s.MaxSize < 1 {
		d.add("scanner.max_size", "%d is too few bytes to scan anything; the scanner's own StreamMaxLength is usually 26214400", s.MaxSize)
	}
	if s.Timeout < time.Second || s.Timeout > 5*time.Minute {
		d.add("scanner.timeout", "%v is not between 1s and 5m", s.Timeout)
	}
}

// debug refuses to show profiles, which hold what is in memory, to others
// than this machine.
func (d *decoder) debug(debug Debug) {
	if debug.Listen == "" {
		return
	}
	host, port, err := net.SplitHostPort(debug.Listen)
	address, ipErr := netip.ParseAddr(host)
	if err != nil || !validPort(port, 0) || host != "localhost" && (ipErr != nil || !address.IsLoopback()) {
		d.add("debug.listen", "%q is no loopback address; write 127.0.0.1:6060, and reach it through ssh -L", debug.Listen)
	}
}

// webURL checks an address of a web server.
func (d *decoder) webURL(path, value string) (*url.URL, bool) {
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" {
		d.add(path, "is no web address; write it as https://host")
		return nil, false
	}
	return u, true
}

func (d *decoder) hostPort(path, value, example string) {
	if !validHostPort(value) {
		d.add(path, "%q is no host:port; write it as %s", value, example)
	}
}

func validHostPort(s string) bool {
	host, port, err := net.SplitHostPort(s)
	return err == nil && host != "" && !strings.ContainsAny(host, " /@") && validPort(port, 1)
}

func validPort(s string, lowest int) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= lowest && n <= 65535
}

func (d *decoder) limits(l Limits) {
	if l.MessageBytes < minMessageBytes || l.MessageBytes > maxMessageBytes {
		d.add("limits.message_bytes", "%d is not between %d (64 KiB) and %d (1 GiB)", l.MessageBytes, minMessageBytes, maxMessageBytes)
	}
	if l.Attachments < 1 || l.Attachments > 1000 {
		d.add("limits.attachments", "%d is not between 1 and 1000", l.Attachments)
	}
	if l.SpoolBytes < l.MessageBytes {
		d.add("limits.spool_bytes", "%d is less than one message may have; make it at least %d", l.SpoolBytes, l.MessageBytes)
	}
}
