package app

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/pipeline"
)

// silent is a database that never answers.
type silent struct{ pipeline.CaseStore }

func (silent) OrganisationVersion(ctx context.Context) (int64, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}

func TestThePublicPagesOutlastADatabaseThatIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &App{Options: Options{Logger: slog.New(slog.DiscardHandler)}}
		a.Office = pipeline.NewOffice(pipeline.OfficeOptions{Store: silent{}})
		known := &cases.Organisation{}
		a.lastOrganisation.Store(known)
		if got := a.current(t.Context()); got != known {
			t.Errorf("got %v, want the organisation last known", got)
		}
	})
}
