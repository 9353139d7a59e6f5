package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

// print writes v as JSON if asked for, else by text.
func (r *invocation) print(v any, text func(io.Writer)) error {
	var b strings.Builder
	if r.json {
		return r.printJSON(v)
	}
	text(&b)
	if _, err := io.WriteString(r.Out, printable(b.String())); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

func (r *invocation) printJSON(v any) error {
	encoder := json.NewEncoder(r.Out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

// printable takes out what could steer a terminal: much of what is shown was
// written by strangers.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s)
}

// printList prints views as JSON, or as a table with a line for each. header
// names the columns, parted by spaces.
func printList[T any](r *invocation, views []T, header string, line func(T) []any) error {
	return r.print(views, func(w io.Writer) {
		t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
		fmt.Fprintln(t, strings.Join(strings.Fields(header), "\t"))
		for _, v := range views {
			cells := line(v)
			for i, cell := range cells {
				if i > 0 {
					fmt.Fprint(t, "\t")
				}
				fmt.Fprint(t, strings.Join(strings.Fields(r.cell(cell)), " "))
			}
			fmt.Fprintln(t)
		}
		_ = t.Flush()
	})
}

// printFields prints names and values in turn, a line for each pair.
func (r *invocation) printFields(w io.Writer, pairs ...any) {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for i := 0; i+1 < len(pairs); i += 2 {
		fmt.Fprintf(t, "%s\t%s\n", pairs[i], r.cell(pairs[i+1]))
	}
	_ = t.Flush()
}

// cell is a value as people read it; what is absent is a dash.
func (r *invocation) cell(v any) string {
	var s string
	switch v := v.(type) {
	case *string:
		s = text(v)
	case *time.Time:
		s = r.when(v)
	case time.Time:
		s = r.when(&v)
	case []string:
		s = strings.Join(v, ",")
	default:
		s = fmt.Sprint(v)
	}
	if s == "" {
		return "-"
	}
	return s
}

// when is a time in the jurisdiction's time zone.
func (r *invocation) when(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.In(r.zone).Format("2006-01-02 15:04")
}

// text is what p points at, or a dash.
func text(p *string) string {
	if p == nil {
		return "-"
	}
	return *p
}

// null is s for JSON; nil when it is empty.
func null(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// bounded is how many lines a list has at most.
type bounded struct {
	Limit int `help:"At most this many." default:"100"`
}

// Validate refuses what is no number of lines.
func (b bounded) Validate() error {
	if b.Limit < 1 || b.Limit > maxLines {
		return fmt.Errorf("--limit must be 1 to %d", maxLines)
	}
	return nil
}

const maxLines = 100_000
