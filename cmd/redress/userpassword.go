package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

type userPasswordCommand struct {
	Login string `arg:"" help:"Whose password."`
}

// Help is shown by `redress user password --help`.
func (userPasswordCommand) Help() string {
	return "The password is the first line of standard input, of 12 to 72 bytes.\n\nExample:\n\n  redress user password asha < password.txt"
}

const minPassword, maxPassword = 12, 72 // bytes; bcrypt takes no more

// Run sets a password.
func (c userPasswordCommand) Run(r *invocation) error {
	line, err := bufio.NewReader(io.LimitReader(r.In, 1024)).ReadString('\n')
	if err != nil && line == "" {
		return usageError("there is no password on standard input; write: redress user password " + c.Login + " < FILE")
	}
	password := strings.TrimRight(line, "\r\n")
	if len(password) < minPassword || len(password) > maxPassword {
		return fmt.Errorf("the password has %d bytes; it must have %d to %d", len(password), minPassword, maxPassword)
	}
	a, err := r.open()
	if err != nil {
		return err
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
	if err != nil {
		return fmt.Errorf("hashing: %w", err)
	}
	if err := a.Store.SetPassword(r.Context, c.Login, string(hash)); err != nil {
		return noUser(err, c.Login)
	}
	return r.print(map[string]string{"login": c.Login}, func(w io.Writer) { fmt.Fprintf(w, "The password of %s is set.\n", c.Login) })
}
