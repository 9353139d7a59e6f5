package main

import (
	"fmt"
	"io"
	"os"

	"github.com/redress-cms/redress/configs"
)

type orgCommand struct {
	Apply  orgApplyCommand  `cmd:"" help:"Put an organisation file into force; the same file twice changes nothing."`
	Export orgExportCommand `cmd:"" help:"Write the organisation in force to a file."`
	Check  orgCheckCommand  `cmd:"" help:"Check an organisation file."`
}

type orgApplyCommand struct {
	File string `arg:"" help:"Organisation file (YAML)." type:"path"`
}

// Help is shown by `redress org apply --help`.
func (orgApplyCommand) Help() string {
	return "It takes effect at once in all running processes. Users missing from the file are left alone.\n\nExample:\n\n  redress org apply organisation.yaml"
}

// Run applies a file.
func (c orgApplyCommand) Run(r *invocation) error {
	data, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("reading the organisation: %w", err)
	}
	if _, err := configs.ParseOrganisation(c.File, data); err != nil {
		return r.verdict(faultsOf(err), "")
	}
	a, err := r.openFor(data)
	if err != nil {
		return err
	}
	changed, err := a.ApplyOrganisation(r.Context, c.File, data, operator())
	if err != nil {
		return err
	}
	changed = changed || a.Fresh
	return r.print(map[string]bool{"changed": changed}, func(w io.Writer) {
		if changed {
			fmt.Fprintln(w, "Applied.")
		} else {
			fmt.Fprintln(w, "Nothing changed: this very file is in force.")
		}
	})
}

type orgExportCommand struct {
	File string `arg:"" optional:"" default:"-" help:"Where to; - is standard output."`
}

// Help is shown by `redress org export --help`.
func (orgExportCommand) Help() string {
	return "The file is YAML, ready for org apply; on standard output --json puts it into {\"yaml\": …}.\n\n" +
		"Example:\n\n  redress org export organisation.yaml"
}

// Run writes the organisation as YAML.
func (c orgExportCommand) Run(r *invocation) error {
	a, err := r.open()
	if err != nil {
		return err
	}
	org, err := a.Organisation(r.Context)
	if err != nil {
		return err
	}
	data, err := configs.ExportOrganisation(org)
	if err != nil {
		return fmt.Errorf("exporting: %w", err)
	}
	if c.File == "-" {
		return r.print(map[string]string{"yaml": string(data)}, func(w io.Writer) { fmt.Fprintf(w, "%s", data) })
	}
	if err := os.WriteFile(c.File, data, 0o600); err != nil {
		return fmt.Errorf("exporting: %w", err)
	}
	return r.print(map[string]string{"file": c.File}, func(w io.Writer) { fmt.Fprintf(w, "Wrote %s.\n", c.File) })
}

type orgCheckCommand struct {
	File string `arg:"" help:"Organisation file (YAML)." type:"path"`
}

// Help is shown by `redress org check --help`.
func (orgCheckCommand) Help() string { return "Example:\n\n  redress org check organisation.yaml" }

// Run checks a file.
func (c orgCheckCommand) Run(r *invocation) error {
	_, err := configs.LoadOrganisation(c.File)
	return r.verdict(faultsOf(err), "The organisation is in order.")
}
