package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/redress-cms/redress/configs"
)

type configCommand struct {
	Check configCheckCommand `cmd:"" help:"Check settings and organisation; every fault at once, with its place."`
}

type configCheckCommand struct{}

// Help is shown by `redress config check --help`.
func (configCheckCommand) Help() string {
	return "Nothing is connected to and nothing is changed.\n\nExample:\n\n  redress config check --config /etc/redress/redress.yaml"
}

// Run checks both files.
func (configCheckCommand) Run(r *invocation) error {
	settings, err := r.settings()
	if settings != nil || err == nil {
		if _, statErr := os.Stat(settings.Organisation.File); statErr == nil {
			_, orgErr := configs.LoadOrganisation(settings.Organisation.File)
			err = errors.Join(err, orgErr)
		}
	}
	return r.verdict(err, "Settings and organisation are in order.")
}

// verdict prints every fault, or that there is none.
func (r *invocation) verdict(err error, fine string) error {
	var lines []string
	collectFaults(err, &lines)
	result := struct {
		OK     bool     `json:"ok"`
		Faults []string `json:"faults"`
	}{len(lines) == 0, append([]string{}, lines...)}
	if r.json {
		if printErr := r.print(result, nil); printErr != nil {
			return printErr
		}
	} else if len(lines) == 0 {
		fmt.Fprintln(r.Out, fine)
	}
	if len(lines) == 0 {
		return nil
	}
	if !r.json {
		for _, line := range lines {
			fmt.Fprintln(r.Streams.Err, line)
		}
	}
	return errAlreadyTold
}

// collectFaults flattens joined errors and fault lists into lines.
func collectFaults(err error, lines *[]string) {
	if err == nil {
		return
	}
	var faults configs.Faults
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			collectFaults(e, lines)
		}
		return
	}
	if errors.As(err, &faults) {
		for _, f := range faults {
			*lines = append(*lines, f.String())
		}
		return
	}
	*lines = append(*lines, err.Error())
}

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
		return r.verdict(err, "")
	}
	a, err := r.openFor(data)
	if err != nil {
		return err
	}
	changed, err := a.ApplyOrganisation(r.Context, c.File, data, r.actor("").Login)
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
func (orgExportCommand) Help() string { return "Example:\n\n  redress org export organisation.yaml" }

// Run writes the organisation as YAML.
func (c orgExportCommand) Run(r *invocation) error {
	a, err := r.open()
	if err != nil {
		return err
	}
	org, err := a.Office.Organisation(r.Context)
	if err != nil {
		return err
	}
	data, err := configs.ExportOrganisation(org)
	if err != nil {
		return fmt.Errorf("exporting: %w", err)
	}
	if c.File == "-" {
		_, err = r.Out.Write(data)
		return err
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
	return r.verdict(err, "The organisation is in order.")
}
