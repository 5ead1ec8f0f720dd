-- What an update keeps of a revision, and what a creation is idempotent on.
ALTER TABLE galliard.state_machine
        ADD COLUMN last_version integer NOT NULL DEFAULT 0,     -- also when it is deleted by now
        ADD COLUMN created_published integer NOT NULL DEFAULT 0,
        ADD COLUMN created_description text;

ALTER TABLE galliard.state_machine_revision
        ADD COLUMN number integer NOT NULL DEFAULT 1,           -- 1: the machine's first one
        ADD COLUMN logging text,                                -- JSON; NULL: the usual one
        ADD COLUMN tracing text,
        ADD COLUMN encryption text;
UPDATE galliard.state_machine_revision t SET number = r.number
FROM (SELECT revision_id, row_number() OVER (PARTITION BY machine_id ORDER BY revision_id) AS number
      FROM galliard.state_machine_revision) AS r
WHERE t.revision_id = r.revision_id AND r.number > 1;

CREATE TABLE galliard.state_machine_version (
        machine_id uuid NOT NULL,
        version integer NOT NULL,
        revision_id uuid NOT NULL,
        description text,
        created_ms bigint NOT NULL,
        PRIMARY KEY (machine_id, version)
);

CREATE TABLE galliard.state_machine_alias (
        machine_id uuid NOT NULL,
        name text COLLATE "C" NOT NULL,
        description text,
        version integer NOT NULL,
        weight integer NOT NULL,                -- in percent
        other_version integer NOT NULL,         -- 0: there is only one
        other_weight integer NOT NULL,
        created_ms bigint NOT NULL,
        updated_ms bigint NOT NULL,
        PRIMARY KEY (machine_id, name)
);

CREATE TABLE galliard.tag (
        resource text COLLATE "C" NOT NULL,     -- as in its ARN: "stateMachine:NAME", "activity:NAME"
        key text COLLATE "C" NOT NULL,
        value text NOT NULL,
        PRIMARY KEY (resource, key)
);

-- Under which version and alias an execution was started. Most name neither, and cost the indexes nothing.
ALTER TABLE galliard.execution
        ADD COLUMN version integer NOT NULL DEFAULT 0,
        ADD COLUMN alias text COLLATE "C",
        ADD COLUMN trace_header text;
CREATE INDEX execution_version ON galliard.execution (machine_id, version, execution_id) WHERE version > 0;
CREATE INDEX execution_alias ON galliard.execution (machine_id, alias, execution_id) WHERE alias IS NOT NULL;

CREATE OR REPLACE FUNCTION galliard.delete_machines(p_ids uuid[]) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
        DELETE FROM galliard.tag t USING galliard.state_machine m
        WHERE m.machine_id = ANY (p_ids) AND m.status <> 'DELETED' AND t.resource = 'stateMachine:' || m.name;
        UPDATE galliard.state_machine SET status = 'DELETED' WHERE machine_id = ANY (p_ids);
        DELETE FROM galliard.state_machine_version WHERE machine_id = ANY (p_ids);
        DELETE FROM galliard.state_machine_alias WHERE machine_id = ANY (p_ids);
        PERFORM galliard.forget_machines(p_ids);
END
$$;
