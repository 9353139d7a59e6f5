package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
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
	settings, faults := configs.Check(r.config, r.environ)
	file := settings.Organisation.File
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return r.verdict(faults, fmt.Sprintf("The settings are in order. There is no organisation file %s; what was applied before stays in force.", file))
	}
	_, err := configs.LoadOrganisation(file)
	return r.verdict(append(faults, faultsOf(err)...), "Settings and organisation are in order.")
}

// verdict prints every fault, or that all is fine.
func (r *invocation) verdict(faults configs.Faults, fine string) error {
	if !r.json && len(faults) > 0 {
		for _, fault := range faults {
			fmt.Fprintln(r.Streams.Err, fault)
		}
		return errAlreadyTold
	}
	result := struct {
		OK     bool           `json:"ok"`
		Faults configs.Faults `json:"faults"`
	}{len(faults) == 0, append(configs.Faults{}, faults...)}
	if err := r.print(result, func(w io.Writer) { fmt.Fprintln(w, fine) }); err != nil {
		return err
	}
	if len(faults) > 0 {
		return errAlreadyTold
	}
	return nil
}

// faultsOf is an error of reading a file as the faults that it lists.
func faultsOf(err error) configs.Faults {
	var faults configs.Faults
	if err != nil && !errors.As(err, &faults) {
		faults = configs.Faults{{Message: err.Error()}}
	}
	return faults
}
