/*
 * fault.c: each call first asks what is to become of it, then does that.
 */
#include "store/fault.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/random.h"
#include "store/rows.h"

/* A late commit is applied within so many calls. */
#define LATE_CALLS_MAX 6
/* Rows that a read gives before it fails, at most. */
#define ROWS_BEFORE_MAX 4

struct fault_store {
        struct gal_store store;
        struct gal_store_ops ops; /* the inner store's limits are ours */
        struct gal_store *inner;
        pthread_mutex_t mutex; /* of what follows */
        struct gal_fault_plan plan;
        struct gal_random random;
        struct {
                size_t calls_left; /* 0: nothing is set */
                enum gal_fault fault;
        } set[GAL_CALL_KINDS];
        size_t counts[GAL_FAULT_KINDS];
        bool is_lost;           /* the lease: until the next acquire */
        struct gal_batch *late; /* written when... */
        size_t late_calls;      /* ...that many calls have come; 0: never */
};

/* What is to happen. */

static enum gal_fault draw(struct fault_store *fault, enum gal_fault_call call)
{
        uint64_t at = gal_random_below(&fault->random, 1000);

        for (enum gal_fault kind = GAL_FAULT_NONE + 1; kind < GAL_FAULT_KINDS; kind++) {
                if (at < fault->plan.per_mille[call][kind])
                        return kind;
                at -= fault->plan.per_mille[call][kind];
        }
        return GAL_FAULT_NONE;
}

static enum gal_fault next_fault(struct fault_store *fault, enum gal_fault_call call)
{
        enum gal_fault kind = draw(fault, call);

        if (fault->set[call].calls_left > 0 && --fault->set[call].calls_left == 0)
                kind = fault->set[call].fault;
        return kind;
}

/* Writes the late batch; whoever had sent it has been told that this may happen. */
static void apply_late(struct fault_store *fault)
{
        struct gal_error ignored = { .code = GAL_OK };

        if (fault->inner->ops->commit(fault->inner, fault->late, &ignored) != GAL_OK)
                ignored.code = GAL_OK; /* as if it had been refused late */
        gal_batch_copy_destroy(fault->late);
        fault->late = NULL;
}

static void settle_late(struct fault_store *fault, bool must_be_settled)
{
        if (fault->late == NULL)
                return;
        if (fault->late_calls > 0 && (--fault->late_calls == 0 || must_be_settled)) {
                apply_late(fault);
        } else if (must_be_settled) {
                gal_batch_copy_destroy(fault->late);
                fault->late = NULL;
        }
}

/* Begins a call: what befalls it, with the mutex held until leave(). */
static enum gal_fault enter(struct fault_store *fault, enum gal_fault_call call)
{
        pthread_mutex_lock(&fault->mutex);
        settle_late(fault, /* must_be_settled= */ call == GAL_CALL_ACQUIRE);
        return next_fault(fault, call);
}

static void leave(struct fault_store *fault)
{
        pthread_mutex_unlock(&fault->mutex);
}

static enum gal_status fail(struct fault_store *fault, enum gal_fault kind, enum gal_status status,
                            struct gal_error *error)
{
        fault->counts[kind]++;
        fault->is_lost = true;
        return gal_fail(error, status, GAL_NOWHERE, "a failure that a test has ordered");
}

static enum gal_status refuse_fenced(struct gal_error *error)
{
        return gal_fail(error, GAL_EFENCED, GAL_NOWHERE, "this process does not own the store (any more)");
}

/* Calls. */

static struct gal_store *inner_of(struct gal_store *store)
{
        return ((struct fault_store *)store)->inner;
}

static enum gal_status fault_prepare(struct gal_store *store, bool migrate, struct gal_error *error)
{
        return inner_of(store)->ops->prepare(inner_of(store), migrate, error);
}

static enum gal_status fault_acquire(struct gal_store *store, const struct gal_lease_request *request,
                                     struct gal_error *error)
{
        struct fault_store *fault = (struct fault_store *)store;
        enum gal_fault kind = enter(fault, GAL_CALL_ACQUIRE);
        enum gal_status status = GAL_OK;

        /* What is refused has given nothing back: whoever asks again is the one that owned it. */
        if (kind == GAL_FAULT_NONE || kind == GAL_FAULT_APPLIED)
                status = fault->inner->ops->acquire(fault->inner, request, error);
        if (status == GAL_OK && kind != GAL_FAULT_NONE)
                status = fail(fault, kind, GAL_EIO, error);
        else
                fault->is_lost = status != GAL_OK;
        leave(fault);
        return status;
}

static enum gal_status fault_renew(struct gal_store *store, struct gal_error *error)
{
        struct fault_store *fault = (struct fault_store *)store;
        enum gal_fault kind = enter(fault, GAL_CALL_RENEW);
        enum gal_status status;

        if (fault->is_lost)
                status = refuse_fenced(error);
        else if (kind == GAL_FAULT_NONE)
                status = fault->inner->ops->renew(fault->inner, error);
        else
                status = fail(fault, kind, kind == GAL_FAULT_FENCED ? GAL_EFENCED : GAL_EIO, error);
        if (kind == GAL_FAULT_FENCED)
                fault->inner->ops->release(fault->inner);
        leave(fault);
        return status;
}

static void fault_release(struct gal_store *store)
{
        struct fault_store *fault = (struct fault_store *)store;

        pthread_mutex_lock(&fault->mutex);
        settle_late(fault, /* must_be_settled= */ true);
        fault->is_lost = true;
        fault->inner->ops->release(fault->inner);
        leave(fault);
}

static char *fault_owner(struct gal_store *store)
{
        return inner_of(store)->ops->owner(inner_of(store));
}

static enum gal_status commit_with(struct fault_store *fault, enum gal_fault kind, const struct gal_batch *batch,
                                   struct gal_error *error)
{
        enum gal_status status;

        switch (kind) {
        case GAL_FAULT_NONE:
                return fault->inner->ops->commit(fault->inner, batch, error);
        case GAL_FAULT_APPLIED:
                status = fault->inner->ops->commit(fault->inner, batch, error);
                return status == GAL_OK ? fail(fault, kind, GAL_EIO, error) : status;
        case GAL_FAULT_LATE:
                status = gal_batch_check(batch, error); /* what is refused is refused at once */
                if (status != GAL_OK)
                        return status;
                gal_batch_copy_destroy(fault->late);
                fault->late = gal_batch_copy(batch);
                fault->late_calls = (size_t)gal_random_below(&fault->random, LATE_CALLS_MAX + 1);
                return fail(fault, kind, GAL_EIO, error);
        case GAL_FAULT_FENCED:
                fault->inner->ops->release(fault->inner);
                return fail(fault, kind, GAL_EFENCED, error);
        case GAL_FAULT_REFUSED:
        case GAL_FAULT_KINDS:
                break;
        }
        return fail(fault, GAL_FAULT_REFUSED, GAL_EIO, error);
}

static enum gal_status fault_commit(struct gal_store *store, const struct gal_batch *batch, struct gal_error *error)
{
        struct fault_store *fault = (struct fault_store *)store;
        enum gal_fault kind = enter(fault, GAL_CALL_COMMIT);
        enum gal_status status = fault->is_lost ? refuse_fenced(error) : commit_with(fault, kind, batch, error);

        fault->is_lost |= status == GAL_EFENCED || status == GAL_EIO;
        leave(fault);
        return status;
}

static enum gal_status fault_purge(struct gal_store *store, int64_t closed_before_ms, int64_t names_by_ms,
                                   size_t limit, size_t *ret_removed, struct gal_error *error)
{
        struct fault_store *fault = (struct fault_store *)store;
        enum gal_fault kind = enter(fault, GAL_CALL_PURGE);
        enum gal_status status = GAL_OK;
        size_t removed = 0;

        if (fault->is_lost)
                status = refuse_fenced(error);
        else if (kind == GAL_FAULT_NONE || kind == GAL_FAULT_APPLIED)
                status = fault->inner->ops->purge(fault->inner, closed_before_ms, names_by_ms, limit, &removed,
                                                  error);
        else if (kind == GAL_FAULT_FENCED)
                fault->inner->ops->release(fault->inner);
        if (status == GAL_OK && kind != GAL_FAULT_NONE)
                status = fail(fault, kind, kind == GAL_FAULT_FENCED ? GAL_EFENCED : GAL_EIO, error);
        fault->is_lost |= status != GAL_OK;
        leave(fault);
        if (status == GAL_OK)
                *ret_removed = removed;
        return status;
}

/* Reading: the caller's callback is given a few rows, and then no more. */

struct cut {
        struct gal_row_reader reader;
        size_t rows_left;
        bool is_cut;
};

static bool cut_here(struct cut *cut)
{
        if (cut->rows_left == 0) {
                cut->is_cut = true;
                return true;
        }
        if (cut->rows_left != SIZE_MAX)
                cut->rows_left--;
        return false;
}

#define CUTTER(name, row_type)                                                                                     \
        static bool cut_##name(void *user, const struct row_type *row)                                             \
        {                                                                                                          \
                struct cut *cut = user;                                                                            \
                                                                                                                   \
                return !cut_here(cut) && cut->reader.as.name(cut->reader.user, row);                               \
        }

CUTTER(machine, gal_machine_row)
CUTTER(revision, gal_revision_row)
CUTTER(version, gal_version_row)
CUTTER(alias, gal_alias_row)
CUTTER(tag, gal_tag_row)
CUTTER(name, gal_name_row)
CUTTER(execution, gal_execution_row)
CUTTER(run, gal_run_row)
CUTTER(chunk, gal_chunk_row)
CUTTER(activity, gal_activity_row)
CUTTER(activity_task, gal_activity_task_row)

/* A read does not cost the lease: nothing of it is in doubt. */
static struct cut begin_read(struct gal_store *store)
{
        struct fault_store *fault = (struct fault_store *)store;
        enum gal_fault kind = enter(fault, GAL_CALL_READ);
        struct cut cut = { .rows_left = SIZE_MAX };

        if (kind != GAL_FAULT_NONE) {
                fault->counts[kind]++;
                cut.rows_left = (size_t)gal_random_below(&fault->random, ROWS_BEFORE_MAX + 1);
                cut.is_cut = true; /* it fails even if there are fewer rows */
        }
        leave(fault);
        return cut;
}

static enum gal_status end_read(const struct cut *cut, enum gal_status status, struct gal_error *error)
{
        if (status == GAL_OK && cut->is_cut)
                return gal_fail(error, GAL_EIO, GAL_NOWHERE, "a failure that a test has ordered");
        return status;
}

#define READ(name_, callback, call)                                                                                \
        do {                                                                                                       \
                struct gal_store *inner = inner_of(store);                                                         \
                struct cut cut = begin_read(store);                                                                \
                                                                                                                   \
                cut.reader.as.name_ = (callback);                                                                  \
                cut.reader.user = user;                                                                            \
                return end_read(&cut, inner->ops->call, error);                                                    \
        } while (0)

static enum gal_status fault_read_machines(struct gal_store *store, const char *name, gal_machine_reader reader,
                                           void *user, struct gal_error *error)
{
        READ(machine, reader, read_machines(inner, name, cut_machine, &cut, error));
}

static enum gal_status fault_read_deleted_machines(struct gal_store *store, const char *name,
                                                   gal_machine_reader reader, void *user, struct gal_error *error)
{
        READ(machine, reader, read_deleted_machines(inner, name, cut_machine, &cut, error));
}

static enum gal_status fault_read_revision(struct gal_store *store, const char *revision_id,
                                           gal_revision_reader reader, void *user, struct gal_error *error)
{
        READ(revision, reader, read_revision(inner, revision_id, cut_revision, &cut, error));
}

static enum gal_status fault_list_machines(struct gal_store *store, const char *after, size_t limit,
                                           gal_machine_reader reader, void *user, struct gal_error *error)
{
        READ(machine, reader, list_machines(inner, after, limit, cut_machine, &cut, error));
}

static enum gal_status fault_read_versions(struct gal_store *store, const char *machine_id, uint32_t below,
                                           size_t limit, gal_version_reader reader, void *user,
                                           struct gal_error *error)
{
        READ(version, reader, read_versions(inner, machine_id, below, limit, cut_version, &cut, error));
}

static enum gal_status fault_read_aliases(struct gal_store *store, const char *machine_id, gal_alias_reader reader,
                                          void *user, struct gal_error *error)
{
        READ(alias, reader, read_aliases(inner, machine_id, cut_alias, &cut, error));
}

static enum gal_status fault_read_tags(struct gal_store *store, const char *resource, gal_tag_reader reader,
                                       void *user, struct gal_error *error)
{
        READ(tag, reader, read_tags(inner, resource, cut_tag, &cut, error));
}

static enum gal_status fault_read_execution(struct gal_store *store, uint32_t slot, const char *execution_id,
                                            gal_execution_reader reader, void *user, struct gal_error *error)
{
        READ(execution, reader, read_execution(inner, slot, execution_id, cut_execution, &cut, error));
}

static enum gal_status fault_find_name(struct gal_store *store, const char *machine_id, const char *name,
                                       bool (*reader)(void *user, const struct gal_name_row *row), void *user,
                                       struct gal_error *error)
{
        READ(name, reader, find_name(inner, machine_id, name, cut_name, &cut, error));
}

static enum gal_status fault_list_executions(struct gal_store *store, const struct gal_execution_filter *filter,
                                             gal_execution_reader reader, void *user, struct gal_error *error)
{
        READ(execution, reader, list_executions(inner, filter, cut_execution, &cut, error));
}

static enum gal_status fault_read_run(struct gal_store *store, uint32_t slot, const char *execution_id,
                                      gal_run_reader reader, void *user, struct gal_error *error)
{
        READ(run, reader, read_run(inner, slot, execution_id, cut_run, &cut, error));
}

static enum gal_status fault_read_runs(struct gal_store *store, int64_t due_ms, size_t limit, gal_run_reader reader,
                                       void *user, struct gal_error *error)
{
        READ(run, reader, read_runs(inner, due_ms, limit, cut_run, &cut, error));
}

static enum gal_status fault_read_parked(struct gal_store *store, int64_t after_ms, int64_t due_ms, size_t limit,
                                         gal_run_reader reader, void *user, struct gal_error *error)
{
        READ(run, reader, read_parked(inner, after_ms, due_ms, limit, cut_run, &cut, error));
}

static enum gal_status fault_read_chunks(struct gal_store *store, uint32_t slot, const char *execution_id,
                                         uint64_t from_sequence, gal_chunk_reader reader, void *user,
                                         struct gal_error *error)
{
        READ(chunk, reader, read_chunks(inner, slot, execution_id, from_sequence, cut_chunk, &cut, error));
}

static enum gal_status fault_read_chunks_back(struct gal_store *store, uint32_t slot, const char *execution_id,
                                              uint64_t from_sequence, gal_chunk_reader reader, void *user,
                                              struct gal_error *error)
{
        READ(chunk, reader, read_chunks_back(inner, slot, execution_id, from_sequence, cut_chunk, &cut, error));
}

/* Settings are made once, before anything else; no fault is ordered for them but that of a read. */
static enum gal_status fault_read_setting(struct gal_store *store, const char *name, char **ret_value,
                                          size_t *ret_len, struct gal_error *error)
{
        struct gal_store *inner = inner_of(store);
        struct cut cut = begin_read(store);

        if (cut.is_cut)
                return end_read(&cut, GAL_OK, error);
        return inner->ops->read_setting(inner, name, ret_value, ret_len, error);
}

static enum gal_status fault_add_setting(struct gal_store *store, const char *name, const char *value, size_t len,
                                         struct gal_error *error)
{
        return inner_of(store)->ops->add_setting(inner_of(store), name, value, len, error);
}

static enum gal_status fault_read_chunk_of_event(struct gal_store *store, uint32_t slot, const char *execution_id,
                                                 uint64_t event_id, gal_chunk_reader reader, void *user,
                                                 struct gal_error *error)
{
        READ(chunk, reader, read_chunk_of_event(inner, slot, execution_id, event_id, cut_chunk, &cut, error));
}

static enum gal_status fault_read_activities(struct gal_store *store, const char *name, gal_activity_reader reader,
                                             void *user, struct gal_error *error)
{
        READ(activity, reader, read_activities(inner, name, cut_activity, &cut, error));
}

static enum gal_status fault_read_activity_tasks(struct gal_store *store, const char *activity,
                                                 const struct gal_activity_task_row *after, size_t limit,
                                                 gal_activity_task_reader reader, void *user,
                                                 struct gal_error *error)
{
        READ(activity_task, reader,
             read_activity_tasks(inner, activity, after, limit, cut_activity_task, &cut, error));
}

static enum gal_status fault_stats(struct gal_store *store, gal_stat_reader reader, void *user,
                                   struct gal_error *error)
{
        return inner_of(store)->ops->stats(inner_of(store), reader, user, error);
}

/* Life. */

static void fault_destroy(struct gal_store *store)
{
        struct fault_store *fault = (struct fault_store *)store;

        settle_late(fault, /* must_be_settled= */ true);
        gal_store_destroy(fault->inner);
        pthread_mutex_destroy(&fault->mutex);
        free(fault);
}

static const struct gal_store_ops fault_ops = {
        .name = "fault",
        .prepare = fault_prepare,
        .acquire = fault_acquire,
        .renew = fault_renew,
        .release = fault_release,
        .owner = fault_owner,
        .commit = fault_commit,
        .read_machines = fault_read_machines,
        .read_deleted_machines = fault_read_deleted_machines,
        .read_revision = fault_read_revision,
        .list_machines = fault_list_machines,
        .read_versions = fault_read_versions,
        .read_aliases = fault_read_aliases,
        .read_tags = fault_read_tags,
        .read_execution = fault_read_execution,
        .find_name = fault_find_name,
        .list_executions = fault_list_executions,
        .read_run = fault_read_run,
        .read_runs = fault_read_runs,
        .read_parked = fault_read_parked,
        .read_chunks = fault_read_chunks,
        .read_chunks_back = fault_read_chunks_back,
        .read_chunk_of_event = fault_read_chunk_of_event,
        .read_activities = fault_read_activities,
        .read_activity_tasks = fault_read_activity_tasks,
        .purge = fault_purge,
        .read_setting = fault_read_setting,
        .add_setting = fault_add_setting,
        .stats = fault_stats,
        .destroy = fault_destroy,
};

struct gal_store *gal_store_fault_create(struct gal_store *inner, const struct gal_fault_plan *plan)
{
        struct fault_store *fault = gal_new(struct fault_store);

        fault->ops = fault_ops;
        fault->ops.commits_max = inner->ops->commits_max;
        fault->ops.lease_ends = inner->ops->lease_ends;
        fault->store.ops = &fault->ops;
        fault->inner = inner;
        if (plan != NULL)
                fault->plan = *plan;
        fault->random.state[0] = fault->plan.seed;
        pthread_mutex_init(&fault->mutex, NULL);
        return &fault->store;
}

void gal_store_fault_set(struct gal_store *store, enum gal_fault_call call, size_t n, enum gal_fault fault_kind)
{
        struct fault_store *fault = (struct fault_store *)store;

        pthread_mutex_lock(&fault->mutex);
        fault->set[call].calls_left = n;
        fault->set[call].fault = fault_kind;
        leave(fault);
}

size_t gal_store_fault_count(struct gal_store *store, enum gal_fault fault_kind)
{
        struct fault_store *fault = (struct fault_store *)store;
        size_t count;

        pthread_mutex_lock(&fault->mutex);
        count = fault->counts[fault_kind];
        leave(fault);
        return count;
}
