-- The line of messages to one recipient, for sending them in order.

-- +goose Up
CREATE INDEX outbox_line ON outbox (channel, account, address, id) WHERE state IN ('pending', 'retry', 'attempting');
