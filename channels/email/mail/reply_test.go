package mail

import "testing"

// Each introduction is as the mail programs of that language write it.
func TestReplyLanguages(t *testing.T) {
	for language, quoted := range map[string]string{
		"English, Gmail":     "On Mon, Feb 1, 2016 at 6:32 PM, City <c@city.example>\nwrote:\n\n> old",
		"English, Apple":     "> On 1 Feb 2016, at 18:32, City <c@city.example> wrote:\n> \n> old",
		"English, Outlook":   "________________________________\nFrom: City <c@city.example>\nSent: Monday, 1 February 2016 18:32\nTo: Asha\nSubject: Leak\n\nold",
		"English, original":  "-----Original Message-----\nFrom: City\nold",
		"German":             "Am Mo., 1. Feb. 2016 um 18:32 Uhr schrieb City <c@city.example>:\n\n> old",
		"German, name first": "City <c@city.example> schrieb am Mo., 1. Feb. 2016, 18:32:\n\n> old",
		"German, Outlook":    "Von: City <c@city.example>\nGesendet: Montag, 1. Februar 2016 18:32\nAn: Asha\nBetreff: Leck\n\nold",
		"French":             "Le lun. 1 févr. 2016 à 18:32, City <c@city.example> a écrit :\n\n> old",
		"French, Outlook":    "De : City <c@city.example>\nEnvoyé : lundi 1 février 2016 18:32\nÀ : Asha\nObjet : Fuite\n\nold",
		"Spanish":            "El lun, 1 feb 2016 a las 18:32, City (<c@city.example>) escribió:\n\n> old",
		"Italian":            "Il giorno lun 1 feb 2016 alle ore 18:32 City <c@city.example> ha scritto:\n\n> old",
		"Portuguese":         "Em seg., 1 de fev. de 2016 às 18:32, City <c@city.example> escreveu:\n\n> old",
		"Dutch":              "Op ma 1 feb. 2016 om 18:32 schreef City <c@city.example>:\n\n> old",
		"Swedish":            "Den mån 1 feb. 2016 kl 18:32 skrev City <c@city.example>:\n\n> old",
		"Danish":             "Den man. 1. feb. 2016 kl. 18.32 skrev City <c@city.example>:\n\n> old",
		"Finnish":            "ma 1. helmik. 2016 klo 18.32 City (c@city.example) kirjoitti:\n\n> old",
		"Polish":             "pon., 1 lut 2016 o 18:32 City <c@city.example> napisał(a):\n\n> old",
		"Czech":              "po 1. 2. 2016 v 18:32 odesílatel City <c@city.example> napsal:\n\n> old",
		"Hungarian":          "City <c@city.example> ezt írta (időpont: 2016. febr. 1., H, 18:32):\n\n> old",
		"Romanian":           "În lun., 1 feb. 2016 la 18:32, City <c@city.example> a scris:\n\n> old",
		"Greek":              "Στις Δευ, 1 Φεβ 2016 στις 6:32 μ.μ., ο χρήστης City <c@city.example> έγραψε:\n\n> old",
		"Russian":            "пн, 1 февр. 2016 г. в 18:32, City <c@city.example>:\n\n> old",
		"Russian, verb":      "1 февраля 2016 г., 18:32 пользователь City <c@city.example> написал:\n\n> old",
		"Ukrainian":          "пн, 1 лют. 2016 р. о 18:32 City <c@city.example> пише:\n\n> old",
		"Bulgarian":          "На пн, 1.02.2016 г. в 18:32 City <c@city.example> написа:\n\n> old",
		"Croatian":           "pon, 1. velj 2016. u 18:32 City <c@city.example> napisao je:\n\n> old",
		"Turkish":            "City <c@city.example>, 1 Şub 2016 Pzt, 18:32 tarihinde şunu yazdı:\n\n> old",
		"Chinese":            "City <c@city.example> 于2016年2月1日周一 18:32写道：\n\n> old",
		"Japanese":           "2016年2月1日(月) 18:32 City <c@city.example>:\n\n> old",
		"Korean":             "2016년 2월 1일 (월) 오후 6:32, City <c@city.example>님이 작성:\n\n> old",
		"Hebrew":             "\u202bבתאריך יום ב׳, 1 בפבר׳ 2016 ב-18:32 מאת \u202aCity\u202c\u200f <\u202ac@city.example\u202c\u200f>:\u202c\n\n> old",
		"Arabic":             "في الاثنين، ١ فبراير ٢٠١٦ 18:32 City <c@city.example> كتب:\n\n> old",
		"Hindi":              "सोम, 1 फ़र॰ 2016 को 18:32 बजे को City <c@city.example> ने लिखा:\n\n> old",
		"Vietnamese":         "Vào Th 2, 1 thg 2, 2016 vào lúc 18:32 City <c@city.example> đã viết:\n\n> old",
		"Indonesian":         "Pada Sen, 1 Feb 2016 pukul 18.32 City <c@city.example> menulis:\n\n> old",
	} {
		if got := ReplyText("Still leaking.\n\n" + quoted + "\n"); got != "Still leaking." {
			t.Errorf("%s: %q", language, got)
		}
	}
}

func TestReplyKeepsWhatWasWritten(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"answers between quotes":   {"On 1 Feb 2016, at 18:32, City <c@city.example> wrote:\n> Where is it?\nMain Street\n> Since when?\nMonday\n", "Main Street\nMonday"},
		"answer below":             {"On 1 Feb 2016, at 18:32, City <c@city.example> wrote:\n> Where is it?\n\nMain Street\n", "Main Street"},
		"a story about a letter":   {"On 3 March my neighbour wrote:\n\nplease come at once\n\nNobody came.", "On 3 March my neighbour wrote:\n\nplease come at once\n\nNobody came."},
		"forwarded":                {"Please see.\n\n---------- Forwarded message ---------\nFrom: B <b@x.org>\nSubject: pump\n\nThe pump is broken.\n-- \nB", "Please see.\n\n---------- Forwarded message ---------\nFrom: B <b@x.org>\nSubject: pump\n\nThe pump is broken."},
		"only a forwarded mail":    {"From: B <b@x.org>\nSent: Monday\nTo: A\nSubject: pump\n\nThe pump is broken.", "From: B <b@x.org>\nSent: Monday\nTo: A\nSubject: pump\n\nThe pump is broken."},
		"rules between paragraphs": {"First\n-----\nSecond", "First\n-----\nSecond"},
		"signature":                {"It leaks.\n\n-- \nAsha\n+91 5555", "It leaks."},
		"mobile footer":            {"It leaks.\n\nSent from my iPhone\n", "It leaks."},
		"only a footer":            {"Sent from my iPhone\n", "Sent from my iPhone"},
		"a list with dashes":       {"- no water\n- no light", "- no water\n- no light"},
		"nothing written":          {"On 1 Feb 2016, at 18:32, City <c@city.example> wrote:\n> Where is it?\n", ""},
	} {
		if got := ReplyText(test.text); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}
