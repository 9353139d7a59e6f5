package cases

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// chainVersion opens every encoding, so that a later one cannot be mistaken for it.
const chainVersion = "redress event 1"

// saltLength of a note's commitment, in bytes.
const saltLength = 32

// Seal chains an event to the one before it. CaseID and Seq must be set; prev
// is the Hash of the event before, nil for the first. A note enters the hash
// as SHA-256 of a fresh salt and the note; At is cut to microseconds, which
// both databases keep.
func Seal(prev []byte, e *Event, random io.Reader) error {
	if e.CaseID == 0 || e.Seq < 1 {
		return errors.New("seal an event: it has no case or no number")
	}
	e.At = e.At.UTC().Truncate(time.Microsecond)
	e.NoteSalt, e.NoteCommitment = nil, nil
	if e.Note != "" {
		salt := make([]byte, saltLength)
		if _, err := io.ReadFull(random, salt); err != nil {
			return fmt.Errorf("seal an event: %w", err)
		}
		e.NoteSalt, e.NoteCommitment = salt, commit(salt, e.Note)
	}
	e.PrevHash = bytes.Clone(prev)
	e.Hash = e.digest()
	return nil
}

// ChainFault is a place where a case's history was altered.
type ChainFault struct {
	Seq  int // of the event; of a missing one, the number it should have
	What string
}

// VerifyChain checks the whole history of one case, oldest event first, and
// returns what is wrong, nothing when it is as it was sealed. An erased note
// (Note and NoteSalt emptied) passes. Events cut off at the end leave a sound
// chain; whoever keeps the last hash elsewhere sees that they are gone.
func VerifyChain(events []Event) []ChainFault {
	var faults []ChainFault
	var prev []byte
	want := 1
	for i := range events {
		e := &events[i]
		if want < e.Seq {
			faults = append(faults, ChainFault{want, fmt.Sprintf("%d missing before event %d", e.Seq-want, e.Seq)})
		}
		if e.Seq < want {
			faults = append(faults, ChainFault{e.Seq, "event is out of order or doubled"})
		}
		want = e.Seq + 1
		if e.CaseID != events[0].CaseID {
			faults = append(faults, ChainFault{e.Seq, "event belongs to another case"})
		}
		if !bytes.Equal(e.PrevHash, prev) {
			faults = append(faults, ChainFault{e.Seq, "event does not follow the one before"})
		}
		if !bytes.Equal(e.Hash, e.digest()) {
			faults = append(faults, ChainFault{e.Seq, "event was altered"})
		}
		if what := e.noteFault(); what != "" {
			faults = append(faults, ChainFault{e.Seq, what})
		}
		prev = e.Hash
	}
	return faults
}

func (e *Event) noteFault() string {
	switch {
	case len(e.NoteSalt) > 0:
		if !bytes.Equal(commit(e.NoteSalt, e.Note), e.NoteCommitment) {
			return "note was altered"
		}
	case e.Note != "":
		return "note was added"
	}
	return ""
}

func commit(salt []byte, note string) []byte {
	h := sha256.New()
	h.Write(salt)
	h.Write([]byte(note))
	return h.Sum(nil)
}

// digest is SHA-256 over the fields, each led by its length, so that no two
// events encode alike.
func (e *Event) digest() []byte {
	h := sha256.New()
	var size [8]byte
	number := func(n int64) {
		binary.BigEndian.PutUint64(size[:], uint64(n))
		h.Write(size[:])
	}
	text := func(s string) {
		number(int64(len(s)))
		h.Write([]byte(s))
	}
	text(chainVersion)
	number(e.CaseID)
	number(int64(e.Seq))
	number(e.At.UnixMicro())
	text(string(e.Actor.Kind))
	text(e.Actor.Login)
	text(e.Actor.Channel)
	text(string(e.Kind))
	number(int64(len(e.Data)))
	for _, key := range slices.Sorted(maps.Keys(e.Data)) {
		text(key)
		text(e.Data[key])
	}
	text(string(e.NoteCommitment))
	text(string(e.PrevHash))
	return h.Sum(nil)
}
