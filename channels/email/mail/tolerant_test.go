package mail

import (
	"encoding/base64"
	"strings"
	"testing"

	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// tolerated is one odd mail, and what a person would read in it.
type tolerated struct {
	name, raw            string
	subject, text, files string // as in the mail; of text the blanks do not count; files as fileNames says
	defect               string // one of them; empty: none
}

func (test tolerated) run(t *testing.T) {
	t.Helper()
	m := Parse([]byte(test.raw), Limits{})
	if m.Subject != test.subject || squeeze(m.ReplyText) != test.text || fileNames(m) != test.files {
		t.Errorf("subject %q, text %q, files %q", m.Subject, m.ReplyText, fileNames(m))
	}
	if all := strings.Join(m.Defects, "|"); !strings.Contains(all, test.defect) || test.defect == "" && all != "" {
		t.Errorf("defects %q, want %q", all, test.defect)
	}
	sameAsParse(t, []byte(test.raw), []byte{3, 9}, Limits{})
}

func runTolerated(t *testing.T, tests []tolerated) {
	for _, test := range tests {
		t.Run(test.name, test.run)
	}
}

const mixed = plainHead + "Content-Type: multipart/mixed; boundary=b\r\n\r\n"

func TestHeadersTolerated(t *testing.T) {
	runTolerated(t, []tolerated{
		{"a first line of Exchange", "Microsoft Mail Internet Headers Version 2.0\r\n" + plainHead + "\r\nIt leaks.", "Leak", "It leaks.", "", "header line broken"},
		{"blanks before the colon", "Subject : Leak\r\nMessage-ID: <1@x>\r\n\r\nIt leaks.", "Leak", "It leaks.", "", ""},
		{"no blank after it", "Subject:Leak\r\nMessage-ID:<1@x>\r\n\r\nIt leaks.", "Leak", "It leaks.", "", ""},
		{"folded with a blank line", "Subject: Leak\r\n \r\n in Ward 4\r\nMessage-ID: <1@x>\r\n\r\nIt leaks.", "Leak  in Ward 4", "It leaks.", "", ""},
		{"two subjects", "Subject: Leak\r\nSubject: Buy\r\nMessage-ID: <1@x>\r\n\r\nIt leaks.", "Leak", "It leaks.", "", ""},
		{"CR only", strings.ReplaceAll(plainHead, "\r\n", "\r") + "\rIt leaks.\rIn Ward 4.\r", "Leak", "It leaks. In Ward 4.", "", ""},
		{"CR CR LF", strings.ReplaceAll(plainHead+"\r\nIt leaks.\r\nIn Ward 4.\r\n", "\r\n", "\r\r\n"), "Leak", "It leaks. In Ward 4.", "", ""},
		{"a byte order mark", "\xef\xbb\xbf" + plainHead + "\r\nIt leaks.", "Leak", "It leaks.", "", ""},
		{"NUL in a field", "Subject: Le\x00ak\r\nMessage-ID: <1@x>\r\n\r\nIt leaks.", "Leak", "It leaks.", "", ""},
		{"no header at all", "Note: water is leaking.\nPlease: come soon.\n", "", "Note: water is leaking. Please: come soon.", "", "header missing"},
		{"text without a header", "Water is leaking\nin Ward 4.\n", "", "Water is leaking in Ward 4.", "", "header missing"},
		{"nothing but a header", "Subject: Leak\nMessage-ID: <1@x>", "Leak", "", "", ""},
		{"mbox, escaped line", "From a@b.org Mon Jan  2 15:04:05 2006\n>From c@d.org Mon Jan  2 15:04:05 2006\n" + plainHead + "\r\nIt leaks.", "Leak", "It leaks.", "", "mbox From line"},
		{"mbox line in the header", "Subject: Leak\nFrom a@b.org Mon Jan  2 15:04:05 2006\nMessage-ID: <1@x>\n\nIt leaks.", "Leak", "It leaks.", "", "header line broken"},
	})
}

func TestHeaderWordsTolerated(t *testing.T) {
	subject := func(value string) string { return "Subject: " + value + "\r\nMessage-ID: <1@x>\r\n\r\nx" }
	for value, want := range map[string]string{
		"=?utf-8?Q?Wasser l=C3=A4uft?=":               "Wasser läuft", // blanks inside
		"=?UTF8?q?l=c3=a4uft?=":                       "läuft",
		"=?utf-8?B?bMOkdWZ0?= =?utf-8?B?IGF1cw==?=":   "läuft aus",
		"=?utf-8?B?bMOkdWZ0?==?utf-8?B?IGF1cw==?=":    "läuft aus", // nothing between
		"=?utf-8?B?bMOkdWZ0IGF1cw?=":                  "läuft aus", // no padding
		"=?utf-8?B?bMOkd?= =?utf-8?B?WZ0?=":           "läuft",     // cut within a group
		"=?utf-8?Q?l=C3?= =?utf-8?Q?=A4uft?=":         "läuft",     // cut within a character
		"=?iso-8859-1?Q?l=E4uft?= aus":                "läuft aus",
		"=?utf-8*de?Q?l=C3=A4uft?=":                   "läuft", // RFC 2231 section 5
		"=?x-klingon?Q?leak?=":                        "leak",
		"=?utf-8?Q?not closed":                        "=?utf-8?Q?not closed",
		"=?utf-8?X?what?=":                            "=?utf-8?X?what?=",
		"l\xc3\xa4uft":                                "läuft",
		"l\xe4uft":                                    "läuft",
		"\x1b$B?eO3$l\x1b(B":                          "水漏れ", // as mobile phones in Japan sent it
		"=?iso-2022-jp?B?GyRCP2VPMyRsGyhC?=":          "水漏れ",
		"=?gb2312?B?wqnLrg==?=":                       "漏水",
		"=?ks_c_5601-1987?B?tKm89g==?=":               "누수",
		"=?windows-1251?Q?=D3=F2=E5=F7=EA=E0?=":       "Утечка",
		"=?koi8-r?Q?=F5=D4=C5=DE=CB=C1?=":             "Утечка",
		"=?utf-7?Q?l+AOQ-uft?=":                       "läuft",
		"=?unknown-8bit?Q?l=E4uft?=":                  "läuft",
		"=?utf-8?Q?Re:_?= leak":                       "Re:  leak",
		"=?utf-8?Q?a=0D=0ABcc:_x@y.org?=":             "a  Bcc: x@y.org", // no header is forged
		strings.Repeat("=?utf-8?Q?a?=\r\n ", 3) + "b": "aaa b",
		"=?UTF-8?B?" + base64.StdEncoding.EncodeToString([]byte("水漏れ")): "=?UTF-8?B?" + base64.StdEncoding.EncodeToString([]byte("水漏れ")),
	} {
		if m := Parse([]byte(subject(value)), Limits{}); m.Subject != want {
			t.Errorf("%q: %q, want %q", value, m.Subject, want)
		}
	}
}

func TestBoundariesTolerated(t *testing.T) {
	part := "Content-Type: text/plain\r\n\r\nIt leaks.\r\n"
	file := "Content-Type: image/png; name=a.png\r\n\r\nx\r\n"
	typed := func(typ string) string { return plainHead + "Content-Type: " + typ + "\r\n\r\n" }
	runTolerated(t, []tolerated{
		{"never closed", mixed + "--b\r\n" + part + "--b\r\n" + file, "Leak", "It leaks.", "a.png image/png", "cut off before the last boundary"},
		{"closed on the last line", mixed + "--b\r\n" + part + "--b\r\nContent-Type: image/png; name=a.png\r\n\r\nx--b--", "Leak", "It leaks.", "a.png image/png", ""},
		{"blanks behind", mixed + "--b  \r\n" + part + "--b\t\r\n" + file + "--b-- \r\n", "Leak", "It leaks.", "a.png image/png", ""},
		{"no parameter", typed("multipart/mixed") + "--x\r\n" + part + "--x\r\n" + file + "--x--\r\n", "Leak", "It leaks.", "a.png image/png", "boundary wrong"},
		{"no semicolon", typed(`multipart/mixed boundary="b"`) + "--b\r\n" + part + "--b--\r\n", "Leak", "It leaks.", "", ""},
		{"not quoted", typed(`multipart/mixed; boundary=----=_Part:1/2?`) + "------=_Part:1/2?\r\n" + part + "------=_Part:1/2?--\r\n", "Leak", "It leaks.", "", ""},
		{"in pieces", typed(`multipart/mixed; boundary*0="ab"; boundary*1="cd"`) + "--abcd\r\n" + part + "--abcd--\r\n", "Leak", "It leaks.", "", ""},
		{"the type got lost", plainHead + "\r\nThis is a message in MIME format.\r\n\r\n--x\r\n" + part + "--x\r\n" + file + "--x--\r\n", "Leak", "It leaks.", "a.png image/png", "content type missing"},
		{"another one", typed("multipart/mixed; boundary=b") + "--x\r\n" + part + "--x\r\n" + file + "--x--\r\n", "Leak", "It leaks.", "a.png image/png", "boundary wrong"},
		{"none at all", typed("multipart/mixed; boundary=b") + "It leaks.\r\n", "Leak", "It leaks.", "", "boundary missing"},
		{"one on two levels", mixed + "--b\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n" + part + "--b--\r\n--b\r\n" + file + "--b--\r\n", "Leak", "It leaks.", "a.png image/png", ""},
		{"the inner never closed", mixed + "--b\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n--i\r\n" + part + "--b\r\n" + file + "--b--\r\n", "Leak", "It leaks.", "a.png image/png", ""},
		{"no header in the part", mixed + "--b\r\n\r\nIt leaks.\r\n--b--\r\n", "Leak", "It leaks.", "", ""},
		{"no blank line in the part", mixed + "--b\r\nContent-Type: text/plain\r\nIt leaks.\r\nBadly.\r\n--b--\r\n", "Leak", "It leaks. Badly.", "", "header not ended"},
		{"empty parts", mixed + "--b\r\n--b\r\n\r\n--b\r\n" + part + "--b--\r\n", "Leak", "It leaks.", "", "header not ended"},
		{"text after the end", mixed + "--b\r\n" + part + "--b--\r\nUnsubscribe here.\r\n", "Leak", "It leaks.", "", ""},
		{"a digest", typed("multipart/digest; boundary=b") + "--b\r\n\r\nSubject: pump\r\n\r\nThe pump is broken.\r\n--b--\r\n", "Leak", "The pump is broken.", " message/rfc822", ""},
		{"a picture first", typed("multipart/related; boundary=b") + "--b\r\n" + file + "--b\r\nContent-Type: text/html\r\n\r\n<p>It leaks.</p>\r\n--b--\r\n", "Leak", "It leaks.", "a.png image/png,  text/html", ""},
		{"text only as a file", mixed + "--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nIt leaks.\r\n--b--\r\n", "Leak", "It leaks.", " text/plain", ""},
		{"an unknown multipart", typed("multipart/x-strange; boundary=b") + "--b\r\n" + part + "--b\r\n" + file + "--b--\r\n", "Leak", "It leaks.", "a.png image/png", ""},
	})
}

func TestTransferEncodingsTolerated(t *testing.T) {
	text := func(encoding, body string) string {
		return plainHead + "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: " + encoding + "\r\n\r\n" + body
	}
	long := "Water is leaking in Ward 4 since Monday, and nobody has come to look at it. Please help us soon."
	lines := base64.StdEncoding.EncodeToString([]byte(long + "läuft"))
	lines = lines[:60] + "\r\n" + lines[60:120] + "\r\n" + lines[120:]
	runTolerated(t, []tolerated{
		{"unknown", text("x-strange", "It leaks."), "Leak", "It leaks.", "", "transfer encoding unknown"},
		{"with a comment", text("base64 (really)", "SXQgbGVha3Mu"), "Leak", "It leaks.", "", ""},
		{"quoted", text(`"base64"`, "SXQgbGVha3Mu"), "Leak", "It leaks.", "", ""},
		{"base64, in pieces", text("base64", "SXQg\r\nbGVha3M=\r\nLg=="), "Leak", "It leaks.", "", ""},
		{"base64, no padding", text("base64", "SXQgbGVha3MuIQ"), "Leak", "It leaks.!", "", ""},
		{"base64, with garbage", text("base64", "SXQ\x80gbGVh\x00a3Mu"), "Leak", "It leaks.", "", "transfer encoding corrupt"},
		{"base64, one too many", text("base64", "SXQgbGVha3MuA"), "Leak", "It leaks.", "", "transfer encoding corrupt"},
		{"base64 that is none", text("base64", long), "Leak", long, "", "transfer encoding wrong"},
		{"base64 untold", text("x-lost", lines), "Leak", long + "läuft", "", "transfer encoding missing"},
		{"quoted-printable, small letters", text("quoted-printable", "l=c3=a4uft"), "Leak", "läuft", "", ""},
		{"quoted-printable, broken", text("quoted-printable", "100 =% l=C3=A4uft=\r\n aus=\r\n"), "Leak", "100 =% läuft aus", "", "transfer encoding corrupt"},
		{"quoted-printable, blanks behind", text("quoted-printable", "It =  \r\nleaks.   \r\n"), "Leak", "It leaks.", "", ""},
		{"quoted-printable untold", plainHead + "\r\nThe water l=C3=A4uft and l=C3=A4uft since=\r\n Monday.\r\n", "Leak", "The water läuft and läuft since Monday.", "", "transfer encoding missing"},
		{"an address that looks so", plainHead + "\r\nSee https://x.org/?a=3D and https://x.org/?b=C3 again and again, please.\r\n", "Leak", "See https://x.org/?a=3D and https://x.org/?b=C3 again and again, please.", "", ""},
		{"uuencode", text("x-uuencode", "begin 644 x\r\n)270@;&5A:W,N\r\n`\r\nend\r\n"), "Leak", "It leaks.", "", ""},
	})
}

func TestFilesInTextTolerated(t *testing.T) {
	uu := "begin 644 leak.txt\r\n)270@;&5A:W,N\r\n`\r\nend\r\n"
	runTolerated(t, []tolerated{
		{"two files", plainHead + "\r\nLook:\r\n" + uu + "And:\r\n" + uu, "Leak", "Look: And:", "leak.txt text/plain, leak.txt text/plain", ""},
		{"a name with blanks", plainHead + "\r\nbegin 644 my leak.txt\r\n)270@;&5A:W,N\r\n`\r\nend\r\nLook.", "Leak", "Look.", "my leak.txt text/plain", ""},
		{"base64", plainHead + "\r\nLook:\r\nbegin-base64 644 leak.txt\r\nSXQgbGVha3Mu\r\n====\r\n", "Leak", "Look:", "leak.txt text/plain", ""},
		{"yEnc in parts", plainHead + "\r\nLook:\r\n=ybegin part=1 line=128 size=9 name=leak.bin\r\n=ypart begin=1 end=3\r\n" + yenc("\x01\x02\x03") + "\r\n=yend size=3 part=1\r\n", "Leak", "Look:", "leak.bin application/octet-stream", ""},
		{"yEnc that is none", plainHead + "\r\n=ybegin line=128 size=900 name=x\r\nIt leaks.\r\n", "Leak", "=ybegin line=128 size=900 name=x It leaks.", "", ""},
		{"a poem", plainHead + "\r\nbegin 644 the beguine\r\nand end\r\n", "Leak", "begin 644 the beguine and end", "", ""},
	})
}

func TestCharsetsTolerated(t *testing.T) {
	chinese, err := simplifiedchinese.HZGB2312.NewEncoder().String("漏水三天了请来人")
	if err != nil {
		t.Fatal(err)
	}
	chinese += "~}"
	euc, err := korean.EUCKR.NewEncoder().String("누수입니다")
	if err != nil {
		t.Fatal(err)
	}
	seven := []byte(euc)
	for i := range seven {
		seven[i] &= 0x7F
	}
	utf16LE := "\xff\xfe" + strings.Join(strings.Split("It leaks.", ""), "\x00") + "\x00"
	for name, test := range map[string]struct{ charset, body, want string }{
		"UTF-8 called Latin":          {"iso-8859-1", "l\xc3\xa4uft", "läuft"},
		"UTF-8 called Cyrillic":       {"windows-1251", "Утечка", "Утечка"},
		"UTF-8 called Chinese":        {"gb2312", "我们这里漏水", "我们这里漏水"},
		"Latin called UTF-8":          {"utf-8", "l\xe4uft", "läuft"},
		"Latin called ASCII":          {"us-ascii", "l\xe4uft", "läuft"},
		"the name in other letters":   {"LATIN1", "l\xe4uft", "läuft"},
		"the name with a prefix":      {"cp1251", "\xd3\xf2\xe5\xf7\xea\xe0", "Утечка"},
		"the name with more behind":   {"windows-1251http-equiv=Content-Type", "\xd3\xf2\xe5\xf7\xea\xe0", "Утечка"},
		"the name quoted wrongly":     {`'utf-8'`, "läuft", "läuft"},
		"UTF-16, marked":              {"", utf16LE, "It leaks."},
		"UTF-16, called so":           {"utf-16", strings.Join(strings.Split("It leaks.", ""), "\x00") + "\x00", "It leaks."},
		"UTF-7":                       {"utf-7", "l+AOQ-uft 1 +- 1", "läuft 1 + 1"},
		"UTF-7, unlabelled":           {"", "+A6AD4QPMA7oD4QMxA8oDrg- +A5QDuQOxA8EDwQO/A64- x", decodeUTF7("+A6AD4QPMA7oD4QMxA8oDrg- +A5QDuQOxA8EDwQO/A64- x")},
		"no UTF-7":                    {"", "Call +9180555-1 or +9180666-2 or a+bcd-e", "Call +9180555-1 or +9180666-2 or a+bcd-e"},
		"HZ":                          {"hz-gb-2312", chinese, "漏水三天了请来人"},
		"HZ, unlabelled":              {"", chinese, "漏水三天了请来人"},
		"ISO-2022-KR":                 {"iso-2022-kr", "\x1b$)C\r\n\x0e" + string(seven) + "\x0f ok", "누수입니다 ok"},
		"ISO-2022-KR, unlabelled":     {"", "\x1b$)C\r\n\x0e" + string(seven) + "\x0f ok", "누수입니다 ok"},
		"ISO-2022-JP, another name":   {"iso-2022-jp-ms", "\x1b$B?eO3$l\x1b(B", "水漏れ"},
		"Thai":                        {"tis-620", "\xb9\xe9\xd3", "น้ำ"},
		"Turkish":                     {"iso-8859-9", "su ak\xfdyor", "su akıyor"},
		"Hebrew":                      {"iso-8859-8-i", "\xee\xe9\xed", "מים"},
		"Big5":                        {"big5-hkscs", "\xba|\xa4\xf4", "漏水"},
		"a byte order mark":           {"utf-8", "\xef\xbb\xbfIt leaks.", "It leaks."},
		"curly quotes called Latin-1": {"iso-8859-1", "\x93leak\x94", "“leak”"},
	} {
		typ := "Content-Type: text/plain; charset=" + test.charset + "\r\n"
		if test.charset == "" {
			typ = ""
		}
		if m := Parse([]byte(plainHead+typ+"\r\n"+test.body), Limits{}); squeeze(m.Text) != test.want {
			t.Errorf("%s: %q, want %q", name, m.Text, test.want)
		}
	}
}

func TestNamesTolerated(t *testing.T) {
	for field, want := range map[string]string{
		`attachment; filename*=utf-8''100%.txt`:                                  "100%.txt",
		`attachment; filename*=utf-8'en'a%20b.txt; filename="c.txt"`:             "a b.txt",
		`attachment; filename*0*=utf-8''a%20; filename*1*=b; filename*2=.png`:    "a b.png",
		`attachment; filename==?utf-8?Q?L=C3=A4rm.jpg?=`:                         "Lärm.jpg",
		"attachment; filename=\"=?utf-8?Q?L=C3=A4?=\r\n =?utf-8?Q?rm.jpg?=\"":    "Lärm.jpg",
		"attachment; filename=\"\xd3\xf2\xe5\xf7\xea\xe0 \xe2\xee\xe4\xfb.doc\"": "Утечка воды.doc",
		"attachment; filename=\"a\r\n b.png\"":                                   "a b.png",
		`attachment; filename = "a.png" ; size=3`:                                "a.png",
		`attachment; FILENAME=a.png`:                                             "a.png",
		`attachment; filename="a.png`:                                            "a.png",
		`attachment filename=a.png`:                                              "a.png",
		`attachment;filename='a.png'`:                                            "'a.png'",
		`attachment; filename=""; name="b.png"`:                                  "",
		`attachment; filename="a\b.png"`:                                         `a\b.png`,
		"attachment; filename=\"a\x00\x01b.png\"":                                "ab.png",
	} {
		m := Parse([]byte(plainHead+"Content-Type: image/png\r\nContent-Disposition: "+field+"\r\n\r\nx"), Limits{})
		if len(m.Attachments) != 1 || m.Attachments[0].Filename != want {
			t.Errorf("%q: %s, want %q", field, fileNames(m), want)
		}
	}
	m := Parse([]byte(plainHead+"Content-Type: image/png; name*=iso-8859-1''L%E4rm.png\r\n\r\nx"), Limits{})
	if fileNames(m) != "Lärm.png image/png" {
		t.Errorf("name in the type: %s", fileNames(m))
	}
}

func TestPicturesInHTML(t *testing.T) {
	m := Parse([]byte(plainHead+"Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>It leaks: <img src=\"cid:p1@x\"></p>\r\n"+
		"--b\r\nContent-Type: image/png; name=shown.png\r\nContent-ID: <p1@x>\r\n\r\nx\r\n--b\r\nContent-Type: image/png; name=other.png\r\nContent-ID: <p2@x>\r\n\r\nx\r\n--b--\r\n"), Limits{})
	if len(m.Attachments) != 2 || !m.Attachments[0].Inline || m.Attachments[1].Inline || !strings.HasPrefix(m.ReplyText, "It leaks:") {
		t.Errorf("text %q, attachments %+v", m.ReplyText, m.Attachments)
	}
}

func TestMailsInMails(t *testing.T) {
	inner := "Subject: pump\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\nThe pump is broken.\r\n--i\r\nContent-Type: image/png; name=a.png\r\n\r\nx\r\n--i--\r\n"
	runTolerated(t, []tolerated{
		{"with a text above", mixed + "--b\r\n\r\nSee below.\r\n--b\r\nContent-Type: message/rfc822; name=pump.eml\r\n\r\n" + inner + "--b--\r\n", "Leak", "See below.", "pump.eml message/rfc822", ""},
		{"alone", plainHead + "Content-Type: message/rfc822\r\n\r\n" + inner, "Leak", "The pump is broken.", " message/rfc822", ""},
		{"in base64", plainHead + "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString([]byte(inner)), "Leak", "The pump is broken.", " message/rfc822", ""},
		{"three deep", plainHead + "Content-Type: message/rfc822\r\n\r\nSubject: a\r\nContent-Type: message/rfc822\r\n\r\n" + inner, "Leak", "The pump is broken.", " message/rfc822", ""},
	})
}
