/*
 * db.c: the steps of a commit, of taking the lease and of renewing it.
 *
 * Who wants the lock exclusively keeps new sessions from getting it shared, as Postgres's queue does. Sessions of a
 * former owner are terminated when the lease moves; one that does not hold the lock yet may escape that (it was
 * connecting), and then the lease has to stop it.
 */
#include "db.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "ledger.h"
#include "node.h"

#define THIEF SIM_NODES_MAX /* a process that only takes the lease */
#define NOBODY (SIM_NODES_MAX + 1)
#define EXCLUSIVE_MS_MAX 5000
#define EPOCHS_MAX 1024 /* whose ends are remembered; few runs have more */

enum step { STEP_LOCK, STEP_LEASE, STEP_ROWS, STEP_COMMIT, STEP_COUNT };

static const enum step right_order[STEP_COUNT] = { STEP_LOCK, STEP_LEASE, STEP_ROWS, STEP_COMMIT };
static const enum step wrong_order[STEP_COUNT] = { STEP_LEASE, STEP_LOCK, STEP_ROWS, STEP_COMMIT };

struct sim_session {
        struct sim_event event; /* the answer arrives */
        struct sim_db *db;
        struct sim_node *node;
        struct gal_commit *commit;
        struct backend *backend; /* NULL: the answer is on its way */
        enum gal_status status;
};

/* The server's side of a commit. */
struct backend {
        struct sim_event event;
        struct sim_event kill;
        struct sim_db *db;
        struct backend *next;
        struct sim_session *session; /* NULL: nobody waits for it */
        struct gal_batch *batch;
        uint64_t epoch;
        uint64_t decided_at; /* the count of events */
        unsigned at;         /* in the order of steps */
        bool has_lock;
        enum sim_fault fault; /* SIM_FAULT_COUNT: none */
        unsigned fault_at;
};

enum asking { ASKING_NOTHING, ASKING_ACQUIRE, ASKING_EXCLUSIVE, ASKING_ACQUIRED, ASKING_RENEW, ASKING_RENEWED };

/* A process as the server sees it, and what it has asked for. */
struct client {
        struct sim_event event;
        struct sim_db *db;
        struct sim_node *node; /* NULL: the thief, or not connected yet */
        unsigned index;
        bool is_connected; /* its session lock is held */
        enum asking asking;
        int64_t asked_ms;
        int64_t duration_ms;
        uint64_t epoch;
        bool loses_answer;
        enum gal_status status;
};

struct sim_db {
        struct sim *sim;
        struct gal_store *rows;
        struct backend *backends;
        struct client clients[SIM_NODES_MAX + 1];
        uint64_t epoch; /* of the lease row */
        unsigned holder;
        int64_t lease_end_ms;
        uint64_t granted_epoch;       /* whose holder has had the lock since: nobody before it may write any more */
        bool is_silenced[EPOCHS_MAX]; /* by epoch: it was succeeded when its lease had ended */
        unsigned exclusive_wanted;
        int64_t down_until_ms;
        uint64_t commit_count;
        uint64_t sure_fault_at; /* this commit gets a fault when nothing has happened until then */
};

struct sim_db *sim_db_create(struct sim *sim)
{
        static const struct gal_lease_request for_ever = { .address = "",
                                                           .incarnation = "00000000000000000000000000000000",
                                                           .duration_ms = INT64_MAX / 4 };
        struct sim_db *db = gal_new(struct sim_db);

        db->sim = sim;
        db->rows = gal_store_memory_create();
        db->holder = NOBODY;
        db->sure_fault_at = 1 + sim_below(sim, 2);
        for (unsigned i = 0; i <= SIM_NODES_MAX; i++) {
                db->clients[i].db = db;
                db->clients[i].index = i;
        }
        if (db->rows->ops->acquire(db->rows, &for_ever, NULL) != GAL_OK)
                gal_bug("the model store is owned by somebody", 0);
        return db;
}

struct gal_store *sim_db_rows(struct sim_db *db)
{
        return db->rows;
}

bool sim_db_is_down(const struct sim_db *db)
{
        return db->down_until_ms > db->sim->now_ms;
}

bool sim_db_must_be_silent(const struct sim_db *db, uint64_t epoch)
{
        return epoch < EPOCHS_MAX && db->is_silenced[epoch];
}

bool sim_db_is_superseded(const struct sim_db *db, uint64_t epoch)
{
        return epoch < db->granted_epoch;
}

/* Ends of a commit. */

static void answer_arrives(struct sim *sim, struct sim_event *event)
{
        struct sim_session *session = gal_container_of(event, struct sim_session, event);
        int64_t delay_ms = sim_node_frozen_ms(session->node);

        if (delay_ms > 0) {
                sim_schedule(sim, event, answer_arrives, delay_ms);
                return;
        }
        sim_node_committed(session->node, session, session->commit, session->status);
        free(session);
}

static void answer(struct sim_session *session, enum gal_status status, int64_t delay_ms)
{
        session->backend = NULL;
        session->status = status;
        sim_schedule(session->db->sim, &session->event, answer_arrives, delay_ms);
}

/* Committed or rolled back; the lock goes with it. */
static void finish_backend(struct backend *backend, enum gal_status status)
{
        struct sim_db *db = backend->db;
        struct backend **link = &db->backends;

        while (*link != backend)
                link = &(*link)->next;
        *link = backend->next;
        sim_unschedule(db->sim, &backend->event);
        sim_unschedule(db->sim, &backend->kill);
        if (backend->session != NULL)
                answer(backend->session, status, (int64_t)sim_below(db->sim, 3));
        gal_batch_copy_destroy(backend->batch);
        free(backend);
}

void sim_db_leave(struct sim_session *session)
{
        struct sim_db *db = session->db;
        struct backend *backend = session->backend;

        sim_unschedule(db->sim, &session->event);
        free(session);
        if (backend == NULL)
                return;
        backend->session = NULL;
        if (sim_one_in(db->sim, 2)) /* it had not sent all of it */
                finish_backend(backend, GAL_EIO);
}

/* Steps of a commit. */

/* Whatever is written of some executions after their start, the database will not have it. */
static bool is_refused(struct sim_db *db, const struct gal_batch *batch)
{
        bool is_any = false;

        for (size_t i = 0; db->sim->fault_in[SIM_FAULT_DATA] != 0 && i < batch->chunk_count; i++) {
                const struct gal_chunk_row *row = &batch->chunks[i];
                struct sim_entry *entry = sim_ledger_find_id(db->sim->ledger, row->execution_id);

                if (row->sequence == 1 || entry == NULL || row->execution_id[35] != '7')
                        continue;
                entry->is_refused = true;
                is_any = true;
        }
        db->sim->faults[SIM_FAULT_DATA] += is_any;
        return is_any;
}

static void write_rows(struct backend *backend)
{
        struct sim_db *db = backend->db;
        enum gal_status status;

        if (is_refused(db, backend->batch)) {
                finish_backend(backend, GAL_EINVALID);
                return;
        }
        if (backend->epoch < db->granted_epoch)
                sim_fail(db->sim, "a commit of epoch %llu is written while epoch %llu owns the store",
                         (unsigned long long)backend->epoch, (unsigned long long)db->granted_epoch);
        status = db->rows->ops->commit(db->rows, backend->batch, NULL);
        if (status == GAL_OK)
                sim_ledger_apply(db->sim->ledger, backend->batch, backend->epoch, backend->decided_at);
        if (status == GAL_OK && backend->fault == SIM_FAULT_APPLIED)
                status = GAL_EIO;
        finish_backend(backend, status);
}

static void run_backend(struct sim *sim, struct sim_event *event);

static void go_on(struct backend *backend, int64_t delay_ms)
{
        sim_schedule(backend->db->sim, &backend->event, run_backend, delay_ms);
}

static void run_step(struct backend *backend, enum step step)
{
        struct sim_db *db = backend->db;

        switch (step) {
        case STEP_LOCK:
                if (db->exclusive_wanted > 0) {
                        go_on(backend, 1);
                        return;
                }
                backend->has_lock = true;
                break;
        case STEP_LEASE:
                if (backend->epoch != db->epoch && !GAL_MUTATED(NO_FENCE)) {
                        finish_backend(backend, GAL_EFENCED);
                        return;
                }
                break;
        case STEP_ROWS:
                break;
        case STEP_COMMIT:
        case STEP_COUNT:
                write_rows(backend);
                return;
        }
        backend->at++;
        go_on(backend, (int64_t)sim_below(db->sim, 3));
}

/* The client has lost its connection; the server has not noticed, and has all that it needs. */
static void go_on_alone(struct backend *backend)
{
        answer(backend->session, GAL_EIO, (int64_t)sim_below(backend->db->sim, 3));
        backend->session = NULL;
        go_on(backend, (int64_t)sim_below(backend->db->sim, sim_one_in(backend->db->sim, 2) ? 200 : 20000));
}

/* True: the commit does not go on now. */
static bool suffer(struct backend *backend)
{
        struct sim *sim = backend->db->sim;
        enum sim_fault fault = backend->fault;

        if (fault == SIM_FAULT_APPLIED)
                return false;
        backend->fault = SIM_FAULT_COUNT;
        if (fault == SIM_FAULT_REFUSED || fault == SIM_FAULT_NOT_APPLIED)
                finish_backend(backend, GAL_EIO);
        else if (fault == SIM_FAULT_LATE && backend->session != NULL)
                go_on_alone(backend);
        else if (fault == SIM_FAULT_STUCK)
                go_on(backend, 1000 + (int64_t)sim_below(sim, 20000));
        else if (fault == SIM_FAULT_SLOW)
                go_on(backend, 100 + (int64_t)sim_below(sim, 3000));
        else
                return false;
        return true;
}

static void run_backend(struct sim *sim, struct sim_event *event)
{
        struct backend *backend = gal_container_of(event, struct backend, event);
        const enum step *order = GAL_MUTATED(LEASE_BEFORE_LOCK) ? wrong_order : right_order;

        (void)sim;
        if (backend->fault != SIM_FAULT_COUNT && backend->at == backend->fault_at && suffer(backend))
                return;
        run_step(backend, order[backend->at]);
}

static bool has_struck(const struct sim *sim)
{
        for (int i = 0; i < SIM_FAULT_COUNT; i++) {
                if (sim->faults[i] > 0)
                        return true;
        }
        return false;
}

static enum sim_fault pick_fault(struct sim_db *db)
{
        static const enum sim_fault faults[] = { SIM_FAULT_REFUSED, SIM_FAULT_NOT_APPLIED, SIM_FAULT_APPLIED,
                                                 SIM_FAULT_LATE,    SIM_FAULT_STUCK,       SIM_FAULT_SLOW };
        struct sim *sim = db->sim;

        for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
                if (sim_fault_strikes(sim, faults[i]))
                        return faults[i];
        }
        if (++db->commit_count == db->sure_fault_at && !has_struck(sim)) {
                enum sim_fault fault = faults[sim_below(sim, 4)];

                sim->faults[fault]++;
                return fault;
        }
        return SIM_FAULT_COUNT;
}

struct sim_session *sim_db_commit(struct sim_db *db, struct sim_node *node, struct gal_commit *commit,
                                  const struct gal_batch *batch, uint64_t epoch)
{
        struct sim_session *session = gal_new(struct sim_session);
        struct backend *backend = gal_new(struct backend);

        session->db = db;
        session->node = node;
        session->commit = commit;
        session->backend = backend;
        backend->db = db;
        backend->session = session;
        backend->batch = gal_batch_copy(batch);
        backend->epoch = epoch;
        backend->decided_at = db->sim->event_count;
        backend->fault = pick_fault(db);
        backend->fault_at = (unsigned)sim_below(db->sim, STEP_COUNT);
        backend->next = db->backends;
        db->backends = backend;
        if (sim_db_is_down(db))
                finish_backend(backend, GAL_EIO);
        else
                go_on(backend, (int64_t)sim_below(db->sim, 3));
        return session;
}

/* Taking the lease. */

static void run_client(struct sim *sim, struct sim_event *event);

static void client_goes_on(struct client *client, enum asking asking, int64_t delay_ms)
{
        client->asking = asking;
        sim_schedule(client->db->sim, &client->event, run_client, delay_ms);
}

/* A request that the server gets late, or whose answer comes late: later than the lease lasts, maybe. */
static int64_t renewal_ms(struct sim_db *db)
{
        if (!sim_fault_strikes(db->sim, SIM_FAULT_SLOW_RENEWAL))
                return (int64_t)sim_below(db->sim, 3);
        return 1000 + (int64_t)sim_below(db->sim, 14000);
}

static void answer_client(struct client *client, enum asking asking, enum gal_status status)
{
        client->status = status;
        client_goes_on(client, asking,
                       asking == ASKING_RENEWED ? renewal_ms(client->db) : (int64_t)sim_below(client->db->sim, 3));
}

static void kill_backend(struct sim *sim, struct sim_event *event)
{
        (void)sim;
        finish_backend(gal_container_of(event, struct backend, kill), GAL_EIO);
}

static void terminate_former(struct sim_db *db)
{
        for (struct backend *backend = db->backends; backend != NULL; backend = backend->next) {
                if (backend->epoch < db->epoch && (backend->has_lock || sim_one_in(db->sim, 2)))
                        sim_schedule(db->sim, &backend->kill, kill_backend, (int64_t)sim_below(db->sim, 100));
        }
}

static void take_lease(struct sim_db *db, struct client *client)
{
        bool has_ended = db->lease_end_ms <= db->sim->now_ms;

        if (has_ended && db->holder != client->index && db->epoch < EPOCHS_MAX)
                db->is_silenced[db->epoch] = true;
        db->epoch++;
        db->holder = client->index;
        db->lease_end_ms = db->sim->now_ms + client->duration_ms;
        client->is_connected = true;
        client->epoch = db->epoch;
        sim_trace(db->sim, "db: process %u takes epoch %llu", client->index, (unsigned long long)db->epoch);
        terminate_former(db);
        db->exclusive_wanted++;
        client->asked_ms = db->sim->now_ms;
        client_goes_on(client, ASKING_EXCLUSIVE, 0);
}

static bool may_take(const struct sim_db *db, const struct client *client)
{
        return db->holder == NOBODY || db->holder == client->index || db->lease_end_ms <= db->sim->now_ms ||
               !db->clients[db->holder].is_connected || client->index == THIEF;
}

static void try_acquire(struct client *client)
{
        struct sim_db *db = client->db;

        client->loses_answer = false;
        if (client->index != THIEF && sim_fault_strikes(db->sim, SIM_FAULT_ACQUIRE)) {
                if (sim_one_in(db->sim, 2)) {
                        answer_client(client, ASKING_ACQUIRED, GAL_EIO);
                        return;
                }
                client->loses_answer = true;
        }
        if (sim_db_is_down(db))
                answer_client(client, ASKING_ACQUIRED, GAL_EIO);
        else if (!may_take(db, client))
                answer_client(client, ASKING_ACQUIRED, GAL_EBUSY);
        else
                take_lease(db, client);
}

static bool is_lock_held(const struct sim_db *db)
{
        for (const struct backend *backend = db->backends; backend != NULL; backend = backend->next) {
                if (backend->has_lock)
                        return true;
        }
        return false;
}

/* The lock is had for an instant: whoever takes it from now on reads the new lease. */
static void try_exclusive(struct client *client)
{
        struct sim_db *db = client->db;

        if (is_lock_held(db) && db->sim->now_ms - client->asked_ms < EXCLUSIVE_MS_MAX) {
                client_goes_on(client, ASKING_EXCLUSIVE, 1);
                return;
        }
        db->exclusive_wanted--;
        if (is_lock_held(db)) {
                answer_client(client, ASKING_ACQUIRED, GAL_EIO);
                return;
        }
        if (client->epoch > db->granted_epoch)
                db->granted_epoch = client->epoch;
        if (client->node == NULL) /* the thief stays for a while */
                client_goes_on(client, ASKING_ACQUIRED, client->duration_ms);
        else
                answer_client(client, ASKING_ACQUIRED, client->loses_answer ? GAL_EIO : GAL_OK);
}

static void try_renew(struct client *client)
{
        struct sim_db *db = client->db;
        enum gal_status status = GAL_OK;
        bool is_lost = sim_fault_strikes(db->sim, SIM_FAULT_RENEWAL);

        if (sim_db_is_down(db) || (is_lost && sim_one_in(db->sim, 2)))
                status = GAL_EIO;
        else if (db->epoch != client->epoch)
                status = GAL_EFENCED;
        else
                db->lease_end_ms = db->sim->now_ms + client->duration_ms;
        answer_client(client, ASKING_RENEWED, is_lost ? GAL_EIO : status);
}

/* The thief goes as it came. */
static void end_theft(struct client *client)
{
        client->asking = ASKING_NOTHING;
        client->is_connected = false;
}

static void deliver(struct client *client)
{
        enum asking asking = client->asking;
        int64_t delay_ms = client->node == NULL ? 0 : sim_node_frozen_ms(client->node);

        if (delay_ms > 0) {
                client_goes_on(client, asking, delay_ms);
                return;
        }
        client->asking = ASKING_NOTHING;
        if (client->node == NULL)
                end_theft(client);
        else if (asking == ASKING_RENEWED)
                sim_node_renewed(client->node, client->status);
        else
                sim_node_acquired(client->node, client->status, client->epoch);
}

static void run_client(struct sim *sim, struct sim_event *event)
{
        struct client *client = gal_container_of(event, struct client, event);

        (void)sim;
        switch (client->asking) {
        case ASKING_NOTHING:
                return;
        case ASKING_ACQUIRE:
                try_acquire(client);
                return;
        case ASKING_EXCLUSIVE:
                try_exclusive(client);
                return;
        case ASKING_RENEW:
                try_renew(client);
                return;
        case ASKING_ACQUIRED:
        case ASKING_RENEWED:
                deliver(client);
                return;
        }
}

static struct client *ask(struct sim_db *db, struct sim_node *node, enum asking asking, int64_t duration_ms)
{
        struct client *client = &db->clients[sim_node_index(node)];

        gal_assert(client->asking == ASKING_NOTHING);
        client->node = node;
        client->duration_ms = duration_ms;
        client_goes_on(client, asking, asking == ASKING_RENEW ? renewal_ms(db) : (int64_t)sim_below(db->sim, 3));
        return client;
}

void sim_db_acquire(struct sim_db *db, struct sim_node *node, int64_t duration_ms)
{
        ask(db, node, ASKING_ACQUIRE, duration_ms);
}

void sim_db_renew(struct sim_db *db, struct sim_node *node, uint64_t epoch, int64_t duration_ms)
{
        ask(db, node, ASKING_RENEW, duration_ms)->epoch = epoch;
}

static void disconnect(struct client *client)
{
        if (client->asking == ASKING_EXCLUSIVE)
                client->db->exclusive_wanted--;
        client->asking = ASKING_NOTHING;
        client->is_connected = false;
        sim_unschedule(client->db->sim, &client->event);
}

void sim_db_disconnect(struct sim_db *db, const struct sim_node *node)
{
        disconnect(&db->clients[sim_node_index(node)]);
}

/* Faults. */

static void fail_client(struct client *client)
{
        bool is_renewing = client->asking == ASKING_RENEW || client->asking == ASKING_RENEWED;
        bool is_asking = client->asking != ASKING_NOTHING;

        disconnect(client);
        if (is_asking && client->node != NULL)
                answer_client(client, is_renewing ? ASKING_RENEWED : ASKING_ACQUIRED, GAL_EIO);
}

void sim_db_lose_session(struct sim_db *db, const struct sim_node *node)
{
        db->clients[sim_node_index(node)].is_connected = false;
}

void sim_db_go_down(struct sim_db *db, int64_t duration_ms)
{
        sim_trace(db->sim, "db: down for %lld ms", (long long)duration_ms);
        db->down_until_ms = db->sim->now_ms + duration_ms;
        while (db->backends != NULL)
                finish_backend(db->backends, GAL_EIO);
        for (unsigned i = 0; i <= SIM_NODES_MAX; i++)
                fail_client(&db->clients[i]);
}

void sim_db_steal_lease(struct sim_db *db)
{
        struct client *thief = &db->clients[THIEF];

        if (thief->asking != ASKING_NOTHING || sim_db_is_down(db))
                return;
        thief->duration_ms = (int64_t)sim_below(db->sim, 3000);
        client_goes_on(thief, ASKING_ACQUIRE, 0);
}

void sim_db_calm(struct sim_db *db)
{
        db->down_until_ms = 0;
}

void sim_db_destroy(struct sim_db *db)
{
        if (db == NULL)
                return;
        while (db->backends != NULL) {
                db->backends->session = NULL;
                finish_backend(db->backends, GAL_EIO);
        }
        for (unsigned i = 0; i <= SIM_NODES_MAX; i++)
                sim_unschedule(db->sim, &db->clients[i].event);
        gal_store_destroy(db->rows);
        free(db);
}
