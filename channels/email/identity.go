package email

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/email/mail"
)

// truncatedHeader is put on top of a mail of which only the start was taken
// in; its value is the whole size in bytes.
const truncatedHeader = "X-Redress-Truncated"

// contentHeaders are the fields that a sender writes and no server changes on
// the way. Together with the body they are a mail's identity: UIDs change with
// UIDVALIDITY and differ between mailboxes; trace fields (Received,
// Return-Path, Delivered-To, Authentication-Results, ARC, X-…) differ between
// two deliveries of one mail; a Message-ID alone may be missing, or reused by
// a different mail.
var contentHeaders = []string{"From", "Sender", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References",
	"Content-Type", "Content-Transfer-Encoding", "Auto-Submitted"}

// externalID is the same for the same mail wherever and however often it
// was delivered. Line breaks and the blanks of folded lines do not count.
func externalID(raw []byte, header mail.Header) string {
	sum := sha256.New()
	for _, name := range contentHeaders {
		for _, field := range header {
			if strings.EqualFold(field.Name, name) {
				_, _ = io.WriteString(sum, strings.ToLower(name)+":"+strings.Join(strings.Fields(field.Value), " ")+"\n")
			}
		}
	}
	body := mail.Body(raw)
	for len(body) > 0 {
		line := body
		if end := bytes.IndexByte(body, '\n'); end >= 0 {
			line, body = body[:end], body[end+1:]
		} else {
			body = nil
		}
		_, _ = sum.Write(bytes.TrimRight(line, " \t\r"))
		_, _ = sum.Write([]byte{'\n'})
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// inbound makes raw the message that is stored. It reads the header only.
func (a *Adapter) inbound(raw []byte) channels.Inbound {
	header := mail.ParseHeader(raw, a.config.Limits)
	return channels.Inbound{
		Key:         channels.Key{Channel: ChannelName, Account: a.config.Account, ExternalID: externalID(raw, header)},
		Sender:      sender(header),
		ReceivedAt:  a.config.Now(),
		ContentType: "message/rfc822",
		Raw:         raw,
	}
}

// sender is the address whose mails take effect in order. A mail without one
// is ordered with others of its kind.
func sender(header mail.Header) string {
	for _, name := range []string{"From", "Sender", "Return-Path"} {
		for _, a := range mail.ParseAddresses(header.Get(name)) {
			if address := canonical(a.Address); address != "" {
				return address
			}
		}
	}
	return "unknown"
}

func canonical(address string) string {
	address = strings.ToLower(strings.TrimSpace(address))
	return address[:min(len(address), 320)]
}
