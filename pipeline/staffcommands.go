package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
)

// Names of commands that nobody types.
const (
	commandHint     = "hint"     // plain text in answer to a card
	commandStranger = "stranger" // a command of somebody who is not staff
	commandEdited   = "edited"   // a message of staff whose words were changed
)

// staffCommand is one order of staff on one case.
type staffCommand struct {
	prompt bool                    // without a text, ask for it
	hands  bool                    // it may choose a new owner, by how much each has to do
	all    func(text string) Order // it is carried out for the linked cases too
	act    func(d cases.Desk, c cases.Case, text string) (cases.Change, error)
}

// staffCommands are all commands by name. Those without act answer only.
var staffCommands = map[string]staffCommand{
	"accept":   {act: func(d cases.Desk, c cases.Case, _ string) (cases.Change, error) { return d.Accept(c) }},
	"note":     {prompt: true, act: cases.Desk.Note},
	"ask":      {prompt: true, act: cases.Desk.Ask},
	"reply":    {prompt: true, act: cases.Desk.Reply},
	"defer":    {prompt: true, act: deferUntil},
	"extend":   {prompt: true, act: ExtendBy},
	"forward":  {prompt: true, hands: true, act: forward},
	"assign":   {prompt: true, act: assign},
	"escalate": {hands: true, act: cases.Desk.Escalate},
	"resolve": {prompt: true, act: func(d cases.Desk, c cases.Case, text string) (cases.Change, error) {
		return d.Resolve(c, cases.Resolution{Text: text})
	}},
	"resolve_all": {prompt: true, all: func(text string) Order { return ResolveTogether(cases.Resolution{Text: text}) }},
	"reply_all":   {prompt: true, all: ReplyTogether},
	"link":        {prompt: true, act: linkTo},
	"close":       {act: cases.Desk.Close},
	"reopen":      {hands: true, act: cases.Desk.Reopen},
	"status":      {}, "case": {}, "full": {}, "mine": {}, "help": {},
}

// deferUntil reads "3d waiting for the part" or "2026-12-05 waiting …".
func deferUntil(d cases.Desk, c cases.Case, text string) (cases.Change, error) {
	word, reason, _ := strings.Cut(text, " ")
	until, err := ParseUntil(d.Org, d.At, word)
	if err != nil {
		return cases.Change{}, err
	}
	return d.Defer(c, until, strings.TrimSpace(reason))
}

// ExtendBy reads "5wd waiting for the part", counted from the due time, and
// extends the case.
func ExtendBy(d cases.Desk, c cases.Case, text string) (cases.Change, error) {
	word, reason, _ := strings.Cut(text, " ")
	from := d.At
	if c.DueAt != nil {
		from = *c.DueAt
	}
	until, err := ParseUntil(d.Org, from, word)
	if err != nil {
		return cases.Change{}, err
	}
	return d.Extend(c, until, strings.TrimSpace(reason))
}

// ParseUntil reads a day (2026-12-05: its end) or a span from now (3d, 4wh,
// 10wd by the first calendar).
func ParseUntil(org *cases.Organisation, now time.Time, word string) (time.Time, error) {
	loc := org.Location()
	if day, err := time.ParseInLocation(time.DateOnly, word, loc); err == nil {
		return day.AddDate(0, 0, 1).Add(-time.Minute).UTC(), nil
	}
	span, err := cases.ParseDuration(word)
	if err != nil || len(org.Calendars) == 0 {
		return time.Time{}, cases.Refuse(cases.Invalid,
			"Until when? Start with a day or a span: 2026-12-05, 3d, 4h or 10wd (working days), then the reason.")
	}
	return org.Calendars[0].Add(now, span, loc), nil
}

func forward(d cases.Desk, c cases.Case, text string) (cases.Change, error) {
	code, reason, _ := strings.Cut(text, " ")
	code = strings.ToLower(strings.Trim(code, ",.:"))
	if _, ok := d.Org.Department(code); !ok {
		var codes []string
		for _, department := range d.Org.Departments {
			codes = append(codes, department.Code)
		}
		return cases.Change{}, cases.Refuse(cases.Invalid, "There is no department %q. Choose one of: %s.", code, strings.Join(codes, ", "))
	}
	return d.Forward(c, code, strings.TrimSpace(reason))
}

func assign(d cases.Desk, c cases.Case, text string) (cases.Change, error) {
	login, reason, _ := strings.Cut(text, " ")
	return d.Assign(c, strings.TrimPrefix(login, "@"), strings.TrimSpace(reason))
}

// command carries out an order of staff and answers it where it was given.
func (p *Pipeline) command(ctx context.Context, u *Understood) error {
	command := u.Intent.Command
	switch {
	case command.Name == commandStranger:
		return p.answerStaff(ctx, u, nil, cases.Notice{Kind: cases.AnswerRefused,
			Text: "Your chat is not linked to a staff account yet. Ask the administrator for a code, then send /link CODE to me in a private chat."})
	case command.Name == commandEdited:
		return p.refuse(ctx, u, nil, "What you changed was read as it was before. Please send it anew if you meant something else.")
	case command.Name == "help":
		return p.answerStaff(ctx, u, nil, cases.Notice{Kind: cases.AnswerStaffHelp})
	case command.Name == "mine":
		return p.answerQueue(ctx, u)
	case command.Wrong != "":
		return p.refuse(ctx, u, nil, fmt.Sprintf("There is no case %s. Please check the number.", command.Wrong))
	case command.Reference == "":
		return p.refuse(ctx, u, nil, fmt.Sprintf("Which case? Write /%s and the number, or answer the card with it.", command.Name))
	}
	c, err := p.Store.CaseByReference(ctx, command.Reference)
	if errors.Is(err, store.ErrNotFound) {
		return p.refuse(ctx, u, nil, fmt.Sprintf("There is no case %s. Please check the number.", command.Reference))
	}
	if err != nil {
		return fmt.Errorf("reading the case: %w", err)
	}
	if !MayHandle(u.Org, *u.Staff, c) {
		return p.refuse(ctx, u, nil, fmt.Sprintf("%s belongs to another department.", c.Reference))
	}
	switch command.Name {
	case commandHint:
		return p.refuse(ctx, u, &c, "To send this to the complainant, press Reply or write /reply and the text. To keep it as a note, write /note and the text.")
	case "case", "status":
		return p.answerStaff(ctx, u, &c, cases.Notice{Kind: cases.AnswerCase})
	case "full":
		return p.answerFull(ctx, u, c)
	}
	return p.act(ctx, u, c, command)
}

// act changes the case, or asks for the text that the order needs.
func (p *Pipeline) act(ctx context.Context, u *Understood, c cases.Case, command Command) error {
	order := staffCommands[command.Name]
	if order.prompt && command.Text == "" {
		return p.answerStaff(ctx, u, &c, cases.Notice{Kind: cases.AnswerPrompt, Data: map[string]string{"action": command.Name}})
	}
	if order.hands {
		var err error
		if u.Load, err = p.Office.load(ctx, ""); err != nil {
			return err
		}
	}
	said := map[string]string{"action": command.Name}
	change, err := p.obey(ctx, u, c, order, command.Text, said)
	var refused *cases.Error
	if errors.As(err, &refused) {
		said["action"] = ""
		return p.answerStaff(ctx, u, &c, cases.Notice{Kind: cases.AnswerRefused, Text: refused.Message, Data: said})
	}
	if err != nil {
		return err
	}
	u.Case, u.Proof = &change.Case, "staff"
	if len(u.Message.Attachments) > 0 { // a photo of the repair
		entry := p.message(u)
		entry.ExternalID = "" // no mail to the complainant answers it
		// What the complainant is not told stays off the tracking page too.
		entry.Held = !slices.Contains([]string{"ask", "reply", "reply_all", "resolve", "resolve_all"}, command.Name)
		u.Step.Messages = append(u.Step.Messages, entry)
	}
	return p.answerStaff(ctx, u, &change.Case, cases.Notice{Kind: cases.AnswerDone, Data: said})
}

// obey changes the case, and before it those linked to it where the order
// is for all. What the case itself refuses is done for none.
func (p *Pipeline) obey(ctx context.Context, u *Understood, c cases.Case, order staffCommand, text string, said map[string]string) (cases.Change, error) {
	if order.all == nil {
		change, err := order.act(p.desk(u), c, text)
		if err != nil {
			return change, err
		}
		return change, p.Office.apply(ctx, u.Org, &u.Step, change, nil)
	}
	all := order.all(text)
	change, err := all.Act(p.desk(u), c)
	if err != nil {
		return change, err
	}
	if err := p.forLinked(ctx, u, c, all, said); err != nil {
		return change, err
	}
	return change, p.Office.apply(ctx, u.Org, &u.Step, change, nil)
}

// MayHandle reports whether the user may see and change the case: that of the
// own department or one below it, the own case, or any by a wider role.
func MayHandle(org *cases.Organisation, user cases.User, c cases.Case) bool {
	if user.Has(cases.RoleAdministrator) || user.Has(cases.RoleAgent) || user.Has(cases.RoleSupervisor) && user.Department == "" {
		return true
	}
	if c.Owner == user.Login || c.Department == "" {
		return true
	}
	code := c.Department
	for range len(org.Departments) {
		if code == user.Department {
			return true
		}
		department, ok := org.Department(code)
		if !ok || department.Parent == "" {
			break
		}
		code = department.Parent
	}
	return false
}

func (p *Pipeline) desk(u *Understood) cases.Desk {
	by := cases.Actor{Kind: cases.ActorComplainant, Channel: u.Inbound.Channel}
	if u.Staff != nil && (u.Intent.Kind == IntentCommand || u.Intent.Kind == IntentPart) {
		by = cases.Actor{Kind: cases.ActorStaff, Login: u.Staff.Login, Channel: u.Inbound.Channel}
	}
	return cases.Desk{Org: u.Org, At: u.Now, By: by, Load: u.Load}
}

// answerQueue answers /mine: the open cases of the member of staff.
func (p *Pipeline) answerQueue(ctx context.Context, u *Understood) error {
	rows, err := p.Store.ListCases(ctx, store.CaseFilter{Owner: u.Staff.Login, Statuses: openStatuses, Limit: 20})
	if err != nil {
		return fmt.Errorf("reading the queue: %w", err)
	}
	return p.answerStaff(ctx, u, nil, cases.Notice{Kind: cases.AnswerQueue}, rows...)
}

var openStatuses = []cases.Status{cases.Pending, cases.Deferred, cases.Reforwarded, cases.Reopened, cases.Escalated}

// CommandNames are the names of all staff commands, sorted.
func CommandNames() []string { return slices.Sorted(maps.Keys(staffCommands)) }
