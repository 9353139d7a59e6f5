package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/redress-cms/redress/cases"
)

type referenceCommand struct {
	Check referenceCheckCommand `cmd:"" help:"Print the canonical form of a reference, or fail."`
}

type referenceCheckCommand struct {
	Ref []string `arg:"" help:"The reference, as somebody wrote it."`
}

// Help is shown by `redress reference check --help`.
func (referenceCheckCommand) Help() string {
	return "Case, spaces and dashes do not matter; O is read as 0, I and L as 1.\n\nExample:\n\n  redress reference check c-7k2m9qxa"
}

// Run checks one reference.
func (c referenceCheckCommand) Run(r *invocation) error {
	ref, err := parseReference(strings.Join(c.Ref, " "))
	if err != nil {
		return err
	}
	return r.print(map[string]string{"reference": string(ref)}, func(w io.Writer) { fmt.Fprintln(w, ref) })
}

// parseReference reads a reference as somebody wrote it; the error names it.
func parseReference(written string) (cases.Reference, error) {
	ref, err := cases.ParseReference(written)
	if err != nil {
		return "", fmt.Errorf("%q: %w", written, err)
	}
	return ref, nil
}
