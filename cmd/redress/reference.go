package main

import (
	"fmt"
	"io"

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
	return "Case, spaces and dashes do not matter; O is read as 0, I and L as 1.\n\nExample:\n\n  redress reference check c-7k2m9qxt"
}

// Run checks one reference.
func (c referenceCheckCommand) Run(r *invocation) error {
	written := ""
	for _, part := range c.Ref {
		written += part + " "
	}
	ref, err := cases.ParseReference(written)
	if err != nil {
		return err
	}
	return r.print(map[string]string{"reference": string(ref)}, func(w io.Writer) { fmt.Fprintln(w, ref) })
}
