package sms_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/sms"
)

func TestRead(t *testing.T) {
	base := channels.Message{
		From: channels.Party{Address: citizen}, Verified: true, VerifiedBy: "webhook signature",
		ID: form().Get("MessageSid"), Text: "No water since noon", Written: "No water since noon",
	}
	tests := map[string]struct {
		form url.Values
		want func(*channels.Message)
	}{
		"a text message": {form(), func(*channels.Message) {}},
		"WhatsApp in reply": {
			form("From", "whatsapp:"+citizen, "ProfileName", "Asha\x00 Rao", "OriginalRepliedMessageSid", "SM9"),
			func(m *channels.Message) { m.From.Name, m.InReplyTo = "Asha Rao", []string{"SM9"} },
		},
		"a place": {
			form("Body", "", "Latitude", "18.52", "Longitude", "73.85", "Label", "School", "Address", "Ward 4"),
			func(m *channels.Message) {
				m.Text, m.Written = "", ""
				m.Location = &channels.Location{Latitude: 18.52, Longitude: 73.85, Label: "School, Ward 4"}
			},
		},
		"a pressed button": {
			form("From", "whatsapp:"+citizen, "Body", "Where is it?", "ButtonText", "Where is it?", "ButtonPayload", "STATUS"),
			func(m *channels.Message) { m.Text, m.Written, m.Press = "Where is it?", "Where is it?", "STATUS" },
		},
		"a line of a list": {
			form("From", "whatsapp:"+citizen, "Body", "", "ListId", "leak", "ListTitle", "Water leak"),
			func(m *channels.Message) { m.Text, m.Written, m.Press = "Water leak", "Water leak", "leak" },
		},
		"forwarded": {
			form("From", "whatsapp:"+citizen, "Forwarded", "true"),
			func(m *channels.Message) { m.Forwarded = "somebody" },
		},
		"a reaction": {
			form("From", "whatsapp:"+citizen, "MessageType", "reaction"),
			func(m *channels.Message) { m.NoEffect = "a reaction to a message" },
		},
		"no place":           {form("Latitude", "NaN", "Longitude", "73.85"), func(*channels.Message) {}},
		"place off the map":  {form("Latitude", "91", "Longitude", "73.85"), func(*channels.Message) {}},
		"carrier's STOP":     {form("Body", "stop", "OptOutType", "STOP"), func(m *channels.Message) { m.Text, m.Written, m.OptOut = "stop", "stop", "stop" }},
		"default STOP":       {form("Body", " stopall "), func(m *channels.Message) { m.Text, m.Written, m.OptOut = " stopall ", " stopall ", "stop" }},
		"stop in a sentence": {form("Body", "stop the flood"), func(m *channels.Message) { m.Text, m.Written = "stop the flood", "stop the flood" }},
		"HELP is ours":       {form("Body", "help"), func(m *channels.Message) { m.Text, m.Written = "help", "help" }},
		"carrier's START":    {form("Body", "START", "OptOutType", "START"), func(m *channels.Message) { m.Text, m.Written, m.OptOut = "START", "START", "start" }},
		"a sentence of stop": {form("Body", "stop the sewage flooding my street"), func(m *channels.Message) {
			m.Text, m.Written = form("Body", "stop the sewage flooding my street").Get("Body"), "stop the sewage flooding my street"
		}},
		"nothing in it": {form("Body", " "), func(m *channels.Message) { m.Text, m.Written, m.Unusable = " ", " ", "empty" }},
		"no UTF-8":      {form("Body", "caf\xe9"), func(m *channels.Message) { m.Text, m.Written = "caf\uFFFD", "caf\uFFFD" }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := newAdapter(t, config("")).Read(t.Context(), inbound(tt.form))
			if err != nil {
				t.Fatal(err)
			}
			want := base
			tt.want(&want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadStatus(t *testing.T) {
	tests := map[string]struct {
		status, code string
		want         channels.DeliveryReport
	}{
		"sent":               {"sent", "", channels.DeliveryReport{State: channels.DeliverySent}},
		"delivered":          {"delivered", "", channels.DeliveryReport{State: channels.DeliveryDelivered}},
		"read":               {"read", "", channels.DeliveryReport{State: channels.DeliveryDelivered}},
		"phone off":          {"undelivered", "30003", channels.DeliveryReport{State: channels.DeliveryUndelivered, Code: "30003", Text: "the phone was off or out of reach"}},
		"number gone":        {"undelivered", "30005", channels.DeliveryReport{State: channels.DeliveryUndelivered, Code: "30005", Text: "the number is unknown or no longer in service", Hard: true}},
		"landline":           {"undelivered", "30006", channels.DeliveryReport{State: channels.DeliveryUndelivered, Code: "30006", Text: "the number is a landline or its carrier cannot be reached", Hard: true}},
		"filtered":           {"undelivered", "30007", channels.DeliveryReport{State: channels.DeliveryUndelivered, Code: "30007", Text: "the carrier filtered the message"}},
		"no reason":          {"failed", "30008", channels.DeliveryReport{State: channels.DeliveryFailed, Code: "30008", Text: "the carrier gave no reason"}},
		"opted out":          {"failed", "21610", channels.DeliveryReport{State: channels.DeliveryFailed, Code: "21610", Text: "the recipient has opted out with STOP", OptedOut: true}},
		"code not our table": {"failed", "39999", channels.DeliveryReport{State: channels.DeliveryFailed, Code: "39999"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in := inbound(url.Values{
				"MessageSid": {"SM1"}, "MessageStatus": {tt.status}, "ErrorCode": {tt.code},
				"From": {"whatsapp:" + ourNumber}, "To": {"whatsapp:" + citizen},
			})
			in.ContentType += "; status"
			got, err := newAdapter(t, config("")).Read(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			tt.want.ProviderID, tt.want.Address = "SM1", citizen
			want := channels.Message{Verified: true, VerifiedBy: "webhook signature", Receipts: []channels.DeliveryReport{tt.want}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add(form().Encode(), false)
	f.Add(form("NumMedia", "2", "MediaUrl0", "https://api.twilio.com/x", "MediaUrl1", "file:///etc/passwd").Encode(), false)
	f.Add(form("Latitude", "1e999", "Longitude", "-0", "OptOutType", "HELP").Encode(), false)
	f.Add("MessageSid=SM1&MessageStatus=delivered&ErrorCode=30005", true)
	adapters, err := sms.New(config("http://127.0.0.1:1"))
	if err != nil {
		f.Fatal(err)
	}
	a := adapters[0].(*sms.Adapter)
	f.Fuzz(func(t *testing.T, raw string, status bool) {
		in := channels.Inbound{ContentType: "application/x-www-form-urlencoded", Raw: []byte(raw)}
		if status {
			in.ContentType += "; status"
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // nothing is fetched
		msg, err := a.Read(ctx, in)
		if err != nil {
			if !errors.Is(err, channels.ErrUnreadable) && !errors.Is(err, context.Canceled) {
				t.Errorf("error of another kind: %v", err)
			}
			return
		}
		if strings.ContainsRune(msg.Text, 0) {
			t.Error("text holds NUL")
		}
		if !status && msg.ID == "" {
			t.Error("message without id")
		}
	})
}
