package cases

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Alarm is a danger to people that cannot wait for the usual clock. A text
// that speaks of one makes the case urgent and is brought to the next level of
// the hierarchy at once. An organisation's alarm replaces the built-in one of
// its name; without words it switches that off.
type Alarm struct {
	Name  string
	Words map[string][]string // by language
}

// builtinAlarms are the dangers known beforehand. Their phrases hold only in
// the order they are written in: "danger for children" is less than "child in
// danger".
func builtinAlarms() []Alarm {
	list := func(en, hi, es string) map[string][]string {
		split := func(s string) []string { return strings.Split(s, ", ") }
		return map[string][]string{"en": split(en), "hi": split(hi), "es": split(es)}
	}
	return []Alarm{
		{"live wire", list(
			"live wire, live cable, live electric wire, wire sparking, sparking wire, sparks from the pole, sparks from the wire, electrocuted, got an electric shock, electric shock, current in the pole, current in water, naked wire touching",
			"नंगा तार, करंट लगा, करंट आ रहा, खंभे में करंट, पानी में करंट, तार से चिंगारी, बिजली का झटका, nanga taar, current laga, current lag gaya, current aa raha, khambe me current, pani me current, bijli ka jhatka",
			"cable pelado, cable vivo, cable con corriente, poste electrificado, chispas del poste, salen chispas, echa chispas, electrocutado, electrocutó, descarga eléctrica")},
		{"gas", list(
			"gas leak, smell of gas, gas smell, smells of gas, gas leaking, leaking gas, gas cylinder leaking, gas pipeline leak",
			"गैस लीक, गैस रिसाव, गैस का रिसाव, गैस की बदबू, गैस की गंध, gas leak, gas risav, gas ki badboo, gas ki smell, gas ki badbu",
			"fuga de gas, olor a gas, huele a gas, escape de gas")},
		{"fire", list(
			"house on fire, building on fire, on fire, caught fire, fire broke out, shop on fire, explosion",
			"आग लग गई, आग लगी, विस्फोट, aag lag gayi, aag lagi, dhamaka",
			"incendio, se está incendiando, en llamas, explosión")},
		{"child in danger", list(
			"child in danger, children in danger, child fell into, child fell in, child has fallen into, child trapped, child is stuck, child injured, kid fell into, baby fell, child drowning, boy fell into, girl fell into",
			"बच्चा गिर गया, बच्ची गिर गई, बच्चा फंस गया, बच्चा खतरे में, बच्चे की जान, bachcha gir gaya, bacha gir gaya, bachcha phas gaya, bachche ki jaan",
			"niño en peligro, niña en peligro, niños en peligro, se cayó un niño, cayó un niño, niño cayó, niña cayó, niño atrapado, niña atrapada")},
		{"people hurt", list(
			"people trapped, person trapped, trapped under, trapped inside, fell into the manhole, fell into a manhole, fell into an open manhole, seriously injured, badly injured, bleeding, unconscious, drowning, life in danger, lives in danger, someone died",
			"लोग फंसे, कोई फंस गया, मैनहोल में गिर गया, गटर में गिर गया, गंभीर घायल, खून बह रहा, बेहोश, डूब रहा, जान को खतरा, log phase, manhole me gir gaya, gatar me gir gaya, khoon beh raha, behosh, jaan ko khatra, jaan ka khatra",
			"personas atrapadas, persona atrapada, gente atrapada, cayó en la alcantarilla, cayó al pozo, herido grave, heridos graves, sangrando, inconsciente, ahogando, vidas en peligro")},
		{"sewage inside", list(
			"sewage inside, sewage in the house, sewage in my house, sewage in our house, sewage entering the house, sewage coming into the house, sewage coming into our house, sewage entered our house, sewer water inside, sewer water entering the house, toilet water coming into our house, toilet water coming into the house",
			"घर में सीवर का पानी, घर के अंदर सीवर, सीवर का पानी घर में, गटर का पानी घर में, ghar me sewer ka pani, sewer ka pani ghar me, sewer ka ganda pani ghar me, gatar ka pani ghar me, ghar ke andar sewer",
			"aguas negras en la casa, aguas negras dentro, aguas negras en mi casa, drenaje dentro de la casa, aguas negras entran a la casa")},
		{"collapse", list(
			"about to collapse, about to fall on, building collapsed, building is collapsing, wall collapsed, roof collapsed, house collapsed, bridge collapsed, road caved in",
			"इमारत गिर गई, मकान गिर गया, छत गिर गई, दीवार गिर गई, गिरने वाली है इमारत, पुल टूट गया, imarat gir gayi, makan gir gaya, chhat gir gayi, deewar gir gayi",
			"se derrumbó, a punto de derrumbarse, a punto de colapsar, se cayó el muro, se cayó el techo, derrumbe de edificio")},
		{"violence", list(
			"threatened to kill, threatening to kill, attacked with a knife, has a gun, being beaten",
			"जान से मारने, मार डालेगा, jaan se marne, maar dalega",
			"amenaza de muerte, amenazó con matar, con un cuchillo, con pistola")},
	}
}

// alarms are the built-in ones and the organisation's.
func (o *Organisation) alarms() []Alarm {
	list := builtinAlarms()
	for _, own := range o.Rules.Alarms {
		if i := slices.IndexFunc(list, func(a Alarm) bool { return a.Name == own.Name }); i >= 0 {
			list[i] = own
		} else {
			list = append(list, own)
		}
	}
	return list
}

func (v *vocabulary) addAlarms(o *Organisation) {
	v.alarms = o.alarms()
	for i, a := range v.alarms {
		for _, lang := range slices.Sorted(maps.Keys(a.Words)) {
			for _, text := range a.Words[lang] {
				v.addPhrase(&v.danger, entry{target: i, phrase: text, lang: lang}, 1)
			}
		}
	}
}

// alarmIn is the first danger that a text speaks of and does not deny.
func (v *vocabulary) alarmIn(parts []textPart, foreign [tongues]bool) (name, why string) {
	for _, p := range parts {
		v.danger.find(p.tokens, foreign, func(m match) {
			entry := &v.danger.phrases[m.phrase]
			if name == "" && m.ordered && m.gap <= 1 && !v.denied(p.tokens, m, entry) {
				name = v.alarms[entry.target].Name
				why = fmt.Sprintf("'%s' in %s", entry.phrase, p.name)
			}
		})
		if name != "" {
			return name, why
		}
	}
	return "", ""
}

// alarmed makes a case urgent and brings it to the next level, beside whoever
// has the case and is told as of any other.
func (w *draft) alarmed(alarm Reason) {
	w.replaceReasons(alarm)
	if w.Case.Priority != Urgent {
		w.Case.Priority = Urgent
		w.because("priority", string(Urgent), alarm.Why)
	}
	superior, why := w.d.Org.Pick(w.Case.Department, w.Case.Area, max(w.Case.Level, 1)+1, w.d.Load)
	if why != "" && superior.Login != w.Case.Owner {
		w.notice(Notice{Kind: AlertUrgent, To: ToStaff, Login: superior.Login, Text: alarm.Value})
	}
}

// endangered is alarmed for a further message of an open case, once.
func (w *draft) endangered(before Case, alarm *Reason) {
	if _, known := before.alarm(); alarm == nil || known || !before.Status.Open() {
		return
	}
	w.alarmed(*alarm)
	w.urgentClock()
	w.event(EventCorrected, "")
}

// urgentClock gives an open case the policy that its new priority calls for.
func (w *draft) urgentClock() {
	r := w.d.Org.Route(w.Case, w.d.Load)
	if r.Policy == w.Case.Policy {
		return
	}
	w.stopTimers()
	w.Case.Policy = r.Policy
	w.replaceReasons(reasonsOf(r, "policy")...)
	w.newPolicy()
}

// alarm is what made the case one; false: nothing did.
func (c Case) alarm() (Reason, bool) {
	for _, r := range c.Reasons {
		if r.Decision == "urgency" {
			return r, true
		}
	}
	return Reason{}, false
}
