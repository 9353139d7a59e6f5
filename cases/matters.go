package cases

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// maxMatters is how many matters one text is taken apart into. A longer list
// is read by a person.
const maxMatters = 9

// Matters are the complaints that one text lists, each to be handled by itself.
type Matters struct {
	Opening string // what stands before the list; it belongs to all of them
	Items   []Matter
	// Certain: every item names a service, so that nobody need be asked.
	Certain bool
}

// Matter is one of them.
type Matter struct {
	Text string
	Classification
}

// Matters finds the complaints in a text that numbers them: "1) … 2) …",
// "a) … b) …", "first … second …", or lines with bullets. Numbered facts of one
// complaint are none: the items must be about different services, or about one
// in different places. Without at least two there are no Items.
func (o *Organisation) Matters(text, language string) Matters {
	text = firstRunes(strings.TrimSpace(text), maxDescription)
	for _, style := range listStyles {
		opening, items := style.cut(text)
		if len(items) < 2 || len(items) > maxMatters {
			continue
		}
		if m, ok := o.complaints(opening, items, language); ok && (m.Certain || !style.strict) {
			return m
		}
	}
	return Matters{}
}

// complaints are the items of a list, if each of them is a complaint of its own.
func (o *Organisation) complaints(opening string, items []string, language string) (Matters, bool) {
	whole := o.Classify(Text{Body: opening, Language: language})
	m := Matters{Opening: opening, Certain: true}
	services, places := map[string]bool{}, map[string]bool{}
	for _, item := range items {
		found := o.Classify(Text{Body: item, Place: opening, Language: language})
		if found.Service == "" {
			m.Certain = false
			if !isStatement(item) {
				return m, false
			}
		}
		services[found.Service] = true
		places[found.Service+" "+placeOf(item, found)] = true
		if found.Area == "" {
			found.Area = whole.Area
		}
		m.Items = append(m.Items, Matter{Text: item, Classification: found})
	}
	delete(services, "")
	apart := len(services) > 1 && (!m.Certain || len(places) == len(items)) || m.Certain && len(places) == len(items)
	return m, apart
}

// isStatement reports whether an item reads like a sentence, not like a detail
// of another one ("Name: …", "Since 2 days").
func isStatement(item string) bool {
	words := 0
	for _, word := range strings.Fields(item) {
		if HasWords(word) {
			words++
		}
	}
	head := strings.Join(strings.Fields(item)[:min(3, len(strings.Fields(item)))], " ")
	return words >= 4 && !strings.ContainsAny(head, ":=")
}

// placeOf is where an item says that its matter is: its area, or what follows
// the first word that says where.
func placeOf(item string, found Classification) string {
	if found.Area != "" {
		return found.Area
	}
	words := strings.FieldsFunc(strings.ToLower(item), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r)
	})
	for i, word := range words {
		if i+1 < len(words) && slices.Contains(placeWords, word) {
			return strings.Join(words[i+1:min(i+3, len(words))], " ")
		}
		if i > 0 && slices.Contains(placePostpositions, word) {
			return words[i-1]
		}
	}
	return ""
}

// Words before and after the name of a place.
var (
	placeWords         = []string{"at", "near", "in", "on", "opposite", "behind", "beside", "outside", "en", "cerca", "frente", "junto", "calle", "avenida"}
	placePostpositions = []string{"में", "पर", "के", "mein", "me", "par", "ke"}
)

// listStyle is one way of numbering.
type listStyle struct {
	marker *regexp.Regexp
	number func(marker string) int // of the item; 0: it is none
	strict bool                    // the items must be complaints for certain
}

var listStyles = []listStyle{
	{marker: regexp.MustCompile(`(?:^|[\s,;:.।!?])\(?(\p{Nd}{1,2})\)\s*`), number: digits},
	{marker: regexp.MustCompile(`(?:^|[\s,;:।!?])(\p{Nd}{1,2})\.\s+`), number: digits},
	{marker: regexp.MustCompile(`(?m)^[ \t#]*(\p{Nd}{1,2})[ \t]*[:\-–—.][ \t]*`), number: digits},
	{marker: regexp.MustCompile(`(?:^|\s)(\d)\x{FE0F}?\x{20E3}\s*`), number: digits}, // keycap emoji
	{marker: regexp.MustCompile(`(?:^|[\s,;:.।!?])\(?([a-iA-I])\)\s*`), number: letters},
	{marker: regexp.MustCompile(`(?i)(?:^|[\n.!?।;,:]\s*)(` + strings.Join(slices.Concat(ordinals...), "|") + `)[\s,:]+`), number: ordinal, strict: true},
	{marker: regexp.MustCompile(`(?m)^[ \t]*([-*•–—▪●➤👉])[ \t]*`), number: bullet, strict: true},
}

// ordinals are the words that number the items of a list.
var ordinals = [][]string{
	{"firstly", "first", "pehla", "pehli", "pahla", "पहला", "पहली", "primero", "primera"},
	{"secondly", "second", "doosra", "doosri", "dusra", "dusri", "दूसरा", "दूसरी", "segundo", "segunda"},
	{"thirdly", "third", "teesra", "teesri", "tisra", "तीसरा", "तीसरी", "tercero", "tercera"},
}

func digits(s string) int {
	n := 0
	for _, r := range s {
		zero := r // digits of every script stand in a row of ten
		for r-zero < 9 && unicode.Is(unicode.Nd, zero-1) {
			zero--
		}
		n = 10*n + int(r-zero)
	}
	return n
}

func letters(s string) int { return int(strings.ToLower(s)[0]-'a') + 1 }

func ordinal(s string) int {
	return 1 + slices.IndexFunc(ordinals, func(words []string) bool { return slices.Contains(words, strings.ToLower(s)) })
}

// bullet numbers nothing: every one is the next.
func bullet(string) int { return -1 }

// cut takes a text apart at markers numbered 1, 2, 3 and so on. Other numbers
// between them belong to the text.
func (s listStyle) cut(text string) (opening string, items []string) {
	from, next := 0, 1
	for _, at := range s.marker.FindAllStringSubmatchIndex(text, 50) {
		if n := s.number(text[at[2]:at[3]]); n != next && n != -1 {
			continue
		}
		part := strings.Trim(text[from:at[0]], " \t\r\n,;:-–—(")
		if next == 1 {
			opening = part
		} else {
			items = append(items, part)
		}
		from, next = at[1], next+1
	}
	if next == 1 {
		return "", nil
	}
	items = append(items, strings.TrimSpace(text[from:]))
	if slices.ContainsFunc(items, func(item string) bool { return !HasWords(item) }) {
		return "", nil
	}
	return opening, items
}

// Splitting says what becomes of a text that lists several complaints.
type Splitting string

// The ways of splitting.
const (
	SplitOffer  Splitting = "offer"  // one case; the sender is asked
	SplitAlways Splitting = "always" // a case each, where it is certain; else the sender is asked
	SplitNever  Splitting = "never"
)

// Split narrows a case to the first of the matters that its text lists; the
// others become cases of their own, others, linked to it. It is done once.
func (d Desk) Split(c Case, m Matters, others []Reference) (Change, error) {
	w := d.draft(c)
	first := m.Items[0]
	w.Case.Description = m.of(0)
	for i, ref := range others {
		e := w.event(EventLinked, "")
		e.Data["reference"], e.Data[DataSplit] = string(ref), strconv.Itoa(i+2)
	}
	if first.Service != "" && first.Service != c.Service && c.AcceptedAt == nil {
		w.Case.Service = ""
		w.reclassify(first.Classification)
	}
	w.tell(NoticeSplit, "")
	return w.done()
}

// DataSplit marks, in the data of a linked event, the case that a split made.
const DataSplit = "split"

// of is the text of the case that an item becomes.
func (m Matters) of(i int) string { return strings.TrimSpace(m.Opening + "\n" + m.Items[i].Text) }

// Draft is the case that item i becomes, from the draft or case of the whole.
func (m Matters) Draft(i int, of Case) Draft {
	found := m.Items[i].Classification
	found.Language = of.Language
	if found.Point == nil && of.Latitude != nil && of.Longitude != nil {
		found.Point = &Located{Point: Point{Latitude: *of.Latitude, Longitude: *of.Longitude}, From: of.PointSource}
	}
	return Draft{
		Type: of.Type, ContactID: of.ContactID, Intake: of.Intake, Channel: of.Channel, Account: of.Account, Address: of.Address,
		Description: m.of(i), Place: of.Place,
		ReceivedAt: of.ReceivedAt, Confidential: of.Confidential, Classification: found,
	}
}
