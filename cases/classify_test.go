package cases

import (
	"strings"
	"testing"
)

func TestClassify(t *testing.T) {
	o := city(t)
	tests := []struct {
		name     string
		in       Text
		service  string
		area     string
		language string
		priority Priority
	}{
		{"the story", Text{Body: "Water is leaking from a burst pipe near the school in Ward 4 since yesterday"}, "water-leak", "ward-4", "en", High},
		{"hindi", Text{Body: "स्कूल के पास वार्ड ४ में पाइप फटा है और पानी का रिसाव हो रहा है"}, "water-leak", "ward-4", "hi", High},
		{"spanish", Text{Body: "Hay una fuga de agua en el distrito 4, es un peligro"}, "water-leak", "ward-4", "es", Urgent},
		{"spanish without accents", Text{Body: "tuberia rota"}, "water-leak", "", "es", High},
		{"no water is not a leak", Text{Body: "There is no water in our tap"}, "no-water", "", "en", High},
		{"denied keyword", Text{Body: "There is no leak but the garbage stinks"}, "garbage", "", "en", Normal},
		{"denied in hindi", Text{Body: "रिसाव नहीं है। कचरा नहीं उठाया गया"}, "garbage", "", "hi", Normal},
		{"a denial of something else", Text{Body: "They did not fix the leak"}, "water-leak", "", "en", High},
		{"a denial in another sentence", Text{Body: "No. Leak is still there"}, "water-leak", "", "en", High},
		{"plural and -ing", Text{Body: "potholes everywhere"}, "pothole", "", "en", Normal},
		{"plural in spanish", Text{Body: "la calle esta llena de baches"}, "pothole", "", "es", Normal},
		{"inflected hindi", Text{Body: "सड़क पर बहुत गड्ढे हैं"}, "pothole", "", "hi", Normal},
		{"spellings of one keyword count once", Text{Body: "road damage, and one bache"}, "pothole", "", "en", Normal},
		{"two words outweigh one", Text{Body: "dry tap and a puddle full of puddles"}, "no-water", "", "en", High},
		{"subject weighs more", Text{Subject: "Pothole", Body: "it fills with water"}, "pothole", "", "en", Normal},
		{"word borders", Text{Body: "the waterfall of leaks"}, "water-leak", "", "en", High},
		{"no word inside a word", Text{Body: "the breakwater is nice"}, "", "", "en", Normal},
		{"service chosen", Text{Body: "water leak", ServiceHint: "pothole"}, "pothole", "", "en", Normal},
		{"unknown service chosen", Text{Body: "pothole", ServiceHint: "nonsense"}, "pothole", "", "en", Normal},
		{"urgent", Text{Body: "Pothole, danger for children"}, "pothole", "", "en", High},
		{"not urgent", Text{Body: "Pothole, no danger though"}, "pothole", "", "en", Normal},
		{"area chosen", Text{Body: "garbage in Ward 12", AreaHint: "ward-1"}, "garbage", "ward-1", "en", Normal},
		{"ward no.", Text{Body: "garbage, Ward no. 4"}, "garbage", "ward-4", "en", Normal},
		{"W-4", Text{Body: "garbage at W-4"}, "garbage", "ward-4", "en", Normal},
		{"ward04", Text{Body: "garbage at ward04"}, "garbage", "ward-4", "en", Normal},
		{"distrito n.º", Text{Body: "la basura del distrito n.º 4"}, "garbage", "ward-4", "es", Normal},
		{"ward 12 is not ward 1", Text{Body: "garbage in ward 12"}, "garbage", "ward-12", "en", Normal},
		{"ward 123 is none", Text{Body: "garbage in ward 123"}, "garbage", "", "en", Normal},
		{"alias", Text{Body: "garbage near old town hall"}, "garbage", "ward-1", "en", Normal},
		{"longest alias", Text{Body: "garbage between Ward 4 and new town market"}, "garbage", "ward-12", "en", Normal},
		{"alias with an ending", Text{Body: "गांधी नगरमें कचरा"}, "garbage", "ward-4", "hi", Normal},
		{"place", Text{Body: "garbage", Place: "opposite Gandhi Nagar"}, "garbage", "ward-4", "en", Normal},
		{"hint of language", Text{Body: "12345", Language: "es-MX"}, "", "", "es", Normal},
		{"unknown hint", Text{Body: "12345", Language: "xx"}, "", "", "en", Normal},
		{"text against hint", Text{Body: "मेरे घर के पास कचरा है", Language: "en"}, "garbage", "", "hi", Normal},
		{"english words in hindi", Text{Body: "हमारे ward 4 में garbage पड़ा है"}, "garbage", "ward-4", "hi", Normal},
		{"nothing", Text{}, "", "", "en", Normal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := o.Classify(tt.in)
			if c.Service != tt.service || c.Area != tt.area || c.Language != tt.language || c.Priority != tt.priority {
				t.Errorf("service %q, area %q, language %q, priority %q; want %q, %q, %q, %q\nreasons: %v",
					c.Service, c.Area, c.Language, c.Priority, tt.service, tt.area, tt.language, tt.priority, c.Reasons)
			}
		})
	}
}

func TestClassifyExplains(t *testing.T) {
	c := city(t).Classify(Text{Subject: "Leak", Body: "A burst pipe in Ward 4, danger. Also a pothole."})
	want := map[string]string{
		"service":  "keyword 'burst pipe' (en) in text; keyword 'leak' (en) in subject",
		"area":     "'Ward 4' in text",
		"priority": "priority of service Water leak, raised by 'danger' in text",
		"language": "the language of the keywords found",
	}
	for _, r := range c.Reasons {
		if r.Why != want[r.Decision] {
			t.Errorf("%s: %q, want %q", r.Decision, r.Why, want[r.Decision])
		}
		delete(want, r.Decision)
	}
	if len(want) > 0 {
		t.Errorf("no reason given for %v", want)
	}
	if len(c.Alternatives) != 1 || c.Alternatives[0].Service != "pothole" {
		t.Errorf("alternatives %v, want the pothole", c.Alternatives)
	}
}

func TestClassifyReadsAnyLengthInBoundedTime(t *testing.T) {
	o := city(t)
	long := strings.Repeat("पानी water नहीं no ", 200_000)
	if c := o.Classify(Text{Subject: long, Body: long}); c.Service == "" {
		t.Errorf("nothing found in a long text")
	}
	tail := strings.Repeat("x ", maxClassified) + "pothole"
	if c := o.Classify(Text{Body: tail}); c.Service != "" {
		t.Errorf("read beyond the bound: %v", c.Reasons)
	}
}

func FuzzClassify(f *testing.F) {
	o := city(f)
	f.Add("Leak", "burst pipe in Ward 4", "en")
	f.Add("", "पानी नहीं आ रहा वार्ड ४", "hi")
	f.Add("水", "ﷺ\u0301\u0301 ward no. no. 4", "zz-!!")
	f.Fuzz(func(t *testing.T, subject, body, lang string) {
		c := o.Classify(Text{Subject: subject, Body: body, Language: lang})
		if c.Priority.rank() < 0 || c.Language == "" {
			t.Errorf("priority %q, language %q", c.Priority, c.Language)
		}
		if _, ok := o.Service(c.Service); !ok && c.Service != "" {
			t.Errorf("made up service %q", c.Service)
		}
	})
}
