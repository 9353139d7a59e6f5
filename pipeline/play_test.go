package pipeline_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
)

// A play is a conversation line by line:
//
//	eve@text: Water is leaking          she writes
//	eve@text (reply, subject=Hi): Yes   … in answer to the last message she got there
//	-> eve@text acknowledged C1         what is sent because of it: all of it, in any order
//	== C1 pending asha                  words that describe the case now
//	++ C1 registered routed             events of the case since it was last asked
//	.. 40s                              time passes
//	!! eve@text opted_out               the provider refuses to send there; "ok" ends it
//	<< eve@text undelivered hard        the provider reports on the last message there
//
// C1 is the first case of the play, C2 the second; {wrong C1} and {swap C1}
// are its reference misspelt. After the kind of an expected message come words
// that its text must contain, or with a minus must not.
func (c *city) play(script string) {
	c.t.Helper()
	lines := strings.Split(strings.TrimSpace(script), "\n")
	for i := 0; i < len(lines); i++ {
		text := strings.TrimSpace(lines[i])
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		mark, rest, _ := strings.Cut(text, " ")
		switch mark {
		case "==":
			c.looksLike(text, rest)
			continue
		case "++":
			c.happened(text, rest)
			continue
		case "..":
			d, err := time.ParseDuration(rest)
			c.must(text, err)
			c.pass(d)
		case "!!":
			c.refuse(rest)
			continue
		case "<<":
			c.report(rest)
		case "->":
			c.t.Fatalf("%s: nobody did anything", text)
		default:
			c.say(text)
		}
		sent := c.deliver()
		c.number()
		var want []string
		for i+1 < len(lines) && strings.HasPrefix(strings.TrimSpace(lines[i+1]), "->") {
			i++
			want = append(want, strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(lines[i]), "->")))
		}
		c.expect(text, sent, want)
	}
}

func play(t *testing.T, script string) {
	t.Helper()
	newCity(t, nil).play(script)
}

func (c *city) must(what string, err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatalf("%s: %v", what, err)
	}
}

// addresses of people by place. The staff group is a place in the chat.
var addresses = map[string]string{
	"eve@text": "+15550001", "eve@letter": "eve@home.test", "eve@chat": "9001", "eve@page": "anonymous:1",
	"bob@text": "+15550002", "bob@letter": "bob@home.test", "bob@chat": "9002",
	"asha@chat": "501", "asha@text": "+15550501", "ravi@chat": "502", "leo@text": "+15550503", "leo@letter": "leo@city.test",
	"leo@chat": "503", "dora@letter": "dora@city.test", "mira@chat": "505", "sol@text": "+15550506", "all@group": "-100", "all@newgroup": "-200",
}

func place(who string) (channel, address string) {
	_, channel, _ = strings.Cut(who, "@")
	if strings.HasSuffix(channel, "group") {
		channel = "chat"
	}
	return channel, addresses[who]
}

var spoken = regexp.MustCompile(`^(\w+@\w+)(?: \(([^)]*)\))?:(?: (.*))?$`)

// say takes in the message of a line.
func (c *city) say(text string) {
	c.t.Helper()
	parts := spoken.FindStringSubmatch(text)
	if parts == nil {
		c.t.Fatalf("%q is no line of a play", text)
	}
	who := parts[1]
	channel, address := place(who)
	m := channels.Message{
		From: channels.Party{Address: address, Name: strings.Split(who, "@")[0]}, Verified: true, VerifiedBy: "test",
		ID: fmt.Sprintf("their-%d", c.messages), Written: strings.ReplaceAll(c.spell(parts[3]), `\n`, "\n"),
	}
	if name, ok := strings.CutSuffix(who, "@group"); ok {
		m.From.Address, m.Conversation = addresses[name+"@chat"], addresses["all@group"]
	}
	at, sender := channel+" "+address, address
	if m.Conversation != "" {
		at, sender = "chat "+m.Conversation, m.From.Address
	}
	contentType := ""
	for flag := range strings.SplitSeq(parts[2], ", ") {
		name, value, _ := strings.Cut(flag, "=")
		switch name {
		case "":
		case "broken", "full", "panic":
			contentType = name
		default:
			c.flag(&m, at, name, c.spell(value))
		}
	}
	m.Text, m.Attachments = m.Written+c.whole, append(m.Attachments, c.brings...)
	c.whole, c.brings = "", nil
	raw, err := json.Marshal(m)
	c.must(text, err)
	c.take(channel, sender, contentType, raw)
}

// flag changes a message as the brackets of a line say.
func (c *city) flag(m *channels.Message, at, name, value string) {
	c.t.Helper()
	switch name {
	case "reply":
		m.InReplyTo = []string{c.lastTo(at, value)}
	case "to": // in answer to what somebody else got
		channel, address := place(value)
		m.InReplyTo = []string{c.lastTo(channel+" "+address, "")}
	case "press":
		m.InReplyTo = []string{c.lastTo(at, value)}
		m.Press, m.PressID, m.Written = m.Written, "press", ""
	case "subject":
		m.Subject = value
	case "own":
		m.Own = true
	case "copy": // others it went to
		for who := range strings.SplitSeq(value, "+") {
			_, copied := place(who)
			m.Others = append(m.Others, channels.Party{Address: copied, Name: strings.Split(who, "@")[0]})
		}
	case "theirs": // in answer to a message of somebody else, the n-th of the play
		m.InReplyTo = append(m.InReplyTo, "their-"+value)
	case "token of": // to the address that somebody was asked to answer to
		m.ReplyToken = c.lastRow(value).ReplyToken
	case "returned": // to the return path of the last message to somebody
		id := c.lastRow(value).MessageID
		m.ReturnToken = strings.TrimSuffix(strings.TrimPrefix(id, "redress."), "@city.test")
	case "bounce", "delay", "unwanted": // about the last message to somebody
		id := c.lastRow(value).MessageID
		m.Automatic.Kind = channels.AutomaticKind(name)
		m.Receipts = []channels.DeliveryReport{{ProviderID: id, MessageID: id, State: channels.DeliveryUndelivered, Hard: true, Text: "user unknown"}}
		if name != "bounce" {
			m.Receipts[0].State, m.Receipts[0].Hard, m.Receipts[0].Unwanted = channels.DeliverySent, false, name == "unwanted"
		}
	case "about": // whom the bounce names
		_, m.Receipts[0].Address = place(value)
	case "nothing": // the bounce names no message of ours
		m.Receipts[0].ProviderID, m.Receipts[0].MessageID = "unknown@mx.test", "unknown@mx.test"
	case "soft":
		m.Receipts[0].Hard = false
	case "unverified":
		m.Verified, m.VerifiedBy = false, ""
	case "automatic":
		m.Automatic = channels.Automatic{Kind: channels.AutomaticKind(value)}
	case "form":
		m.Automatic = channels.Automatic{Kind: channels.AutomaticReply, Form: true}
	case "sticker":
		m.Unusable = "sticker"
	case "photo":
		stored, err := c.files.Put(c.t.Context(), strings.NewReader("a photo"), 100)
		c.must("keeping a photo", err)
		m.Attachments = []channels.Attachment{{Filename: "photo.jpg", Stored: stored}}
	case "voice", "video":
		stored, err := c.files.Put(c.t.Context(), strings.NewReader("hello"), 100)
		c.must("keeping a "+name, err)
		types := map[string]string{"voice": "audio/ogg", "video": "video/mp4"}
		m.Attachments = []channels.Attachment{{Filename: name, ContentType: types[name], Stored: stored}}
	case "album":
		m.Album = value
	case "edits": // the message that many before this one
		back, _ := strconv.Atoi(value)
		m.ID, m.Edited = fmt.Sprintf("their-%d", c.messages-back), true
	case "late": // the first wording of the message before this one
		m.ID = fmt.Sprintf("their-%d", c.messages-1)
	case "forwarded":
		m.Forwarded = value
	case "card":
		m.Also = []channels.Further{{Channel: "text", Address: value, Verified: true}}
	case "optout":
		m.OptOut = value
	case "action":
		m.Action = channels.Action(value)
	case "answer":
		m.AnswerOn, m.From.Address = place(value)
		m.Verified = false
	case "token":
		k, err := c.db.CaseByReference(c.t.Context(), cases.Reference(value))
		c.must("token of "+value, err)
		m.Token = k.Token
	case "type":
		m.Fields.Type = value
	default:
		c.t.Fatalf("no flag %q", name)
	}
}

// lastRow is the last message to somebody.
func (c *city) lastRow(who string) store.Outbound {
	c.t.Helper()
	channel, address := place(who)
	list := c.last[channel+" "+address]
	if len(list) == 0 {
		c.t.Fatalf("nothing was sent to %s", who)
	}
	return list[len(list)-1]
}

// lastTo is the id of the last message to a place, of a kind if one is given.
func (c *city) lastTo(at, kind string) string {
	c.t.Helper()
	for _, row := range slices.Backward(c.last[at]) {
		if kind != "" && string(row.Kind) != kind || row.EditsRow != "" || row.PressID != "" {
			continue
		}
		if row.MessageID != "" {
			return row.MessageID
		}
		return row.ProviderID
	}
	c.t.Fatalf("nothing of kind %q was sent to %s", kind, at)
	return ""
}

var named = regexp.MustCompile(`\{(wrong|swap) (C\d)\}|\bC\d\b`)

// spell writes references for the numbers of cases.
func (c *city) spell(text string) string {
	return named.ReplaceAllStringFunc(text, func(s string) string {
		how, number := "", s
		if s[0] == '{' {
			how, number, _ = strings.Cut(strings.Trim(s, "{}"), " ")
		}
		n, _ := strconv.Atoi(number[1:])
		if n < 1 || n > len(c.refs) {
			c.t.Fatalf("there is no case %s", number)
		}
		ref := []byte(c.refs[n-1])
		switch how {
		case "wrong":
			if ref[len(ref)-1]++; ref[len(ref)-1] == 'Z'+1 || ref[len(ref)-1] == '9'+1 {
				ref[len(ref)-1] = '7'
			}
		case "swap":
			for i := 2; ; i++ {
				if i != 5 && i != 6 && ref[i] != ref[i+1] {
					ref[i], ref[i+1] = ref[i+1], ref[i]
					break
				}
			}
		}
		return string(ref)
	})
}

// expect compares what was sent with what the play wants.
func (c *city) expect(after string, sent []store.Outbound, want []string) {
	c.t.Helper()
	left := slices.Clone(sent)
	for _, line := range want {
		i := slices.IndexFunc(left, func(row store.Outbound) bool { return c.is(row, line) })
		if i < 0 {
			c.t.Errorf("%s\n   not sent: %s", after, line)
			continue
		}
		left = slices.Delete(left, i, i+1)
	}
	for _, row := range left {
		c.t.Errorf("%s\n   also sent: %s %s\n%s", after, c.whose(row), kindOf(row), row.Text)
	}
	if c.t.Failed() {
		c.t.FailNow()
	}
}

func kindOf(row store.Outbound) string {
	if row.PressID != "" {
		return "note:" + string(row.Kind)
	}
	return string(row.Kind)
}

func (c *city) whose(row store.Outbound) string {
	for who := range addresses {
		if channel, address := place(who); channel == row.Channel && address == row.Address {
			return who
		}
	}
	return row.Channel + " " + row.Address
}

func (c *city) is(row store.Outbound, line string) bool {
	fields := strings.Fields(line)
	if c.whose(row) != fields[0] || kindOf(row) != fields[1] {
		return false
	}
	text := row.Subject + "\n" + row.Text
	for _, fragment := range fields[2:] {
		absent := strings.HasPrefix(fragment, "-")
		fragment = strings.ReplaceAll(strings.TrimPrefix(fragment, "-"), "_", " ")
		if strings.Contains(strings.ToLower(text), strings.ToLower(c.spell(fragment))) == absent {
			return false
		}
	}
	return true
}

// kase is the case that the first word names, and the other words.
func (c *city) kase(text string) (cases.Case, []string) {
	c.t.Helper()
	fields := strings.Fields(text)
	k, err := c.db.CaseByReference(c.t.Context(), cases.Reference(c.spell(fields[0])))
	c.must(text, err)
	return k, fields[1:]
}

func (c *city) looksLike(line, rest string) {
	c.t.Helper()
	k, words := c.kase(rest)
	got := []string{
		string(k.Status), k.Owner, k.Department, k.Service, k.Language, string(k.Type),
		fmt.Sprint("level:", k.Level), fmt.Sprint("rating:", k.Rating), fmt.Sprint("of:", k.Address), k.Area,
	}
	for _, word := range words {
		if !slices.Contains(got, word) {
			c.t.Fatalf("%s: the case is %q", line, got)
		}
	}
}

func (c *city) happened(line, rest string) {
	c.t.Helper()
	k, want := c.kase(rest)
	events, err := c.db.Events(c.t.Context(), k.ID)
	c.must(line, err)
	var got []string
	for _, e := range events[c.events[k.Reference]:] {
		got = append(got, string(e.Kind))
	}
	c.events[k.Reference] = len(events)
	if !slices.Equal(got, want) {
		c.t.Fatalf("%s: there happened %q", line, got)
	}
}

// refuse has a provider refuse a recipient from now on: "eve@text opted_out",
// "all@group moved all@newgroup", "eve@text ok".
func (c *city) refuse(text string) {
	fields := strings.Fields(text)
	channel, address := place(fields[0])
	l := c.lines[channel]
	l.mu.Lock()
	defer l.mu.Unlock()
	if fields[1] == "ok" {
		delete(l.failures, address)
		return
	}
	se := &channels.SendError{Kind: channels.SendErrorKind(fields[1]), Code: "21610", Text: "the provider said no"}
	if len(fields) > 2 {
		_, se.NewAddress = place(fields[2])
	}
	l.failures[address] = se
}

// report has a provider tell of the last message to a place.
func (c *city) report(text string) {
	c.t.Helper()
	fields := strings.Fields(text)
	channel, address := place(fields[0])
	list := c.last[channel+" "+address]
	row := list[len(list)-1]
	m := channels.Message{Verified: true, Receipts: []channels.DeliveryReport{{
		ProviderID: row.ProviderID, State: channels.DeliveryState(fields[1]), Text: "the provider said no",
		Hard: slices.Contains(fields, "hard"), OptedOut: slices.Contains(fields, "opted_out"),
	}}}
	raw, err := json.Marshal(m)
	c.must(text, err)
	c.take(channel, "status:"+row.ProviderID, "", raw)
}
