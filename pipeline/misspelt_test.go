package pipeline_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/redress-cms/redress/pipeline"
	"github.com/redress-cms/redress/templates"
)

// openings are ordinary beginnings of complaints, some with a word that is or
// looks like a keyword.
var openings = []string{
	"stop the sewage flooding my street", "Stopp that noise please", "statue in the park is broken", "State of the road is bad",
	"states of the drains are bad", "Newspaper litter everywhere", "New road already has potholes", "now the water is dirty",
	"news say that water is cut", "rats in the market", "rates are too high for water", "eating place dumps waste", "rate of garbage pickup is low",
	"help us, the drain overflows", "Helping hands needed at the school", "updated bill is wrong", "updates are missing on the board",
	"split pipe floods the road", "spilt oil on the road", "splits in the asphalt", "end of the road is dark", "ends of the pipe leak",
	"cancel my bill, it is wrong", "language of the clerk was rude", "reopened pothole on MG Road", "reopening the park is late",
	"start of the street is dark", "information board is broken", "status board at the bus stop is broken and dangerous",
	"बंद नाली से पानी आ रहा है", "नई सड़क टूट गई", "अलग अलग जगह कचरा पड़ा है", "मदद कीजिए नाली भरी है", "स्थित पार्क में कचरा है", "रोकेंगे कब गंदगी को",
	"baja presión de agua en casa", "nota mal olor en la calle", "estados de las calles pésimos", "ayuden ya, no hay agua",
	"reparar la farola de la esquina", "repara la fuga", "idiota el funcionario", "alto nivel de ruido", "fin de la calle sin luz", "nuevos baches en la avenida",
	"separan mal la basura", "estadio con basura", "dividida la acera por raíces",
	"band gali mein pani", "madam, paani nahi aa raha", "nayi sadak toot gayi", "alag alag jagah kachra", "dobari shikayat hai",
}

func TestOrdinaryOpeningsAreNoCommand(t *testing.T) {
	c := newCity(t, nil)
	for i, opening := range openings {
		c.say("eve@text: " + opening)
		c.deliver()
		c.number()
		c.pass(31 * 24 * time.Hour) // forgets the talk
		if len(c.refs) != i+1 {
			t.Fatalf("%q is no complaint", opening)
		}
	}
}

// One letter wrong is understood where nothing else can be meant.
func TestMisspelt(t *testing.T) {
	play(t, `
		eve@text: Water is leaking
		-> eve@text acknowledged C1
		-> asha@chat assigned C1
		eve@text: Statsu
		-> eve@text status C1
		eve@text: STATU C1
		-> eve@text status C1
		eve@text: UPDTAE
		-> eve@text status C1
		eve@text: lenguage hindi
		-> eve@text language
		eve@text: LANGUAG english
		-> eve@text language
		asha@chat: /resolve C1 Sealed.
		-> asha@chat done
		-> asha@chat updated
		-> eve@text resolved
		eve@text: REOPNE C1 it leaks again
		-> eve@text reopened C1
		-> asha@chat updated
		-> ravi@chat case_reopened
	`)
}

// Every word is understood, and with one letter wrong it is the same command or none.
func TestOneWrongLetter(t *testing.T) {
	w, table := words(t)
	var known []string
	for _, k := range table.All() {
		known = append(known, k.Word)
	}
	letters := []rune("abcdefghijklmnopqrstuvwxyzािीक")
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.SampledFrom(table.All()).Draw(t, "keyword")
		right, ok := w.Keyword(k.Word)
		word := []rune(k.Word)
		i := rapid.IntRange(0, len(word)-1).Draw(t, "at")
		letter := rapid.SampledFrom(letters).Draw(t, "letter")
		switch rapid.IntRange(0, 3).Draw(t, "how") {
		case 0:
			word = slices.Delete(slices.Clone(word), i, i+1)
		case 1:
			word = slices.Insert(slices.Clone(word), i, letter)
		case 2:
			word[i] = letter
		case 3:
			if i+1 < len(word) {
				word[i], word[i+1] = word[i+1], word[i]
			}
		}
		got, found := w.Keyword(string(word))
		if !found || !ok || slices.Contains(known, strings.TrimSpace(string(word))) || !got.Misspelt {
			return
		}
		if got.Kind == pipeline.IntentStop || got.Kind == pipeline.IntentStart || got.Kind == pipeline.IntentComplaint {
			t.Fatalf("%q is taken for %s", string(word), got.Kind)
		}
		if got.Kind != right.Kind && right.Kind != pipeline.IntentStop && right.Kind != pipeline.IntentStart && right.Kind != pipeline.IntentComplaint {
			t.Fatalf("%q, from %q, is taken for %s", string(word), k.Word, got.Kind)
		}
	})
}

func TestOrdinaryWordsAreNoKeywords(t *testing.T) {
	w, table := words(t)
	for language, list := range table.Ordinary {
		for _, word := range list {
			if got, ok := w.Keyword(word); ok {
				t.Errorf("%s: %q is taken for %s", language, word, got.Kind)
			}
		}
	}
	if _, ok := w.Keyword(string(templates.CommandStop) + "p"); ok {
		t.Error("an opt-out is guessed")
	}
}
