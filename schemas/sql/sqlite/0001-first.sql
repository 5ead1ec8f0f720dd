-- SQLite: every table that grows is in the order in which it was written, so that a commit appends to few pages;
-- what is looked up by key has an index beside it. Ids are the 16 bytes of a UUID (hex() shows them), and begin
-- every key: those of the executions at work are neighbours, while slots would scatter each commit over 4,096 pages.
-- Times are milliseconds since 1970.

-- Who may write: one row.
CREATE TABLE lease (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        epoch INTEGER NOT NULL,         -- counts the owners
        incarnation TEXT NOT NULL,      -- the owner's, as in FILE.lock
        address TEXT NOT NULL
);
INSERT INTO lease VALUES (1, 0, '', '');

CREATE TABLE state_machine (
        machine_id BLOB NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        revision_id BLOB NOT NULL,      -- the current one
        type TEXT NOT NULL,
        status TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        updated_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX state_machine_name ON state_machine (name);

CREATE TABLE state_machine_revision (
        revision_id BLOB NOT NULL PRIMARY KEY,
        machine_id BLOB NOT NULL,
        definition TEXT NOT NULL,
        role_arn TEXT,
        created_ms INTEGER NOT NULL
);

CREATE TABLE execution_name (
        machine_id BLOB NOT NULL,
        name TEXT NOT NULL,
        execution_id BLOB NOT NULL,
        reusable_ms INTEGER NOT NULL,   -- 2^63 - 1: its execution is open
        PRIMARY KEY (machine_id, name)
) WITHOUT ROWID;
CREATE INDEX execution_name_reusable ON execution_name (reusable_ms) WHERE reusable_ms < 9223372036854775807;

CREATE TABLE execution (
        slot INTEGER NOT NULL,
        execution_id BLOB NOT NULL,
        name TEXT NOT NULL,
        machine_id BLOB NOT NULL,
        machine_name TEXT NOT NULL,
        revision_id BLOB NOT NULL,
        status TEXT NOT NULL,
        started_ms INTEGER NOT NULL,
        stopped_ms INTEGER NOT NULL,    -- 0: open
        event_count INTEGER NOT NULL,
        error TEXT,
        cause TEXT,
        input TEXT,
        output TEXT
);
CREATE UNIQUE INDEX execution_key ON execution (execution_id, slot);
CREATE INDEX execution_machine ON execution (machine_id, execution_id);
CREATE INDEX execution_status ON execution (machine_id, status, execution_id);
CREATE INDEX execution_stopped ON execution (stopped_ms) WHERE stopped_ms > 0;

-- One row per open execution.
CREATE TABLE run (
        slot INTEGER NOT NULL,
        execution_id BLOB NOT NULL,
        sequence INTEGER NOT NULL,      -- the last chunk that the snapshot holds
        wake_ms INTEGER NOT NULL,       -- 0: in its owner's memory
        snapshot BLOB
);
CREATE UNIQUE INDEX run_key ON run (execution_id, slot);
CREATE INDEX run_wake ON run (wake_ms, execution_id);

-- The records of one execution that were committed together; never changed.
CREATE TABLE history (
        slot INTEGER NOT NULL,
        execution_id BLOB NOT NULL,
        sequence INTEGER NOT NULL,
        first_event_id INTEGER NOT NULL,
        event_count INTEGER NOT NULL,
        body BLOB NOT NULL
);
CREATE UNIQUE INDEX history_key ON history (execution_id, slot, sequence);

-- For people: sqlite3 galliard.db "SELECT * FROM history_decoded WHERE name = 'my-execution'"
CREATE VIEW history_decoded AS
SELECT e.machine_name, e.name, lower(hex(h.execution_id)) AS execution_id, h.sequence, h.first_event_id,
       h.event_count, CAST(h.body AS TEXT) AS body
FROM history h
LEFT JOIN execution e ON e.execution_id = h.execution_id AND e.slot = h.slot
ORDER BY h.execution_id, h.slot, h.sequence;
