package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"time"

	"github.com/redress-cms/redress/cases"
)

type userLinkCodeCommand struct {
	Login    string        `arg:"" help:"Whose chat."`
	ValidFor time.Duration `help:"How long the code can be used." default:"24h"`
}

// Help is shown by `redress user link-code --help`.
func (userLinkCodeCommand) Help() string {
	return "The officer sends `/link CODE` to the bot in a private chat, or opens t.me/BOT?start=CODE. An earlier code of the same officer is void.\n\n" +
		"Example:\n\n  redress user link-code asha"
}

// Validate refuses a code that nobody could use.
func (c userLinkCodeCommand) Validate() error {
	if c.ValidFor <= 0 {
		return fmt.Errorf("--valid-for must be more than nothing, like 24h")
	}
	return nil
}

// Run draws a code, which works once.
func (c userLinkCodeCommand) Run(r *invocation) error {
	a, err := r.open()
	if err != nil {
		return err
	}
	if _, err := r.actor(c.Login); err != nil {
		return err
	}
	code, err := cases.NewToken(rand.Reader)
	if err != nil {
		return fmt.Errorf("drawing the code: %w", err)
	}
	expires := a.Clock.Now().UTC().Add(c.ValidFor)
	if err := a.Store.NewLinkCode(r.Context, c.Login, code, expires); err != nil {
		return fmt.Errorf("saving the code: %w", err)
	}
	out := map[string]any{"login": c.Login, "code": code, "expires_at": expires}
	return r.print(out, func(w io.Writer) {
		fmt.Fprintf(w, "%s\nIn a private chat with the bot, %s sends: /link %s\nIt works once, until %s.\n",
			code, c.Login, code, r.when(&expires))
	})
}
