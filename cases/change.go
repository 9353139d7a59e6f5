package cases

import (
	"fmt"
	"time"
)

// Change is what one action did to one case. The store saves it whole or not
// at all.
type Change struct {
	Case    Case // after the action; Version is still the one read
	New     bool // the case is to be inserted
	Events  []Event
	Timers  []Timer     // to set; one of the same Kind that is pending is replaced
	Cancel  []TimerKind // pending timers to drop
	Notices []Notice
	Lesson  *Lesson // that the case teaches now; nil: none
}

// EventKind says what happened.
type EventKind string

// The event kinds; part of the JSON contract.
const (
	EventRegistered   EventKind = "registered"
	EventAcknowledged EventKind = "acknowledged"
	EventRouted       EventKind = "routed"
	EventAssigned     EventKind = "assigned"
	EventAccepted     EventKind = "accepted"
	EventNote         EventKind = "note"
	EventAsked        EventKind = "asked"
	EventFollowUp     EventKind = "follow_up" // the complainant wrote again
	EventReplied      EventKind = "replied"
	EventDeferred     EventKind = "deferred"
	EventResumed      EventKind = "resumed"
	EventReforwarded  EventKind = "reforwarded"
	EventReminded     EventKind = "reminded"
	EventEscalated    EventKind = "escalated"
	EventExtended     EventKind = "extended"
	EventResolved     EventKind = "resolved"
	EventReopened     EventKind = "reopened"
	EventRated        EventKind = "rated"
	EventClosed       EventKind = "closed"
	EventCorrected    EventKind = "corrected"
	EventLinked       EventKind = "linked"
	EventMerged       EventKind = "merged"
	EventUndelivered  EventKind = "undelivered"
	EventHeld         EventKind = "held"        // a stranger's message waits for staff
	EventCopied       EventKind = "copied"      // the complainant put others in copy
	EventParticipant  EventKind = "participant" // one of those wrote
	EventUnwanted     EventKind = "unwanted"    // a message was reported as such
	EventInfected     EventKind = "infected"    // a harmful file came and is kept from everybody
	EventDelayed      EventKind = "delayed"     // a message is still on its way
	EventEdited       EventKind = "edited"      // the complainant changed the words of a message
	EventJoined       EventKind = "joined"      // a further part of a message, such as a photo of an album
)

// Event is one entry of a case's history. Note may hold personal data and
// enters the hash only as a salted commitment; Data never does hold any.
type Event struct {
	ID     int64
	CaseID int64
	Seq    int // from 1, without gaps; set by the store
	At     time.Time
	Actor  Actor
	Kind   EventKind
	Note   string            // for people
	Data   map[string]string // for machines: "status.before", "status.after", "owner.after", "level", …

	// Set by the store through Seal.
	NoteSalt       []byte
	NoteCommitment []byte
	PrevHash       []byte
	Hash           []byte
}

// TimerKind names what a timer does; a case has at most one pending of each kind.
type TimerKind string

// The timer kinds. Reminders and ladder steps are numbered: "remind:1".
const (
	TimerRemind   TimerKind = "remind"   // + ":" + index into Policy.RemindAt
	TimerEscalate TimerKind = "escalate" // + ":" + index into Policy.Ladder
	TimerResume   TimerKind = "resume"   // a deferral ends
	TimerClose    TimerKind = "close"    // a resolved case closes
	TimerSettle   TimerKind = "settle"   // messages that joined are confirmed together
)

// Timer fires once at or after At.
type Timer struct {
	ID     int64
	CaseID int64
	Kind   TimerKind
	At     time.Time
}

// NoticeKind names a message template.
type NoticeKind string

// Notices to the complainant.
const (
	NoticeAcknowledged     NoticeKind = "acknowledged"
	NoticeAdded            NoticeKind = "added"        // your message was added
	NoticeAddedNewest      NoticeKind = "added_newest" // … to the newest of several; how to pick
	NoticeStatus           NoticeKind = "status"       // answer to STATUS
	NoticeStatusList       NoticeKind = "status_list"  // … with several open cases
	NoticeNoCases          NoticeKind = "no_cases"     // STATUS, REOPEN or RATE without a case
	NoticeQuestion         NoticeKind = "question"     // staff asks
	NoticeReply            NoticeKind = "reply"        // staff answers
	NoticeDeferred         NoticeKind = "deferred"
	NoticeForwarded        NoticeKind = "forwarded"
	NoticeExtended         NoticeKind = "extended"
	NoticeEscalated        NoticeKind = "escalated"
	NoticeResolved         NoticeKind = "resolved"
	NoticeReopened         NoticeKind = "reopened"
	NoticeNotReopened      NoticeKind = "not_reopened" // too late, or still open
	NoticeOfferReopen      NoticeKind = "offer_reopen" // "not fixed" in words
	NoticeClosed           NoticeKind = "closed"
	NoticeRated            NoticeKind = "rated"
	NoticeHeld             NoticeKind = "held"         // passed on to staff
	NoticeFileRefused      NoticeKind = "file_refused" // a file was harmful
	NoticeUnknownReference NoticeKind = "unknown_reference"
	NoticeHelp             NoticeKind = "help"
	NoticeOptedOut         NoticeKind = "opted_out"
	NoticeOptedIn          NoticeKind = "opted_in"
	NoticeLanguage         NoticeKind = "language"
	NoticeInWords          NoticeKind = "in_words"  // please write in words
	NoticeSplit            NoticeKind = "split"     // several matters of one message, each with its own number
	NoticeNotSplit         NoticeKind = "not_split" // SPLIT where there is nothing to split
	NoticeFlood            NoticeKind = "flood"     // many messages; all were kept
)

// Notices to staff.
const (
	AlertAssigned    NoticeKind = "assigned"  // card: a case for you
	AlertUpdated     NoticeKind = "updated"   // the card, as the case is now
	AlertFollowUp    NoticeKind = "follow_up" // the complainant wrote again
	AlertEdited      NoticeKind = "edited"    // the complainant changed the words of a message
	AlertReminder    NoticeKind = "reminder"
	AlertEscalated   NoticeKind = "case_escalated"
	AlertReopened    NoticeKind = "case_reopened"
	AlertRated       NoticeKind = "case_rated"
	AlertHeld        NoticeKind = "case_held"        // a stranger wrote
	AlertParticipant NoticeKind = "case_participant" // somebody in copy wrote
	AlertPicture     NoticeKind = "picture"          // a photo of the complainant's
	AlertFile        NoticeKind = "file"             // a voice note, video or document of theirs
	AlertInfected    NoticeKind = "file_infected"    // a harmful file came
	AlertUndelivered NoticeKind = "undelivered"
	AlertFlood       NoticeKind = "sender_flood"
	AlertMass        NoticeKind = "case_mass"   // many alike: to the next level, once
	AlertUrgent      NoticeKind = "case_urgent" // danger to people: to the next level, beside the owner
	AlertIntakeDown  NoticeKind = "intake_down" // an account has taken nothing in for long
	AlertIntakeUp    NoticeKind = "intake_up"   // it does again
	AlertQuarantine  NoticeKind = "quarantine"  // messages that could not be handled
	AlertDigest      NoticeKind = "digest"      // several alerts in one message
	AnswerDone       NoticeKind = "done"        // a command took effect
	AnswerRefused    NoticeKind = "refused"     // it did not, and why
	AnswerPrompt     NoticeKind = "prompt"      // write the text now
	AnswerCase       NoticeKind = "case"        // /case and Details
	AnswerFull       NoticeKind = "full"        // /full: messages with what was left out
	AnswerQueue      NoticeKind = "queue"       // /mine
	AnswerLinked     NoticeKind = "chat_linked"
	AnswerStaffHelp  NoticeKind = "staff_help"
)

// Notice asks for a message to be rendered and sent. Who exactly gets it, and
// where, the pipeline finds from Audience, Login and the case.
type Notice struct {
	Kind  NoticeKind
	To    Audience
	Login string // staff: whom; empty: the owner, or the department's officers of the case's level
	Text  string // what a person wrote that the notice carries
	Data  map[string]string
}

// Error is an action that was refused. Code is for machines, Message for people.
type Error struct {
	Code    ErrorCode
	Message string
	// Notice is what to answer a complainant in place of Message; empty: no
	// notice fits.
	Notice NoticeKind
}

// ErrorCode says why an action was refused.
type ErrorCode string

// The error codes.
const (
	Conflict   ErrorCode = "conflict"    // the case is no longer in a state that allows it
	NotAllowed ErrorCode = "not_allowed" // the actor may not
	Invalid    ErrorCode = "invalid"     // the input is wrong
	NotFound   ErrorCode = "not_found"
)

func (e *Error) Error() string { return e.Message }

// Refuse makes an *Error.
func Refuse(code ErrorCode, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}
