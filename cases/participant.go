package cases

import (
	"fmt"
	"strings"
	"time"
)

// Participant is somebody whom the complainant put in copy. What a participant
// writes is added to the case, and nothing more: rights stay with the
// complainant.
type Participant struct {
	Address Address
	Name    string
	AddedAt time.Time
}

func (p Participant) String() string {
	if p.Name == "" {
		return p.Address.Value
	}
	return fmt.Sprintf("%s <%s>", p.Name, p.Address.Value)
}

// maxParticipants bounds who is known of one case.
const maxParticipants = 20

// Copied says who of those in copy is new to the case, and adds to the change
// the event that tells it. Beyond 20 of one case nobody is added.
func Copied(w *Change, by Actor, at time.Time, known, copied []Participant) []Participant {
	var added []Participant
	seen := map[Address]bool{}
	for _, p := range known {
		seen[p.Address] = true
	}
	var names []string
	for _, p := range copied {
		if seen[p.Address] || len(known)+len(added) >= maxParticipants {
			continue
		}
		seen[p.Address] = true
		added = append(added, p)
		names = append(names, p.String())
	}
	if len(added) > 0 {
		w.Events = append(w.Events, Event{
			CaseID: w.Case.ID, At: at.UTC(), Actor: by, Kind: EventCopied,
			Note: firstRunes(strings.Join(names, ", "), maxText),
		})
	}
	return added
}
