package pipeline

import (
	"context"
	"fmt"
	"slices"

	"github.com/redress-cms/redress/cases"
)

// participates finds out whether a sender without a right to the case is
// somebody whom the complainant put in copy. A reference is known to many: the
// sender is proven, or answers a mail of the thread.
func (p *Pipeline) participates(ctx context.Context, u *Understood) error {
	if u.Case == nil || u.Proof != "" || u.Staff != nil {
		return nil
	}
	if u.Found != "thread" && !u.Message.Verified || u.Case.Status == cases.Closed {
		return nil
	}
	var err error
	u.Participant, err = p.isParticipant(ctx, u, *u.Case)
	return err
}

func (p *Pipeline) isParticipant(ctx context.Context, u *Understood, c cases.Case) (bool, error) {
	known, err := p.Store.Participants(ctx, c.ID)
	if err != nil {
		return false, fmt.Errorf("reading who takes part: %w", err)
	}
	return slices.ContainsFunc(known, func(participant cases.Participant) bool { return participant.Address == u.Sender }), nil
}

// copied puts into the step whom the complainant put in copy. Staff have their
// own ways to a case.
func (p *Pipeline) copied(ctx context.Context, u *Understood, change *cases.Change) error {
	if !u.Format.Threads || u.Staff != nil || len(u.Message.Others) == 0 || u.Message.Automatic.Is() {
		return nil
	}
	var known []cases.Participant
	if !change.New {
		var err error
		if known, err = p.Store.Participants(ctx, change.Case.ID); err != nil {
			return fmt.Errorf("reading who takes part: %w", err)
		}
	}
	var list []cases.Participant
	for _, other := range u.Message.Others {
		address := cases.Address{Channel: u.Inbound.Channel, Value: other.Address}
		if address != u.Sender && !ownedBy(change.Case, address) && !isStaff(u.Org, address) {
			list = append(list, cases.Participant{Address: address, Name: other.Name})
		}
	}
	u.Step.Participants = cases.Copied(change, p.desk(u).By, u.Now, known, list)
	return nil
}

func isStaff(org *cases.Organisation, address cases.Address) bool {
	return slices.ContainsFunc(org.Users, func(user cases.User) bool { return slices.Contains(user.Addresses, address) })
}

// fromParticipant adds what somebody in copy wrote. Nothing else changes, and
// nobody is answered: they were told nothing by us so far.
func (p *Pipeline) fromParticipant(ctx context.Context, u *Understood) error {
	desk := p.desk(u)
	desk.By.Kind = cases.ActorParticipant
	change, err := desk.FollowUp(*u.Case, cases.FollowUp{Text: u.Message.Written, Participant: true})
	if err != nil {
		return err
	}
	u.Step.Messages = append(u.Step.Messages, p.message(u))
	byOther(u, change.Notices)
	return p.Office.apply(ctx, u.Org, &u.Step, change, nil)
}

// byOther has notices tell who wrote where it is not the complainant.
func byOther(u *Understood, notices []cases.Notice) {
	for i := range notices {
		notices[i].Data = map[string]string{
			"name": u.Message.From.Name, "address": u.Message.From.Address, "channel": u.Inbound.Channel,
		}
	}
}
