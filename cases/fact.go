package cases

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Bounds of facts.
const (
	maxFacts       = 30  // of a case
	maxFactValue   = 120 // characters of one
	maxFactPattern = 300 // characters of a pattern
	maxFactLabels  = 40
)

// Fact is something a text names that staff would otherwise have to look for:
// an account number, a meter, an address. It is what the sender wrote, proven
// by nothing.
type Fact struct {
	Kind  string `json:"kind"` // "account", "meter", "invoice", "licence", "vehicle", "phone", "address", "date", "time", or the organisation's
	Value string `json:"value"`
}

// FactPattern says how a kind of fact is written. With Labels it is what
// follows one of them ("meter no. 4711"); without, wherever it stands. Pattern
// is an RE2 expression of the value. One of the organisation's replaces the
// built-in one of its name; without a pattern it switches that off.
type FactPattern struct {
	Name    string
	Labels  []string
	Pattern string
}

// number is what most labelled numbers look like; four digits at least.
const number4 = `[A-Z]{0,4}[-/ ]?\d[A-Z0-9/-]{2,22}[A-Z0-9]`

// builtinFacts are the kinds known beforehand; of two that overlap the earlier
// one counts.
func builtinFacts() []FactPattern {
	list := func(s string) []string { return strings.Split(s, ", ") }
	return []FactPattern{
		{"meter", list("meter, water meter, electricity meter, मीटर, mitar, medidor, contador, compteur, میٹر"), number4},
		{"invoice", list("invoice, bill, receipt, challan, demand notice, बिल, रसीद, चालान, raseed, rasid, factura, recibo, boleta, facture, بل, رسید"), number4},
		{"licence", list("driving licence, driving license, trade licence, trade license, licence, license, permit, लाइसेंस, licencia, permiso, licence de, لائسنس"), number4},
		{"vehicle", list("vehicle, car, truck, bus, auto, bike, scooter, plate, number plate, registration, गाड़ी, वाहन, gadi, gaadi, matrícula, placa, placas, patente, plaque, گاڑی"), `[A-Z]{1,3}[- ]?\d{1,4}(?:[- ]?[A-Z]{1,3})?(?:[- ]?\d{1,4})?`},
		{"vehicle", nil, `[A-Z]{2}[- ]?\d{2}[- ]?[A-Z]{1,3}[- ]?\d{4}`},
		{"account", list("account, a/c, acct, consumer, customer, connection, subscriber, property id, assessment, k no, ca, uid, खाता, खाते, उपभोक्ता, कनेक्शन, khata, upbhokta, cuenta, contrato, suministro, abonado, cliente, compte, کھاتہ, صارف"), number4},
		{"phone", nil, `\+\d{1,3}[- ]?\(?\d{2,5}\)?(?:[- ]?\d{2,5}){1,4}`},
		{"phone", list("phone, mobile, cell, call, contact, whatsapp, tel, telephone, फोन, मोबाइल, फ़ोन, teléfono, celular, móvil, tél, فون"), `\(?\d{2,5}\)?(?:[- ]?\d{2,5}){1,4}`},
		{"phone", nil, `[6-9]\d{4}[- ]?\d{5}`},
		{"address", nil, `(?:(?:House|Plot|Flat|Door|Shop|H|D)\.? ?(?:No|Number|Num|#)?[.:]? ?#?\d{1,5}[A-Z]?(?:[/-]\d{1,4}[A-Z]?)?(?:, ?[\p{L}\d '-]{2,40})?)`},
		{"address", nil, `\d{1,5}[A-Z]?(?:[/-]\d{1,4})?,? (?:[\p{L}.'-]{2,20} ){1,4}(?:Street|St|Road|Rd|Lane|Avenue|Ave|Boulevard|Blvd|Drive|Nagar|Colony|Marg|Gali|Chowk|Sector|Layout|Cross|Main|Enclave|Vihar|Puram)\b`},
		{"address", nil, `(?:Calle|Avenida|Av\.|Carrera|Cra\.|Paseo|Plaza|Camino|Calzada|Blvd\.|Jirón|Rue|Avenue de|Boulevard) (?:[\p{L}.'-]{1,20} ){0,5}(?:[\p{L}.'-]{1,20},? )?(?:#|No\.?|N[º°]\.?|número)? ?\d{1,5}[A-Z]?\b`},
		{"address", nil, `(?:मकान|घर|प्लॉट|फ्लैट|दुकान|Makan|Ghar|مکان) ?(?:नंबर|नम्बर|नं\.?|संख्या|क्रमांक|number|no\.?|نمبر)? ?\d{1,5}[A-Z]?(?:[/-]\d{1,4})?(?:, ?[\p{L}\p{M}\d '-]{2,40})?`},
		{"date", nil, `\d{4}-\d{2}-\d{2}|\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})|\d{1,2}(?:st|nd|rd|th)? (?:de )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|जनवरी|फ़?रवरी|मार्च|अप्रैल|मई|जून|जुलाई|अगस्त|सितंबर|अक्टूबर|नवंबर|दिसंबर)[a-z]*(?:,? (?:de )?\d{4})?`},
		{"time", nil, `\d{1,2}(?:[:.]\d{2})? ?(?:am|pm|a\.m\.|p\.m\.)|\d{1,2}:\d{2}(?: ?(?:hrs|hours|h))?|\d{1,2} (?:बजे|baje|o'clock)`},
	}
}

// connecting is what may stand between a label and its value.
const connecting = `(?: ?(?:number|numbers|num|no|nos|nr|id|code|is|was|reading of|नंबर|नम्बर|नं|संख्या|क्रमांक|है|की|का|número|numero|nro|es|de|numéro|نمبر))*[ .:#=º°-]{0,4}`

// factReader finds facts of one kind.
type factReader struct {
	kind     string
	labelled bool
	value    *regexp.Regexp
}

// compile makes the expression of a pattern; the value is its group "v".
func (p FactPattern) compile() (*regexp.Regexp, error) {
	expression := `(?i)(?:^|[^\p{L}\p{M}\d])(?P<v>` + p.Pattern + `)`
	if len(p.Labels) > 0 {
		labels := make([]string, len(p.Labels))
		for i, label := range p.Labels {
			labels[i] = regexp.QuoteMeta(label)
		}
		slices.SortFunc(labels, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
		expression = `(?i)(?:^|[^\p{L}\p{M}\d])(?:` + strings.Join(labels, "|") + `)` + connecting + `(?P<v>` + p.Pattern + `)`
	}
	re, err := regexp.Compile(expression)
	if err != nil {
		return nil, fmt.Errorf("the pattern %q is not understood", firstRunes(p.Pattern, 60))
	}
	return re, nil
}

// factReaders are those of the organisation and the built-in ones it leaves.
func (o *Organisation) factReaders() []factReader {
	patterns := slices.Clone(o.Facts)
	for _, p := range builtinFacts() {
		if !slices.ContainsFunc(o.Facts, func(own FactPattern) bool { return own.Name == p.Name }) {
			patterns = append(patterns, p)
		}
	}
	var readers []factReader
	for _, p := range patterns {
		if p.Pattern == "" || len(p.Pattern) > maxFactPattern && slices.ContainsFunc(o.Facts, func(own FactPattern) bool { return own.Name == p.Name }) {
			continue
		}
		if re, err := p.compile(); err == nil {
			readers = append(readers, factReader{p.Name, len(p.Labels) > 0, re})
		}
	}
	return readers
}

// FindFacts lifts account, meter, licence and invoice numbers, addresses and
// the like out of a text, in the order of the patterns, each once and at most
// 30. Of the text, the first 20,000 characters are read; RE2 expressions take
// time in proportion to it.
func (o *Organisation) FindFacts(texts ...string) []Fact {
	var found []Fact
	for _, text := range texts {
		text = digitsPlain(firstRunes(text, maxClassified))
		var taken [][2]int
		for _, r := range o.lookup().facts {
			for _, at := range r.value.FindAllStringSubmatchIndex(text, maxFacts) {
				span := [2]int{at[2], at[3]} // of the value, the first group
				if overlaps(taken, span) || !endsWord(text, span[1]) {
					continue
				}
				value := strings.Join(strings.Fields(strings.Trim(text[span[0]:span[1]], " .,;:-")), " ")
				if !r.plausible(value) {
					continue
				}
				taken = append(taken, span)
				found = addFact(found, Fact{r.kind, firstRunes(value, maxFactValue)})
			}
		}
	}
	return found
}

// addFact adds one that is new, up to the bound.
func addFact(list []Fact, f Fact) []Fact {
	if len(list) >= maxFacts || f.Value == "" || slices.Contains(list, f) {
		return list
	}
	return append(list, f)
}

func overlaps(taken [][2]int, span [2]int) bool {
	return slices.ContainsFunc(taken, func(t [2]int) bool { return span[0] < t[1] && t[0] < span[1] })
}

// endsWord reports whether no letter or digit goes on after a value.
func endsWord(text string, at int) bool {
	for _, r := range text[at:] {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}
	return true
}

// plausible refuses what has the form of a fact but too few digits for one.
func (r factReader) plausible(value string) bool {
	digits := strings.Count(strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' {
			return '0'
		}
		return -1
	}, value), "0")
	switch r.kind {
	case "account", "meter", "invoice", "licence":
		return digits >= 3
	case "vehicle":
		return digits >= 2
	case "phone":
		return digits >= 7 && digits <= 15
	}
	return value != ""
}

// digitsPlain writes digits of any script as 0 to 9.
func digitsPlain(s string) string {
	return strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII && unicode.Is(unicode.Nd, r) {
			return '0' + digitValue(r)
		}
		return r
	}, s)
}

// named adds the facts of a further message. The list is copied, since the
// case handed in shares it.
func (w *draft) named(facts []Fact) {
	list := slices.Clone(w.Case.Facts)
	for _, f := range facts {
		list = addFact(list, f)
	}
	w.Case.Facts = list
}
