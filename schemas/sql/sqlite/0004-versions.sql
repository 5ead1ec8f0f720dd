-- What an update keeps of a revision, and what a creation is idempotent on.
ALTER TABLE state_machine ADD COLUMN last_version INTEGER NOT NULL DEFAULT 0; -- also when it is deleted by now
ALTER TABLE state_machine ADD COLUMN created_published INTEGER NOT NULL DEFAULT 0;
ALTER TABLE state_machine ADD COLUMN created_description TEXT;

ALTER TABLE state_machine_revision ADD COLUMN number INTEGER NOT NULL DEFAULT 1; -- 1: the machine's first one
ALTER TABLE state_machine_revision ADD COLUMN logging TEXT;                      -- JSON; NULL: the usual one
ALTER TABLE state_machine_revision ADD COLUMN tracing TEXT;
ALTER TABLE state_machine_revision ADD COLUMN encryption TEXT;
UPDATE state_machine_revision SET number = (SELECT count(*) FROM state_machine_revision r
        WHERE r.machine_id = state_machine_revision.machine_id AND r.revision_id <= state_machine_revision.revision_id);

CREATE TABLE state_machine_version (
        machine_id BLOB NOT NULL,
        version INTEGER NOT NULL,
        revision_id BLOB NOT NULL,
        description TEXT,
        created_ms INTEGER NOT NULL,
        PRIMARY KEY (machine_id, version)
) WITHOUT ROWID;

CREATE TABLE state_machine_alias (
        machine_id BLOB NOT NULL,
        name TEXT NOT NULL,
        description TEXT,
        version INTEGER NOT NULL,
        weight INTEGER NOT NULL,        -- in percent
        other_version INTEGER NOT NULL, -- 0: there is only one
        other_weight INTEGER NOT NULL,
        created_ms INTEGER NOT NULL,
        updated_ms INTEGER NOT NULL,
        PRIMARY KEY (machine_id, name)
) WITHOUT ROWID;

CREATE TABLE tag (
        resource TEXT NOT NULL,         -- as in its ARN: "stateMachine:NAME", "activity:NAME"
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (resource, key)
) WITHOUT ROWID;

-- Under which version and alias an execution was started. Most name neither, and cost the indexes nothing.
ALTER TABLE execution ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE execution ADD COLUMN alias TEXT;
ALTER TABLE execution ADD COLUMN trace_header TEXT;
CREATE INDEX execution_version ON execution (machine_id, version, execution_id) WHERE version > 0;
CREATE INDEX execution_alias ON execution (machine_id, alias, execution_id) WHERE alias IS NOT NULL;
