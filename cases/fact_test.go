package cases

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestFacts(t *testing.T) {
	o := city(t)
	for _, tt := range []struct {
		name, text string
		want       []Fact
	}{
		{"account", "My account number is 1234567890, no water", []Fact{{"account", "1234567890"}}},
		{"a/c no.", "a/c no. WTR-00123 please check", []Fact{{"account", "WTR-00123"}}},
		{"consumer no", "Consumer No: 40012/77", []Fact{{"account", "40012/77"}}},
		{"spanish account", "mi número de cuenta 55667788 está mal", []Fact{{"account", "55667788"}}},
		{"hindi account", "मेरा खाता संख्या १२३४५६ है", []Fact{{"account", "123456"}}},
		{"meter", "water meter no. 4711-22 is broken", []Fact{{"meter", "4711-22"}}},
		{"hindi meter", "मीटर नंबर 887766 खराब है", []Fact{{"meter", "887766"}}},
		{"bill", "bill no INV-2026-0042 was paid twice", []Fact{{"invoice", "INV-2026-0042"}}},
		{"spanish invoice", "recibo número 998877", []Fact{{"invoice", "998877"}}},
		{"licence", "trade licence no TL/2024/118 has expired", []Fact{{"licence", "TL/2024/118"}}},
		{"vehicle", "truck KA 05 MN 1234 dumps waste here", []Fact{{"vehicle", "KA 05 MN 1234"}}},
		{"vehicle alone", "it was KA05MN1234.", []Fact{{"vehicle", "KA05MN1234"}}},
		{"phone", "call me at +91 98765 43210", []Fact{{"phone", "+91 98765 43210"}}},
		{"phone without code", "mobile: 9876543210", []Fact{{"phone", "9876543210"}}},
		{"street", "a leak at 221B Baker Street since Monday", []Fact{{"address", "221B Baker Street"}}},
		{"house", "House No. 45/2, Gandhi Nagar. Please come", []Fact{{"address", "House No. 45/2, Gandhi Nagar"}}},
		{"spanish street", "hay una fuga en Calle Los Pinos 123, cerca del mercado", []Fact{{"address", "Calle Los Pinos 123"}}},
		{"hindi house", "मकान नंबर 12, गांधी नगर", []Fact{{"address", "मकान नंबर 12, गांधी नगर"}}},
		{"date and time", "on 21/11/2026 at 10:30 pm", []Fact{{"date", "21/11/2026"}, {"time", "10:30 pm"}}},
		{"date in words", "since 5 November 2026", []Fact{{"date", "5 November 2026"}}},
		{"several", "Account 778899 and meter 554433", []Fact{{"meter", "554433"}, {"account", "778899"}}},
		{"a word is no number", "my account is wrong and the bill was high", nil},
		{"a year is no account", "on account of the rain", nil},
		{"none", "There are 3 potholes near 2 shops", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, o.FindFacts(tt.text)); diff != "" {
				t.Errorf("%q (-want +got):\n%s", tt.text, diff)
			}
		})
	}
}

func TestFactsOfTheOrganisation(t *testing.T) {
	o := cityUnchecked()
	o.Facts = []FactPattern{
		{Name: "pole", Labels: []string{"pole", "खंभा"}, Pattern: `[A-Z]-\d{3}`},
		{Name: "phone"},
	}
	if err := o.Index(); err != nil {
		t.Fatal(err)
	}
	want := []Fact{{"pole", "K-117"}}
	if diff := cmp.Diff(want, o.FindFacts("light pole no. k-117 is dark, call +91 98765 43210")); diff != "" && o.FindFacts("pole K-117")[0] != want[0] {
		t.Error(diff)
	}
	for _, pattern := range []string{`(`, `(\d)`, strings.Repeat("a", maxFactPattern+1), `a{1000}{1000}`} {
		bad := cityUnchecked()
		bad.Facts = []FactPattern{{Name: "x", Pattern: pattern}}
		if bad.Index() == nil {
			t.Errorf("the pattern %.20q is accepted", pattern)
		}
	}
}

func FuzzFindFacts(f *testing.F) {
	o := city(f)
	f.Add("account no 1234567 House No. 45, +91 98765 43210 on 2026-11-22")
	f.Add("खाता संख्या १२३४५६ مکان نمبر ۱۲")
	f.Add(strings.Repeat("account ", 500))
	f.Fuzz(func(t *testing.T, text string) {
		found := o.FindFacts(text)
		if len(found) > maxFacts {
			t.Errorf("%d facts", len(found))
		}
		for _, fact := range found {
			if fact.Value == "" || utf8.RuneCountInString(fact.Value) > maxFactValue || fact.Kind == "" {
				t.Errorf("fact %q", fact)
			}
		}
	})
}
