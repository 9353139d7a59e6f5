// Package templates holds the messages and pages that people see, by medium
// and language, and renders them. Text that came from outside is always
// rendered as text.
package templates

import "time"

// Data is what a message template may use. What does not apply is zero.
// Times are rendered in Location by the template functions "date" and "time".
type Data struct {
	Jurisdiction string
	Location     *time.Location
	Now          time.Time

	Reference  string
	Subject    string // of the case, or its first words
	Type       string // case type code
	Status     string // case status code; the function "status" names it
	Priority   string
	Service    string // name in the reader's language; empty: not known
	Department string // name in the reader's language
	Area       string // name
	Place      string
	Level      int
	Due        *time.Time
	Deferred   *time.Time // deferred until
	ReceivedAt time.Time

	// Text is what a person wrote and the notice carries: an answer, a
	// question, a follow-up, a refusal's reason.
	Text  string
	Count int // messages joined, open cases, …

	Wordless bool   // it came without words: they are asked for
	Matters  int    // complaints that the text lists, to be split on request; 0: it lists none
	TrackURL string // tracking page; empty: none
	FormURL  string
	Reopen   int // days within which it can be reopened; 0: not
	Rating   int
	OptOut   bool // the channel has STOP: say how to opt out
	Choices  []Choice

	// Staff only.
	Officer     string // name of the owner
	Complainant string // name, or masked address
	Contact     string // address in full, where staff may see it
	Files       int    // attached
	Voice       int    // of them, what is to be listened to
	Videos      int    // of them, what is to be watched
	Forwarded   string // who wrote what the complainant passed on; "somebody": not known
	Channel     string
	Account     string // that an alert about intake names
	Facts       []Fact // numbers and addresses that the texts name
	Danger      string // code of that to people, which the texts speak of
	Reasons     []string
	Events      []Line
	Action      string // what a prompt asks for: "resolve", "ask", …
	Link        string
	Linked      string    // how many linked cases an order was carried out for too; empty: it was for one case
	LeftOut     []LeftOut // linked cases that it was not
}

// Fact is something that a text names.
type Fact struct {
	Kind  string // code; the function "facts" names it
	Value string
}

// LeftOut is a linked case that an order was not carried out for.
type LeftOut struct {
	Reference string
	Why       string // code; the function "left" names it
}

// Choice is one of several cases the reader can pick from.
type Choice struct {
	Reference string
	Subject   string
	Status    string
	Due       *time.Time
}

// Line is one event of a case as staff see it.
type Line struct {
	At   time.Time
	Who  string
	What string
}

// Rendered is a message ready to send.
type Rendered struct {
	Subject string // email only
	Text    string
	HTML    string // email, and chat where markup is used; empty otherwise
}
