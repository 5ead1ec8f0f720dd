-- Activities, and their tasks that no worker has taken yet: an execution whose task stands here may be out of memory.
CREATE TABLE galliard.activity (
        name text COLLATE "C" PRIMARY KEY,
        encryption text,                        -- its configuration, JSON; NULL: none was given
        created_ms bigint NOT NULL
);

-- In the order in which workers get them. By name: a task waits for whoever works under that name.
CREATE TABLE galliard.activity_task (
        activity text COLLATE "C" NOT NULL,
        scheduled_ms bigint NOT NULL,
        execution_id uuid NOT NULL,
        scheduled_id integer NOT NULL,          -- the event that scheduled it
        slot smallint NOT NULL,
        PRIMARY KEY (activity, scheduled_ms, execution_id, scheduled_id, slot)
);

-- A queue: what has gone must not be walked over for long.
ALTER TABLE galliard.activity_task SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 10000);
