-- A database of the first schema with one complaint, as dumped then. Never changed.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
INSERT INTO goose_db_version VALUES(1,0,1,'2026-11-22 05:58:56');
INSERT INTO goose_db_version VALUES(2,1,1,'2026-11-22 05:58:56');
CREATE TABLE contacts (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT    NOT NULL,
    language   TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
INSERT INTO contacts VALUES(1,'Mira','en',1805016413589793);
CREATE TABLE contact_addresses (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    contact_id       INTEGER NOT NULL REFERENCES contacts (id),
    channel          TEXT    NOT NULL,
    value            TEXT    NOT NULL,
    account          TEXT    NOT NULL,
    verified_at      INTEGER,
    opted_out_at     INTEGER,
    undeliverable_at INTEGER
) STRICT;
INSERT INTO contact_addresses VALUES(1,1,'sms','+1555C-1','main',1805016413589793,NULL,NULL);
CREATE TABLE cases (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    version         INTEGER NOT NULL,
    reference       TEXT    NOT NULL,
    token           TEXT    NOT NULL,
    type            TEXT    NOT NULL,
    status          TEXT    NOT NULL,
    stage           INTEGER NOT NULL,
    level           INTEGER NOT NULL,
    priority        TEXT    NOT NULL,
    service         TEXT    NOT NULL,
    department      TEXT    NOT NULL,
    area            TEXT    NOT NULL,
    owner           TEXT    NOT NULL,
    policy          TEXT    NOT NULL,
    contact_id      INTEGER REFERENCES contacts (id),
    intake          TEXT    NOT NULL,
    channel         TEXT    NOT NULL,
    account         TEXT    NOT NULL,
    address         TEXT    NOT NULL,
    language        TEXT    NOT NULL,
    subject         TEXT    NOT NULL,
    description     TEXT    NOT NULL,
    place           TEXT    NOT NULL,
    latitude        REAL,
    longitude       REAL,
    received_at     INTEGER NOT NULL,
    acknowledged_at INTEGER,
    accepted_at     INTEGER,
    clock_at        INTEGER,
    responded_at    INTEGER,
    respond_by      INTEGER,
    due_at          INTEGER,
    deferred_at     INTEGER,
    deferred_until  INTEGER,
    resolved_at     INTEGER,
    resolved_by     TEXT    NOT NULL,
    closed_at       INTEGER,
    last_inbound_at INTEGER,
    joined          INTEGER NOT NULL,
    reopenings      INTEGER NOT NULL,
    extensions      INTEGER NOT NULL,
    outcome         TEXT    NOT NULL,
    remedy          TEXT    NOT NULL,
    root_cause      TEXT    NOT NULL,
    rating          INTEGER NOT NULL,
    confidential    INTEGER NOT NULL CHECK (confidential IN (0, 1)),
    reasons         TEXT    NOT NULL,
    event_count     INTEGER NOT NULL, -- with event_hash: where the chain of events ends
    event_hash      BLOB
) STRICT;
INSERT INTO cases VALUES(1,1,'C-1','token of C-1','complaint','pending',1,1,'high','water-leak','water','ward-4','asha','standard',1,'sms','sms','main','+1555C-1','en','','Water is leaking','',NULL,NULL,1805016413589793,NULL,NULL,NULL,NULL,NULL,1805880413589793,NULL,NULL,NULL,'',NULL,1805016413589793,0,0,0,'','','',0,0,'[{"decision":"service","value":"water-leak","why":"the word leak"}]',2,X'f413497b0dc422bb64dae798c5cd1443807a254ebb08cd914fa33351d321233e');
CREATE TABLE links (
    case_id  INTEGER NOT NULL REFERENCES cases (id),
    other_id INTEGER NOT NULL REFERENCES cases (id), -- a link is kept in both directions
    PRIMARY KEY (case_id, other_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE inbound (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    channel      TEXT    NOT NULL,
    account      TEXT    NOT NULL,
    external_id  TEXT    NOT NULL,
    sender       TEXT    NOT NULL,
    received_at  INTEGER NOT NULL,
    content_type TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    reason       TEXT    NOT NULL,
    tries        INTEGER NOT NULL,
    next_try_at  INTEGER NOT NULL,
    case_id      INTEGER REFERENCES cases (id),
    processed_at INTEGER,
    raw          BLOB    NOT NULL -- last, so that lists need not read past it
) STRICT;
CREATE TABLE outbox (
    id              TEXT    PRIMARY KEY,
    dedupe          TEXT    NOT NULL,
    case_id         INTEGER REFERENCES cases (id),
    reference       TEXT    NOT NULL,
    inbound_id      INTEGER,
    kind            TEXT    NOT NULL,
    audience        TEXT    NOT NULL,
    login           TEXT    NOT NULL,
    channel         TEXT    NOT NULL,
    account         TEXT    NOT NULL,
    address         TEXT    NOT NULL,
    subject         TEXT    NOT NULL,
    text            TEXT    NOT NULL,
    html            TEXT    NOT NULL,
    automatic       INTEGER NOT NULL CHECK (automatic IN (0, 1)),
    message_id      TEXT,
    in_reply_to     TEXT    NOT NULL,
    reply_to_row    TEXT    NOT NULL,
    edits_row       TEXT    NOT NULL,
    thread          TEXT    NOT NULL, -- JSON: the References header
    buttons         TEXT,             -- JSON; null: none
    prompt          INTEGER NOT NULL CHECK (prompt IN (0, 1)),
    press_id        TEXT    NOT NULL,
    context         TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    attempts        INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL,
    attempted_at    INTEGER,
    provider_id     TEXT,
    segments        INTEGER NOT NULL,
    error_code      TEXT    NOT NULL,
    error           TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    finished_at     INTEGER,
    expires_at      INTEGER
) STRICT;
INSERT INTO outbox VALUES('01OUTC-1','ack/C-1',1,'C-1',NULL,'acknowledged','complainant','','sms','main','+1555C-1','','Your number is C-1','',0,NULL,'','','','null',NULL,0,'','','pending',0,1805016413589793,NULL,NULL,0,'','',1805016413589793,NULL,NULL);
CREATE TABLE early_reports (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    channel     TEXT    NOT NULL,
    account     TEXT    NOT NULL,
    provider_id TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    code        TEXT    NOT NULL,
    text        TEXT    NOT NULL,
    hard        INTEGER NOT NULL CHECK (hard IN (0, 1)),
    opted_out   INTEGER NOT NULL CHECK (opted_out IN (0, 1)),
    at          INTEGER NOT NULL
) STRICT;
CREATE TABLE messages (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    case_id     INTEGER NOT NULL REFERENCES cases (id),
    direction   TEXT    NOT NULL,
    audience    TEXT    NOT NULL,
    channel     TEXT    NOT NULL,
    account     TEXT    NOT NULL,
    address     TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    text        TEXT    NOT NULL,
    full_text   TEXT    NOT NULL,
    external_id TEXT    NOT NULL,
    inbound_id  INTEGER,
    outbound_id TEXT,
    state       TEXT    NOT NULL, -- of messages without outbox row
    at          INTEGER NOT NULL,
    held        INTEGER NOT NULL CHECK (held IN (0, 1))
) STRICT;
INSERT INTO messages VALUES(1,1,'in','staff','sms','main','+1555C-1','','Water is leaking','','SM1',NULL,NULL,'received',1805016413589793,0);
INSERT INTO messages VALUES(2,1,'out','complainant','sms','main','+1555C-1','','Your number is C-1','','',NULL,'01OUTC-1','',1805016413589793,0);
CREATE TABLE attachments (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id   INTEGER NOT NULL REFERENCES messages (id),
    filename     TEXT    NOT NULL,
    content_type TEXT    NOT NULL,
    size         INTEGER NOT NULL,
    sha256       TEXT    NOT NULL,
    inline       INTEGER NOT NULL CHECK (inline IN (0, 1))
) STRICT;
INSERT INTO attachments VALUES(1,1,'leak.jpg','image/jpeg',3,'abc',0);
CREATE TABLE events (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    case_id         INTEGER NOT NULL REFERENCES cases (id),
    seq             INTEGER NOT NULL,
    at              INTEGER NOT NULL,
    actor_kind      TEXT    NOT NULL,
    actor_login     TEXT    NOT NULL,
    actor_channel   TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    note            TEXT    NOT NULL,
    data            TEXT    NOT NULL,
    note_salt       BLOB,
    note_commitment BLOB,
    prev_hash       BLOB,
    hash            BLOB    NOT NULL
) STRICT;
INSERT INTO events VALUES(1,1,1,1805016413589793,'complainant','','sms','registered','Water is leaking','null',X'22d8ccc60f81b159020148c8ea655ef66fdc4d7eba951de70677bcd3ca303caa',X'c10cb8e7884dbc9bf02d5b1c618431e49df747cc743e73277a13114847a02f21',NULL,X'c62d5abdc997443a126d046224aaa367315c611beab7715d1f52e248f7a34319');
INSERT INTO events VALUES(2,1,2,1805016413589793,'system','','','routed','','{"owner.after":"asha"}',NULL,NULL,X'c62d5abdc997443a126d046224aaa367315c611beab7715d1f52e248f7a34319',X'f413497b0dc422bb64dae798c5cd1443807a254ebb08cd914fa33351d321233e');
CREATE TABLE timers (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    case_id INTEGER NOT NULL REFERENCES cases (id),
    kind    TEXT    NOT NULL,
    due_at  INTEGER NOT NULL,
    state   TEXT    NOT NULL CHECK (state IN ('pending', 'fired', 'cancelled')),
    done_at INTEGER
) STRICT;
INSERT INTO timers VALUES(1,1,'remind:0',1805020013589793,'pending',NULL);
INSERT INTO timers VALUES(2,1,'remind:1',1805023613589793,'pending',NULL);
INSERT INTO timers VALUES(3,1,'escalate:0',1805880413589793,'pending',NULL);
INSERT INTO timers VALUES(4,1,'settle',1805016473589793,'pending',NULL);
CREATE TABLE organisation (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    document   TEXT    NOT NULL,
    source     TEXT    NOT NULL, -- hash of the file
    applied_by TEXT    NOT NULL,
    applied_at INTEGER NOT NULL
) STRICT;
CREATE TABLE organisation_version (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL
) STRICT;
INSERT INTO organisation_version VALUES(1,0);
CREATE TABLE users (
    login         TEXT    PRIMARY KEY,
    name          TEXT    NOT NULL,
    roles         TEXT    NOT NULL,
    department    TEXT    NOT NULL,
    areas         TEXT    NOT NULL,
    level         INTEGER NOT NULL,
    language      TEXT    NOT NULL,
    disabled      INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    password_hash TEXT    NOT NULL
) STRICT;
CREATE TABLE user_addresses (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    login    TEXT    NOT NULL REFERENCES users (login),
    channel  TEXT    NOT NULL,
    value    TEXT    NOT NULL,
    position INTEGER NOT NULL, -- order of preference
    linked   INTEGER NOT NULL CHECK (linked IN (0, 1)) -- by a code, not by the organisation's file
) STRICT;
CREATE TABLE link_codes (
    code       BLOB    PRIMARY KEY, -- SHA-256
    login      TEXT    NOT NULL REFERENCES users (login),
    expires_at INTEGER NOT NULL
) STRICT;
CREATE TABLE cursors (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
CREATE TABLE leases (
    name       TEXT    PRIMARY KEY,
    holder     TEXT    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('goose_db_version',2);
INSERT INTO sqlite_sequence VALUES('contacts',1);
INSERT INTO sqlite_sequence VALUES('contact_addresses',1);
INSERT INTO sqlite_sequence VALUES('cases',1);
INSERT INTO sqlite_sequence VALUES('events',2);
INSERT INTO sqlite_sequence VALUES('timers',4);
INSERT INTO sqlite_sequence VALUES('messages',2);
INSERT INTO sqlite_sequence VALUES('attachments',1);
CREATE UNIQUE INDEX contact_addresses_address ON contact_addresses (channel, value);
CREATE INDEX contact_addresses_contact ON contact_addresses (contact_id);
CREATE UNIQUE INDEX cases_reference ON cases (reference);
CREATE UNIQUE INDEX cases_token ON cases (token);
CREATE INDEX cases_contact ON cases (contact_id);
CREATE INDEX cases_owner ON cases (owner, status);
CREATE INDEX cases_department ON cases (department, status);
CREATE INDEX cases_status ON cases (status, owner, department);
CREATE INDEX cases_running ON cases (due_at)
    WHERE status IN ('pending', 'reforwarded', 'reopened', 'escalated');
CREATE UNIQUE INDEX inbound_message ON inbound (channel, external_id, account);
CREATE INDEX inbound_sender ON inbound (channel, sender, received_at);
CREATE INDEX inbound_sender_queue ON inbound (channel, sender, id) WHERE state = 'received';
CREATE INDEX inbound_waiting ON inbound (state, id, next_try_at, received_at)
    WHERE state IN ('received', 'quarantined');
CREATE UNIQUE INDEX outbox_dedupe ON outbox (dedupe);
CREATE INDEX outbox_case ON outbox (case_id, id);
CREATE INDEX outbox_message ON outbox (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX outbox_provider ON outbox (channel, account, provider_id) WHERE provider_id IS NOT NULL;
CREATE INDEX outbox_due ON outbox (created_at, id, next_attempt_at) WHERE state IN ('pending', 'retry');
CREATE INDEX outbox_open ON outbox (state, attempted_at)
    WHERE state IN ('pending', 'attempting', 'retry', 'uncertain');
CREATE INDEX early_reports_message ON early_reports (channel, account, provider_id);
CREATE INDEX early_reports_at ON early_reports (at);
CREATE INDEX messages_case ON messages (case_id, id);
CREATE INDEX attachments_message ON attachments (message_id);
CREATE UNIQUE INDEX events_case ON events (case_id, seq);
CREATE UNIQUE INDEX timers_pending ON timers (case_id, kind) WHERE state = 'pending';
CREATE INDEX timers_due ON timers (state, due_at) WHERE state = 'pending';
CREATE UNIQUE INDEX user_addresses_address ON user_addresses (channel, value);
CREATE INDEX user_addresses_login ON user_addresses (login, position);
CREATE INDEX link_codes_login ON link_codes (login);
COMMIT;
