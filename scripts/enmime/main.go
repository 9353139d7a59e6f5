// Command enmime compares channels/email/mail with jhillyerd/enmime v2, mail by
// mail in one process, and prints a table. It is a module of its own so that
// Redress does not depend on what it is compared with:
//
//	cd scripts/enmime && REDRESS_SHARED=... go run .
//
// Without REDRESS_SHARED only the made-up mails are compared. What is measured
// is the time of the processor, not of the wall, so that other work on the
// machine counts for little. Redress does more with each mail: it also finds
// what the sender wrote, bounces and automatic mail.
package main

import (
	"fmt"
	"os"
	"text/tabwriter"
)

func main() {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "mails\tn\tredress µs\tenmime µs\ttimes as fast\tredress allocs\tenmime allocs\tredress kB\tenmime kB\t")
	for _, s := range sets() {
		ours, theirs := s.measure(redress), s.measure(enmimeV2)
		fmt.Fprintf(table, "%s\t%d\t%.1f\t%.1f\t%.1f\t%d\t%d\t%d\t%d\t\n", s.name, len(s.mails), ours.micros, theirs.micros, theirs.micros/ours.micros,
			ours.allocs, theirs.allocs, ours.bytes>>10, theirs.bytes>>10)
	}
	if err := table.Flush(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
