/*
 * store.h: durable rows without meaning.
 *
 * One interface, several backends (memory.c, sqlite.c, postgres.c, and fault.c that injects failures into another);
 * retries, ordering and what a row says sit above it. Calls block: a driver puts them on threads of its own.
 * Writing calls come from one thread at a time (commits: from up to `commits_max` threads, each for executions of
 * its own); renew and the reading calls may come from other ones at the same time.
 *
 * A batch is all or nothing. What was committed is never changed or taken back, but for rows that the batch itself
 * says it replaces. Every commit is fenced: it fails with GAL_EFENCED, and writes nothing, unless this process
 * still holds the lease that it acquired. The trap: acquire, commit, renew or purge that fails with GAL_EIO has
 * lost the lease as well, on every backend, since what it did is not known. Everything that is fenced then fails
 * with GAL_EFENCED until acquire is called again, and who has acquired must read again what it believed to be
 * there.
 *
 * Ids are UUIDs in small letters; other texts are UTF-8 without NUL. What does not keep to that, or to the bounds
 * of base/limits.h, is refused with GAL_EINVALID before anything is written.
 */
#ifndef GAL_STORE_STORE_H
#define GAL_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct gal_log;

/* Slots shard the execution tables: slot = hash(machine name, execution name) mod this. */
#define GAL_SLOTS 4096

/* A state machine as it is registered; `machine_id` is new when a deleted name is used again. */
struct gal_machine_row {
        const char *machine_id; /* UUIDv7 */
        const char *name;
        const char *revision_id; /* the current one */
        const char *type;        /* "STANDARD", "EXPRESS" */
        const char *status;      /* "ACTIVE", "DELETING"; "DELETED": hidden, until its last execution is purged */
        int64_t created_ms;
        int64_t updated_ms;
        uint32_t last_version;      /* the latest that was published, also when it is deleted by now; 0: none */
        uint32_t created_published; /* 1: it was made with a version; */
        const char *created_description; /* of that one; NULL: none */
};

/* A definition under which executions were started; immutable. */
struct gal_revision_row {
        const char *revision_id; /* UUIDv7 */
        const char *machine_id;
        const char *definition; /* verbatim */
        const char *role_arn;
        int64_t created_ms;
        uint32_t number;     /* 1: the machine's first one */
        const char *logging; /* configurations as JSON text; NULL: the usual one */
        const char *tracing;
        const char *encryption;
};

/* A revision that was given a number that stays; immutable. */
struct gal_version_row {
        const char *machine_id;
        uint32_t version; /* 1, 2, ... */
        const char *revision_id;
        const char *description; /* NULL: none */
        int64_t created_ms;
};

/* A name for a version, or for two of them and how often each is taken. */
struct gal_alias_row {
        const char *machine_id;
        const char *name;
        const char *description; /* NULL: none */
        uint32_t version;
        uint32_t weight;        /* in percent */
        uint32_t other_version; /* 0: there is only one */
        uint32_t other_weight;
        int64_t created_ms;
        int64_t updated_ms;
};

struct gal_tag_row {
        const char *resource; /* as in its ARN: "stateMachine:NAME", "activity:NAME" */
        const char *key;
        const char *value;
};

/* One per execution; written at start and again at close. Lives until it is purged. */
struct gal_execution_row {
        uint32_t slot;
        const char *execution_id; /* UUIDv7: sorts by start */
        const char *name;
        const char *machine_id;
        const char *machine_name;
        const char *revision_id;
        const char *status; /* "RUNNING", "SUCCEEDED", ... */
        int64_t started_ms;
        int64_t stopped_ms; /* 0: open */
        uint64_t event_count;
        const char *input;        /* JSON text as it came; NULL in a batch: keeps the one that is there */
        const char *output;       /* NULL: none */
        const char *error;        /* NULL: none */
        const char *cause;        /* NULL: none */
        uint32_t version;         /* under which it was started; 0: none was named */
        const char *alias;        /* likewise; NULL: none */
        const char *trace_header; /* NULL: none */
};

/* A name that a caller chose: used once per machine until 90 days after the close, also when the execution is
 * purged. */
struct gal_name_row {
        const char *machine_id;
        const char *name;
        const char *execution_id;
        int64_t reusable_ms; /* from then on the name may be used again; INT64_MAX: open */
};

/* One per open execution; deleted at close. */
struct gal_run_row {
        uint32_t slot;
        const char *execution_id;
        uint64_t sequence;    /* the last chunk that the snapshot holds; 0: no snapshot, replay from the first */
        const char *snapshot; /* NULL: none; in a batch: keeps the one that is there, and its sequence */
        size_t snapshot_len;
        int64_t wake_ms; /* of a parked execution: when it is due; 0: it is in its owner's memory */
};

/* Records of one execution that were committed together. Never updated. */
struct gal_chunk_row {
        uint32_t slot;
        const char *execution_id;
        uint64_t sequence; /* 1, 2, ...; with slot and id the primary key: a second writer collides */
        uint64_t first_event_id;
        uint32_t event_count; /* 0: internal records only */
        const char *body;
        size_t body_len;
};

/* A registered activity. */
struct gal_activity_row {
        const char *name;
        const char *encryption; /* its configuration as JSON text; NULL: none was given */
        int64_t created_ms;
};

/*
 * A task that waits for a worker of that activity, registered or not. Written with the event that schedules it,
 * deleted with the one by which a worker takes it, or that ends it.
 */
struct gal_activity_task_row {
        const char *activity; /* its name */
        int64_t scheduled_ms;
        const char *execution_id;
        uint64_t scheduled_id; /* the event that scheduled it */
        uint32_t slot;
};

/* Rows are borrowed for the call. Order within a kind is kept; kinds are written in the order of the members. */
struct gal_batch {
        const struct gal_machine_row *machines; /* inserted, or replaced by machine_id */
        size_t machine_count;
        /* By machine_id; see read_deleted_machines. Versions, aliases and tags go at once. */
        const char *const *deleted_machines;
        size_t deleted_machine_count;
        const struct gal_revision_row *revisions; /* inserted */
        size_t revision_count;
        const struct gal_version_row *versions; /* inserted */
        size_t version_count;
        const struct gal_version_row *deleted_versions; /* by (machine_id, version) */
        size_t deleted_version_count;
        const struct gal_alias_row *aliases; /* inserted, or replaced by (machine_id, name) */
        size_t alias_count;
        const struct gal_alias_row *deleted_aliases; /* by (machine_id, name) */
        size_t deleted_alias_count;
        const struct gal_tag_row *deleted_tags; /* by (resource, key) */
        size_t deleted_tag_count;
        const struct gal_tag_row *tags; /* inserted, or replaced by (resource, key) */
        size_t tag_count;
        const struct gal_name_row *names; /* inserted, or replaced by (machine_id, name) */
        size_t name_count;
        const struct gal_execution_row *executions; /* inserted, or replaced by (slot, execution_id) */
        size_t execution_count;
        const struct gal_chunk_row *chunks; /* inserted */
        size_t chunk_count;
        const struct gal_run_row *runs; /* inserted, or replaced by (slot, execution_id) */
        size_t run_count;
        const struct gal_run_row *closed_runs; /* deleted by (slot, execution_id) */
        size_t closed_run_count;
        const struct gal_activity_row *activities; /* inserted, or replaced by name */
        size_t activity_count;
        const char *const *deleted_activities; /* by name; their tasks stay */
        size_t deleted_activity_count;
        const struct gal_activity_task_row *activity_tasks; /* inserted; all members are the key */
        size_t activity_task_count;
        const struct gal_activity_task_row *taken_activity_tasks; /* deleted */
        size_t taken_activity_task_count;
};

/* Who may write. */
struct gal_lease_request {
        const char *address;     /* where the owner takes forwarded requests; told to those who come later */
        const char *incarnation; /* random, 32 hexadecimal digits: this process, this time */
        int64_t duration_ms;
};

/* Callbacks of the readers: rows are borrowed for the call; false ends the reading (which then still succeeds). */
typedef bool (*gal_machine_reader)(void *user, const struct gal_machine_row *row);
typedef bool (*gal_revision_reader)(void *user, const struct gal_revision_row *row);
typedef bool (*gal_version_reader)(void *user, const struct gal_version_row *row);
typedef bool (*gal_alias_reader)(void *user, const struct gal_alias_row *row);
typedef bool (*gal_tag_reader)(void *user, const struct gal_tag_row *row);
typedef bool (*gal_execution_reader)(void *user, const struct gal_execution_row *row);
typedef bool (*gal_run_reader)(void *user, const struct gal_run_row *row);
typedef bool (*gal_chunk_reader)(void *user, const struct gal_chunk_row *row);
typedef bool (*gal_activity_reader)(void *user, const struct gal_activity_row *row);
typedef bool (*gal_activity_task_reader)(void *user, const struct gal_activity_task_row *row);
typedef bool (*gal_stat_reader)(void *user, const char *name, int64_t value);

struct gal_execution_filter {
        const char *machine_id; /* NULL: all */
        const char *status;     /* NULL: all */
        uint32_t version;       /* started under it, with machine_id; 0: all */
        const char *alias;      /* likewise, without a version; NULL: all */
        const char *before_id;  /* only executions with a smaller id; NULL: from the newest */
        size_t limit;
};

struct gal_store {
        const struct gal_store_ops *ops; /* first member of every backend */
        const struct gal_log *log;       /* (nullable) for warnings; the host sets it after opening */
};

struct gal_store_ops {
        const char *name;     /* "memory", "sqlite", "postgres" */
        unsigned commits_max; /* commits that may run at once */
        bool lease_ends;      /* unless it is renewed in time; else it lasts as long as its process */

        /*
         * Makes the tables when there are none; comes before everything else. GAL_EINVALID: the schema is newer
         * than this program, or older and `migrate` is false; the message says which and what to do. GAL_EBUSY: to
         * migrate, and another process owns the store.
         */
        enum gal_status (*prepare)(struct gal_store *store, bool migrate, struct gal_error *error);

        /*
         * Becomes the owner, also once more. GAL_EBUSY: another process owns the store; `error` names it (process
         * id or address). Never waits for longer than a few seconds. When it returns, no commit of a former owner
         * can be applied any more.
         */
        enum gal_status (*acquire)(struct gal_store *store, const struct gal_lease_request *request,
                                   struct gal_error *error);
        /* Extends the lease by its duration. GAL_EFENCED: it was lost. */
        enum gal_status (*renew)(struct gal_store *store, struct gal_error *error);
        void (*release)(struct gal_store *store); /* of a lease that is lost: nothing */
        /* (transfer full) Address of the present owner; NULL when nobody owns the store or that cannot be told. */
        char *(*owner)(struct gal_store *store);

        /*
         * All of the batch or none of it, durable when it returns.
         * GAL_ECONFLICT: a chunk's, revision's or version's key is taken. GAL_EFENCED: the lease is lost.
         * GAL_EINVALID: the data itself was refused. GAL_EIO: the medium refused or the connection broke; whether
         * the batch was written is not known.
         */
        enum gal_status (*commit)(struct gal_store *store, const struct gal_batch *batch, struct gal_error *error);

        /*
         * Readers: rows in the order named; an unknown key yields no rows and GAL_OK. A callback may read, too; it
         * may not write.
         */
        /* By name (NULL: all), then by name; of machines that were not deleted. */
        enum gal_status (*read_machines)(struct gal_store *store, const char *name, gal_machine_reader reader,
                                         void *user, struct gal_error *error);
        /* The same machines, those whose names come after `after` (NULL: all), by name: at most `limit`. */
        enum gal_status (*list_machines)(struct gal_store *store, const char *after, size_t limit,
                                         gal_machine_reader reader, void *user, struct gal_error *error);
        /* Deleted ones that had this name and still have executions: the newest first. */
        enum gal_status (*read_deleted_machines)(struct gal_store *store, const char *name,
                                                 gal_machine_reader reader, void *user, struct gal_error *error);
        enum gal_status (*read_revision)(struct gal_store *store, const char *revision_id,
                                         gal_revision_reader reader, void *user, struct gal_error *error);
        /* Of a machine, those below `below` (0: all), the latest first: at most `limit`. */
        enum gal_status (*read_versions)(struct gal_store *store, const char *machine_id, uint32_t below,
                                         size_t limit, gal_version_reader reader, void *user,
                                         struct gal_error *error);
        /* Of a machine, in the order in which they were made. */
        enum gal_status (*read_aliases)(struct gal_store *store, const char *machine_id, gal_alias_reader reader,
                                        void *user, struct gal_error *error);
        /* By key. */
        enum gal_status (*read_tags)(struct gal_store *store, const char *resource, gal_tag_reader reader,
                                     void *user, struct gal_error *error);
        enum gal_status (*read_execution)(struct gal_store *store, uint32_t slot, const char *execution_id,
                                          gal_execution_reader reader, void *user, struct gal_error *error);
        /* The execution that has a name in use, and when the name is free again. */
        enum gal_status (*find_name)(struct gal_store *store, const char *machine_id, const char *name,
                                     bool (*reader)(void *user, const struct gal_name_row *row), void *user,
                                     struct gal_error *error);
        /* Newest first. */
        enum gal_status (*list_executions)(struct gal_store *store, const struct gal_execution_filter *filter,
                                           gal_execution_reader reader, void *user, struct gal_error *error);
        /* Of one execution. */
        enum gal_status (*read_run)(struct gal_store *store, uint32_t slot, const char *execution_id,
                                    gal_run_reader reader, void *user, struct gal_error *error);
        /*
         * Those in an owner's memory (wake_ms 0) and the parked ones that are due by `due_ms`; INT64_MAX: all.
         * By wake_ms, then by id.
         */
        enum gal_status (*read_runs)(struct gal_store *store, int64_t due_ms, size_t limit, gal_run_reader reader,
                                     void *user, struct gal_error *error);
        /* The parked ones that become due after `after_ms` and by `due_ms`; in the same order. */
        enum gal_status (*read_parked)(struct gal_store *store, int64_t after_ms, int64_t due_ms, size_t limit,
                                       gal_run_reader reader, void *user, struct gal_error *error);
        /* By sequence, from `from_sequence` on, none missing. */
        enum gal_status (*read_chunks)(struct gal_store *store, uint32_t slot, const char *execution_id,
                                       uint64_t from_sequence, gal_chunk_reader reader, void *user,
                                       struct gal_error *error);
        /* Backwards, from `from_sequence` (UINT64_MAX: the last) to the first. */
        enum gal_status (*read_chunks_back)(struct gal_store *store, uint32_t slot, const char *execution_id,
                                            uint64_t from_sequence, gal_chunk_reader reader, void *user,
                                            struct gal_error *error);
        /* The chunk that holds this event. */
        enum gal_status (*read_chunk_of_event)(struct gal_store *store, uint32_t slot, const char *execution_id,
                                               uint64_t event_id, gal_chunk_reader reader, void *user,
                                               struct gal_error *error);

        /* By name (NULL: all), then by name. */
        enum gal_status (*read_activities)(struct gal_store *store, const char *name, gal_activity_reader reader,
                                           void *user, struct gal_error *error);
        /* Of that activity (NULL: of all, by name), the oldest first; `after` (nullable): behind that one. */
        enum gal_status (*read_activity_tasks)(struct gal_store *store, const char *activity,
                                               const struct gal_activity_task_row *after, size_t limit,
                                               gal_activity_task_reader reader, void *user,
                                               struct gal_error *error);

        /*
         * Removes executions that were closed before `closed_before_ms`, with their history, then names that are
         * free again by `names_by_ms`: at most `limit` of both together, fewer when no more are left. Deleted
         * machines and their revisions go with their last execution. Costs as much as what it removes. Fenced like
         * a commit.
         */
        enum gal_status (*purge)(struct gal_store *store, int64_t closed_before_ms, int64_t names_by_ms,
                                 size_t limit, size_t *ret_removed, struct gal_error *error);

        /*
         * Small values of the store as a whole, each written once. Not fenced: whoever comes first makes them, and
         * they never change.
         */
        /* (transfer full) `*ret_value`, ended by a NUL that does not count; NULL: there is none of that name. */
        enum gal_status (*read_setting)(struct gal_store *store, const char *name, char **ret_value,
                                        size_t *ret_len, struct gal_error *error);
        /* Leaves the one that is there. Both at once, from two processes: one of them is kept. */
        enum gal_status (*add_setting)(struct gal_store *store, const char *name, const char *value, size_t len,
                                       struct gal_error *error);
        /* Counts and sizes for people: "executions open", "history bytes", ... */
        enum gal_status (*stats)(struct gal_store *store, gal_stat_reader reader, void *user,
                                 struct gal_error *error);
        void (*destroy)(struct gal_store *store); /* releases the lease, too */
};

/*
 * Opens the store of an URL: memory:, sqlite:FILE, postgresql://... (as libpq has it).
 * `ret_store` (transfer full). GAL_EINVALID: no such URL, or the server says that it is wrong. GAL_EIO: it cannot
 * be opened, which may pass; nothing is created but an SQLite file.
 */
GAL_MUST_USE enum gal_status gal_store_open(const char *url, struct gal_store **ret_store, struct gal_error *error);

/* (transfer full) The backends' own constructors. */
struct gal_store *gal_store_memory_create(void);
GAL_MUST_USE enum gal_status gal_store_sqlite_open(const char *path, struct gal_store **ret_store,
                                                   struct gal_error *error);
GAL_MUST_USE enum gal_status gal_store_postgres_open(const char *conninfo, struct gal_store **ret_store,
                                                     struct gal_error *error);

static inline void gal_store_destroy(struct gal_store *store)
{
        if (store != NULL)
                store->ops->destroy(store);
}

#endif
