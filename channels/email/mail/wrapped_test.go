package mail

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

func fileNames(m Mail) string {
	var names []string
	for _, a := range m.Attachments {
		names = append(names, a.Filename+" "+a.ContentType)
	}
	return strings.Join(names, ", ")
}

func yenc(data string) string {
	var b strings.Builder
	for i := range len(data) {
		switch c := data[i] + 42; c {
		case 0, '\n', '\r', '=':
			b.WriteString("=" + string([]byte{c + 64}))
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func TestFilesInTheText(t *testing.T) {
	for name, test := range map[string]struct{ body, text, files, data string }{
		"uuencode":          {"Look:\nbegin 644 leak.txt\n#0V%T\n`\nend\nThanks.", "Look: Thanks.", "leak.txt text/plain; charset=utf-8", "Cat"},
		"uuencode, cut off": {"Look:\nbegin 644 leak.txt\n#0V%T\n", "Look:", "leak.txt", "Cat"},
		"yEnc":              {"Look:\n=ybegin line=128 size=3 name=leak.txt\n" + yenc("Cat") + "\n=yend size=3\nThanks.", "Look: Thanks.", "leak.txt", "Cat"},
		"prose":             {"begin at noon\nbegin 644 houses are dry\nand end", "begin at noon begin 644 houses are dry and end", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := Parse([]byte(plainHead+"\n"+test.body), Limits{})
			if squeeze(m.Text) != test.text || squeeze(m.ReplyText) != test.text {
				t.Errorf("text %q, reply %q", m.Text, m.ReplyText)
			}
			if test.files == "" && len(m.Attachments) > 0 || test.files != "" && (len(m.Attachments) != 1 || m.Attachments[0].Filename != "leak.txt" || string(m.Attachments[0].Data) != test.data) {
				t.Errorf("files %+v", m.Attachments)
			}
		})
	}
}

// tnefAttribute is one attribute as Outlook writes it; the checksum is not read.
func tnefAttribute(id uint32, value string) string {
	b := binary.LittleEndian.AppendUint32([]byte{1}, id)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(value)))
	return string(b) + value + "\x00\x00"
}

// mapiText is a property with one text of 16-bit units.
func mapiText(property uint32, value string) string {
	b := binary.LittleEndian.AppendUint32(nil, property<<16|0x1F)
	b = binary.LittleEndian.AppendUint32(b, 1)
	b = binary.LittleEndian.AppendUint32(b, uint32(2*len(value)+2))
	for i := range len(value) {
		b = append(b, value[i], 0)
	}
	b = append(b, 0, 0)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return string(b)
}

func TestWinmailDat(t *testing.T) {
	content := "\x78\x9f\x3e\x22\x01\x00" + tnefAttribute(tnefMessageProps, "\x01\x00\x00\x00"+mapiText(mapiBody, "The pump is broken.")) +
		tnefAttribute(tnefRenderData, "") + tnefAttribute(tnefAttachTitle, "PUMP~1.TXT\x00") + tnefAttribute(tnefAttachData, "no water") +
		tnefAttribute(tnefAttachmentProps, "\x01\x00\x00\x00"+mapiText(mapiAttachLongName, "pump and well.txt"))
	mailWith := func(data string) Mail {
		return Parse([]byte(plainHead+"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n"+
			base64.StdEncoding.EncodeToString([]byte(data))+"\n--x--\n"), Limits{})
	}
	m := mailWith(content)
	if m.ReplyText != "The pump is broken." || fileNames(m) != "pump and well.txt text/plain" || string(m.Attachments[0].Data) != "no water" {
		t.Errorf("text %q, files %s", m.ReplyText, fileNames(m))
	}
	if m := mailWith("x" + content); fileNames(m) != "winmail.dat application/ms-tnef" || len(m.Defects) != 1 {
		t.Errorf("broken: files %s, defects %q", fileNames(m), m.Defects)
	}
	for cut := range content {
		mailWith(content[:cut]) // whatever is missing, nothing panics
	}
}

// der is one element of BER with a length.
func der(tag byte, parts ...string) string {
	value := strings.Join(parts, "")
	return string([]byte{tag, 0x82, byte(len(value) >> 8), byte(len(value))}) + value
}

func TestOpaqueSignature(t *testing.T) {
	part := "Content-Type: multipart/mixed; boundary=i\n\n--i\n\nThe pump is broken.\n--i\nContent-Type: image/png; name=pump.png\n\nx\n--i--\n"
	inner := der(berSequence, der(berOID, oidData), der(berExplicit, der(berParts, der(berOctets, part[:20]), der(berOctets, part[20:]))))
	whole := der(berSequence, der(berOID, oidSignedData), der(berExplicit, der(berSequence, der(2, "\x01"), der(0x31), inner)))
	mailWith := func(data string) Mail {
		return Parse([]byte(plainHead+"Content-Type: application/pkcs7-mime; smime-type=signed-data\nContent-Transfer-Encoding: base64\n\n"+base64.StdEncoding.EncodeToString([]byte(data))), Limits{})
	}
	if m := mailWith(whole); m.ReplyText != "The pump is broken." || fileNames(m) != "pump.png image/png" {
		t.Errorf("text %q, files %s", m.ReplyText, fileNames(m))
	}
	m := mailWith(strings.Replace(whole, oidSignedData, oidData, 1))
	if fileNames(m) != "smime.p7m application/pkcs7-mime" || strings.Join(m.Defects, "") != "encrypted with S/MIME" {
		t.Errorf("encrypted: files %s, defects %q", fileNames(m), m.Defects)
	}
	for cut := range whole {
		mailWith(whole[:cut])
	}
}

func TestPGP(t *testing.T) {
	m := Parse([]byte(plainHead+"\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nIt leaks.\n- --- still\n-----BEGIN PGP SIGNATURE-----\n\niQEz\n-----END PGP SIGNATURE-----\n"), Limits{})
	if m.ReplyText != "It leaks.\n--- still" || !strings.Contains(m.Text, "PGP SIGNATURE") {
		t.Errorf("signed: %q", m.ReplyText)
	}
	m = Parse([]byte(plainHead+"Content-Type: multipart/encrypted; boundary=x\n\n--x\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--x\nContent-Type: application/octet-stream; name=encrypted.asc\n\nx\n--x--\n"), Limits{})
	if strings.Join(m.Defects, "") != "encrypted with PGP" || fileNames(m) != "version.asc application/pgp-encrypted, encrypted.asc application/octet-stream" {
		t.Errorf("encrypted: %q, %s", m.Defects, fileNames(m))
	}
}

func TestInvitation(t *testing.T) {
	m := Parse([]byte(plainHead+"Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY;LANGUAGE=en:Visit of the\n  site\nDESCRIPTION:Pump\\, well\\nand tank\nEND:VEVENT\nEND:VCALENDAR\n"), Limits{})
	if m.ReplyText != "Visit of the site\nPump, well\nand tank" || fileNames(m) != "invite.ics text/calendar" {
		t.Errorf("%q, %s", m.ReplyText, fileNames(m))
	}
}

// A text whose charset is not declared, or declared wrongly, is read as what
// it is.
func TestCharsetIsGuessed(t *testing.T) {
	const (
		russian = "Уже третий день в нашем доме нет воды, прошу принять меры."
		chinese = "我们这里的水管坏了，已经三天没有水了，请来人看一下。"
	)
	for name, test := range map[string]struct {
		encoding encoding.Encoding
		text     string
	}{
		"windows-1251": {charmap.Windows1251, russian}, "koi8-r": {charmap.KOI8R, russian}, "cp866": {charmap.CodePage866, russian},
		"windows-1250, Polish": {charmap.Windows1250, "Od trzech dni nie ma wody w łazience, proszę o pomoc, już dzwoniłem."},
		"windows-1250, Czech":  {charmap.Windows1250, "Už tři dny neteče voda, prosím přijďte to opravit, děkuji."},
		"windows-1252, German": {charmap.Windows1252, "Seit Tagen läuft das Wasser über die Straße, bitte prüfen Sie das."},
		"windows-1252, French": {charmap.Windows1252, "L'eau a été coupée il y a trois jours, la fuite n'est pas réparée."},
		"windows-1252, one":    {charmap.Windows1252, "Wasser läuft"},
		"windows-1253":         {charmap.Windows1253, "Δεν έχουμε νερό εδώ και τρεις μέρες, παρακαλώ βοηθήστε."},
		"windows-1254":         {charmap.Windows1254, "Üç gündür suyumuz akmıyor, lütfen yardım edin, teşekkürler."},
		"windows-1255":         {charmap.Windows1255, "אין לנו מים כבר שלושה ימים, אנא עזרו לנו."},
		"windows-1256":         {charmap.Windows1256, "لا يوجد ماء منذ ثلاثة أيام، الرجاء المساعدة."},
		"tis-620":              {charmap.Windows874, "น้ำไม่ไหลมาสามวันแล้ว กรุณาช่วยด้วย"},
		"shift_jis":            {japanese.ShiftJIS, "三日前から水道の水が出ません。見に来てください。"},
		"euc-jp":               {japanese.EUCJP, "三日前から水道の水が出ません。見に来てください。"},
		"iso-2022-jp":          {japanese.ISO2022JP, "三日前から水道の水が出ません。見に来てください。"},
		"euc-kr":               {korean.EUCKR, "사흘째 물이 나오지 않습니다. 확인해 주시기 바랍니다."},
		"gb18030":              {simplifiedchinese.GB18030, chinese},
		"big5":                 {traditionalchinese.Big5, "我們這裡的水管壞了，已經三天沒有水了，請來人看一下。"},
	} {
		data, err := test.encoding.NewEncoder().String(test.text)
		if err != nil {
			t.Fatal(name, err)
		}
		for _, declared := range []string{"", "Content-Type: text/plain; charset=utf-8\n", "Content-Type: text/plain; charset=x-klingon\n"} {
			if m := Parse([]byte(plainHead+declared+"\n"+data), Limits{}); m.Text != test.text {
				t.Errorf("%s, %q: %q", name, declared, m.Text)
			}
		}
	}
}

func TestFlowed(t *testing.T) {
	for head, want := range map[string]string{
		"":             "It leaks \nhere.\n> old \n> text\n",
		"delsp=yes":    "It leakshere.\n> oldtext\n",
		"delsp=no":     "It leaks here.\n> old text\n",
		"format=other": "It leaks \nhere.\n> old \n> text\n",
	} {
		typ := "Content-Type: text/plain; format=flowed; " + head + "\n"
		if head == "" || head == "format=other" {
			typ = "Content-Type: text/plain; " + head + "\n"
		}
		if m := Parse([]byte(plainHead+typ+"\nIt leaks \nhere.\n> old \n> text\n"), Limits{}); m.Text != want {
			t.Errorf("%s: %q", head, m.Text)
		}
	}
}

// Whatever a file or a text holds, reading it ends, and gives no more than there is.
func FuzzWrapped(f *testing.F) {
	f.Add([]byte("begin 644 leak.txt\n#0V%T\n`\nend\n=ybegin size=3 name=x\n" + yenc("Cat") + "\n=yend"))
	f.Add([]byte("\x78\x9f\x3e\x22\x01\x00" + tnefAttribute(tnefRenderData, "") + tnefAttribute(tnefAttachmentProps, "\x01\x00\x00\x00"+mapiText(mapiAttachLongName, "a"))))
	f.Add([]byte(der(berSequence, der(berOID, oidSignedData), der(berExplicit, der(berSequence, der(2, "\x01"), der(0x31))))))
	f.Add([]byte("BEGIN:VEVENT\r\nSUMMARY:x\r\n y\r\nEND:VEVENT"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, typ := range []string{"text/plain", "application/ms-tnef", "application/pkcs7-mime", "text/calendar", "text/plain\nContent-Transfer-Encoding: x-uuencode"} {
			m := Parse([]byte(plainHead+"Content-Type: "+typ+"\n\n"+string(data)), Limits{})
			size := int64(0)
			for _, a := range m.Attachments {
				size += a.Size
			}
			if size > int64(2*len(data)+3) { // the last group of a line may be padded; a mail in a signature may come out twice
				t.Errorf("%s: %d bytes of %d", typ, size, len(data))
			}
		}
		text, html := rtfText(data, 1000)
		if len(text)+len(html) > 10000 {
			t.Errorf("%d bytes of text", len(text)+len(html))
		}
	})
}
