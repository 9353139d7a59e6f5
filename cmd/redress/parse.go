package main

import (
	"fmt"
	"io"
	"os"

	"github.com/redress-cms/redress/channels/email/mail"
)

type parseCommand struct {
	ReplyText bool   `help:"FILE is a plain text body; print what its sender wrote."`
	File      string `arg:"" help:"A raw mail (RFC 5322), or - for standard input."`
}

// Help is shown by `redress parse --help`.
func (parseCommand) Help() string {
	return "The output is JSON; with --reply-text it is {\"reply_text\": …}.\n\nExample:\n\n  redress parse message.eml"
}

// Run parses one mail. It never fails on what is in it.
func (c parseCommand) Run(r *invocation) error {
	var raw []byte
	var err error
	if c.File == "-" {
		raw, err = io.ReadAll(r.In)
	} else {
		raw, err = os.ReadFile(c.File)
	}
	if err != nil {
		return fmt.Errorf("reading the mail: %w", err)
	}
	if c.ReplyText {
		return r.printJSON(map[string]string{"reply_text": mail.ReplyText(string(raw))})
	}
	return r.printJSON(mail.Parse(raw, mail.DefaultLimits()))
}
