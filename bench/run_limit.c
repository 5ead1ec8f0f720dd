/*
 * run_limit.c: what the database alone can do: rows of the same keys and sizes, in the same batches, into the same
 * tables, by a loop that does nothing else.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "run_internal.h"

static void die(const char *what)
{
        fprintf(stderr, "bench/run: the bare loop: %s\n", what);
        exit(EXIT_FAILURE);
}

/* Texts of any length are parts of this one. */
const char *limit_filler(size_t len)
{
        static char *text;
        static size_t size;

        if (len > size) {
                size = len * 2;
                text = gal_realloc(text, size, 1);
                for (size_t i = 0; i < size; i++)
                        text[i] = (char)('a' + i * 7 % 26);
        }
        return text == NULL ? "" : text;
}

/* SQLite. */

enum { BEGIN_, COMMIT_, EXECUTION, CHUNK, RUN, CLOSED_RUN, STATEMENTS };

static const char *const texts[STATEMENTS] = {
        [BEGIN_] = "BEGIN IMMEDIATE",
        [COMMIT_] = "COMMIT",
        [EXECUTION] = "INSERT INTO execution (slot, execution_id, stopped_ms, output, name, machine_id,"
                      " machine_name, revision_id, status, started_ms, event_count) VALUES (?1, ?2, ?3, ?4,"
                      " ?2, zeroblob(16), 'bench', zeroblob(16), 'RUNNING', 1, 1) ON CONFLICT (execution_id, slot)"
                      " DO UPDATE SET stopped_ms = ?3, output = ?4, status = 'SUCCEEDED'",
        [CHUNK] = "INSERT INTO history (slot, execution_id, sequence, body, first_event_id, event_count)"
                  " VALUES (?1, ?2, ?3, ?4, 1, 1)",
        [RUN] = "INSERT INTO run (slot, execution_id, wake_ms, sequence) VALUES (?1, ?2, ?3, 0)"
                " ON CONFLICT (execution_id, slot) DO UPDATE SET wake_ms = ?3",
        [CLOSED_RUN] = "DELETE FROM run WHERE slot = ?1 AND execution_id = ?2",
};

static void step(sqlite3 *db, sqlite3_stmt *statement)
{
        if (sqlite3_step(statement) != SQLITE_DONE)
                die(sqlite3_errmsg(db));
        sqlite3_reset(statement);
}

static void write_note(sqlite3 *db, sqlite3_stmt **statements, const struct note *note)
{
        static const int statement_of[] = { [NOTE_EXECUTION] = EXECUTION,
                                            [NOTE_CHUNK] = CHUNK,
                                            [NOTE_RUN] = RUN,
                                            [NOTE_CLOSED_RUN] = CLOSED_RUN,
                                            [NOTE_COMMIT] = COMMIT_ };
        sqlite3_stmt *statement = statements[statement_of[note->kind]];

        if (note->kind != NOTE_COMMIT) {
                sqlite3_bind_int64(statement, 1, note->slot);
                sqlite3_bind_blob(statement, 2, note->id, sizeof(note->id), SQLITE_STATIC);
        }
        if (note->kind == NOTE_CHUNK)
                sqlite3_bind_int64(statement, 3, (int64_t)note->sequence);
        else if (note->kind == NOTE_EXECUTION || note->kind == NOTE_RUN)
                sqlite3_bind_int64(statement, 3, note->ms);
        if (note->kind == NOTE_CHUNK)
                sqlite3_bind_blob(statement, 4, limit_filler(note->len), (int)note->len, SQLITE_STATIC);
        else if (note->kind == NOTE_EXECUTION)
                sqlite3_bind_text(statement, 4, limit_filler(note->len), (int)note->len, SQLITE_STATIC);
        step(db, statement);
}

/* The machine is never alone: the best of some rounds is what it can do. In the first one the files grow. */
#define ROUNDS 4

static double time_round(sqlite3 *db, sqlite3_stmt **statements, const struct notes *notes, unsigned round)
{
        double begun = bench_now();
        bool is_open = false;

        for (size_t i = 0; i < notes->count; i++) {
                struct note note = notes->items[i];

                note.id[0] += (uint8_t)round; /* executions of its own, later than those of the round before */
                if (!is_open)
                        step(db, statements[BEGIN_]);
                write_note(db, statements, &note);
                is_open = note.kind != NOTE_COMMIT;
        }
        return bench_now() - begun;
}

static double time_sqlite(const char *path, const struct notes *notes)
{
        sqlite3_stmt *statements[STATEMENTS];
        double best = 1e9;
        sqlite3 *db;

        if (sqlite3_open(path, &db) != SQLITE_OK ||
            sqlite3_exec(db,
                         "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32768;"
                         "PRAGMA wal_autocheckpoint = 4000",
                         NULL, NULL, NULL) != SQLITE_OK)
                die(sqlite3_errmsg(db));
        for (size_t i = 0; i < STATEMENTS; i++) {
                if (sqlite3_prepare_v2(db, texts[i], -1, &statements[i], NULL) != SQLITE_OK)
                        die(sqlite3_errmsg(db));
        }
        for (unsigned round = 0; round < ROUNDS; round++) {
                double seconds = time_round(db, statements, notes, round);

                if (round > 0 && seconds < best)
                        best = seconds;
        }
        for (size_t i = 0; i < STATEMENTS; i++)
                sqlite3_finalize(statements[i]);
        sqlite3_close(db);
        return best;
}

static void remove_files(const char *path)
{
        static const char *const suffixes[] = { "", "-wal", "-shm", ".lock" };

        for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
                gal_auto_free char *file = gal_format("%s%s", path, suffixes[i]);

                unlink(file);
        }
}

static double measure_sqlite(const char *path, const struct notes *notes)
{
        gal_auto_free char *beside = gal_format("%s.limit", path);
        gal_auto_free char *url = gal_format("sqlite:%s", beside);
        struct gal_error error = { .code = GAL_OK };
        struct gal_store *store;
        double seconds;

        remove_files(beside);
        if (gal_store_open(url, &store, &error) != GAL_OK ||
            store->ops->prepare(store, /* migrate= */ false, &error) != GAL_OK)
                die(error.message);
        gal_store_destroy(store);
        seconds = time_sqlite(beside, notes);
        remove_files(beside);
        return seconds;
}

double limit_measure(const char *url, const struct notes *notes)
{
        if (strncmp(url, "sqlite:", 7) == 0)
                return measure_sqlite(url + 7, notes);
        if (strncmp(url, "postgres", 8) == 0)
                return limit_measure_postgres(url, notes);
        return 0;
}
