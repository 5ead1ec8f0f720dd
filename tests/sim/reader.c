/*
 * reader.c: what an engine reads with: the rows of the model store, through a connection that breaks now and then,
 * before the first row or after some.
 *
 * It cannot write: commits and the lease are the driver's, in steps (db.h).
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "db.h"

struct reader {
        struct gal_store store;
        struct sim_db *db;
        struct gal_store *rows;
        struct sim *sim;
};

static enum gal_status fail_reading(struct gal_error *error)
{
        return gal_fail(error, GAL_EIO, GAL_NOWHERE, "the connection broke");
}

static bool is_broken(const struct reader *reader)
{
        if (!sim_db_is_down(reader->db) && reader->sim->now_ms >= reader->sim->unreadable_until_ms &&
            !sim_fault_strikes(reader->sim, SIM_FAULT_READ))
                return false;
        reader->sim->unreadable_ms = reader->sim->now_ms;
        return true;
}

/* Between the rows and who reads them: breaks off after a few. */
struct breaking {
        gal_chunk_reader chunk;
        gal_run_reader run;
        gal_machine_reader machine;
        gal_activity_task_reader task;
        void *user;
        uint64_t left;
};

static bool pass_chunk(void *user, const struct gal_chunk_row *row)
{
        struct breaking *breaking = user;

        return breaking->left-- > 0 && breaking->chunk(breaking->user, row);
}

static bool pass_run(void *user, const struct gal_run_row *row)
{
        struct breaking *breaking = user;

        return breaking->left-- > 0 && breaking->run(breaking->user, row);
}

static bool pass_machine(void *user, const struct gal_machine_row *row)
{
        struct breaking *breaking = user;

        return breaking->left-- > 0 && breaking->machine(breaking->user, row);
}

static bool pass_task(void *user, const struct gal_activity_task_row *row)
{
        struct breaking *breaking = user;

        return breaking->left-- > 0 && breaking->task(breaking->user, row);
}

static enum gal_status read_machines(struct gal_store *store, const char *name, gal_machine_reader machine,
                                     void *user, struct gal_error *error)
{
        struct reader *reader = (struct reader *)store;
        struct breaking breaking = { .machine = machine, .user = user, .left = sim_below(reader->sim, 3) };

        if (!is_broken(reader))
                return reader->rows->ops->read_machines(reader->rows, name, machine, user, error);
        (void)!reader->rows->ops->read_machines(reader->rows, name, pass_machine, &breaking, NULL);
        return fail_reading(error);
}

static enum gal_status read_deleted_machines(struct gal_store *store, const char *name, gal_machine_reader machine,
                                             void *user, struct gal_error *error)
{
        struct reader *reader = (struct reader *)store;

        if (is_broken(reader))
                return fail_reading(error);
        return reader->rows->ops->read_deleted_machines(reader->rows, name, machine, user, error);
}

static enum gal_status read_revision(struct gal_store *store, const char *revision_id, gal_revision_reader revision,
                                     void *user, struct gal_error *error)
{
        struct reader *reader = (struct reader *)store;

        if (is_broken(reader))
                return fail_reading(error);
        return reader->rows->ops->read_revision(reader->rows, revision_id, revision, user, error);
}

static enum gal_status read_execution(struct gal_store *store, uint32_t slot, const char *execution_id,
                                      gal_execution_reader execution, void *user, struct gal_error *error)
{
        struct reader *reader = (struct reader *)store;

        if (is_broken(reader))
                return fail_reading(error);
        return reader->rows->ops->read_execution(reader->rows, slot, execution_id, execution, user, error);
}

static enum gal_status find_name(struct gal_store *store, const char *machine_id, const char *name,
                                 bool (*found)(void *user, const struct gal_name_row *row), void *user,
                                 struct gal_error *error)
{
        struct reader *reader = (struct reader *)store;

        if (is_broken(reader))
                return fail_reading(error);
        return reader->rows->ops->find_name(reader->rows, machine_id, name, found, user, error);
}

static enum gal_status list_executions(struct gal_store *store, const struct gal_execution_filter *filter,
                                       gal_execution_reader execution, void *user, struct gal_error *error)
{
        struct reader *reader = (struct reader *)store;

        if (is_broken(reader))
                return fail_reading(error);
        return reader->rows->ops->list_executions(reader->rows, filter, execution, user, error);
}

static enum gal_status read_run(struct gal_store *store, uint32_t slot, const char *execution_id,
                                gal_run_reader run, void *user, struct gal_error *error)
{
        struct reader *reader = (struct reader *)store;

        if (is_broken(reader))
                return fail_reading(error);
        return reader->rows->ops->read_run(reader->rows, slot, execution_id, run, user, error);
}

static enum gal_status read_runs(struct gal_store *store, int64_t due_ms, size_t limit, gal_run_reader run,
                                 void *user, struct gal_error *error)
{
        struct reader *reader = (struct reader *)store;
        struct breaking breaking = { .run = run, .user = user, .left = sim_below(reader->sim, 3) };

        if (!is_broken(reader))
                return reader->rows->ops->read_runs(reader->rows, due_ms, limit, run, user, error);
        (void)!reader->rows->ops->read_runs(reader->rows, due_ms, limit, pass_run, &breaking, NULL);
        return fail_reading(error);
}

static enum gal_status read_parked(struct gal_store *store, int64_t after_ms, int64_t due_ms, size_t limit,
                                   gal_run_reader run, void *user, struct gal_error *error)
{
        struct reader *reader = (struct reader *)store;
        struct breaking breaking = { .run = run, .user = user, .left = sim_below(reader->sim, 3) };

        if (!is_broken(reader))
                return reader->rows->ops->read_parked(reader->rows, after_ms, due_ms, limit, run, user, error);
        (void)!reader->rows->ops->read_parked(reader->rows, after_ms, due_ms, limit, pass_run, &breaking, NULL);
        return fail_reading(error);
}

static enum gal_status read_chunks(struct gal_store *store, uint32_t slot, const char *execution_id,
                                   uint64_t from_sequence, gal_chunk_reader chunk, void *user,
                                   struct gal_error *error)
{
        struct reader *reader = (struct reader *)store;
        struct breaking breaking = { .chunk = chunk, .user = user, .left = sim_below(reader->sim, 3) };

        if (!is_broken(reader))
                return reader->rows->ops->read_chunks(reader->rows, slot, execution_id, from_sequence, chunk, user,
                                                      error);
        (void)!reader->rows->ops->read_chunks(reader->rows, slot, execution_id, from_sequence, pass_chunk,
                                              &breaking, NULL);
        return fail_reading(error);
}

static enum gal_status read_chunks_back(struct gal_store *store, uint32_t slot, const char *execution_id,
                                        uint64_t from_sequence, gal_chunk_reader chunk, void *user,
                                        struct gal_error *error)
{
        struct reader *reader = (struct reader *)store;

        if (is_broken(reader))
                return fail_reading(error);
        return reader->rows->ops->read_chunks_back(reader->rows, slot, execution_id, from_sequence, chunk, user,
                                                   error);
}

static enum gal_status read_chunk_of_event(struct gal_store *store, uint32_t slot, const char *execution_id,
                                           uint64_t event_id, gal_chunk_reader chunk, void *user,
                                           struct gal_error *error)
{
        struct reader *reader = (struct reader *)store;

        if (is_broken(reader))
                return fail_reading(error);
        return reader->rows->ops->read_chunk_of_event(reader->rows, slot, execution_id, event_id, chunk, user,
                                                      error);
}

static enum gal_status read_activities(struct gal_store *store, const char *name, gal_activity_reader activity,
                                       void *user, struct gal_error *error)
{
        struct reader *reader = (struct reader *)store;

        if (is_broken(reader))
                return fail_reading(error);
        return reader->rows->ops->read_activities(reader->rows, name, activity, user, error);
}

static enum gal_status read_activity_tasks(struct gal_store *store, const char *activity,
                                           const struct gal_activity_task_row *after, size_t limit,
                                           gal_activity_task_reader task, void *user, struct gal_error *error)
{
        struct reader *reader = (struct reader *)store;
        struct breaking breaking = { .task = task, .user = user, .left = sim_below(reader->sim, 3) };

        if (!is_broken(reader))
                return reader->rows->ops->read_activity_tasks(reader->rows, activity, after, limit, task, user,
                                                              error);
        (void)!reader->rows->ops->read_activity_tasks(reader->rows, activity, after, limit, pass_task, &breaking,
                                                      NULL);
        return fail_reading(error);
}

static void destroy_reader(struct gal_store *store)
{
        free(store);
}

static const struct gal_store_ops reader_ops = {
        .name = "simulated",
        .read_machines = read_machines,
        .read_deleted_machines = read_deleted_machines,
        .read_revision = read_revision,
        .read_execution = read_execution,
        .find_name = find_name,
        .list_executions = list_executions,
        .read_run = read_run,
        .read_runs = read_runs,
        .read_parked = read_parked,
        .read_chunks = read_chunks,
        .read_chunks_back = read_chunks_back,
        .read_chunk_of_event = read_chunk_of_event,
        .read_activities = read_activities,
        .read_activity_tasks = read_activity_tasks,
        .destroy = destroy_reader,
};

struct gal_store *sim_reader_open(struct sim_db *db, struct sim *sim)
{
        struct reader *reader = gal_new(struct reader);

        reader->store.ops = &reader_ops;
        reader->db = db;
        reader->rows = sim_db_rows(db);
        reader->sim = sim;
        return &reader->store;
}
