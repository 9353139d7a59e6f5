package pipeline

import (
	"context"

	"github.com/redress-cms/redress/cases"
)

// route finds the department that a new complaint goes to, and reads how much
// each of its officers has to do; the domain then chooses among them.
func (p *Pipeline) route(ctx context.Context, u *Understood) (Verdict, error) {
	if u.Intent.Kind != IntentComplaint {
		return goOn, nil
	}
	routing := u.Org.Route(cases.Case{
		Service: u.Classification.Service, Area: u.Classification.Area, Priority: u.Classification.Priority,
		Channel: u.Inbound.Channel, Intake: u.Inbound.Channel, Language: u.Language,
	}, nil)
	var err error
	u.Load, err = p.load(ctx, routing.Department)
	return goOn, err
}
