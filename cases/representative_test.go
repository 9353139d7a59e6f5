package cases_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/redress-cms/redress/cases"
)

func TestFindOnBehalf(t *testing.T) {
	for text, want := range map[string]string{
		"I write on behalf of my mother, Sita Devi. No water.":                   "on behalf of my mother",
		"Hello,\n\nI am writing this for my elderly neighbour. The lamp is out.": "I am writing this for my elderly neighbour",
		"I’m complaining for my grandmother who has no phone":                    "I'm complaining for my grandmother",
		"This is on my father's behalf.":                                         "on my father's behalf",
		"On behalf of the residents of Lake Road: the drain is open":             "On behalf of the residents of Lake Road",
		"My old mother asked me to write: no water":                              "My old mother asked me to write",
		"As the legal guardian of Tom Hill I ask for a ramp":                     "As the legal guardian of Tom Hill I ask for",
		"We represent Mr. Iyer in this matter.":                                  "We represent Mr. Iyer in this matter",
		"The contractor, on behalf of the city, dug up the road":                 "",
		"Nobody came on behalf of the Municipal Corporation":                     "",
		"Please act on my behalf":                                                "",
		"The road is bad for my mother":                                          "",
		"Escribo en nombre de mi madre, que no tiene agua":                       "en nombre de mi madre",
		"Escribo por mi abuela: la farola no funciona":                           "Escribo por mi abuela",
		"Buenas, de parte de mi vecina Ana.":                                     "de parte de mi vecina",
		"Soy la representante legal de Juan Pérez":                               "Soy la representante legal de Juan Pérez",
		"No hay respuesta de parte de la alcaldía":                               "",
		"Vino uno en nombre del ayuntamiento":                                    "",
		"मैं अपनी माँ की ओर से लिख रहा हूँ, पानी नहीं आ रहा":          "अपनी माँ की ओर से",
		"यह शिकायत मेरी बूढ़ी दादी की तरफ से है":                      "मेरी बूढ़ी दादी की तरफ से",
		"मेरे पिताजी श्री रामलाल की ओर से शिकायत":                     "मेरे पिताजी श्री रामलाल की ओर से",
		"अपने पड़ोसी के लिए लिख रही हूँ":                              "अपने पड़ोसी के लिए लिख",
		"नगर निगम की तरफ से कोई नहीं आया":                             "",
		"मेरे घर की तरफ से पानी आ रहा है":                             "",
		"Main apni maa ki taraf se likh raha hoon, pani nahi aa raha": "apni maa ki taraf se",
		"yeh shikayat mere pitaji Ramlal ki or se hai":                "mere pitaji Ramlal ki or se",
		"Apne padosi ke liye likh rahi hu":                            "Apne padosi ke liye likh",
		"nagar nigam ki taraf se koi nahi aaya":                       "",
		"mere ghar ki taraf se pani aa raha hai":                      "",
		"":                                                            "",
	} {
		if got := cases.FindOnBehalf(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzFindOnBehalf(f *testing.F) {
	f.Add("on behalf of my mother")
	f.Add("अपनी माँ की ओर से")
	f.Add(strings.Repeat("on behalf of ", 6000))
	f.Fuzz(func(t *testing.T, text string) {
		got := cases.FindOnBehalf(text)
		if n := utf8.RuneCountInString(got); n > 120 {
			t.Errorf("%d characters", n)
		}
	})
}
