package cases

import "strings"

// lexis is what is known of words beforehand, in the languages that texts are
// compared in.
type lexis struct {
	light   map[string][tongues]bool // words without a meaning of their own, by folded spelling
	negator map[string]bool
	article map[string]bool // may stand between a negator and what it denies
	wanted  map[string]bool // what is done or provided: not having it is a complaint
	before  map[string]bool // a place follows: "near the park"
	after   map[string]bool // a place went before: "park ke paas"
}

func newLexis() lexis {
	x := lexis{light: map[string][tongues]bool{}}
	for t, words := range map[tongue]string{
		english: "a an the this that these those is are was were be been being am has have had having do does did will would shall should can could may might must of in on at to for from by with and or our my your their his her its we i you they he she it us me them there here very so too also just please sir madam dear still again since when which who what where as into onto over up out about some any much more all every each other than then now",
		spanish: "el la los las lo un una unos unas de del al a en y o que es esta estan este estos estas ese esa son fue ser estar ha han he hay por para con se me mi mis nuestra nuestro nuestras nuestros su sus nos le les te muy ya tambien desde hace como mas pero si cuando donde toda todo todas todos otra otro",
		french:  "le la les l un une des de du d et ou est sont dans en sur au aux a pour par avec qui que mon ma mes notre nos votre vos leur ce cet cette il elle ils elles on nous vous je j y tres depuis",
		russian: "и в на с у к о за по из от до для что это как мы я он она они наш наша мой моя у нас уже очень",
		hindustani: "है हैं था थी थे हो हुआ हुई हुए हो रहा रही रहे रहता रहती रहते होता होती होते गया गई गयी गए गये जाता जाती जाते दिया दी दिए लिया ली का की के को में मैं से पर पे ने ही भी और तो या यह ये वह वो जो कि एक हमारी हमारे हमारा मेरी मेरे मेरा आपका इस उस कर करके पड़ा पड़ी पडा पडी पडे लगा लगी बहुत कृपया वाला वाली वाले अब कल आज" +
			" hai hain he tha thi the ho hua hui hue raha rahi rahe rha rhi rhe rahta rehta rehti rehte hota hoti hote gaya gayi gya gyi gaye jata jati jate diya di liya li ka ki ke ko me mein mai main se sey par pe ne hi bhi aur or to toh ya yeh ye wo woh jo ek hamari hamare hamara humare humari mere meri mera aap is us kar karke pada padi pade laga lagi bahut bohot kripya please wala wali wale ab" +
			" ہے ہیں تھا تھی تھے ہو ہوا ہوئی رہا رہی رہے گیا گئی گئے کا کی کے کو میں سے پر نے ہی بھی اور تو یا یہ وہ ہمارے ہماری میرے میری بہت",
	} {
		for word := range strings.FieldsSeq(words) {
			word = folded(word)
			set := x.light[word]
			set[t] = true
			if t == hindustani {
				set[consonants] = true
			}
			x.light[word] = set
		}
	}
	x.negator = wordSet("no not without never none cannot cant wont dont doesnt didnt isnt arent wasnt werent hasnt havent hadnt couldnt nor " +
		"sin nunca ningun ninguna ninguno tampoco jamas " +
		"nahi nahin nahee nahii nhi nai mat bina na नहीं नही नहि मत बिना ना नाही " +
		"نہیں نہ بغیر pas sans aucun aucune jamais nao sem nicht kein keine keinen ohne nie")
	x.article = wordSet("a an any the more much longer have has had been be is are there of such real " +
		"hay un una unos unas mas es era la el ninguna ningun tiene tenemos कोई भी koi bhi")
	x.wanted = wordSet("clean cleaned cleaning collect collected collecting collection pick picked pickup picking lift lifted sweep swept sweeping " +
		"repair repaired repairing fix fixed fixing trim trimmed prune pruned cut emptied empty service supply van truck " +
		"come comes came coming arrive arrived arriving work works worked working receive received get got getting given give done fumigated " +
		"spray sprayed respond replied filled fill removed remove paid issued provided stop stops stopped available there present running run flowing supplied reaching reach reaches enough " +
		"limpian limpiado limpia limpieza recogen recogido recogieron recoge recoleccion barren barrido barre reparan reparado repara arreglan arreglado " +
		"llega llegado llegan llego pasa paso pasan funciona funcionan sirve sirven viene vienen podan podado fumigan fumigado servicio " +
		"साफ सफाई उठा उठाया उठाई उठता मरम्मत ठीक आया आता आती आई आ मिला मिली मिलता रुकती बनी बना saaf safai utha uthaya uthta uthi marammat theek thik aaya aya aata ata aati aati aayi ayi aa mila mili milta rukti repair")
	x.before = wordSet("near opposite behind beside outside alongside nearby next front towards between cerca frente detras junto lado enfrente atras afuera")
	x.after = wordSet("paas pas samne saamne peeche piche bagal nazdeek najdik पास सामने पीछे बगल नज़दीक नजदीक پاس سامنے پیچھے")
	return x
}

// wordSet is the folded words of a list.
func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, t := range tokenise(words) {
		set[t.text] = true
	}
	return set
}

func folded(word string) string {
	if tokens := tokenise(word); len(tokens) == 1 {
		return tokens[0].text
	}
	return word
}
