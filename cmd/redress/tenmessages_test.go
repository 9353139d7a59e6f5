package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The page of typical messages shows what the commands really answer.
func TestTenMessages(t *testing.T) {
	folder := t.TempDir()
	organisation := readFile(t, "../../configs/organisation.example.yaml")
	must(t, os.WriteFile(filepath.Join(folder, "organisation.yaml"), []byte(organisation), 0o600))
	settings := filepath.Join(folder, "redress.yaml")
	must(t, os.WriteFile(settings, []byte("data_dir: "+filepath.Join(folder, "data")+"\norganisation: {file: "+filepath.Join(folder, "organisation.yaml")+"}\n"), 0o600))

	examples, mail := 0, ""
	for part := range strings.SplitSeq(readFile(t, "../../docs/administrator/ten-messages.md"), "\n```") {
		if rest, ok := strings.CutPrefix(part, "mail\n"); ok {
			mail = rest
		}
		rest, ok := strings.CutPrefix(part, "console\n$ redress ")
		if !ok {
			continue
		}
		examples++
		command, shown, _ := strings.Cut(rest, "\n")
		got := runCommand(t.Context(), mail, append(arguments(command), "--config", settings)...)
		if got.code != exitOK {
			t.Errorf("%s: code %d, %s", command, got.code, got.errs)
		}
		out := " " + strings.Join(strings.Fields(got.out), " ") + " "
		for line := range strings.SplitSeq(shown, "\n") {
			if want := strings.Join(strings.Fields(line), " "); !strings.Contains(out, " "+want+" ") {
				t.Errorf("redress %s does not answer %q:\n%s", command, want, got.out)
			}
		}
	}
	if examples != 10 {
		t.Errorf("%d examples, want ten", examples)
	}
}

// arguments splits a command as a shell does, with double quotes only.
func arguments(command string) []string {
	var list []string
	for i, part := range strings.Split(command, `"`) {
		if i%2 == 1 {
			list = append(list, part)
		} else {
			list = append(list, strings.Fields(part)...)
		}
	}
	return list
}
