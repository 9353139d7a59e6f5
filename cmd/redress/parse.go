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
	in := r.In
	if c.File != "-" {
		file, err := os.Open(c.File)
		if err != nil {
			return fmt.Errorf("reading the mail: %w", err)
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	if c.ReplyText {
		text, err := io.ReadAll(in)
		if err != nil {
			return fmt.Errorf("reading the text: %w", err)
		}
		return r.printJSON(map[string]string{"reply_text": mail.ReplyText(string(text))})
	}
	m, err := mail.Read(in, nil, mail.DefaultLimits())
	if err != nil {
		return fmt.Errorf("reading the mail: %w", err)
	}
	return r.printJSON(m)
}
