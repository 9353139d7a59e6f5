-- What confirmed cases teach: which words go with which service. A case has one
-- lesson, kept whole so that it can be taken back. By cases_similar new cases
-- are compared with those of their service and area.

-- +goose Up
CREATE TABLE lessons (
    case_id  bigint NOT NULL PRIMARY KEY REFERENCES cases (id),
    service  text NOT NULL,
    language text NOT NULL,
    words    json NOT NULL
);
CREATE TABLE lesson_services (
    language text NOT NULL,
    service  text NOT NULL,
    cases    bigint NOT NULL,
    words    bigint NOT NULL,
    PRIMARY KEY (language, service)
);
CREATE TABLE lesson_words (
    language text NOT NULL,
    word     text NOT NULL,
    service  text NOT NULL,
    cases    bigint NOT NULL,
    PRIMARY KEY (language, word, service)
);
CREATE INDEX cases_similar ON cases (service, area, received_at, id);
