package pipeline

import (
	"maps"

	"github.com/redress-cms/redress/cases"
)

// Where a case and an alert say who wrote what the complainant passed on.
const (
	reasonForwarded = "forwarded"
	dataForwarded   = "forwarded"
)

// forwarded notes with a change that somebody else wrote the message that led
// to it: on the case that it opened, and on what staff are told.
func forwarded(from string, change *cases.Change) {
	if from == "" {
		return
	}
	note := "Forwarded from " + from + "."
	if len(change.Events) > 0 && change.Events[0].Note == "" {
		change.Events[0].Note = note
	}
	if change.New {
		change.Case.Reasons = append(change.Case.Reasons, cases.Reason{Decision: reasonForwarded, Value: from, Why: note})
	}
	for i, n := range change.Notices {
		if n.To != cases.ToStaff {
			continue
		}
		data := map[string]string{dataForwarded: from}
		maps.Copy(data, n.Data)
		change.Notices[i].Data = data
	}
}
