package cases

import (
	"strconv"
	"strings"
)

// joinWindows is how many settle windows after receipt a joining message still
// is part of the complaint itself.
const joinWindows = 10

// FollowUp is a further message of the complainant.
type FollowUp struct {
	Text string
	// Held: whoever wrote has not shown a right to the case. The message waits
	// for staff and changes nothing; the writer is answered by the caller.
	Held bool
	// Quiet: it joins one that came within the settle window. There is no
	// answer now, but one for all that joined when TimerSettle fires.
	Quiet bool
	// Newest: the writer named no case and this is the newest of several.
	Newest bool
	// Participant: it is by somebody whom the complainant put in copy. It is
	// added and shown to staff; nothing else changes, and nobody is answered.
	Participant bool
	// NotFixed: it reads like "not fixed" after a resolution; reopening is
	// offered where it is still possible.
	NotFixed bool
	// Point comes with the message. A case without one takes it, and its area.
	Point *Located
	// Found is what Text is about. Its facts and dangers always count; its
	// service where the case says too little: it came without words, or Text
	// joins it within the settle window.
	Found Classification
}

// FollowUp adds a message of the complainant to the case.
func (d Desk) FollowUp(c Case, in FollowUp) (Change, error) {
	w := d.draft(c)
	text := firstRunes(strings.TrimSpace(in.Text), maxDescription)
	if in.Held {
		w.event(EventHeld, "")
		w.alert(AlertHeld, text)
		return w.done()
	}
	if in.Participant {
		w.event(EventParticipant, "")
		w.alert(AlertParticipant, text)
		return w.done()
	}
	w.Case.LastInboundAt = ptr(d.At)
	settle := d.Org.Rules.WithDefaults().Settle
	if in.Quiet {
		w.Case.Joined++
		w.set(TimerSettle, d.At.Add(settle))
	}
	if in.Quiet && c.Status.Open() && d.At.Before(c.ReceivedAt.Add(joinWindows*settle)) {
		w.Case.Description = firstRunes(strings.TrimSpace(c.Description+"\n"+text), maxDescription)
	}
	w.event(EventFollowUp, "")
	w.place(c, in.Point)
	switch {
	case !HasWords(c.Description):
		w.inWords(c, text, in.Found)
	case in.Quiet:
		w.reclassify(in.Found)
	}
	w.named(in.Found.Facts)
	w.endangered(c, in.Found.Alarm)
	if w.Case.Department == c.Department { // else the card that goes with the case shows it
		w.alert(AlertFollowUp, text)
	}
	if !in.Quiet {
		w.tell(d.answerTo(c, in), "")
	}
	return w.done()
}

func (d Desk) answerTo(c Case, in FollowUp) NoticeKind {
	until, ok := d.ReopenUntil(c)
	switch {
	case in.NotFixed && ok && !d.At.After(until):
		return NoticeOfferReopen
	case in.Newest:
		return NoticeAddedNewest
	}
	return NoticeAdded
}

// settled confirms the messages that joined.
func (d Desk) settled(c Case) (Change, error) {
	w := d.draft(c)
	if c.Joined > 0 {
		w.tell(NoticeAdded, "").Data = map[string]string{"count": strconv.Itoa(c.Joined)}
		w.Case.Joined = 0
	}
	return w.done()
}

// Note records something for staff only. It is possible at any time.
func (d Desk) Note(c Case, text string) (Change, error) {
	if err := d.clerk(); err != nil {
		return Change{}, err
	}
	text, err := staffText(text, "the note")
	if err != nil {
		return Change{}, err
	}
	w := d.draft(c)
	w.event(EventNote, text)
	return w.done()
}

// Ask sends the complainant a question. The clock runs on.
func (d Desk) Ask(c Case, question string) (Change, error) {
	if err := d.officer(); err != nil {
		return Change{}, err
	}
	if err := d.open(c); err != nil {
		return Change{}, err
	}
	return d.say(c, EventAsked, NoticeQuestion, question, "the question")
}

// Reply sends the complainant an answer. It is possible at any time.
func (d Desk) Reply(c Case, answer string) (Change, error) {
	if err := d.clerk(); err != nil {
		return Change{}, err
	}
	return d.say(c, EventReplied, NoticeReply, answer, "the answer")
}

func (d Desk) say(c Case, event EventKind, notice NoticeKind, text, what string) (Change, error) {
	text, err := staffText(text, what)
	if err != nil {
		return Change{}, err
	}
	w := d.draft(c)
	w.responded()
	w.event(event, text)
	w.tell(notice, text)
	return w.done()
}

// responded marks the first answer by a person.
func (w *draft) responded() {
	if w.Case.RespondedAt == nil {
		w.Case.RespondedAt = ptr(w.d.At)
	}
}

// Rate stores how satisfied the complainant is, 1 to 5, once the case is
// resolved. Rating again replaces the rating.
func (d Desk) Rate(c Case, rating int, comment string) (Change, error) {
	if d.By.Kind == ActorStaff {
		if err := d.clerk(); err != nil {
			return Change{}, err
		}
	}
	if c.Status.Open() {
		e := Refuse(Conflict, "The case is still open. It can be rated once it is resolved.")
		e.Notice = NoticeStatus
		return Change{}, e
	}
	if rating < 1 || rating > 5 {
		e := Refuse(Invalid, "A rating is a number from 1 (bad) to 5 (very good).")
		e.Notice = NoticeHelp
		return Change{}, e
	}
	w := d.draft(c)
	w.Case.Rating = rating
	w.Case.LastInboundAt = ptr(d.At)
	comment = firstRunes(strings.TrimSpace(comment), maxText)
	w.event(EventRated, comment)
	w.tell(NoticeRated, "")
	w.alert(AlertRated, comment)
	return w.done()
}

// Undelivered records that a message to the complainant did not arrive; why
// must be safe to show.
func (d Desk) Undelivered(c Case, why string) (Change, error) {
	w := d.draft(c)
	why = firstRunes(strings.TrimSpace(why), maxText)
	w.event(EventUndelivered, why)
	w.alert(AlertUndelivered, why)
	return w.done()
}

// Delayed records that a message to the complainant is still on its way.
func (d Desk) Delayed(c Case, why string) (Change, error) {
	w := d.draft(c)
	w.event(EventDelayed, firstRunes(strings.TrimSpace(why), maxText))
	return w.done()
}

// Unwanted records that the recipient of a message called it unwanted.
func (d Desk) Unwanted(c Case, why string) (Change, error) {
	w := d.draft(c)
	w.event(EventUnwanted, firstRunes(strings.TrimSpace(why), maxText))
	return w.done()
}

// Moved notes that the complainant is reached at another address of the same
// channel from now on, as its provider says.
func (d Desk) Moved(c Case, address string) (Change, error) {
	w := d.draft(c)
	w.Case.Address = address
	w.event(EventCorrected, "The provider gave the complainant a new address.")
	return w.done()
}
