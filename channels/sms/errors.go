package sms

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	twilio "github.com/twilio/twilio-go/client"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/internal/httpcall"
)

// fault is what an error code of Twilio means to us. Texts are ours: Twilio's
// repeat the recipient's number.
type fault struct {
	kind channels.SendErrorKind
	text string
	hard bool // the number will never work
}

// faults maps Twilio's codes, of a refused request and of a status callback
// alike. See https://www.twilio.com/docs/api/errors.
var faults = map[int]fault{
	14107: {kind: channels.SendRetry, text: "Twilio asks to send more slowly"},
	20003: {kind: channels.SendMisconfigured, text: "Twilio refuses the account_sid and auth_token"},
	20005: {kind: channels.SendMisconfigured, text: "the Twilio account is not active"},
	20403: {kind: channels.SendMisconfigured, text: "the Twilio account may not do this"},
	20404: {kind: channels.SendMisconfigured, text: "Twilio does not know the account"},
	20429: {kind: channels.SendRetry, text: "Twilio asks to send more slowly"},
	21211: {kind: channels.SendUnreachable, text: "the number is not a valid phone number", hard: true},
	21212: {kind: channels.SendMisconfigured, text: "the number to send from is not valid"},
	21217: {kind: channels.SendUnreachable, text: "the number is not a valid phone number", hard: true},
	21222: {kind: channels.SendMisconfigured, text: "the account_sid holds characters that no account_sid has"},
	21224: {kind: channels.SendMisconfigured, text: "the auth_token holds characters that no auth_token has"},
	21265: {kind: channels.SendUnreachable, text: "the number is a short code", hard: true},
	21266: {kind: channels.SendUnreachable, text: "the number is our own", hard: true},
	21268: {kind: channels.SendUnreachable, text: "the number is a premium rate number", hard: true},
	21408: {kind: channels.SendPermanent, text: "the Twilio account is not allowed to send to this country"},
	21603: {kind: channels.SendMisconfigured, text: "no number to send from"},
	21606: {kind: channels.SendMisconfigured, text: "the number to send from is not one of the account's for text messages"},
	21607: {kind: channels.SendMisconfigured, text: "the number to send from is not one of the account's"},
	21608: {kind: channels.SendMisconfigured, text: "a trial account sends to verified numbers only"},
	21609: {kind: channels.SendMisconfigured, text: "Twilio cannot reach public_url for status callbacks"},
	21610: {kind: channels.SendOptedOut, text: "the recipient has opted out with STOP"},
	21611: {kind: channels.SendRetry, text: "the queue of the number to send from is full"},
	21612: {kind: channels.SendPermanent, text: "the number cannot be reached from ours"},
	21614: {kind: channels.SendUnreachable, text: "the number is not a mobile number", hard: true},
	21617: {kind: channels.SendPermanent, text: "the text is too long"},
	21635: {kind: channels.SendUnreachable, text: "the number is a landline", hard: true},
	21659: {kind: channels.SendMisconfigured, text: "the number to send from is not a Twilio number"},
	21660: {kind: channels.SendMisconfigured, text: "the number to send from is not one of the account's"},
	21661: {kind: channels.SendMisconfigured, text: "the number to send from cannot send text messages"},

	30001: {kind: channels.SendPermanent, text: "Twilio's queue was full"},
	30002: {kind: channels.SendMisconfigured, text: "the Twilio account is suspended"},
	30003: {kind: channels.SendPermanent, text: "the phone was off or out of reach"},
	30004: {kind: channels.SendPermanent, text: "the recipient or the carrier blocks our messages"},
	30005: {kind: channels.SendUnreachable, text: "the number is unknown or no longer in service", hard: true},
	30006: {kind: channels.SendUnreachable, text: "the number is a landline or its carrier cannot be reached", hard: true},
	30007: {kind: channels.SendPermanent, text: "the carrier filtered the message"},
	30008: {kind: channels.SendPermanent, text: "the carrier gave no reason"},
	30034: {kind: channels.SendMisconfigured, text: "the number to send from is not registered for this use (A2P 10DLC)"},

	63003: {kind: channels.SendUnreachable, text: "the number has no WhatsApp", hard: true},
	63007: {kind: channels.SendMisconfigured, text: "the number to send from has no WhatsApp"},
	63015: {kind: channels.SendPermanent, text: "the recipient has not joined the WhatsApp sandbox"},
	63016: {kind: channels.SendPermanent, text: "WhatsApp allows free texts only within 24 hours of the recipient's last message"},
	63018: {kind: channels.SendRetry, text: "Twilio asks to send more slowly"},
	63024: {kind: channels.SendUnreachable, text: "the number has no WhatsApp", hard: true},
	63038: {kind: channels.SendRetry, text: "the account has sent all it may today"},
}

// sendError says what a failed call means. Only a request that surely never
// left or was surely refused is not uncertain.
func (a *account) sendError(call *httpcall.Call, err error) *channels.SendError {
	out := &channels.SendError{Err: httpcall.WithoutURL(err)}
	var rest *twilio.TwilioRestError
	if errors.As(err, &rest) {
		// Its text repeats the recipient's number; the log gets the code.
		out.Err = fmt.Errorf("twilio answered %d with code %d", call.Status, rest.Code)
		if f, known := faults[rest.Code]; known && call.Status < http.StatusInternalServerError {
			out.Kind, out.Text, out.Code = f.kind, f.text, strconv.Itoa(rest.Code)
			return a.withRetry(out, call)
		}
		if rest.Code != 0 {
			out.Code = strconv.Itoa(rest.Code)
		}
	}
	if out.Code == "" && call.Status >= http.StatusBadRequest {
		out.Code = strconv.Itoa(call.Status)
	}
	switch status := call.Status; {
	case call.Unsent():
		out.Kind, out.Text = channels.SendRetry, "Twilio's API cannot be reached"
	case status < http.StatusBadRequest:
		out.Kind, out.Text = channels.SendUncertain, "Twilio's answer was lost"
	case status >= http.StatusInternalServerError || status == http.StatusRequestTimeout:
		out.Kind, out.Text = channels.SendUncertain, "Twilio had a fault"
	case status == http.StatusTooManyRequests:
		out.Kind, out.Text = channels.SendRetry, "Twilio asks to send more slowly"
	case status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusNotFound:
		out.Kind, out.Text = channels.SendMisconfigured, "Twilio refuses the account_sid and auth_token"
	default:
		out.Kind, out.Text = channels.SendPermanent, "Twilio refuses the message"
	}
	return a.withRetry(out, call)
}

// withRetry adds when to try again: Twilio's limits hold for the whole account.
func (a *account) withRetry(e *channels.SendError, call *httpcall.Call) *channels.SendError {
	if e.Kind == channels.SendRetry && call.Status != 0 {
		e.RetryAt, e.Scope = call.RetryAt(a.Now()), accountScope
	}
	return e
}
