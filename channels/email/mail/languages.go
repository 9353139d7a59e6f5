package mail

import "regexp"

// The words of mail programs around quoted mail, by language. They are parts
// of regular expressions, lower case.

// wroteWords are the verbs of "… wrote:" that stand as words of their own.
var wroteWords = []string{
	`wrote`, `writes`, `said`, // English
	`schrieb`, `hat .{1,80} geschrieben`, // German
	`a\s+écrit`, `a\s+ecrit`, // French
	`escribió`, `escribio`, // Spanish
	`ha\s+scritto`, `scrive`, // Italian
	`escreveu`,                                                      // Portuguese
	`schreef`, `heeft .{0,80}geschreven`, `het volgende geschreven`, // Dutch
	`skrev`, `har skrevet`, // Danish, Norwegian, Swedish
	`skrifaði`,                                 // Icelandic
	`kirjoitti`,                                // Finnish
	`kirjutas`,                                 // Estonian
	`napisał(?:a|\(a\))?`, `pisze`, `napisali`, // Polish
	`napsal(?:a|\(a\))?`,                                // Czech
	`napísal(?:a|\(a\))?`,                               // Slovak
	`je .{0,120}napisal(?:a|o)?`, `napisal(?:a|\(a\))?`, // Slovenian
	`je napisao(?:/la)?`, `je napisala`, `napisao(?:/la)?`, `je pisao`, // Croatian, Serbian
	`је написао`, `је написала`, `написао је`, `написа`, // Serbian, Bulgarian, Macedonian
	`написал(?:а|\(а\))?`, `пишет`, `писал(?:а|\(а\))?`, // Russian
	`написав(?:ла)?`, `написала`, `пише`, // Ukrainian
	`напісаў`,          // Belarusian
	`írta`, `ezt írta`, // Hungarian
	`a scris`,                              // Romanian
	`έγραψε`,                               // Greek
	`yazdı`, `şunu yazdı`, `şunları yazdı`, // Turkish
	`yazıb`,          // Azerbaijani
	`rašė`, `parašė`, // Lithuanian
	`rakstīja`,                 // Latvian
	`va escriure`, `ha escrit`, // Catalan
	`escribiu`,             // Galician
	`idatzi du`,            // Basque
	`het geskryf`, `skryf`, // Afrikaans
	`menulis`,                   // Indonesian, Malay
	`đã viết`,                   // Vietnamese
	`aliandika`,                 // Swahili
	`sinulat ni`, `isinulat ni`, // Filipino
	`shkroi`,                                      // Albanian
	`жазды`, `yozdi`, `бичсэн`, `бичив`, `навишт`, // Kazakh, Uzbek, Mongolian, Tajik
	`scríobh`, `ysgrifennodd`, `kiteb`, `nivîsand`, `nivîsandiye`, // Irish, Welsh, Maltese, Kurdish
	`wabhala`, `ubhale`, `o ngotse`, `ya rubuta`, `ta rubuta`, `qoray`, `ayaa qoray`, `nanoratra`, // Zulu, Sotho, Hausa, Somali, Malagasy
	`scripsit`, `skribis`, // Latin, Esperanto
}

// wroteInfix are verbs of languages that do not part words by blanks, or
// whose forms are many.
var wroteInfix = []string{
	`写道`, `寫道`, `写到`, `書きました`, `のメール`, `のメッセージ`, `さんは(?:書|次)`, `작성`, `님이\s+쓴`, `쓴 글`, `เขียน(?:ว่า)?`,
	`წერს`, `დაწერა`, `գրել է`, `գրեց`, `ጽፏል`, `ጻፈ`, `ले लेख्नुभयो`, `ලිව්වා`, `បានសរសេរ`, `ຂຽນວ່າ`, `ရေးခဲ့သည်`, `ولیکل`, `ଲେଖିଛନ୍ତି`, `লিখিছে`, `ଲେଖିଲେ`,
	`כתב(?:ה)?`, `كتب(?:ت)?`, `نوشت`, `ने लिखा`, `लिखा है`, `लिहिले`, `লিখেছেন`, `লিখেছে`, `نے لکھا`, `எழுதியது`, `எழுதினார்`, `వ్రాశారు`,
	`ರ ಬರೆದಿದ್ದಾರೆ`, `ബരെഴുതി`, `ਨੇ ਲਿਖਿਆ`, `એ લખ્યું`,
}

// onWords start an introduction before its date.
var onWords = []string{
	`on`, `at`, `in`, `am`, `le`, `el`, `il`, `em`, `a`, `op`, `den`, `på`, `dnia`, `w dniu`, `dne`, `dňa`, `dana`, `dne`, `în`, `la`, `pe`, `στις`, `την`,
	`på`, `kl`, `ti`, `ma`, `к`, `на`, `от`, `в`, `у`, `在`, `于`, `於`, `vào`, `pada`, `noong`, `tarih`, `בתאריך`, `ב`, `في`, `بتاريخ`, `در`,
	`को`, `de`, `els?`, `ngày`, `lúc`, `op`, `zo`, `maandag`,
}

// forwardWords stand above a forwarded mail.
var forwardWords = []string{
	`forwarded message`, `begin forwarded message`, `forwarded by .{1,80}`, `forwarded mail`, `start of forwarded message`,
	`weitergeleitete nachricht`, `anfang der weitergeleiteten nachricht`, `anfang der weitergeleiteten e-mail`,
	`message transféré`, `début du message transféré`, `début du message réexpédié`, `message transmis`,
	`mensaje reenviado`, `inicio del mensaje reenviado`, `messaggio inoltrato`, `inizio messaggio inoltrato`,
	`mensagem (?:encaminhada|reencaminhada)`, `início da mensagem (?:encaminhada|reencaminhada)`,
	`doorgestuurd bericht`, `begin doorgestuurd bericht`, `vidarebefordrat meddelande`, `vidarebefordrat brev`, `videresendt (?:besked|melding|meddelelse)`,
	`välitetty viesti`, `välitetty viesti alkaa`, `edelleenlähetetty viesti`, `przekazana wiadomość`, `wiadomość przekazana dalej`, `przesłana dalej wiadomość`,
	`přeposlaná zpráva`, `preposlaná správa`, `továbbított üzenet`, `továbbított levél`, `mesaj redirecționat`, `mesaj transmis mai departe`,
	`προωθημένο μήνυμα`, `пересылаемое сообщение`, `пересланное сообщение`, `перенаправленное сообщение`, `начало переадресованного сообщения`,
	`переслане повідомлення`, `переслано повідомлення`, `препратено съобщение`, `proslijeđena poruka`, `prosleđena poruka`, `posredovano sporočilo`,
	`iletilmiş ileti`, `yönlendirilen ileti`, `iletilen mesaj`, `转发的邮件`, `转发邮件`, `轉寄的郵件`, `已轉寄的郵件`, `転送メッセージ`, `転送されたメッセージ`,
	`전달된 메시지`, `전달된 메일`, `הודעה שהועברה`, `رسالة (?:معاد توجيهها|محولة)`, `پیام هدایت شده`, `अग्रेषित संदेश`, `फ़ॉरवर्ड किया गया संदेश`,
	`pesan terusan`, `pesan yang diteruskan`, `thư đã chuyển tiếp`, `ข้อความที่ส่งต่อ`, `ফরোয়ার্ড করা বার্তা`, `edasi saadetud kiri`,
	`persiųstas laiškas`, `pārsūtīts ziņojums`,
}

// originalWords stand between dashes above the mail that is answered.
var originalWords = []string{
	`original message`, `original e?-?mail`, `reply message`, `ursprüngliche nachricht`, `originalnachricht`, `ursprüngliche e-?mail`,
	`message d'origine`, `message original`, `message initial`,
	`mensaje original`, `messaggio originale`, `mensagem original`, `oorspronkelijk bericht`, `origineel bericht`, `ursprungligt meddelande`, `originalmeddelande`,
	`oprindelig (?:meddelelse|besked)`, `opprinnelig melding`, `alkuperäinen viesti`, `wiadomość oryginalna`, `oryginalna wiadomość`,
	`původní zpráva`, `pôvodná správa`,
	`eredeti üzenet`, `mesaj original`, `mesajul original`, `αρχικό μήνυμα`, `исходное сообщение`, `оригинальное сообщение`,
	`первоначальное сообщение`, `вихідне повідомлення`,
	`оригинално съобщение`, `izvorna poruka`, `originalna poruka`, `izvirno sporočilo`, `özgün ileti`, `orijinal mesaj`, `orijinal ileti`,
	`原始邮件`, `原邮件`, `原始郵件`, `原始訊息`,
	`元のメッセージ`, `オリジナルメッセージ`, `원본 메(?:시|세)지`, `원본 메일`, `הודעה מקורית`, `الرسالة الأصلية`, `پیام اصلی`, `मूल संदेश`, `pesan asli`, `thư gốc`, `ข้อความต้นฉบับ`,
	`algne kiri`, `originalus laiškas`, `sākotnējais ziņojums`,
}

// replyAboveWords stand in the line above which ticket systems want the answer.
var replyAboveWords = []string{
	`(?:reply|respond|answer|write|type|response|text)\b.{0,40} above this line`, `above this line to reply`, `oberhalb dieser (?:zeile|linie)`, `über dieser (?:zeile|linie)`,
	`au[- ]dessus de cette ligne`, `(?:encima|arriba) de esta l[ií]nea`, `acima desta linha`, `sopra (?:a )?questa (?:riga|linea)`, `boven deze (?:regel|lijn)`,
	`(?:выше|над) этой (?:линии|строки|строкой|линией)`, `powyżej tej linii`, `ovanför den här raden`, `over denne linj`, `bu satırın üzerine`, `इस पंक्ति के ऊपर`,
}

// footerWords start the line that a phone or program writes under a mail.
var footerWords = []string{
	`sent from (?:my|an?|the) \S+.{0,60}$`, `sent from (?:yahoo|outlook|mail|gmail|proton|samsung|windows|aol|blackberry)\b.{0,60}$`,
	`sent (?:via|using|with|on) (?:my |the )?(?:samsung|iphone|ipad|android|blackberry|proton|yahoo|aqua|k-9|mobile|bluemail|spark|airmail|newton|fairemail).{0,60}$`,

	`sent with \[?proton.{0,80}$`, `sent from \[?proton.{0,80}$`, `sent with (?:shortwave|superhuman|spark|mailspring|canary|tutanota|thunderbird|mailbird).{0,60}$`,
	`sent from (?:mail|outlook)<.{0,120}$`,
	`virus-free\.`, `https?://www\.avast\.com.{0,160}$`, `#dab4fad8-2dd7-40bb-a1b8-4e2aa1f9fdf2`, `this e-?mail has been (?:checked|scanned) for viruses`,
	`diese e-?mail wurde von .{0,20}(?:avast|virus)`, `der virenfrei`, `virenfrei\.`, `l'absence de virus`, `garanti sans virus`, `libre de virus`, `privo di virus`,

	`get outlook for (?:ios|android|mac|windows)`, `get (?:typeapp|bluemail|spark) for`, `sent from my`,
	`von (?:meinem|mein) .{2,40} gesendet`, `gesendet (?:von|mit|aus|über) .{2,60}$`, `diese nachricht wurde von mein`,
	`envoyé (?:de|depuis|à partir) .{2,60}$`, `enviado (?:desde|do|de|a partir) .{2,60}$`, `obtener outlook para`,
	`télécharger outlook pour`, `obtenez outlook pour`, `outlook für (?:ios|android)`, `ottieni outlook per`, `scarica outlook per`,
	`obter o outlook para`,
	`inviato (?:da|dal|con|mediante) .{2,60}$`, `verzonden (?:vanaf|met|via|vanuit) .{2,60}$`, `verstuurd (?:vanaf|met|via|vanuit) .{2,60}$`,
	`skickat från .{2,60}$`, `sendt fra .{2,60}$`, `sendt med .{2,60}$`, `lähetetty .{2,60}(?:sta|stä|lta|ltä|ni)$`,
	`wysłan[eoy] z .{2,60}$`, `odesláno (?:z|ze) .{2,60}$`, `odoslané z .{2,60}$`,
	`elküldve .{2,60}$`, `trimis (?:de pe|din) .{2,60}$`, `στάλθηκε από .{2,60}$`, `отправлено (?:с|из|со) .{2,60}$`,
	`отправлено от .{2,60}$`, `надіслано (?:з|із) .{2,60}$`, `изпратено от .{2,60}$`,
	`poslano (?:s|z|sa) .{2,60}$`, `послато са .{2,60}$`, `.{2,40}(?:'?d[ae]n|'?t[ae]n) gönderildi`, `发自我的.{0,40}$`, `从我的.{1,20}发送`,
	`從我的.{1,20}傳送`, `iphoneから送信`, `.{1,20}から送信(?:されました)?$`, `나의 .{1,20}에서 보냄`, `내 .{1,20}에서 보냄`,
	`נשלח מ.{2,40}$`, `أُ?رسلت من .{2,60}$`, `تم الإرسال من .{2,60}$`, `फ़?फ?ोन से भेजा गया`, `मेरे .{2,30} से भेजा गया`,
	`dikirim dari .{2,60}$`, `đã gửi từ .{2,60}$`, `được gửi từ .{2,60}$`, `ส่งจาก .{2,60}$`, `saadetud minu .{2,40}$`,
	`išsiųsta iš .{2,60}$`, `nosūtīts no .{2,60}$`,
}

// disclaimerStarts begin the small print that offices put under a mail.
var disclaimerStarts = []string{
	`(?:confidentiality|legal|privacy|disclaimer|important)(?: notice| disclaimer| note)?\W`,
	`(?:the |all )?(?:information|content|contents|material) (?:contained )?(?:in|of|transmitted)`,
	`this (?:e-?mail|message|communication|transmission)(?: message)?(?:,? (?:and|including|together|with|is|was|may|has|contains|\())`,
	`if you (?:are not|have received|received|think you)`, `please (?:consider|think) (?:of )?(?:the|your) (?:environment|planet)`,
	`the views expressed`, `any views`, `consider the environment`, `before printing`,
	`diese (?:e-?mail|nachricht)`, `der inhalt dieser e-?mail`, `wichtiger hinweis`, `vertraulichkeitshinweis`, `haftungsausschluss`,
	`bitte (?:denken|prüfen) sie`, `ce (?:message|courriel|mail|courrier)`, `avis de confidentialité`, `les informations contenues`,
	`pensez à l'environnement`,
	`este (?:mensaje|correo|e-?mail|mensagem)`, `esta (?:mensagem|comunicación)`, `la información contenida`, `as informações contidas`,
	`aviso (?:legal|de confidenciali)`, `antes de imprimir`, `questo messaggio`, `questa (?:e-?mail|comunicazione)`,
	`le informazioni contenute`, `avviso di riservatezza`,
	`dit (?:bericht|e-?mail)`, `deze e-?mail`, `de informatie in`, `denne (?:e-?mail|melding|mail|besked)`,
	`detta (?:e-?post|meddelande|mail)`, `tämä (?:viesti|sähköposti)`, `ta wiadomość`, `niniejsza wiadomość`, `informacje zawarte`,
	`tato (?:zpráva|e-?mail)`, `ez az (?:üzenet|e-?mail)`, `acest (?:mesaj|e-?mail)`,
	`αυτό το (?:μήνυμα|e-?mail)`, `настоящее (?:сообщение|письмо)`, `это (?:сообщение|письмо)`, `це повідомлення`,
	`bu (?:e-?posta|mesaj|ileti)`, `本(?:邮件|郵件|電子郵件|メール)`, `このメール`, `이 (?:메일|이메일|전자우편)`, `הודעה זו`, `هذه الرسالة`, `هذا البريد`,
	`यह ई-?मेल`, `यह संदेश`, `email này`, `surel ini`, `pesan ini`,
}

// disclaimerTopics are of what such a text speaks.
var disclaimerTopics = []string{
	`confidential`, `privileged`, `intended (?:only|solely|for|recipient)`, `addressee`, `virus`, `disclaim`, `do not necessarily`,
	`environment`, `printing`, `unauthori[sz]ed`, `received (?:it|this).{0,20} (?:in error|by mistake)`,
	`vertraulich`, `rechtlich geschützt`, `umwelt`, `irrtümlich`, `confidentiel`, `destinataire`, `confidencial`, `destinat[aá]ri`,
	`riservat`, `vertrouwelijk`, `geadresseerde`, `fortrolig`, `konfidentiell`, `luottamuksel`, `poufn`, `důvěrn`, `bizalmas`,
	`confidențial`, `εμπιστευτικ`, `конфиденциальн`, `конфіденційн`, `gizli`,
	`保密`, `机密`, `機密`, `秘密`, `기밀`, `비밀`, `חסוי`, `סודי`, `سري`, `गोपनीय`, `bảo mật`, `rahasia`,
}

// disclaimerLabels stand alone above one.
var disclaimerLabels = []string{`(?:e-?mail )?(?:confidentiality|legal|privacy)? ?(?:notice|disclaimer)`, `confidential(?:ity)?`,
	`important`, `haftungsausschluss`, `vertraulich\w*`, `avis`, `aviso(?: legal)?`, `免责声明`}

// headerWords name the lines of Outlook's header block.
var headerWords = []struct {
	kind  string
	words []string
}{
	{"from", []string{"from", "von", "de", "da", "van", "från", "fra", "od", "feladó", "expeditor", "de la", "από", "от", "від", "від кого",
		"от кого", "kimden", "gönderen", "lähettäjä", "saatja", "kellelt", "nuo", "no",
		"发件人", "寄件者", "寄件人", "差出人", "送信者", "보낸 사람", "보낸사람", "מאת", "من", "از", "dari", "từ", "người gửi", "จาก", "प्रेषक", "থেকে",
		"pošiljatelj", "šalje", "шаље", "remitente", "mittente"}},
	{"sent", []string{"sent", "date", "gesendet", "datum", "gesendet am", "envoyé", "envoyé le", "enviado", "enviado el", "enviada em",
		"enviado em", "fecha", "data", "inviato", "verzonden", "skickat", "sendt", "dato", "wysłano", "wysłane",
		"odesláno", "odoslané", "dátum", "elküldve", "küldve", "trimis", "στάλθηκε", "ημερομηνία", "отправлено", "дата", "надіслано",
		"изпратено", "gönderildi", "tarih", "gönderme tarihi", "lähetetty", "päivämäärä", "saadetud", "kuupäev", "išsiųsta", "nosūtīts",
		"发送时间", "日期", "时间", "寄件日期", "傳送時間", "送信日時", "日付", "日時", "보낸 날짜", "날짜", "נשלח", "תאריך", "تاريخ", "التاريخ", "تم الإرسال", "dikirim",
		"tanggal", "đã gửi", "ngày", "ส่ง", "วันที่", "दिनांक", "poslano", "poslato"}},
	{"to", []string{"to", "an", "à", "a", "para", "aan", "till", "til", "do", "komu", "címzett", "către", "προς", "кому", "до", "kime",
		"alıcı", "vastaanottaja", "saaja", "kellele", "kam", "收件人", "收件者", "宛先", "받는 사람", "받는사람", "אל", "إلى", "به", "kepada", "đến", "tới",
		"ถึง", "प्रति", "prima", "za"}},
	{"cc", []string{"cc", "kopie", "copie", "copia", "kopia", "kopi", "másolat", "копия", "копія", "抄送", "副本", "참조", "bilgi", "kopio", "kópia"}},
	{"subject", []string{"subject", "betreff", "objet", "asunto", "assunto", "oggetto", "onderwerp", "ämne", "emne", "temat", "předmět",
		"predmet", "tárgy", "subiect", "θέμα", "тема", "konu", "aihe", "teema", "tema", "temats", "主题", "主旨", "主題", "件名", "제목", "נושא",
		"الموضوع", "موضوع", "perihal", "subjek", "chủ đề", "เรื่อง", "विषय", "বিষয়", "относно", "assumpte", "zadeva"}},
}

// The prefixes that mail programs put before the subject of an answer and of
// a forwarded mail.
var (
	replySubject   = regexp.MustCompile(`(?i)^\W*(?:re|aw|antw|antwort|sv|vs|ref|r|rif|res|odp|atb|ynt|yan|bls|回复|回覆|答复|返信|답장|회신|תשובה|رد|απ|σχετ|ответ|отг|vá|hf|ré)(?:\[\d+\]|\(\d+\))?\s?[:：]`)
	forwardSubject = regexp.MustCompile(`(?i)^\W*(?:fw|fwd|wg|tr|rv|enc|i|vl|vb|doorst|pd|ilt|i̇lt|továbbítva|fs|trs|转发|轉寄|転送|전달|הועבר|إعادة توجيه|πρθ|пересл|переслано|fwd?_|bs|prosl)\s?[:：]`)
)
