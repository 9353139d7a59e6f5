package main

import (
	"fmt"
	"io"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cmd/redress/internal/app"
	"github.com/redress-cms/redress/pipeline"
)

type registerCommand struct {
	Text    string `required:"" help:"What the complainant said; - reads it from standard input."`
	Via     string `help:"How it came: phone, counter or letter." enum:"phone,counter,letter" default:"phone"`
	Name    string `help:"The complainant's name."`
	Phone   string `help:"The complainant's number, to answer by SMS."`
	Email   string `help:"The complainant's mail address, to answer by email."`
	Lang    string `help:"Language to answer in. Default: that of the text."`
	Type    string `help:"complaint, enquiry, suggestion, compliment, appeal, petition or information_request." enum:"complaint,enquiry,suggestion,compliment,appeal,petition,information_request" default:"complaint"`
	Subject string `help:"In a few words."`
	Place   string `help:"Where."`
	Service string `help:"Service code. Default: found from the text."`
	Area    string `help:"Area code. Default: found from the text."`
	As      string `help:"Who takes it down." placeholder:"LOGIN"`
}

// Help is shown by `redress register --help`.
func (registerCommand) Help() string {
	return "Example:\n\n  redress register --via phone --name \"Meera Nair\" --phone \"+91 98765 43210\" --text \"No water in Ward 3 since Monday\""
}

// maxSpoken bounds a text from standard input, in bytes.
const maxSpoken = 1 << 20

// Run registers one case and prints it.
func (c registerCommand) Run(r *invocation) error {
	text := c.Text
	if text == "-" {
		read, err := io.ReadAll(io.LimitReader(r.In, maxSpoken))
		if err != nil {
			return fmt.Errorf("reading the text: %w", err)
		}
		text = string(read)
	}
	a, err := r.open()
	if err != nil {
		return err
	}
	by, err := r.actor(c.As)
	if err != nil {
		return err
	}
	org, err := a.Organisation(r.Context)
	if err != nil {
		return err
	}
	if err := checkCodes(org, c.Service, c.Area); err != nil {
		return err
	}
	addresses, err := addressesOf(org, c.Phone, c.Email)
	if err != nil {
		return err
	}
	registered, err := a.Office.Register(r.Context, by, pipeline.Spoken{
		Intake: c.Via, Name: c.Name, Addresses: addresses, Language: c.Lang, Type: cases.Type(c.Type),
		Subject: c.Subject, Text: text, Place: c.Place, Service: c.Service, Area: c.Area,
	})
	if err != nil {
		return err
	}
	return printChanged(r, a, registered)
}

// addressesOf are the addresses in --phone and --email, in their canonical form.
func addressesOf(org *cases.Organisation, phone, email string) ([]cases.Address, error) {
	var addresses []cases.Address
	if phone != "" {
		number, err := app.PhoneNumber(phone, org.Jurisdiction.DefaultRegion)
		if err != nil {
			return nil, fmt.Errorf("--phone %q: %w", phone, err)
		}
		addresses = append(addresses, cases.Address{Channel: app.ChannelSMS, Value: number})
	}
	if email != "" {
		address, err := app.MailAddress(email)
		if err != nil {
			return nil, fmt.Errorf("--email %q: %w", email, err)
		}
		addresses = append(addresses, cases.Address{Channel: app.ChannelEmail, Value: address})
	}
	return addresses, nil
}
