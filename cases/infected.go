package cases

import "strconv"

// InfectedFile is a harmful file that came with a message of a case.
type InfectedFile struct {
	ID       int64
	Filename string
	Finding  string // the scanner's name for the harm
	Tell     bool   // the complainant too, who then can send it in another way
}

// Infected notes that a file is harmful and kept from everybody. What was
// complained about is no less true for that.
func (d Desk) Infected(c Case, in InfectedFile) (Change, error) {
	w := d.draft(c)
	e := w.event(EventInfected, in.Filename)
	e.Data["attachment"], e.Data["finding"] = strconv.FormatInt(in.ID, 10), in.Finding
	w.alert(AlertInfected, in.Filename+" ("+in.Finding+")")
	if in.Tell && c.AcknowledgedAt != nil { // what came from a machine was not answered and is not now
		w.tell(NoticeFileRefused, in.Filename)
	}
	return w.done()
}
