package cases

import (
	"regexp"
	"strings"
)

const (
	maxRepresented = 120  // characters of the words that are kept
	maxBehalfBytes = 8000 // of a text that is searched; people say it early
)

// FindOnBehalf returns the words by which a text says that it is written for
// somebody else: "on behalf of my mother". Empty: it says nothing of it. It is
// a hint for staff and gives no right to anybody.
func FindOnBehalf(text string) string {
	text = text[:min(len(text), maxBehalfBytes)]
	text = strings.Join(strings.Fields(strings.ReplaceAll(text, "’", "'")), " ")
	best := []int(nil)
	for _, phrase := range behalfPhrases {
		at := phrase.words.FindStringIndex(text)
		if at == nil || phrase.unless != nil && phrase.unless.MatchString(text[at[0]:]) {
			continue
		}
		if best == nil || at[0] < best[0] {
			best = at
		}
	}
	if best == nil {
		return ""
	}
	return firstRunes(strings.Trim(text[best[0]:best[1]], " ,.;:"), maxRepresented)
}

// behalf is a way of saying it. In other senses the same words tell who acts
// for the office ("the contractor, on behalf of the city"): unless, matched from
// where the words begin, tells those.
type behalf struct{ words, unless *regexp.Regexp }

const (
	// Up to five more words tell who it is.
	behalfWho = `(?: [\p{L}\p{M}'.-]+){1,5}`

	kinEnglish = `(?:mother|mum|mom|father|dad|parents?|grand(?:mother|father|parents?|ma|pa)|husband|wife|partner|spouse|son|daughter|child(?:ren)?|brother|sister|` +
		`uncle|aunt|nephew|niece|cousin|in-laws?|(?:mother|father|sister|brother)-in-law|friend|neighbou?rs?|tenants?|landlord|landlady|client|patient|ward|colleague|employee|carer|family)`
	kinSpanish = `(?:madre|mamá|mama|padre|papá|papa|padres|abuel[oa]s?|espos[oa]|marido|mujer|pareja|hij[oa]s?|herman[oa]s?|tí[oa]|prim[oa]|suegr[oa]|amig[oa]|` +
		`vecin[oa]s?|inquilin[oa]s?|client[ea]|paciente|familia|compañer[oa])`
	kinHindi = `(?:माँ|मां|माता|माताजी|माता-पिता|मम्मी|पिता|पिताजी|पापा|पति|पत्नी|भाई|बहन|बहिन|बेटे|बेटा|बेटी|दादा|दादी|दादाजी|नाना|नानी|चाचा|चाची|मामा|मामी|मौसी|बुआ|` +
		`सास|ससुर|पड़ोसी|पड़ोसी|पड़ोसन|दोस्त|मित्र|सहेली|परिवार|मुवक्किल|मरीज़|मरीज|किराएदार|किरायेदार)`
	kinTransliterated = `(?:ma+|maa+n?|mata|mataji|mummy|mammi|mumm?y|pita|pitaji|papa|pati|patni|bhai|bhaiya|beh[ae]n|bahan|bet[aei]|dada|dadi|dadaji|nana|nani|chacha|chachi|` +
		`mama|mami|mausi|bua|saas|sasur|padosi|padosan|dost|mitr|saheli|parivar|family|mummy-papa)(?: ?ji)?`
)

var behalfPhrases = []behalf{
	{regexp.MustCompile(`(?i)\bon behalf of` + behalfWho),
		regexp.MustCompile(`(?i)^on behalf of (?:the |your |its |this |our )?(?:city|council|municipal\w*|corporation|department|government|ministry|company|contractor|authority|office|board|utility|agency)\b`)},
	{regexp.MustCompile(`(?i)\bon (?:my|our|his|her|their) (?:[\p{L}.-]+ ){0,2}?(?:` + kinEnglish + `'s? )?behalf\b`), regexp.MustCompile(`(?i)^on (?:my|our) behalf\b`)},
	{regexp.MustCompile(`(?i)\b(?:i am|i'm|im|we are|i) (?:writing|complaining|reporting|asking|filing(?: this)?|write|complain) (?:this )?for (?:my|our|an?) (?:[\p{L}-]+ ){0,2}?` + kinEnglish + `\b`), nil},
	{regexp.MustCompile(`(?i)\bmy (?:[\p{L}-]+ ){0,2}?` + kinEnglish + ` (?:has |have )?(?:asked|authori[sz]ed|requested) me to (?:write|complain|report)\b`), nil},
	{regexp.MustCompile(`(?i)\b(?:i|we) represent` + behalfWho), nil},
	{regexp.MustCompile(`(?i)\b(?:as|i am|i'm) (?:the |a )?(?:legal )?(?:guardian|attorney|lawyer|solicitor|advocate|representative|carer|caretaker|social worker|power of attorney) (?:of|for)` + behalfWho), nil},

	{regexp.MustCompile(`(?i)\b(?:en nombre|en representaci[oó]n|por cuenta) del?` + behalfWho),
		regexp.MustCompile(`(?i)^(?:en nombre|en representaci[óo]n|por cuenta) (?:del|de (?:la|el|los|las|su|esta|este)) (?:ayuntamiento|alcald\p{L}+|municip\p{L}+|gobierno|ciudad|empresa|contratista|compañía|departamento|oficina)`)},
	{regexp.MustCompile(`(?i)\b(?:de parte|a nombre) de (?:mi|mis|nuestr[oa]s?|un[oa]?) (?:[\p{L}-]+ ){0,2}?` + kinSpanish + `(?:[ ,.;:!?)]|$)`), nil},
	{regexp.MustCompile(`(?i)\b(?:escribo|reclamo|me quejo|denuncio|pregunto|informo) (?:esto )?por (?:mi|mis|nuestr[oa]s?|un[oa]?) (?:[\p{L}-]+ ){0,2}?` + kinSpanish + `(?:[ ,.;:!?)]|$)`), nil},
	{regexp.MustCompile(`(?i)\b(?:como|soy(?: el| la)?) (?:representante|apoderad[oa]|tutora?|abogad[oa])(?: legal)? del?` + behalfWho), nil},

	{regexp.MustCompile(`(?:मेरी|मेरे|अपनी|अपने|हमारी|हमारे|एक) (?:[\p{L}\p{M}-]+ ){0,2}?` + kinHindi + `(?: जी)?(?: [\p{L}\p{M}.-]+){0,3}? (?:की (?:ओर|तरफ|तरफ़|जगह) (?:से|पर)?|के (?:लिए|वास्ते) (?:लिख|शिकायत)[\p{L}\p{M}]*|के नाम से)`), nil},
	{regexp.MustCompile(`(?i)\b(?:meri|mere|apni|apne|hamari|hamare|ek) (?:[a-z-]+ ){0,2}?` + kinTransliterated + `(?: [a-z.-]+){0,3}? (?:ki (?:taraf|tarf|or|oar|aur|ore|jagah) (?:se|par)|ke (?:liye|lie|vaste) (?:likh|complaint|shikayat|shikaayat)[a-z]*|ke naam se)`), nil},
	{regexp.MustCompile(`(?i)\b(?:meri|apni|mere|apne) behalf (?:par|pe|se)\b`), regexp.MustCompile(`(?i)^(?:meri|mere)`)},
}
