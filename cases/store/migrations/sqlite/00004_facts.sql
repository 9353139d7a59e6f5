-- What the texts of a case name: account numbers, addresses, … as JSON.

-- +goose Up
ALTER TABLE cases ADD COLUMN facts TEXT NOT NULL DEFAULT '[]';
