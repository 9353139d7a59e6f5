-- The newest cases whose clock runs: what is overdue is listed newest first.

-- +goose Up
CREATE INDEX cases_running_newest ON cases (id)
    WHERE status IN ('pending', 'reforwarded', 'reopened', 'escalated');
