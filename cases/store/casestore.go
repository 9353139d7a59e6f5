package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/redress-cms/redress/cases"
)

// caseRow is a row of cases.
type caseRow struct {
	ID        int64 `gorm:"primaryKey"`
	Version   int64
	Reference cases.Reference
	Token     string

	Type       cases.Type
	Status     cases.Status
	Stage      int
	Level      int
	Priority   cases.Priority
	Service    key
	Department key
	Area       key
	Owner      key
	Policy     key

	ContactID   rowID
	Intake      key
	Channel     key
	Account     key
	Address     key
	Language    text
	Subject     text
	Description text
	Place       text
	OnBehalf    text
	Latitude    *float64
	Longitude   *float64
	PointSource cases.PointSource

	ReceivedAt     instant
	AcknowledgedAt instant
	AcceptedAt     instant
	ClockAt        instant
	RespondedAt    instant
	RespondBy      instant
	DueAt          instant
	DeferredAt     instant
	DeferredUntil  instant
	ResolvedAt     instant
	ResolvedBy     text
	ClosedAt       instant
	LastInboundAt  instant
	Joined         int
	Reopenings     int
	Extensions     int

	Outcome      cases.Outcome
	Remedy       text
	RootCause    text
	Rating       int
	Confidential bool
	Facts        document[[]cases.Fact]
	Reasons      document[[]cases.Reason]

	EventCount int
	EventHash  []byte
}

// TableName implements gorm's Tabler.
func (caseRow) TableName() string { return "cases" }

func newCaseRow(c cases.Case) caseRow {
	return caseRow{
		ID: c.ID, Version: c.Version, Reference: c.Reference, Token: c.Token,
		Type: c.Type, Status: c.Status, Stage: c.Stage, Level: c.Level, Priority: c.Priority,
		Service: key(c.Service), Department: key(c.Department), Area: key(c.Area), Owner: key(c.Owner), Policy: key(c.Policy),
		ContactID: rowID(c.ContactID), Intake: key(c.Intake),
		Channel: key(c.Channel), Account: key(c.Account), Address: key(c.Address), Language: text(c.Language),
		Subject: text(c.Subject), Description: text(c.Description), Place: text(c.Place), OnBehalf: text(c.OnBehalf),
		Latitude: c.Latitude, Longitude: c.Longitude, PointSource: c.PointSource,
		ReceivedAt: instant{c.ReceivedAt}, AcknowledgedAt: optional(c.AcknowledgedAt), AcceptedAt: optional(c.AcceptedAt),
		ClockAt: optional(c.ClockAt), RespondedAt: optional(c.RespondedAt), RespondBy: optional(c.RespondBy),
		DueAt: optional(c.DueAt), DeferredAt: optional(c.DeferredAt), DeferredUntil: optional(c.DeferredUntil),
		ResolvedAt: optional(c.ResolvedAt), ResolvedBy: text(c.ResolvedBy), ClosedAt: optional(c.ClosedAt),
		LastInboundAt: optional(c.LastInboundAt), Joined: c.Joined, Reopenings: c.Reopenings, Extensions: c.Extensions,
		Outcome: c.Outcome, Remedy: text(c.Remedy), RootCause: text(c.RootCause), Rating: c.Rating,
		Confidential: c.Confidential, Facts: factsDocument(c.Facts), Reasons: document[[]cases.Reason]{c.Reasons},
	}
}

func (r caseRow) domain() cases.Case {
	return cases.Case{
		ID: r.ID, Version: r.Version, Reference: r.Reference, Token: r.Token,
		Type: r.Type, Status: r.Status, Stage: r.Stage, Level: r.Level, Priority: r.Priority,
		Service: string(r.Service), Department: string(r.Department), Area: string(r.Area), Owner: string(r.Owner),
		Policy: string(r.Policy), ContactID: int64(r.ContactID), Intake: string(r.Intake),
		Channel: string(r.Channel), Account: string(r.Account), Address: string(r.Address), Language: string(r.Language),
		Subject: string(r.Subject), Description: string(r.Description), Place: string(r.Place), OnBehalf: string(r.OnBehalf),
		Latitude: r.Latitude, Longitude: r.Longitude, PointSource: r.PointSource,
		ReceivedAt: r.ReceivedAt.Time, AcknowledgedAt: r.AcknowledgedAt.pointer(), AcceptedAt: r.AcceptedAt.pointer(),
		ClockAt: r.ClockAt.pointer(), RespondedAt: r.RespondedAt.pointer(), RespondBy: r.RespondBy.pointer(),
		DueAt: r.DueAt.pointer(), DeferredAt: r.DeferredAt.pointer(), DeferredUntil: r.DeferredUntil.pointer(),
		ResolvedAt: r.ResolvedAt.pointer(), ResolvedBy: string(r.ResolvedBy), ClosedAt: r.ClosedAt.pointer(),
		LastInboundAt: r.LastInboundAt.pointer(), Joined: r.Joined, Reopenings: r.Reopenings, Extensions: r.Extensions,
		Outcome: r.Outcome, Remedy: string(r.Remedy), RootCause: string(r.RootCause), Rating: r.Rating,
		Confidential: r.Confidential, Facts: factsOf(r.Facts), Reasons: r.Reasons.V,
	}
}

// factsDocument is a list, also where there are none.
func factsDocument(facts []cases.Fact) document[[]cases.Fact] {
	if facts == nil {
		facts = []cases.Fact{}
	}
	facts = slices.Clone(facts) // the case handed in keeps its own
	for i, f := range facts {
		facts[i].Value = clean(f.Value)
	}
	return document[[]cases.Fact]{facts}
}

func factsOf(d document[[]cases.Fact]) []cases.Fact {
	if len(d.V) == 0 {
		return nil
	}
	return d.V
}

const (
	openStatuses = "status IN ('pending', 'deferred', 'reforwarded', 'reopened', 'escalated')"
	// The condition of the index cases_running, word for word, as SQLite demands it.
	runningStatuses = "status IN ('pending', 'reforwarded', 'reopened', 'escalated')"
)

// Case reads a case.
func (s *Store) Case(ctx context.Context, id int64) (cases.Case, error) {
	return s.oneCase(ctx, `SELECT * FROM cases WHERE id = ?`, id)
}

// CaseByReference reads a case by its canonical reference.
func (s *Store) CaseByReference(ctx context.Context, ref cases.Reference) (cases.Case, error) {
	return s.oneCase(ctx, caseByReferenceSQL, key(ref))
}

const caseByReferenceSQL = `SELECT * FROM cases WHERE reference = ?`

// CaseByToken reads a case by its tracking token.
func (s *Store) CaseByToken(ctx context.Context, token string) (cases.Case, error) {
	return s.oneCase(ctx, `SELECT * FROM cases WHERE token = ?`, key(token))
}

func (s *Store) oneCase(ctx context.Context, query string, arg any) (cases.Case, error) {
	row, err := one[caseRow](s.read(ctx), query, arg)
	if err != nil {
		return cases.Case{}, fmt.Errorf("read a case: %w", err)
	}
	return row.domain(), nil
}

// CasesOfContact are the cases of a contact, the one last talked about first.
func (s *Store) CasesOfContact(ctx context.Context, contactID int64, limit int) ([]cases.Case, error) {
	rows, err := all[caseRow](s.read(ctx), casesOfContactSQL, contactID, limit)
	list, err := converted(rows, err, caseRow.domain)
	if err != nil {
		return nil, fmt.Errorf("read a contact's cases: %w", err)
	}
	return list, nil
}

const casesOfContactSQL = `SELECT * FROM cases WHERE contact_id = ?
	ORDER BY coalesce(last_inbound_at, received_at) DESC, id DESC LIMIT ?`

// SimilarCases are the open cases of a service and area received since then,
// newest first.
func (s *Store) SimilarCases(ctx context.Context, service, area string, since time.Time, limit int) ([]cases.Case, error) {
	rows, err := all[caseRow](s.read(ctx), similarCasesSQL, key(service), key(area), instant{since}, limit)
	list, err := converted(rows, err, caseRow.domain)
	if err != nil {
		return nil, fmt.Errorf("read similar cases: %w", err)
	}
	return list, nil
}

const similarCasesSQL = `SELECT * FROM cases WHERE service = ? AND area = ? AND received_at >= ?
	AND status NOT IN ('resolved', 'closed') ORDER BY received_at DESC, id DESC LIMIT ?`

// CaseFilter chooses cases; every field that is set must hold.
type CaseFilter struct {
	Statuses   []cases.Status
	Owner      string // login
	Department string // code
	Service    string // code
	Area       string // code
	ContactID  int64
	Overdue    *time.Time // due before it, and the clock running
	BeforeID   int64      // older than this case, for the next page
	Limit      int        // 0: 100
}

// ListCases lists cases, newest first.
func (s *Store) ListCases(ctx context.Context, f CaseFilter) ([]cases.Case, error) {
	db := s.read(ctx).Table("cases")
	if len(f.Statuses) > 0 {
		db = db.Where("status IN ?", f.Statuses)
	}
	for _, c := range []struct{ condition, value string }{
		{"owner = ?", f.Owner}, {"department = ?", f.Department}, {"service = ?", f.Service}, {"area = ?", f.Area},
	} {
		if c.value != "" {
			db = db.Where(c.condition, key(c.value))
		}
	}
	if f.ContactID != 0 {
		db = db.Where("contact_id = ?", f.ContactID)
	}
	if f.Overdue != nil {
		db = db.Where(runningStatuses+" AND due_at < ?", instant{*f.Overdue})
	}
	if f.BeforeID != 0 {
		db = db.Where("id < ?", f.BeforeID)
	}
	var rows []caseRow
	err := db.Order("id DESC").Limit(limitOr(f.Limit)).Scan(&rows).Error
	list, err := converted(rows, err, caseRow.domain)
	if err != nil {
		return nil, fmt.Errorf("list cases: %w", err)
	}
	return list, nil
}

// OwnerLoad counts the open cases of each owner, of one department or, when it
// is empty, of all.
func (s *Store) OwnerLoad(ctx context.Context, department string) (map[string]int, error) {
	query, args := ownerLoadSQL, []any{}
	if department != "" {
		query, args = query+` AND department = ?`, append(args, key(department))
	}
	counts, err := counted[string](all[count](s.read(ctx), query+` GROUP BY owner`, args...))
	if err != nil {
		return nil, fmt.Errorf("count open cases: %w", err)
	}
	return counts, nil
}

const ownerLoadSQL = `SELECT owner AS name, count(*) AS n FROM cases WHERE ` + openStatuses + ` AND owner <> ''`

// OpenCounts counts the open cases by status.
func (s *Store) OpenCounts(ctx context.Context) (map[cases.Status]int, error) {
	counts, err := counted[cases.Status](all[count](s.read(ctx),
		`SELECT status AS name, count(*) AS n FROM cases WHERE `+openStatuses+` GROUP BY status`))
	if err != nil {
		return nil, fmt.Errorf("count open cases: %w", err)
	}
	return counts, nil
}

type count struct {
	Name string
	N    int
}

func counted[K ~string](rows []count, err error) (map[K]int, error) {
	counts := make(map[K]int, len(rows))
	for _, row := range rows {
		counts[K(row.Name)] = row.N
	}
	return counts, err
}
