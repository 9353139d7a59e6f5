-- What each process that takes in says of its accounts, so that one of them can
-- tell staff when an account has failed for long.

-- +goose Up
CREATE TABLE intake_health (
    channel TEXT NOT NULL,
    account TEXT NOT NULL,
    holder  TEXT NOT NULL,
    up      INTEGER NOT NULL CHECK (up IN (0, 1)),
    error   TEXT NOT NULL,
    since   INTEGER NOT NULL, -- up or down
    at      INTEGER NOT NULL, -- of the last word
    PRIMARY KEY (channel, account, holder)
) STRICT;
