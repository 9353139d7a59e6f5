package email

import (
	"context"
	"errors"
	"fmt"

	smtp "github.com/emersion/go-smtp"

	"github.com/redress-cms/redress/channels"
)

// Send implements channels.Adapter. The Receipt's ProviderID is the
// Message-ID. A connection that breaks after the whole mail was written and
// before the server answered is SendUncertain.
func (a *Adapter) Send(ctx context.Context, out channels.Outbound) (channels.Receipt, error) {
	l, err := a.compose(out)
	if err != nil {
		return channels.Receipt{}, &channels.SendError{Kind: channels.SendPermanent, Text: "the mail cannot be written: check the recipient's address", Err: err}
	}
	if err := a.smtp.deliver(ctx, l); err != nil {
		return channels.Receipt{}, sendError(err)
	}
	return channels.Receipt{ProviderID: l.messageID, State: channels.DeliverySent}, nil
}

// sendError maps a failure of the SMTP dialogue. Text never holds what the
// server said: it may hold addresses.
func sendError(err error) *channels.SendError {
	var at *stepError
	if !errors.As(err, &at) {
		return &channels.SendError{Kind: channels.SendUncertain, Text: "it is not known whether the mail was sent", Err: err}
	}
	var answer *smtp.SMTPError
	if errors.As(err, &answer) {
		return answerError(at.step, answer)
	}
	switch {
	case at.step == stepSent:
		return &channels.SendError{Kind: channels.SendUncertain, Text: "the connection broke before the server confirmed the mail", Err: safe(err)}
	case errors.Is(err, errNoUTF8):
		return &channels.SendError{Kind: channels.SendPermanent, Text: errNoUTF8.Error(), Err: errNoUTF8}
	case at.step == stepLogin:
		if f := loginFault(at.err); f.refused {
			return &channels.SendError{Kind: channels.SendMisconfigured, Text: f.text, Err: safe(err)}
		}
		if errors.Is(err, errNoAuth) {
			return &channels.SendError{Kind: channels.SendMisconfigured, Text: errNoAuth.Error(), Err: safe(err)}
		}
	}
	return &channels.SendError{Kind: channels.SendRetry, Text: networkText(at.err), Err: safe(err)}
}

// smtpRule maps an answer of the server; the first that fits counts.
type smtpRule struct {
	from, to int               // codes
	enhanced smtp.EnhancedCode // RFC 3463; zero parts fit any
	steps    []step            // empty: any
	kind     channels.SendErrorKind
	text     string
}

func smtpRules() []smtpRule {
	recipient := []step{stepRecipient, stepSent}
	return []smtpRule{
		{from: 421, to: 421, kind: channels.SendRetry, text: "the mail server is closing connections; it is tried again"},
		{from: 454, to: 454, steps: []step{stepLogin}, kind: channels.SendRetry, text: "the mail server cannot check the login now; it is tried again"},
		{from: 530, to: 538, steps: []step{stepLogin, stepSender, stepRecipient, stepData}, kind: channels.SendMisconfigured, text: "the mail server refused the login: check user name and password"},
		{from: 500, to: 599, steps: []step{stepConnect, stepLogin}, kind: channels.SendMisconfigured, text: "the mail server refuses us: check its settings"},
		{from: 400, to: 499, kind: channels.SendRetry, text: "the mail server cannot take the mail now; it is tried again"},
		{from: 500, to: 599, enhanced: smtp.EnhancedCode{5, 1, 1}, kind: channels.SendUnreachable, text: "there is no such mailbox"},
		{from: 500, to: 599, enhanced: smtp.EnhancedCode{5, 1, 2}, kind: channels.SendUnreachable, text: "there is no such mail domain"},
		{from: 500, to: 599, enhanced: smtp.EnhancedCode{5, 1, 3}, kind: channels.SendUnreachable, text: "the address is not valid"},
		{from: 500, to: 599, enhanced: smtp.EnhancedCode{5, 1, 6}, kind: channels.SendUnreachable, text: "the mailbox has moved"},
		{from: 500, to: 599, enhanced: smtp.EnhancedCode{5, 1, 10}, kind: channels.SendUnreachable, text: "the domain takes no mail"},
		{from: 500, to: 599, enhanced: smtp.EnhancedCode{5, 2, 1}, kind: channels.SendUnreachable, text: "the mailbox is disabled"},
		{from: 500, to: 599, enhanced: smtp.EnhancedCode{5, 2, 2}, kind: channels.SendPermanent, text: "the mailbox is full"},
		{from: 500, to: 599, enhanced: smtp.EnhancedCode{5, 3, 4}, kind: channels.SendPermanent, text: "the mail is too big for the recipient's server"},
		{from: 500, to: 599, enhanced: smtp.EnhancedCode{5, 7, 0}, kind: channels.SendPermanent, text: "the recipient's server refused the mail by its policy"},
		{from: 550, to: 551, enhanced: smtp.NoEnhancedCode, steps: recipient[:1], kind: channels.SendUnreachable, text: "there is no such mailbox"},
		{from: 553, to: 553, enhanced: smtp.NoEnhancedCode, steps: recipient[:1], kind: channels.SendUnreachable, text: "the address is not valid"},
		{from: 500, to: 599, kind: channels.SendPermanent, text: "the mail server refused the mail"},
	}
}

func answerError(at step, answer *smtp.SMTPError) *channels.SendError {
	for _, rule := range smtpRules() {
		if rule.fits(at, answer) {
			return &channels.SendError{Kind: rule.kind, Code: smtpCode(answer), Text: rule.text, Err: fmt.Errorf("smtp answer %s", smtpCode(answer))}
		}
	}
	return &channels.SendError{Kind: channels.SendUncertain, Code: smtpCode(answer), Text: "the mail server's answer makes no sense", Err: fmt.Errorf("smtp answer %s", smtpCode(answer))}
}

func (r smtpRule) fits(at step, answer *smtp.SMTPError) bool {
	if answer.Code < r.from || answer.Code > r.to {
		return false
	}
	if r.enhanced == smtp.NoEnhancedCode {
		if answer.EnhancedCode[0] > 0 {
			return false
		}
	} else {
		for i, part := range r.enhanced {
			if part != 0 && part != answer.EnhancedCode[i] {
				return false
			}
		}
	}
	for _, s := range r.steps {
		if s == at {
			return true
		}
	}
	return len(r.steps) == 0
}

func smtpCode(answer *smtp.SMTPError) string {
	if answer.EnhancedCode[0] <= 0 {
		return fmt.Sprint(answer.Code)
	}
	return fmt.Sprintf("%d %d.%d.%d", answer.Code, answer.EnhancedCode[0], answer.EnhancedCode[1], answer.EnhancedCode[2])
}

// safe names a failure without what a server wrote.
func safe(err error) error { return errors.New(networkText(err)) }
