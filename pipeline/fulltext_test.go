package pipeline_test

import (
	"strings"
	"testing"
)

// Details shows what the sender wrote; the rest of a mail is one button away.
func TestFullText(t *testing.T) {
	for name, tt := range map[string]struct{ whole, want string }{
		"a quote and a signature": {"\n\n-- \nEve, Hill Road 7\n> On Monday you wrote", "Hill Road 7"},
		"a long one":              {" " + strings.Repeat("very long words ", 2000), "--full"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCity(t, nil)
			c.whole = tt.whole
			c.say("eve@letter: Water is leaking")
			c.deliver()
			c.number()
			c.say("asha@chat: /case C1")
			c.deliver()
			details := c.lines["chat"].sent[len(c.lines["chat"].sent)-1]
			if strings.Contains(details.Text, tt.want) || len(details.Buttons) != 1 || details.Buttons[0][0].Data != "/full "+string(c.refs[0]) {
				t.Errorf("details %q with %v", details.Text, details.Buttons)
			}
			c.say("asha@chat: /full C1")
			c.deliver()
			full := c.lines["chat"].sent[len(c.lines["chat"].sent)-1].Text
			if n := len([]rune(full)); !strings.Contains(full, tt.want) || !strings.Contains(full, "leaking") || n > 12_500 {
				t.Errorf("full text of %d characters %q", n, full[:min(len(full), 300)])
			}
		})
	}
}

func TestFullTextOfWhatIsWhole(t *testing.T) {
	play(t, `
		eve@chat: Water is leaking
		-> eve@chat acknowledged C1
		-> asha@chat assigned C1
		eve@chat: /full C1
		-> eve@chat refused not_linked
		asha@chat: /full C1
		-> asha@chat refused every_word
		asha@chat: /full
		-> asha@chat refused Which_case
	`)
}
