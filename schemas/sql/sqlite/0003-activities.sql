-- Activities, and their tasks that no worker has taken yet: an execution whose task stands here may be out of memory.
CREATE TABLE activity (
        name TEXT NOT NULL PRIMARY KEY,
        encryption TEXT,                -- its configuration, JSON; NULL: none was given
        created_ms INTEGER NOT NULL
) WITHOUT ROWID;

-- In the order in which workers get them. By name: a task waits for whoever works under that name.
CREATE TABLE activity_task (
        activity TEXT NOT NULL,
        scheduled_ms INTEGER NOT NULL,
        execution_id BLOB NOT NULL,
        scheduled_id INTEGER NOT NULL,  -- the event that scheduled it
        slot INTEGER NOT NULL,
        PRIMARY KEY (activity, scheduled_ms, execution_id, scheduled_id)
) WITHOUT ROWID;
