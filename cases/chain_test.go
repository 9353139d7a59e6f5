package cases

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// history is a sealed chain of three events.
func history(t testing.TB) []Event {
	t.Helper()
	events := []Event{
		{Kind: EventRegistered, Actor: Actor{Kind: ActorComplainant, Channel: "sms"}, Data: map[string]string{"status.after": "pending", "level.after": "1"}},
		{Kind: EventAsked, Actor: Actor{Kind: ActorStaff, Login: "asha"}, Note: "Which house is it?"},
		{Kind: EventResolved, Actor: Actor{Kind: ActorStaff, Login: "asha"}, Note: "Repaired"},
	}
	var prev []byte
	random := source()
	for i := range events {
		e := &events[i]
		e.CaseID, e.Seq, e.At = 7, i+1, noon.Add(time.Duration(i)*time.Hour+123456789)
		if err := Seal(prev, e, random); err != nil {
			t.Fatal(err)
		}
		prev = e.Hash
	}
	return events
}

func TestChainFindsEveryEdit(t *testing.T) {
	tests := []struct {
		name string
		edit func([]Event) []Event
		seq  int
	}{
		{"time", func(e []Event) []Event { e[1].At = e[1].At.Add(time.Microsecond); return e }, 2},
		{"actor", func(e []Event) []Event { e[1].Actor.Login = "anil"; return e }, 2},
		{"kind", func(e []Event) []Event { e[1].Kind = EventNote; return e }, 2},
		{"case", func(e []Event) []Event { e[1].CaseID = 8; return e }, 2},
		{"data changed", func(e []Event) []Event { e[0].Data["level.after"] = "2"; return e }, 1},
		{"data added", func(e []Event) []Event { e[0].Data["x"] = ""; return e }, 1},
		{"data removed", func(e []Event) []Event { delete(e[0].Data, "level.after"); return e }, 1},
		{"note", func(e []Event) []Event { e[1].Note = "Which street is it?"; return e }, 2},
		{"note put into another", func(e []Event) []Event { e[0].Note = "added"; return e }, 1},
		{"commitment", func(e []Event) []Event {
			e[1].Note = "forged"
			e[1].NoteCommitment = commit(e[1].NoteSalt, "forged")
			return e
		}, 2},
		{"resealed in the middle", func(e []Event) []Event {
			e[1].Note = "forged"
			if err := Seal(e[0].Hash, &e[1], source()); err != nil {
				panic(err)
			}
			return e
		}, 3},
		{"removed", func(e []Event) []Event { return slices.Delete(e, 1, 2) }, 2},
		{"first removed", func(e []Event) []Event { return e[1:] }, 1},
		{"swapped", func(e []Event) []Event { e[1], e[2] = e[2], e[1]; return e }, 2},
		{"doubled", func(e []Event) []Event { return slices.Insert(e, 1, e[0]) }, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			faults := VerifyChain(tt.edit(history(t)))
			if len(faults) == 0 {
				t.Fatal("the edit was not found")
			}
			if faults[0].Seq != tt.seq {
				t.Errorf("found at event %d (%s), want %d", faults[0].Seq, faults[0].What, tt.seq)
			}
		})
	}
}

func TestChainOutlivesErasure(t *testing.T) {
	events := history(t)
	if faults := VerifyChain(events); len(faults) > 0 {
		t.Fatalf("an untouched chain has faults: %v", faults)
	}
	events[1].Note, events[1].NoteSalt = "", nil
	if faults := VerifyChain(events); len(faults) > 0 {
		t.Errorf("an erased note breaks the chain: %v", faults)
	}
	if faults := VerifyChain(nil); len(faults) > 0 {
		t.Errorf("no events, but faults: %v", faults)
	}
}

func TestSealRefuses(t *testing.T) {
	if err := Seal(nil, &Event{CaseID: 1}, source()); err == nil {
		t.Error("an event without number was sealed")
	}
	if err := Seal(nil, &Event{CaseID: 1, Seq: 1, Note: "x"}, bytes.NewReader(nil)); err == nil {
		t.Error("a note was sealed without randomness")
	}
}

// Two events whose fields run together alike must not hash alike.
func TestEncodingIsUnambiguous(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) Event {
			return Event{
				CaseID: 1, Seq: 1,
				Actor: Actor{Kind: ActorKind(rapid.StringN(0, 2, -1).Draw(t, name)), Login: rapid.StringN(0, 2, -1).Draw(t, name)},
				Kind:  EventKind(rapid.StringN(0, 2, -1).Draw(t, name)),
				Data:  rapid.MapOfN(rapid.SampledFrom([]string{"a", "ab", "b"}), rapid.SampledFrom([]string{"", "b", "ba"}), 0, 2).Draw(t, name),
			}
		}
		a, b := draw("a"), draw("b")
		same := a.Actor == b.Actor && a.Kind == b.Kind && len(a.Data) == len(b.Data)
		for k, v := range a.Data {
			other, ok := b.Data[k]
			same = same && ok && other == v
		}
		if bytes.Equal(a.digest(), b.digest()) != same {
			t.Fatalf("%v and %v", a, b)
		}
	})
}
