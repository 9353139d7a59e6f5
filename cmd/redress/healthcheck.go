package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"
)

type healthcheckCommand struct {
	URL string `arg:"" optional:"" help:"What to ask. Default: /healthz at http.listen of the settings."`
}

// Help is shown by `redress healthcheck --help`.
func (healthcheckCommand) Help() string {
	return "It ends with 0 when the process answers 200, else with 1. For the health check of a container that has no curl.\n\n" +
		"Example:\n\n  redress healthcheck http://127.0.0.1:8080/healthz"
}

// healthTimeout bounds the wait for an answer.
const healthTimeout = 5 * time.Second

// Run asks once.
func (c healthcheckCommand) Run(r *invocation) error {
	url := c.URL
	if url == "" {
		settings, err := r.settings()
		if err != nil {
			return err
		}
		url = "http://" + reachable(settings.HTTP.Listen) + "/healthz"
	}
	request, err := http.NewRequestWithContext(r.Context, http.MethodGet, url, nil)
	if err != nil {
		return usageError(fmt.Sprintf("%q is no address to ask; write http://127.0.0.1:8080/healthz", url))
	}
	response, err := (&http.Client{Timeout: healthTimeout}).Do(request)
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, response.Status)
	}
	return r.print(map[string]string{"status": "alive"}, func(w io.Writer) { fmt.Fprintln(w, "alive") })
}

// reachable is where to ask for a listener: one on all interfaces is asked on
// this machine.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen // the settings were checked
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if err == nil && ip.Is6() {
			host = "::1"
		}
	}
	return net.JoinHostPort(host, port)
}
