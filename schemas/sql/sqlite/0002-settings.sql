-- Small values of the store as a whole: the account and region of its ARNs; keys, so whoever may read this file may
-- forge what they authenticate. Written once.
CREATE TABLE setting (
        name TEXT NOT NULL PRIMARY KEY,
        value BLOB NOT NULL
) WITHOUT ROWID;

-- The row of a deleted machine stays, with status DELETED, until its last execution is purged: an ARN of one of them
-- still leads somewhere. Those whose rows are gone already get them again.
INSERT INTO state_machine (machine_id, name, revision_id, type, status, created_ms, updated_ms)
SELECT e.machine_id, e.machine_name, e.revision_id, 'STANDARD', 'DELETED', e.started_ms, e.started_ms
FROM (SELECT machine_id, max(execution_id) AS execution_id FROM execution GROUP BY machine_id) AS newest
JOIN execution e ON e.execution_id = newest.execution_id AND e.machine_id = newest.machine_id
WHERE NOT EXISTS (SELECT 1 FROM state_machine m WHERE m.machine_id = newest.machine_id);

DROP INDEX state_machine_name;
CREATE INDEX state_machine_name ON state_machine (name) WHERE status <> 'DELETED';
CREATE INDEX state_machine_deleted ON state_machine (name, machine_id) WHERE status = 'DELETED';
CREATE INDEX state_machine_revision_machine ON state_machine_revision (machine_id);
