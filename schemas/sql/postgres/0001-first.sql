-- Postgres 14 to 17. Everything lives in the schema galliard, which the program makes before this runs.
--
-- Keys begin with the execution's id: ids sort by their time, so those of the executions at work are neighbours, and a
-- commit touches a few pages of an index. With the slot in front the same rows cost a third more time and up to 40 %
-- more log (measured: 100 rows a commit, 110,000 rows, executions of eleven commits each). The slot is in the key so
-- that a distributed Postgres can shard by it.
--
-- Bodies are bytes, never jsonb: they come back byte for byte, and \u0000 is legal in them. Times are milliseconds since
-- 1970, but for the lease, which goes by this server's clock.

-- Who may write: one row.
CREATE TABLE galliard.lease (
        id integer PRIMARY KEY CHECK (id = 1),
        epoch bigint NOT NULL,                  -- counts the owners
        incarnation text NOT NULL,              -- the owner's; its connections carry it as application_name
        address text NOT NULL,
        ends_at timestamptz NOT NULL
) WITH (fillfactor = 50);
INSERT INTO galliard.lease VALUES (1, 0, '', '', '-infinity');

-- A statement of every commit, after the one that takes the lock: it must see what was committed while that one waited.
CREATE FUNCTION galliard.check_lease(p_epoch bigint, p_incarnation text) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
        PERFORM 1 FROM galliard.lease WHERE epoch = p_epoch AND incarnation = p_incarnation;
        IF NOT FOUND THEN
                RAISE EXCEPTION 'this process does not own the store (any more)' USING ERRCODE = 'ZG001';
        END IF;
END
$$;

-- One statement, so that whoever is stopped while it runs holds no lock of the row. The session lock (p_class, p_key) is
-- held by an owner that lives; the lease's end is for those that are stopped or cut off.
CREATE FUNCTION galliard.take_lease(p_incarnation text, p_former text, p_address text, p_duration_ms bigint,
                                    p_class integer, p_key integer,
                                    OUT taken boolean, OUT has_lock boolean, OUT epoch bigint, OUT former text,
                                    OUT address text) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
        lease galliard.lease;
BEGIN
        has_lock := pg_try_advisory_lock(p_class, p_key);
        SELECT * INTO STRICT lease FROM galliard.lease WHERE id = 1 FOR UPDATE;
        former := lease.incarnation;
        address := lease.address;
        taken := has_lock OR lease.ends_at <= clock_timestamp() OR lease.incarnation = p_former;
        IF taken THEN
                epoch := lease.epoch + 1;
                UPDATE galliard.lease l SET epoch = lease.epoch + 1, incarnation = p_incarnation, address = p_address,
                        ends_at = clock_timestamp() + p_duration_ms * interval '1 millisecond'
                WHERE id = 1;
        END IF;
END
$$;

CREATE TABLE galliard.state_machine (
        machine_id uuid PRIMARY KEY,
        name text COLLATE "C" NOT NULL,
        revision_id uuid NOT NULL,              -- the current one
        type text NOT NULL,
        status text NOT NULL,
        created_ms bigint NOT NULL,
        updated_ms bigint NOT NULL
);
CREATE INDEX state_machine_name ON galliard.state_machine (name);

CREATE TABLE galliard.state_machine_revision (
        revision_id uuid PRIMARY KEY,
        machine_id uuid NOT NULL,
        definition text NOT NULL,
        role_arn text,
        created_ms bigint NOT NULL
);

CREATE TABLE galliard.execution_name (
        machine_id uuid NOT NULL,
        name text COLLATE "C" NOT NULL,
        execution_id uuid NOT NULL,
        reusable_ms bigint NOT NULL,            -- 2^63 - 1: its execution is open
        PRIMARY KEY (machine_id, name)
);
CREATE INDEX execution_name_reusable ON galliard.execution_name (reusable_ms)
WHERE reusable_ms < 9223372036854775807;

-- Written at start and at close, which moves the row: each index costs twice. All of a machine's executions are found
-- status by status (see the listing in src/store/postgres_read.c), so that one index does for both listings.
CREATE TABLE galliard.execution (
        execution_id uuid NOT NULL,
        slot smallint NOT NULL,
        name text COLLATE "C" NOT NULL,
        machine_id uuid NOT NULL,
        machine_name text COLLATE "C" NOT NULL,
        revision_id uuid NOT NULL,
        status text COLLATE "C" NOT NULL,
        started_ms bigint NOT NULL,
        stopped_ms bigint NOT NULL,             -- 0: open
        event_count integer NOT NULL,
        error text,
        cause text,
        input text,
        output text,
        PRIMARY KEY (execution_id, slot)
);
CREATE INDEX execution_status ON galliard.execution (machine_id, status, execution_id);
CREATE INDEX execution_stopped ON galliard.execution (stopped_ms) WHERE stopped_ms > 0;

-- One row per open execution.
CREATE TABLE galliard.run (
        execution_id uuid NOT NULL,
        slot smallint NOT NULL,
        sequence integer NOT NULL,              -- the last chunk that the snapshot holds
        wake_ms bigint NOT NULL,                -- 0: in its owner's memory
        snapshot bytea,
        PRIMARY KEY (execution_id, slot)
);
CREATE INDEX run_wake ON galliard.run (wake_ms, execution_id);

-- The records of one execution that were committed together; never changed.
CREATE TABLE galliard.history (
        execution_id uuid NOT NULL,
        sequence integer NOT NULL,
        first_event_id integer NOT NULL,
        event_count integer NOT NULL,
        slot smallint NOT NULL,
        body bytea NOT NULL,
        PRIMARY KEY (execution_id, slot, sequence)
);

-- These come and go all the time: what they leave behind must not be scanned for long.
ALTER TABLE galliard.run SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 10000);
ALTER TABLE galliard.execution SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 10000);

-- For people: SELECT * FROM galliard.history_decoded WHERE name = 'my-execution';
CREATE VIEW galliard.history_decoded AS
SELECT e.machine_name, e.name, h.execution_id, h.sequence, h.first_event_id, h.event_count,
       convert_from(h.body, 'UTF8') AS body
FROM galliard.history h
LEFT JOIN galliard.execution e USING (execution_id, slot)
ORDER BY h.execution_id, h.slot, h.sequence;
