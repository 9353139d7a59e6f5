-- What confirmed cases teach: which words go with which service. A case has one
-- lesson, kept whole so that it can be taken back. By cases_similar new cases
-- are compared with those of their service and area.

-- +goose Up
CREATE TABLE lessons (
    case_id  INTEGER NOT NULL PRIMARY KEY REFERENCES cases (id),
    service  TEXT NOT NULL,
    language TEXT NOT NULL,
    words    TEXT NOT NULL
) STRICT;
CREATE TABLE lesson_services (
    language TEXT NOT NULL,
    service  TEXT NOT NULL,
    cases    INTEGER NOT NULL,
    words    INTEGER NOT NULL,
    PRIMARY KEY (language, service)
) STRICT, WITHOUT ROWID;
CREATE TABLE lesson_words (
    language TEXT NOT NULL,
    word     TEXT NOT NULL,
    service  TEXT NOT NULL,
    cases    INTEGER NOT NULL,
    PRIMARY KEY (language, word, service)
) STRICT, WITHOUT ROWID;
CREATE INDEX cases_similar ON cases (service, area, received_at, id);
