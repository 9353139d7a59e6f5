package cases

// negation is the key of every word that says no, in all tongues.
const negation = "¬"

// denied reports whether a phrase is denied where it stands: "no leak", "it is
// not a leak", "रिसाव नहीं है", "water is not leaking". What is not done or not
// there although it should be is a complaint all the same: "drain not
// cleaned", "no garbage pickup". A denial further off belongs to something
// else: "they did not fix the leak".
func (v *vocabulary) denied(text []token, m match, p *phrase) bool {
	if p.denies {
		return v.deniesMore(text, m) || v.deniesElse(text, m)
	}
	return v.deniedBefore(text, m) || v.deniedWithin(text, m) || v.deniedAfter(text, m)
}

func (v *vocabulary) deniedBefore(text []token, m match) bool {
	clause := text[m.from].clause
	for i := m.from - 1; i >= 0 && i >= m.from-3 && text[i].clause == clause; i-- {
		if text[i].negates {
			next := m.to + 1
			provided := next < len(text) && text[next].clause == clause && v.lexis.wanted[text[next].text]
			return !provided && !v.lexis.wanted[text[m.from].text]
		}
		if !v.lexis.article[text[i].text] {
			return false
		}
	}
	return false
}

func (v *vocabulary) deniedWithin(text []token, m match) bool {
	for i := m.from + 1; i < m.to; i++ {
		if text[i].negates {
			return !v.lexis.wanted[text[i+1].text] && !v.lexis.wanted[text[i-1].text]
		}
	}
	return false
}

// deniedAfter is for languages that say no at the end: "रिसाव नहीं है".
func (v *vocabulary) deniedAfter(text []token, m match) bool {
	after := text[m.to+1:]
	clause := text[m.to].clause
	if len(after) == 0 || after[0].clause != clause || !after[0].negates || !isFinalNegator(after[0].text) {
		return false
	}
	return len(after) == 1 || after[1].clause != clause || isCopula(after[1].text)
}

// deniesMore reports whether what a phrase denies is only the beginning of
// something else: "no water" in "no water leak".
func (v *vocabulary) deniesMore(text []token, m match) bool {
	next := m.to + 1
	if !text[m.from].negates || next >= len(text) || text[next].clause != text[m.to].clause {
		return false
	}
	whole := false
	for _, key := range text[next].keys {
		for _, at := range v.services.postings[key] {
			p := &v.services.phrases[at.phrase]
			whole = whole || p.words == 2 && at.word == 1 && !p.denies && v.services.begins(at.phrase, text[m.to])
		}
	}
	return whole
}

// deniesElse reports whether a negator that stands last, unlike in the phrase,
// denies what follows: "water is not leaking" is not "no water".
func (v *vocabulary) deniesElse(text []token, m match) bool {
	next := m.to + 1
	if m.ordered || !text[m.to].negates || next >= len(text) || text[next].clause != text[m.to].clause {
		return false
	}
	return text[next].light == [tongues]bool{} && !v.lexis.wanted[text[next].text]
}

func isFinalNegator(word string) bool {
	switch word {
	case "नहीं", "नही", "nahi", "nahin", "nahee", "nahii", "nhi", "नाही", "نہیں":
		return true
	}
	return false
}

func isCopula(word string) bool {
	switch word {
	case "है", "हैं", "था", "थी", "थे", "hai", "hain", "tha", "thi", "the", "ہے", "ہیں", "تھا", "تھی":
		return true
	}
	return false
}

// landmark reports whether what is found there only says where: "near the bus
// stop", "park ke paas", "frente al parque".
func (v *vocabulary) landmark(text []token, m match) bool {
	clause := text[m.from].clause
	for i := m.from - 1; i >= 0 && i >= m.from-4 && text[i].clause == clause; i-- {
		if v.lexis.before[text[i].text] {
			return true
		}
		if text[i].light == [tongues]bool{} {
			break
		}
	}
	for i := m.to + 1; i < len(text) && i <= m.to+2 && text[i].clause == clause; i++ {
		if v.lexis.after[text[i].text] {
			return true
		}
		if text[i].light == [tongues]bool{} {
			break
		}
	}
	return false
}
