package cases

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// class keeps lessons as the store does.
type class struct {
	lessons map[int]Lesson
}

func (c *class) teach(id int, l Lesson) { c.lessons[id] = l }

func (c *class) taught() Lessons {
	t := Lessons{Services: map[string]Taught{}, Words: map[string]map[string]int{}}
	for _, l := range c.lessons {
		n := t.Services[l.Service]
		t.Services[l.Service] = Taught{n.Cases + 1, n.Words + len(l.Words)}
		for _, w := range l.Words {
			if t.Words[w] == nil {
				t.Words[w] = map[string]int{}
			}
			t.Words[w][l.Service]++
		}
	}
	return t
}

func TestLearning(t *testing.T) {
	o := city(t)
	c := &class{map[int]Lesson{}}
	texts := map[string][]string{
		"pothole": {"the tar is gone at %d", "tar missing and gravel at %d", "gravel all over the lane %d", "loose gravel and no tar %d"},
		"garbage": {"rotting peels near shop %d", "heaps of peels and plastic %d", "plastic and peels everywhere %d", "rotting heaps of plastic %d"},
	}
	for i := range 60 {
		service := []string{"pothole", "garbage"}[i%2]
		text := fmt.Sprintf(texts[service][i/2%4], i)
		c.teach(i, Lesson{Service: service, Language: "en", Words: o.LessonWords("en", text)})
	}
	judge := func(text string) Opinion { return o.Learning.Judge(o.LessonWords("en", text), c.taught()) }
	if got := judge("the whole lane is loose gravel without tar"); got.Service != "pothole" || !got.Decides {
		t.Errorf("what was learned does not decide: %+v", got)
	}
	if got := judge("peels rotting in plastic heaps"); got.Service != "garbage" || !got.Decides || len(got.Words) == 0 {
		t.Errorf("what was learned does not decide: %+v", got)
	}
	if got := judge("tar and plastic"); got.Decides {
		t.Errorf("a text between two services is decided: %+v", got)
	}
	if got := judge("something else entirely happened"); got.Service != "" || got.Decides {
		t.Errorf("unknown words are decided: %+v", got)
	}
	opinion := judge("loose gravel, no tar")
	found := o.Classify(Text{Body: "garbage? loose gravel, no tar", Learned: &opinion})
	if found.Service != "pothole" {
		t.Errorf("the lessons lose against a keyword: %v", found.Reasons)
	}
	if found := o.Classify(Text{Body: "x", ServiceHint: "garbage", Learned: &opinion}); found.Service != "garbage" {
		t.Error("the lessons win against the sender's choice")
	}
	few := Learning{Minimum: 61}
	if got := few.Judge(o.LessonWords("en", "loose gravel"), c.taught()); got.Service != "" {
		t.Errorf("too few lessons speak: %+v", got)
	}
}

func TestOnlyStaffTeach(t *testing.T) {
	o := city(t)
	officer := Desk{Org: o, At: noon, By: Actor{Kind: ActorStaff, Login: "asha"}}
	open := Case{ID: 1, Status: Pending, Service: "pothole", Language: "en", Description: "gravel and no tar", Department: "roads", Level: 1, Policy: "standard", Owner: "ravi"}
	resolved, err := officer.Resolve(open, Resolution{Text: "Filled."})
	if err != nil || resolved.Lesson == nil || resolved.Lesson.Service != "pothole" {
		t.Errorf("a resolution teaches %+v, %v", resolved.Lesson, err)
	}
	corrected, err := officer.Correct(open, Correction{Service: "garbage"})
	if err != nil || corrected.Lesson == nil || corrected.Lesson.Service != "garbage" {
		t.Errorf("a correction teaches %+v, %v", corrected.Lesson, err)
	}
	if other, err := officer.Correct(open, Correction{Priority: High}); err != nil || other.Lesson != nil {
		t.Errorf("a correction of the priority teaches %+v, %v", other.Lesson, err)
	}
	if wrong, err := officer.Resolve(open, Resolution{Text: "Not ours.", Outcome: OutOfJurisdiction}); err != nil || wrong.Lesson != nil {
		t.Errorf("what is not ours teaches %+v, %v", wrong.Lesson, err)
	}
	system := Desk{Org: o, At: noon, By: System}
	if found, err := system.Correct(open, Correction{Service: "garbage"}); err != nil || found.Lesson != nil {
		t.Errorf("a rule teaches %+v, %v", found.Lesson, err)
	}
	off := cityUnchecked()
	off.Learning.Disabled = true
	if err := off.Index(); err != nil {
		t.Fatal(err)
	}
	officer.Org = off
	if c, err := officer.Resolve(open, Resolution{Text: "Filled."}); err != nil || c.Lesson != nil {
		t.Errorf("switched off it teaches %+v, %v", c.Lesson, err)
	}
}

// TestJudgeStaysWithinBounds: whatever the counts, a confidence is one, and an
// opinion names a service that was taught.
func TestJudgeStaysWithinBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[a-d]{1,2}`), 0, 10).Draw(t, "words")
		taught := Lessons{Services: map[string]Taught{}, Words: map[string]map[string]int{}}
		for _, s := range rapid.SliceOfN(rapid.SampledFrom([]string{"x", "y", "z"}), 0, 3).Draw(t, "services") {
			taught.Services[s] = Taught{rapid.IntRange(1, 10_000).Draw(t, "cases"), rapid.IntRange(0, 100_000).Draw(t, "words")}
			for _, w := range words {
				taught.Words[w] = map[string]int{s: rapid.IntRange(0, 10_000).Draw(t, "n")}
			}
		}
		got := Learning{}.Judge(words, taught)
		if math.IsNaN(got.Confidence) || got.Confidence < 0 || got.Confidence > 1 || got.Why == "" {
			t.Fatalf("opinion %+v", got)
		}
		if _, ok := taught.Services[got.Service]; got.Service != "" && !ok {
			t.Fatalf("made up %q", got.Service)
		}
	})
}
