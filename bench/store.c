/*
 * store.c: what a store costs over its database: rows of history a second, beside a loop that does nothing but
 * write the same rows in the same batches.
 *
 *   build/bench/bench_store memory:|sqlite:FILE|postgresql://... [rounds]
 *
 * One JSON line a size of batch (and on a store that takes several commits at once, one more with all of them in
 * flight): rows a second of the store and of the bare loop, and their ratio, each the median over all rounds. The
 * two take turns, so that both see the same machine. The bare loop looks at no lease, takes no lock and checks no
 * row.
 */
#include "store/store.h"

#include <endian.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/buffer.h"

#define BODY_SIZE 400
#define EXECUTIONS 1000 /* at work at once: each batch has chunks of other ones */
#define BATCH_MAX 100
#define THREADS_MAX 8
#define ROUNDS_MAX 101

static char body[BODY_SIZE];
static const char *url;
static struct gal_store *store;

static void die(const char *what)
{
        fprintf(stderr, "bench_store: %s\n", what);
        exit(EXIT_FAILURE);
}

static double now(void)
{
        struct timespec time;

        clock_gettime(CLOCK_MONOTONIC, &time);
        return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* Rows: one thread and side writes its own executions, each chunk after the one before. */
struct rows {
        unsigned first; /* execution */
        uint64_t written;
};

static struct gal_chunk_row next_row(struct rows *rows, char id[37])
{
        uint64_t number = rows->written++;
        unsigned execution = rows->first + (unsigned)(number % EXECUTIONS);

        /* As a UUIDv7 made now would be: late, and neighbour of the others. */
        snprintf(id, 37, "0193%04x-0000-7000-8000-%012x", rows->first >> 16, execution);
        return (struct gal_chunk_row){ .slot = execution * 2654435761u % GAL_SLOTS,
                                       .execution_id = id,
                                       .sequence = number / EXECUTIONS + 1,
                                       .first_event_id = number / EXECUTIONS * 2 + 1,
                                       .event_count = 2,
                                       .body = body,
                                       .body_len = BODY_SIZE };
}

/* A way to write: opened once a thread. */
struct side {
        const char *name;
        void *(*open)(void);
        void (*write)(void *handle, struct rows *rows, size_t count);
        void (*close)(void *handle);
};

/* Ours. */

static void *open_store(void)
{
        return store;
}

static void write_store(void *handle, struct rows *rows, size_t count)
{
        struct gal_store *ours = handle;
        char ids[BATCH_MAX][37];
        struct gal_chunk_row chunks[BATCH_MAX];
        struct gal_batch batch = { .chunks = chunks, .chunk_count = count };
        struct gal_error error = { .code = GAL_OK };

        for (size_t i = 0; i < count; i++)
                chunks[i] = next_row(rows, ids[i]);
        if (ours->ops->commit(ours, &batch, &error) != GAL_OK)
                die(error.message);
}

static void close_nothing(void *handle)
{
        (void)handle;
}

/* SQLite alone. */

struct bare_sqlite {
        sqlite3 *db;
        sqlite3_stmt *begin, *insert, *commit;
};

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
        sqlite3_stmt *statement;

        if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
                die(sqlite3_errmsg(db));
        return statement;
}

static void *open_sqlite(void)
{
        struct bare_sqlite *bare = gal_new(struct bare_sqlite);

        if (sqlite3_open_v2(url + strlen("sqlite:"), &bare->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                            NULL) != SQLITE_OK ||
            sqlite3_exec(bare->db,
                         "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -32768",
                         NULL, NULL, NULL) != SQLITE_OK)
                die(sqlite3_errmsg(bare->db));
        bare->begin = prepare(bare->db, "BEGIN IMMEDIATE");
        bare->insert = prepare(bare->db, "INSERT INTO history (slot, execution_id, sequence, first_event_id,"
                                         " event_count, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
        bare->commit = prepare(bare->db, "COMMIT");
        return bare;
}

static void step(struct bare_sqlite *bare, sqlite3_stmt *statement)
{
        if (sqlite3_step(statement) != SQLITE_DONE)
                die(sqlite3_errmsg(bare->db));
        sqlite3_reset(statement);
}

/* The text's digits as bytes; quick and unchecked, since it is not ours that is measured. */
static void pack_id(const char *text, uint8_t id[16])
{
        size_t at = 0;

        for (; *text != '\0'; text++) {
                if (*text == '-')
                        continue;
                id[at / 2] = (uint8_t)(id[at / 2] << 4 | (*text <= '9' ? *text - '0' : *text - 'a' + 10));
                at++;
        }
}

static void write_sqlite(void *handle, struct rows *rows, size_t count)
{
        struct bare_sqlite *bare = handle;

        step(bare, bare->begin);
        for (size_t i = 0; i < count; i++) {
                char text[37];
                uint8_t id[16];
                struct gal_chunk_row row = next_row(rows, text);

                pack_id(text, id);
                sqlite3_bind_int64(bare->insert, 1, row.slot);
                sqlite3_bind_blob(bare->insert, 2, id, sizeof(id), SQLITE_STATIC);
                sqlite3_bind_int64(bare->insert, 3, (int64_t)row.sequence);
                sqlite3_bind_int64(bare->insert, 4, (int64_t)row.first_event_id);
                sqlite3_bind_int64(bare->insert, 5, row.event_count);
                sqlite3_bind_blob(bare->insert, 6, row.body, BODY_SIZE, SQLITE_STATIC);
                step(bare, bare->insert);
        }
        step(bare, bare->commit);
}

static void close_sqlite(void *handle)
{
        struct bare_sqlite *bare = handle;

        sqlite3_finalize(bare->begin);
        sqlite3_finalize(bare->insert);
        sqlite3_finalize(bare->commit);
        sqlite3_close(bare->db);
        free(bare);
}

/* Postgres alone: three statements in a pipeline, rows as arrays. */

#define COLUMNS 6

static const uint32_t column_types[COLUMNS] = { 21, 2950, 23, 23, 23, 17 };

struct bare_postgres {
        PGconn *conn;
        struct gal_buffer columns[COLUMNS];
};

static void *open_postgres(void)
{
        struct bare_postgres *bare = gal_new(struct bare_postgres);

        bare->conn = PQconnectdb(url);
        if (PQstatus(bare->conn) != CONNECTION_OK)
                die(PQerrorMessage(bare->conn));
        PQclear(PQprepare(bare->conn, "begin", "BEGIN", 0, NULL));
        PQclear(PQprepare(
                bare->conn, "insert",
                "INSERT INTO galliard.history (slot, execution_id, sequence, first_event_id, event_count, body)"
                " SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::integer[], $4::integer[],"
                " $5::integer[], $6::bytea[])",
                0, NULL));
        PQclear(PQprepare(bare->conn, "commit", "COMMIT", 0, NULL));
        if (PQenterPipelineMode(bare->conn) != 1)
                die(PQerrorMessage(bare->conn));
        return bare;
}

static void put(struct gal_buffer *buffer, const void *bytes, uint32_t len)
{
        uint32_t length = htobe32(len);

        gal_buffer_append(buffer, &length, sizeof(length));
        gal_buffer_append(buffer, bytes, len);
}

static void put_number(struct gal_buffer *buffer, uint32_t number)
{
        number = htobe32(number);
        gal_buffer_append(buffer, &number, sizeof(number));
}

static void fill_columns(struct bare_postgres *bare, struct rows *rows, size_t count)
{
        for (size_t i = 0; i < COLUMNS; i++) {
                const uint32_t header[] = { 1, 0, column_types[i], (uint32_t)count, 1 };

                gal_buffer_clear(&bare->columns[i]);
                for (size_t k = 0; k < 5; k++)
                        put_number(&bare->columns[i], header[k]);
        }
        for (size_t i = 0; i < count; i++) {
                char text[37];
                uint8_t id[16];
                struct gal_chunk_row row = next_row(rows, text);
                uint16_t slot = htobe16((uint16_t)row.slot);
                uint32_t numbers[] = { htobe32((uint32_t)row.sequence), htobe32((uint32_t)row.first_event_id),
                                       htobe32(row.event_count) };

                pack_id(text, id);
                put(&bare->columns[0], &slot, sizeof(slot));
                put(&bare->columns[1], id, sizeof(id));
                for (size_t k = 0; k < 3; k++)
                        put(&bare->columns[2 + k], &numbers[k], sizeof(numbers[k]));
                put(&bare->columns[5], row.body, BODY_SIZE);
        }
}

static void write_postgres(void *handle, struct rows *rows, size_t count)
{
        static const int formats[COLUMNS] = { 1, 1, 1, 1, 1, 1 };
        struct bare_postgres *bare = handle;
        const char *values[COLUMNS];
        int lengths[COLUMNS];

        fill_columns(bare, rows, count);
        for (size_t i = 0; i < COLUMNS; i++) {
                values[i] = bare->columns[i].data;
                lengths[i] = (int)bare->columns[i].len;
        }
        PQsendQueryPrepared(bare->conn, "begin", 0, NULL, NULL, NULL, 1);
        PQsendQueryPrepared(bare->conn, "insert", COLUMNS, values, lengths, formats, 1);
        PQsendQueryPrepared(bare->conn, "commit", 0, NULL, NULL, NULL, 1);
        PQpipelineSync(bare->conn);
        for (int i = 0; i < 7; i++) { /* three results, a NULL after each, and the synchronisation */
                PGresult *result = PQgetResult(bare->conn);

                if (result != NULL && PQresultStatus(result) == PGRES_FATAL_ERROR)
                        die(PQresultErrorMessage(result));
                PQclear(result);
        }
}

static void close_postgres(void *handle)
{
        struct bare_postgres *bare = handle;

        for (size_t i = 0; i < COLUMNS; i++)
                gal_buffer_finish(&bare->columns[i]);
        PQfinish(bare->conn);
        free(bare);
}

/* Measuring. */

static const struct side ours = { "ours", open_store, write_store, close_nothing };
static const struct side bare_sqlite = { "bare", open_sqlite, write_sqlite, close_sqlite };
static const struct side bare_postgres = { "bare", open_postgres, write_postgres, close_postgres };

struct work {
        const struct side *side;
        void *handle;
        struct rows rows;
        size_t batch;
        size_t commits;
};

static void *do_work(void *user)
{
        struct work *work = user;

        for (size_t i = 0; i < work->commits; i++)
                work->side->write(work->handle, &work->rows, work->batch);
        return NULL;
}

/* Seconds for `commits` of each of the threads. */
static double run(struct work *works, size_t threads, size_t batch, size_t commits)
{
        pthread_t ids[THREADS_MAX];
        double begun = now();

        for (size_t i = 0; i < threads; i++) {
                works[i].batch = batch;
                works[i].commits = commits;
        }
        for (size_t i = 1; i < threads; i++) {
                if (pthread_create(&ids[i], NULL, do_work, &works[i]) != 0)
                        die("no thread");
        }
        do_work(&works[0]);
        for (size_t i = 1; i < threads; i++)
                pthread_join(ids[i], NULL);
        return now() - begun;
}

static int compare(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
        qsort(values, count, sizeof(*values), compare);
        return values[count / 2];
}

static void measure(struct work works[2][THREADS_MAX], size_t sides, size_t threads, size_t batch, size_t rounds)
{
        size_t commits = batch == 1 ? 200 : batch == 10 ? 100 : 50;
        double seconds[2][ROUNDS_MAX];
        double rates[2] = { 0, 0 };

        for (size_t round = 0; round < rounds; round++) {
                for (size_t side = 0; side < sides; side++)
                        seconds[side][round] = run(works[side], threads, batch, commits);
        }
        for (size_t side = 0; side < sides; side++)
                rates[side] = (double)(threads * batch * commits) / median(seconds[side], rounds);
        printf("{\"store\":\"%s\",\"batch\":%zu,\"in_flight\":%zu,\"rows_s\":%.0f", store->ops->name, batch,
               threads, rates[0]);
        if (sides > 1)
                printf(",\"bare_rows_s\":%.0f,\"ratio\":%.2f", rates[1], rates[0] / rates[1]);
        printf("}\n");
        fflush(stdout);
}

static void open_works(struct work works[2][THREADS_MAX], const struct side *const *sides, size_t side_count,
                       size_t threads)
{
        for (size_t side = 0; side < side_count; side++) {
                for (size_t i = 0; i < threads; i++) {
                        struct work *work = &works[side][i];

                        work->side = sides[side];
                        work->handle = work->side->open();
                        work->rows.first = (unsigned)((side * THREADS_MAX + i + 1) << 16);
                }
        }
}

int main(int argc, char **argv)
{
        struct gal_lease_request request = { .address = "bench", .incarnation = "bench", .duration_ms = 600000 };
        static const size_t batches[] = { 1, 10, BATCH_MAX };
        struct work works[2][THREADS_MAX] = { 0 };
        const struct side *sides[2] = { &ours, NULL };
        struct gal_error error = { .code = GAL_OK };
        size_t rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 7;
        size_t side_count = 2;

        if (argc < 2 || rounds == 0 || rounds > ROUNDS_MAX)
                die("usage: bench_store memory:|sqlite:FILE|postgresql://... [rounds]");
        url = argv[1];
        memset(body, 'b', sizeof(body));
        if (gal_store_open(url, &store, &error) != GAL_OK || store->ops->prepare(store, false, &error) != GAL_OK ||
            store->ops->acquire(store, &request, &error) != GAL_OK)
                die(error.message);
        if (strcmp(store->ops->name, "sqlite") == 0)
                sides[1] = &bare_sqlite;
        else if (strcmp(store->ops->name, "postgres") == 0)
                sides[1] = &bare_postgres;
        else
                side_count = 1;
        open_works(works, sides, side_count, store->ops->commits_max);
        for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++)
                measure(works, side_count, 1, batches[i], rounds);
        if (store->ops->commits_max > 1) {
                for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++)
                        measure(works, side_count, store->ops->commits_max, batches[i], rounds);
        }
        for (size_t side = 0; side < side_count; side++) {
                for (size_t i = 0; i < store->ops->commits_max; i++)
                        works[side][i].side->close(works[side][i].handle);
        }
        gal_store_destroy(store);
        return 0;
}
