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
		"Kazakh":             "2016 ж. 1 ақпан, 18:32 City <c@city.example> жазды:\n\n> old",
		"Georgian":           "ორშ, 1 თებ 2016 18:32 City <c@city.example> წერს:\n\n> old",
		"Nepali":             "2016 फेब्रुअरी 1, 18:32 City <c@city.example> ले लेख्नुभयो:\n\n> old",
		"Irish":              "Luan 1 Feabh 2016, 18:32 scríobh City <c@city.example>:\n\n> old",
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
		"disclaimer":               {"It leaks.\n\nAsha\n\nDISCLAIMER\n\nThis e-mail and any attachments are confidential. If you are not the\nintended recipient, delete it.\n\nPlease consider the environment before printing.", "It leaks.\n\nAsha"},
		"disclaimer, German":       {"Es leckt.\n\nDiese E-Mail enthält vertrauliche Informationen.\nBitte löschen Sie sie.", "Es leckt."},
		"about a disclaimer":       {"This message was left at my door: it is confidential, they say.\n\nWho wrote it?", "This message was left at my door: it is confidential, they say.\n\nWho wrote it?"},
		"nothing but a disclaimer": {"This e-mail is confidential.", "This e-mail is confidential."},
		"nothing written":          {"On 1 Feb 2016, at 18:32, City <c@city.example> wrote:\n> Where is it?\n", ""},
	} {
		if got := ReplyText(test.text); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

// Each body is built as that mail program builds it.
func TestReplyFromHTML(t *testing.T) {
	for name, test := range map[string]struct{ body, want string }{
		"Gmail":              {`<div dir="ltr">Still leaking</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">On Mon, 1 Feb 2016 at 18:32, City &lt;c@city.example&gt; wrote:<br></div><blockquote class="gmail_quote"><p>old</p></blockquote></div>`, "Still leaking"},
		"Gmail, inline":      {`<div class="gmail_quote"><div class="gmail_attr">On Mon, 1 Feb 2016 at 18:32, City &lt;c@city.example&gt; wrote:</div><blockquote class="gmail_quote">Where?</blockquote><div>Main Street</div><blockquote class="gmail_quote">Since when?</blockquote><div>Monday</div></div>`, "Main Street Monday"},
		"Gmail, bare":        {`Still leaking<div class="gmail_quote">On Mon, 1 Feb 2016 at 18:32, City &lt;c@city.example&gt; wrote:<br><blockquote>old</blockquote></div>`, "Still leaking"},
		"Apple Mail":         {`<html><body>Still leaking<br><div><br><blockquote type="cite"><div>On 1 Feb 2016, at 18:32, City &lt;c@city.example&gt; wrote:</div><br class="Apple-interchange-newline"><div>old</div></blockquote></div><br></body></html>`, "Still leaking"},
		"Apple Mail, below":  {`<div>On 1 Feb 2016, at 18:32, City &lt;c@city.example&gt; wrote:</div><blockquote type="cite">Where?</blockquote><div>Main Street</div>`, "Main Street"},
		"Apple Mail, inline": {`<div>Hello</div><div>On 1 Feb 2016, at 18:32, City &lt;c@city.example&gt; wrote:</div><blockquote type="cite">Where?</blockquote><div>Main Street</div><blockquote type="cite">When?</blockquote><div>Monday</div>`, "Hello Main Street Monday"},
		"Thunderbird":        {`<p>Still leaking</p><div class="moz-cite-prefix">Am 01.02.2016 um 18:32 schrieb City:<br></div><blockquote type="cite" cite="mid:1@x"><p>old</p></blockquote><div class="moz-signature">-- <br>Asha</div>`, "Still leaking"},
		"Outlook":            {`<div class="WordSection1"><p class="MsoNormal">Still leaking</p><div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal"><b>From:</b> City &lt;c@city.example&gt;<br><b>Sent:</b> Monday, 1 February 2016 18:32<br><b>To:</b> Asha<br><b>Subject:</b> Leak</p></div></div><p class="MsoNormal">old</p></div>`, "Still leaking"},
		"Outlook web":        {`<div>Still leaking</div><div id="appendonsend"></div><hr style="display:inline-block;width:98%"><div id="divRplyFwdMsg" dir="ltr"><b>From:</b> City<br><b>Sent:</b> Monday<br></div><div>old</div>`, "Still leaking"},
		"Yahoo":              {`<div>Still leaking</div><div id="ydp1yahoo_quoted_123" class="ydp1 yahoo_quoted"><div>On Monday, 1 February 2016 at 18:32, City wrote:</div><div>old</div></div>`, "Still leaking"},
		"Zimbra":             {`<div>Still leaking</div><hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__"><b>From: </b>City<br></div><div data-marker="__QUOTED_TEXT__">old</div>`, "Still leaking"},
		"Proton":             {`<div>Still leaking</div><div class="protonmail_signature_block">Sent with Proton Mail.</div><div class="protonmail_quote">On Monday, City wrote:<blockquote type="cite">old</blockquote></div>`, "Still leaking"},
		"GMX":                {`<div>Still leaking</div><div name="quote" style="margin:10px"><div><b>Gesendet:</b> Montag</div><div name="quoted-content">old</div></div>`, "Still leaking"},
		"QQ":                 {`<div>还在漏水</div><div>------------------&nbsp;原始邮件&nbsp;------------------</div><div><b>发件人:</b> City<br><b>发送时间:</b> 2016年2月1日<br><b>收件人:</b> Asha<br><b>主题:</b> 漏水</div><div>old</div>`, "还在漏水"},
		"own quotation":      {`<p>The letter says</p><blockquote>pay at once</blockquote><p>but I paid.</p>`, "The letter says > > pay at once but I paid."},
		"forwarded, answers": {`<div>See below</div><div class="gmail_quote"><div class="gmail_attr">---------- Forwarded message ---------<br>From: B</div><blockquote>The pump is broken</blockquote></div>`, "See below ---------- Forwarded message --------- From: B > > The pump is broken"},
	} {
		m := Parse([]byte(plainHead+"In-Reply-To: <a@b>\nContent-Type: text/html; charset=utf-8\n\n"+test.body), Limits{})
		if squeeze(m.ReplyText) != test.want {
			t.Errorf("%s: %q", name, m.ReplyText)
		}
	}
}
