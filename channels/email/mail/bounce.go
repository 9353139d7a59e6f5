package mail

// textBounce reads a bounce that is no RFC 3464 report. why is empty where the
// mail is none.
func (p *parser) textBounce(m *Mail, r *report) (bounces []Bounce, why string) {
	return nil, ""
}

// Reason is why a mail was not delivered, in our own names.
type Reason string

func (b *Bounce) conclude(text string) {}

// Text says the reason in words for staff.
func (r Reason) Text() string { return string(r) }
