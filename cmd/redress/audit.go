package main

import (
	"fmt"
	"io"

	"github.com/redress-cms/redress/cases/store"
)

type auditCommand struct {
	Verify auditVerifyCommand `cmd:"" help:"Check the hash chain of every case."`
}

type auditVerifyCommand struct{}

// Help is shown by `redress audit verify --help`.
func (auditVerifyCommand) Help() string {
	return "Every event of a case is chained to the one before. An edited, added or removed event is found and named.\n\n" +
		"Example:\n\n  redress audit verify --json"
}

// Run verifies all chains; it fails when one is broken.
func (auditVerifyCommand) Run(r *invocation) error {
	a, err := r.open()
	if err != nil {
		return err
	}
	checked := 0
	faults, err := a.Store.VerifyAudit(r.Context, func(done, total int) {
		checked = done
		if done%10_000 == 0 && done > 0 {
			fmt.Fprintf(r.Streams.Err, "%d of %d cases checked\n", done, total)
		}
	})
	if err != nil {
		return fmt.Errorf("verifying: %w", err)
	}
	type row struct {
		Reference string `json:"reference"`
		Seq       int    `json:"seq"`
		What      string `json:"what"`
	}
	result := struct {
		Cases  int   `json:"cases"`
		Faults []row `json:"faults"`
	}{checked, []row{}}
	for _, f := range faults {
		result.Faults = append(result.Faults, row{string(f.Reference), f.Seq, f.What})
	}
	err = r.print(result, func(w io.Writer) { printAudit(w, checked, faults) })
	if err == nil && len(faults) > 0 {
		err = errAlreadyTold
	}
	return err
}

func printAudit(w io.Writer, checked int, faults []store.AuditFault) {
	for _, f := range faults {
		fmt.Fprintf(w, "%s event %d: %s\n", f.Reference, f.Seq, f.What)
	}
	if len(faults) == 0 {
		fmt.Fprintf(w, "%d cases checked, nothing was altered.\n", checked)
		return
	}
	fmt.Fprintf(w, "%d cases checked, %d faults.\n", checked, len(faults))
}
