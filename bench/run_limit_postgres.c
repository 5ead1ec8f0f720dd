/*
 * run_limit_postgres.c: the bare loop on Postgres: each batch in one round trip, each kind of row as one statement
 * that takes binary arrays apart. Into copies of the store's tables, in a schema that goes at the end.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "run_internal.h"

#define COLUMNS_MAX 4
#define ROUNDS 4

/* Of what is stored the arrays know four columns at most; the rest is the same in every row. */
enum column { ID, SLOT, MS, SEQUENCE, BODY, COLUMN_KINDS };

static const Oid types[COLUMN_KINDS] = {
        [ID] = 2950, [SLOT] = 21, [MS] = 20, [SEQUENCE] = 23, [BODY] = 17,
};

static const struct {
        const char *name;
        const char *sql;
        enum column columns[COLUMNS_MAX];
        int column_count;
} writes[] = {
        [NOTE_EXECUTION] = { "execution",
                             "INSERT INTO galliard_limit.execution (execution_id, slot, stopped_ms, output, name,"
                             " machine_id, machine_name, revision_id, status, started_ms, event_count)"
                             " SELECT i, s, m, convert_from(b, 'UTF8'), i::text,"
                             " '00000000-0000-0000-0000-000000000000', 'bench',"
                             " '00000000-0000-0000-0000-000000000000', 'RUNNING', 1, 1"
                             " FROM unnest($1::uuid[], $2::int2[], $3::int8[], $4::bytea[]) AS t (i, s, m, b)"
                             " ON CONFLICT (execution_id, slot) DO UPDATE SET status = 'SUCCEEDED',"
                             " stopped_ms = EXCLUDED.stopped_ms, output = EXCLUDED.output",
                             { ID, SLOT, MS, BODY },
                             4 },
        [NOTE_CHUNK] = { "chunk",
                         "INSERT INTO galliard_limit.history (execution_id, slot, sequence, body, first_event_id,"
                         " event_count) SELECT i, s, n, b, 1, 1"
                         " FROM unnest($1::uuid[], $2::int2[], $3::int4[], $4::bytea[]) AS t (i, s, n, b)",
                         { ID, SLOT, SEQUENCE, BODY },
                         4 },
        [NOTE_RUN] = { "run",
                       "INSERT INTO galliard_limit.run (execution_id, slot, wake_ms, sequence) SELECT i, s, m, 0"
                       " FROM unnest($1::uuid[], $2::int2[], $3::int8[]) AS t (i, s, m)"
                       " ON CONFLICT (execution_id, slot) DO UPDATE SET wake_ms = EXCLUDED.wake_ms",
                       { ID, SLOT, MS },
                       3 },
        [NOTE_CLOSED_RUN] = { "closed",
                              "DELETE FROM galliard_limit.run r USING unnest($1::uuid[], $2::int2[]) AS t (i, s)"
                              " WHERE r.execution_id = i AND r.slot = s",
                              { ID, SLOT },
                              2 },
};

static void die(const char *what)
{
        fprintf(stderr, "bench/run: the bare loop: %s\n", what);
        exit(EXIT_FAILURE);
}

static void run(PGconn *db, const char *sql)
{
        PGresult *result = PQexec(db, sql);

        if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
                die(PQerrorMessage(db));
        PQclear(result);
}

/* Arrays, as they go over the wire. */

static void put_int32(struct gal_buffer *buffer, uint32_t value)
{
        value = htonl(value);
        gal_buffer_append(buffer, &value, sizeof(value));
}

static void put_value(struct gal_buffer *buffer, enum column column, const struct note *note)
{
        uint64_t ms = htobe64((uint64_t)note->ms);
        uint16_t slot = htons((uint16_t)note->slot);

        switch (column) {
        case ID:
                put_int32(buffer, sizeof(note->id));
                gal_buffer_append(buffer, note->id, sizeof(note->id));
                return;
        case SLOT:
                put_int32(buffer, sizeof(slot));
                gal_buffer_append(buffer, &slot, sizeof(slot));
                return;
        case MS:
                put_int32(buffer, sizeof(ms));
                gal_buffer_append(buffer, &ms, sizeof(ms));
                return;
        case SEQUENCE:
                put_int32(buffer, 4);
                put_int32(buffer, (uint32_t)note->sequence);
                return;
        case BODY:
                put_int32(buffer, (uint32_t)note->len);
                gal_buffer_append(buffer, limit_filler(note->len), note->len);
                return;
        case COLUMN_KINDS:
                return;
        }
}

static void put_array(struct gal_buffer *buffer, enum column column, const struct note *notes, size_t count)
{
        gal_buffer_clear(buffer);
        put_int32(buffer, 1); /* dimension */
        put_int32(buffer, 0); /* no NULL in it */
        put_int32(buffer, types[column]);
        put_int32(buffer, (uint32_t)count);
        put_int32(buffer, 1); /* counted from */
        for (size_t i = 0; i < count; i++)
                put_value(buffer, column, &notes[i]);
}

/* A round. */

struct round {
        PGconn *db;
        struct gal_buffer arrays[COLUMNS_MAX];
};

/* Notes of one kind, beside each other. */
static void send_rows(struct round *round, const struct note *notes, size_t count)
{
        enum note_kind kind = notes[0].kind;
        const char *values[COLUMNS_MAX];
        int lengths[COLUMNS_MAX], formats[COLUMNS_MAX] = { 1, 1, 1, 1 };

        for (int i = 0; i < writes[kind].column_count; i++) {
                put_array(&round->arrays[i], writes[kind].columns[i], notes, count);
                values[i] = round->arrays[i].data;
                lengths[i] = (int)round->arrays[i].len;
        }
        if (PQsendQueryPrepared(round->db, writes[kind].name, writes[kind].column_count, values, lengths, formats,
                                1) != 1)
                die(PQerrorMessage(round->db));
}

/* Until the answer to the synchronisation that ends the batch. */
static void take_answers(PGconn *db)
{
        for (;;) {
                PGresult *result = PQgetResult(db);
                ExecStatusType status = PQresultStatus(result);

                if (result != NULL && status != PGRES_COMMAND_OK && status != PGRES_PIPELINE_SYNC)
                        die(PQerrorMessage(db));
                PQclear(result);
                if (result != NULL && status == PGRES_PIPELINE_SYNC)
                        return;
        }
}

/* Without a transaction of its own: what stands before a synchronisation is one. */
static void write_batch(struct round *round, const struct note *notes, size_t count)
{
        size_t first = 0;

        for (size_t i = 1; i <= count; i++) {
                if (i < count && notes[i].kind == notes[first].kind)
                        continue;
                send_rows(round, notes + first, i - first);
                first = i;
        }
        if (PQpipelineSync(round->db) != 1)
                die(PQerrorMessage(round->db));
        take_answers(round->db);
}

static double time_round(struct round *round, struct note *notes, size_t count)
{
        double begun = bench_now();
        size_t first = 0;

        for (size_t i = 0; i < count; i++) {
                notes[i].id[0]++; /* executions of its own, later than those of the round before */
                if (notes[i].kind != NOTE_COMMIT)
                        continue;
                if (i > first)
                        write_batch(round, notes + first, i - first);
                first = i + 1;
        }
        return bench_now() - begun;
}

static void prepare(PGconn *db)
{
        run(db, "SET client_min_messages = warning; DROP SCHEMA IF EXISTS galliard_limit CASCADE;"
                "CREATE SCHEMA galliard_limit;"
                "CREATE TABLE galliard_limit.execution (LIKE galliard.execution INCLUDING ALL);"
                "CREATE TABLE galliard_limit.run (LIKE galliard.run INCLUDING ALL);"
                "CREATE TABLE galliard_limit.history (LIKE galliard.history INCLUDING ALL)");
        for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
                PGresult *result = PQprepare(db, writes[i].name, writes[i].sql, 0, NULL);

                if (PQresultStatus(result) != PGRES_COMMAND_OK)
                        die(PQerrorMessage(db));
                PQclear(result);
        }
}

double limit_measure_postgres(const char *url, const struct notes *notes)
{
        struct note *own = gal_new_array(notes->count, struct note);
        struct round round = { .db = PQconnectdb(url) };
        double best = 1e9;

        if (PQstatus(round.db) != CONNECTION_OK)
                die(PQerrorMessage(round.db));
        prepare(round.db);
        memcpy(own, notes->items, notes->count * sizeof(*own));
        if (PQenterPipelineMode(round.db) != 1)
                die(PQerrorMessage(round.db));
        for (int i = 0; i < ROUNDS; i++) {
                double seconds = time_round(&round, own, notes->count);

                if (i > 0 && seconds < best)
                        best = seconds;
        }
        PQexitPipelineMode(round.db);
        run(round.db, "SET client_min_messages = warning; DROP SCHEMA galliard_limit CASCADE");
        PQfinish(round.db);
        for (int i = 0; i < COLUMNS_MAX; i++)
                gal_buffer_finish(&round.arrays[i]);
        free(own);
        return best;
}

uint64_t limit_log_bytes(const char *url)
{
        uint64_t bytes = 0;
        PGresult *result;
        PGconn *db;

        if (strncmp(url, "postgres", 8) != 0)
                return 0;
        db = PQconnectdb(url);
        result = PQexec(db, "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint");
        if (PQntuples(result) != 1)
                die(PQerrorMessage(db));
        bytes = strtoull(PQgetvalue(result, 0, 0), NULL, 10);
        PQclear(result);
        PQfinish(db);
        return bytes;
}
