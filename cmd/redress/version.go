package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

// version is set at release by -ldflags "-X main.version=v1.2.3".
var version = "dev"

type versionCommand struct{}

// Help is shown by `redress version --help`.
func (versionCommand) Help() string { return "Example:\n\n  redress version --json" }

// Run prints version, revision and Go version.
func (versionCommand) Run(r *invocation) error {
	revision := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	v := map[string]any{"version": version, "revision": null(revision), "go": runtime.Version()}
	return r.print(v, func(w io.Writer) { fmt.Fprintf(w, "redress %s (%s)\n", version, runtime.Version()) })
}
