-- Small values of the store as a whole: the account and region of its ARNs; keys, so whoever may read this table may
-- forge what they authenticate. Written once.
CREATE TABLE galliard.setting (
        name text COLLATE "C" PRIMARY KEY,
        value bytea NOT NULL
);

-- The row of a deleted machine stays, with status DELETED, until its last execution is purged: an ARN of one of them
-- still leads somewhere. Those whose rows are gone already get them again.
INSERT INTO galliard.state_machine (machine_id, name, revision_id, type, status, created_ms, updated_ms)
SELECT DISTINCT ON (e.machine_id) e.machine_id, e.machine_name, e.revision_id, 'STANDARD', 'DELETED', e.started_ms,
       e.started_ms
FROM galliard.execution e
WHERE NOT EXISTS (SELECT FROM galliard.state_machine m WHERE m.machine_id = e.machine_id)
ORDER BY e.machine_id, e.execution_id DESC;

DROP INDEX galliard.state_machine_name;
CREATE INDEX state_machine_name ON galliard.state_machine (name) WHERE status <> 'DELETED';
CREATE INDEX state_machine_deleted ON galliard.state_machine (name, machine_id) WHERE status = 'DELETED';
CREATE INDEX state_machine_revision_machine ON galliard.state_machine_revision (machine_id);

-- Of these machines, the deleted ones that have no execution any more go, with their revisions.
CREATE FUNCTION galliard.forget_machines(p_ids uuid[]) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
        DELETE FROM galliard.state_machine m WHERE m.machine_id = ANY (p_ids) AND m.status = 'DELETED'
                AND NOT EXISTS (SELECT FROM galliard.execution e WHERE e.machine_id = m.machine_id);
        DELETE FROM galliard.state_machine_revision r WHERE r.machine_id = ANY (p_ids)
                AND NOT EXISTS (SELECT FROM galliard.state_machine m WHERE m.machine_id = r.machine_id);
END
$$;

CREATE FUNCTION galliard.delete_machines(p_ids uuid[]) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
        UPDATE galliard.state_machine SET status = 'DELETED' WHERE machine_id = ANY (p_ids);
        PERFORM galliard.forget_machines(p_ids);
END
$$;

-- A bite: executions that were closed before a time, the oldest first, then names that are free again by a time.
-- What it costs goes by what it removes. How many that were.
CREATE FUNCTION galliard.purge(p_closed_before bigint, p_names_by bigint, p_limit bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
        ids uuid[];
        slots smallint[];
        machines uuid[];
        removed bigint;
        names bigint;
BEGIN
        SELECT array_agg(execution_id), array_agg(slot), array_agg(machine_id) INTO ids, slots, machines
        FROM (SELECT execution_id, slot, machine_id FROM galliard.execution
              WHERE stopped_ms > 0 AND stopped_ms < p_closed_before ORDER BY stopped_ms LIMIT p_limit) AS old;
        removed := coalesce(cardinality(ids), 0);
        IF removed > 0 THEN
                machines := ARRAY(SELECT DISTINCT id FROM unnest(machines) AS m (id));
                -- A machine that is being deleted now is seen as deleted below, or its deletion sees what goes here.
                PERFORM FROM galliard.state_machine WHERE machine_id = ANY (machines) ORDER BY machine_id FOR SHARE;
                DELETE FROM galliard.history t USING unnest(ids, slots) AS old (id, slot)
                WHERE t.execution_id = old.id AND t.slot = old.slot;
                DELETE FROM galliard.run t USING unnest(ids, slots) AS old (id, slot)
                WHERE t.execution_id = old.id AND t.slot = old.slot;
                DELETE FROM galliard.execution t USING unnest(ids, slots) AS old (id, slot)
                WHERE t.execution_id = old.id AND t.slot = old.slot;
                PERFORM galliard.forget_machines(machines);
        END IF;
        DELETE FROM galliard.execution_name t
        USING (SELECT machine_id, name FROM galliard.execution_name
               WHERE reusable_ms <= p_names_by AND reusable_ms < 9223372036854775807
               ORDER BY reusable_ms LIMIT p_limit - removed) AS free
        WHERE t.machine_id = free.machine_id AND t.name = free.name;
        GET DIAGNOSTICS names = ROW_COUNT;
        RETURN removed + names;
END
$$;
