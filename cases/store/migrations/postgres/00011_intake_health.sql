-- What each process that takes in says of its accounts, so that one of them can
-- tell staff when an account has failed for long.

-- +goose Up
CREATE TABLE intake_health (
    channel text NOT NULL,
    account text NOT NULL,
    holder  text NOT NULL,
    up      boolean NOT NULL,
    error   text NOT NULL,
    since   timestamptz NOT NULL, -- up or down
    at      timestamptz NOT NULL, -- of the last word
    PRIMARY KEY (channel, account, holder)
);
