// Command redress takes complaints by email, SMS, chat and web form, and brings
// each to the officer who can put it right.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/redis/go-redis/v9/logging"
)

func main() {
	logging.Disable() // go-redis prints by itself what our own log tells once
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	code := Main(ctx, os.Args[1:], Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, os.Environ())
	stop()
	os.Exit(code)
}

// Exit codes of every command.
const (
	exitOK      = 0
	exitRefused = 1 // refused or failed
	exitUsage   = 2
)

// Streams are where a command reads and prints.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// commands are all that the binary can do.
type commands struct {
	Config string `help:"Settings file. Default: ./redress.yaml if there is one, else the built-in defaults." placeholder:"FILE" type:"path"`
	JSON   bool   `help:"Print JSON instead of text." name:"json"`

	Serve     serveCommand     `cmd:"" help:"Run gateway, worker and web in one process."`
	Gateway   gatewayCommand   `cmd:"" help:"Run intake, web and webhooks only (needs PostgreSQL and Redis)."`
	Worker    workerCommand    `cmd:"" help:"Run pipeline, timers and sending only (needs PostgreSQL and Redis)."`
	Sandbox   sandboxCommand   `cmd:"" help:"Try everything on this machine: all providers in process and a page to play every part."`
	Migrate   migrateCommand   `cmd:"" help:"Bring the database to this version."`
	CheckConf configCommand    `cmd:"" name:"config" help:"Check settings and organisation."`
	Org       orgCommand       `cmd:"" help:"The organisation as a file: apply, export, check."`
	Parse     parseCommand     `cmd:"" help:"Show how a raw mail, or a plain reply, is understood."`
	Route     routeCommand     `cmd:"" help:"Show where a complaint would go, and why."`
	Reference referenceCommand `cmd:"" help:"Check an acknowledgement number."`
	Register  registerCommand  `cmd:"" help:"Take down a complaint by phone, at the counter or by letter."`
	Case      caseCommand      `cmd:"" help:"See and handle cases."`
	Inbound   inboundCommand   `cmd:"" help:"Received messages that are not processed."`
	Outbound  outboundCommand  `cmd:"" help:"Messages to be sent, with state and attempts."`
	User      userCommand      `cmd:"" help:"Members of staff."`
	Template  templateCommand  `cmd:"" help:"Message templates: list and preview."`
	Audit     auditCommand     `cmd:"" help:"Prove that no history was altered."`
	Version   versionCommand   `cmd:"" help:"Print the version."`

	Healthcheck healthcheckCommand `cmd:"" hidden:"" help:"Ask a running process whether it is alive; for containers."`
}

// exit carries the code out of kong, which exits after printing help.
type exit int

// Main runs one command line and returns its exit code. It is all of the
// binary; tests start it too.
func Main(ctx context.Context, args []string, streams Streams, environ []string) (code int) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case exit:
			code = int(r)
		default:
			panic(r)
		}
	}()
	var c commands
	parser, err := kong.New(&c,
		kong.Name("redress"),
		kong.Description("Complaint intake: email, SMS, chat and web in; a number, an officer, a clock and an answer out."),
		kong.Writers(streams.Out, streams.Err),
		kong.Exit(func(code int) { panic(exit(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	)
	if err != nil {
		fmt.Fprintln(streams.Err, "redress:", err)
		return exitUsage
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(streams.Err, "redress: %v\nSee: %s --help\n", err, asked(err))
		return exitUsage
	}
	run := &invocation{Context: ctx, Streams: streams, environ: environ, config: c.Config, json: c.JSON, zone: time.Local}
	err = parsed.Run(run)
	if run.app != nil {
		err = errors.Join(err, run.app.Close())
	}
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		fmt.Fprintln(streams.Err, "redress:", usage)
		return exitUsage
	case errors.Is(err, errAlreadyTold):
		return exitRefused
	}
	for line := range strings.SplitSeq(strings.TrimSpace(err.Error()), "\n") {
		fmt.Fprintln(streams.Err, "redress:", line)
	}
	return exitRefused
}

// asked is the command that a wrong command line was meant for, as far as it
// was understood.
func asked(err error) string {
	words := []string{"redress"}
	var wrong *kong.ParseError
	if errors.As(err, &wrong) {
		for _, step := range wrong.Context.Path {
			if step.Command != nil {
				words = append(words, step.Command.Name)
			}
		}
	}
	return strings.Join(words, " ")
}

// usageError is a wrong command line that only the command itself can see.
type usageError string

func (e usageError) Error() string { return string(e) }

// errAlreadyTold ends with exit code 1 without a further message.
var errAlreadyTold = errors.New("already told")
