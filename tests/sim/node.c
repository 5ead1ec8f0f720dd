/*
 * node.c: the driver: ticks, commits, the lease, calls. What src/runtime/runtime.c does with a loop, threads and
 * clocks is done here with events.
 *
 * A process that dies does so between two events, or in the middle of something that its engine tells it: then all
 * that the engine still says is heard by nobody, and it goes as soon as the engine has returned.
 */
#include "node.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "clients.h"
#include "db.h"
#include "ledger.h"
#include "outsider.h"
#include "worker.h"

#define LEASE_MS 10000
#define RETRY_MS_MIN 200
#define RETRY_MS_MAX 5000
#define STAND_BY_MS 500
#define LATE_MS 250
#define PAUSE_MS 1000 /* of the engine, when parked executions cannot be read */

/* A commit that is out. */
struct flight {
        struct flight *next;
        struct sim_session *session; /* NULL while it is being made */
        struct gal_commit *commit;
};

struct sim_node {
        struct sim *sim;
        unsigned index;
        bool is_up;
        bool is_dying;
        bool is_owner;
        bool is_confirming; /* loaded, and whether the lease was ours all the time is being asked */
        bool is_draining;   /* the lease is lost; the commits that are out come home first */
        bool has_withheld;  /* a call was not sent because the lease may be over */
        struct gal_store *reader;
        struct gal_engine *engine;
        uint64_t epoch;
        uint64_t memory; /* the number of the load that made it */
        int64_t asked_ms;
        int64_t lease_end_ms;
        int64_t retry_ms;
        int64_t frozen_until_ms;
        int64_t clock_offset_ms;
        struct sim_event tick;
        struct sim_event wake;
        struct sim_event lease; /* renews, or tries to become the owner */
        struct sim_event start;
        struct flight *flights;
        struct sim_call *calls;
        struct sim_request *requests;
};

static void lose_ownership(struct sim_node *node);

unsigned sim_node_index(const struct sim_node *node)
{
        return node->index;
}

bool sim_node_is_up(const struct sim_node *node)
{
        return node->is_up;
}

bool sim_node_is_heard(const struct sim_node *node)
{
        return node->is_up && !node->is_dying;
}

bool sim_node_is_superseded(const struct sim_node *node)
{
        return sim_db_is_superseded(node->sim->db, node->epoch);
}

int64_t sim_node_frozen_ms(const struct sim_node *node)
{
        int64_t left_ms = node->frozen_until_ms - node->sim->now_ms;

        return left_ms > 0 ? left_ms : 0;
}

int64_t sim_node_busy_ms(const struct sim_node *node)
{
        int64_t frozen_ms = sim_node_frozen_ms(node);

        return frozen_ms == 0 && node->is_draining ? 1 : frozen_ms;
}

int64_t sim_node_clock_ms(const struct sim_node *node)
{
        return node->sim->now_ms + node->clock_offset_ms;
}

struct gal_engine *sim_node_engine(struct sim_node *node)
{
        return node->is_owner ? node->engine : NULL;
}

/* True: the node has died of it. */
static bool end_if_dying(struct sim_node *node)
{
        if (!node->is_dying)
                return false;
        sim_node_crash(node);
        return true;
}

/* Perhaps it dies here. False when it says nothing any more. */
static bool may_speak(struct sim_node *node)
{
        if (node->is_up && !node->is_dying && sim_fault_strikes(node->sim, SIM_FAULT_CRASH_INSIDE))
                node->is_dying = true;
        return !node->is_dying;
}

/* Ticks. */

static void run_tick(struct sim *sim, struct sim_event *event);

static void wake_up(struct sim *sim, struct sim_event *event)
{
        (void)sim;
        sim_node_poke(gal_container_of(event, struct sim_node, wake));
}

void sim_node_poke(struct sim_node *node)
{
        if (!sim_is_scheduled(&node->tick))
                sim_schedule(node->sim, &node->tick, run_tick, sim_one_in(node->sim, 4) ? 1 : 0);
}

static void arm_wake(struct sim_node *node)
{
        int64_t wake_ms = gal_engine_wake_ms(node->engine);
        int64_t clock_ms = sim_node_clock_ms(node);

        sim_unschedule(node->sim, &node->wake);
        if (wake_ms != 0)
                sim_schedule(node->sim, &node->wake, wake_up, wake_ms > clock_ms ? wake_ms - clock_ms : 0);
}

/* After anything that may have made the engine speak. True: the node goes on as the owner. */
static bool is_still_owner(struct sim_node *node)
{
        if (end_if_dying(node))
                return false;
        if (gal_engine_is_lost(node->engine) || node->has_withheld)
                lose_ownership(node);
        return node->is_owner;
}

static void run_tick(struct sim *sim, struct sim_event *event)
{
        struct sim_node *node = gal_container_of(event, struct sim_node, tick);
        int64_t busy_ms = sim_node_busy_ms(node);
        uint64_t random[4];

        if (busy_ms > 0) {
                sim_schedule(sim, event, run_tick, busy_ms);
                return;
        }
        if (!node->is_owner)
                return;
        for (size_t i = 0; i < 4; i++)
                random[i] = gal_random_next(&sim->random);
        gal_engine_tick(node->engine, sim_node_clock_ms(node), random);
        if (!is_still_owner(node))
                return;
        if (gal_engine_has_work(node->engine))
                sim_node_poke(node);
        else
                arm_wake(node);
}

/* Commits. */

static void on_commit(void *user, struct gal_commit *commit, const struct gal_batch *batch)
{
        struct sim_node *node = user;
        struct flight *flight = gal_new(struct flight);

        flight->commit = commit;
        flight->next = node->flights;
        node->flights = flight;
        if (may_speak(node))
                flight->session = sim_db_commit(node->sim->db, node, commit, batch, node->epoch);
}

static void remove_flight(struct sim_node *node, const struct gal_commit *commit)
{
        struct flight **link = &node->flights;
        struct flight *flight;

        while ((*link)->commit != commit)
                link = &(*link)->next;
        flight = *link;
        *link = flight->next;
        free(flight);
}

static void finish_losing(struct sim_node *node);

void sim_node_committed(struct sim_node *node, struct sim_session *session, struct gal_commit *commit,
                        enum gal_status status)
{
        (void)session;
        remove_flight(node, commit);
        if (status != GAL_OK)
                sim_trace(node->sim, "node %u: a commit fails: %s", node->index, gal_status_name(status));
        gal_engine_committed(node->engine, commit, status);
        if (end_if_dying(node))
                return;
        if (node->is_draining && node->flights == NULL)
                finish_losing(node);
        else if (!node->is_draining && is_still_owner(node))
                sim_node_poke(node);
}

/* Commits that nobody answers any more. */
static void leave_flights(struct sim_node *node)
{
        while (node->flights != NULL) {
                struct flight *flight = node->flights;

                node->flights = flight->next;
                if (flight->session != NULL)
                        sim_db_leave(flight->session);
                gal_engine_committed(node->engine, flight->commit, GAL_EIO);
                free(flight);
        }
}

/* Owning the store. */

static void run_lease(struct sim *sim, struct sim_event *event);

static void finish_losing(struct sim_node *node)
{
        node->is_draining = false;
        node->has_withheld = false;
        sim_db_disconnect(node->sim->db, node);
        gal_engine_drop(node->engine);
        if (end_if_dying(node))
                return;
        if (node->calls != NULL)
                sim_fail(node->sim, "node %u: calls are out after its memory was dropped", node->index);
        sim_schedule(node->sim, &node->lease, run_lease, 0);
}

static void lose_ownership(struct sim_node *node)
{
        struct sim *sim = node->sim;

        if (!node->is_owner)
                return;
        sim_trace(sim, "node %u: loses epoch %" PRIu64, node->index, node->epoch);
        node->is_owner = false;
        sim_unschedule(sim, &node->tick);
        sim_unschedule(sim, &node->wake);
        sim_unschedule(sim, &node->lease);
        if (node->flights != NULL && sim_one_in(sim, 2)) {
                node->is_draining = true;
                return;
        }
        leave_flights(node);
        finish_losing(node);
}

static void try_again(struct sim_node *node, enum gal_status status)
{
        int64_t delay_ms = status == GAL_EBUSY ? STAND_BY_MS : node->retry_ms;

        if (status != GAL_EBUSY)
                node->retry_ms = node->retry_ms * 2 > RETRY_MS_MAX ? RETRY_MS_MAX : node->retry_ms * 2;
        sim_schedule(node->sim, &node->lease, run_lease, delay_ms);
}

/* What was loaded is this owner's. */
static void resume(struct sim_node *node)
{
        node->is_confirming = false;
        node->is_owner = true;
        node->lease_end_ms = node->asked_ms + LEASE_MS;
        gal_engine_resume(node->engine);
        if (!is_still_owner(node))
                return;
        node->retry_ms = RETRY_MS_MIN;
        sim_schedule(node->sim, &node->lease, run_lease, LEASE_MS / 3);
        sim_node_poke(node);
}

static void confirm(struct sim_node *node, enum gal_status status)
{
        if (status == GAL_OK) {
                resume(node);
                return;
        }
        sim_trace(node->sim, "node %u: is not confirmed: %s", node->index, gal_status_name(status));
        node->is_confirming = false;
        gal_engine_drop(node->engine);
        if (!end_if_dying(node))
                try_again(node, status);
}

static void load(struct sim_node *node)
{
        struct sim *sim = node->sim;
        enum gal_status status;

        node->memory = ++sim->loads;
        status = gal_engine_load(node->engine, sim_node_clock_ms(node), NULL);
        if (end_if_dying(node))
                return;
        sim_trace(sim, "node %u: loads epoch %" PRIu64 ": %s, %zu open", node->index, node->epoch,
                  gal_status_name(status), gal_engine_open_count(node->engine));
        if (node->calls != NULL)
                sim_fail(sim, "node %u: calls are out after a load", node->index);
        if (status != GAL_OK) {
                try_again(node, status);
                return;
        }
        node->is_confirming = true;
        node->asked_ms = sim->now_ms;
        sim_db_renew(sim->db, node, node->epoch, LEASE_MS);
}

void sim_node_acquired(struct sim_node *node, enum gal_status status, uint64_t epoch)
{
        if (status != GAL_OK) {
                try_again(node, status);
                return;
        }
        node->epoch = epoch;
        node->lease_end_ms = node->asked_ms + LEASE_MS;
        load(node);
}

void sim_node_renewed(struct sim_node *node, enum gal_status status)
{
        if (node->is_confirming) {
                confirm(node, status);
                return;
        }
        if (!node->is_owner)
                return;
        if (status != GAL_OK) {
                sim_trace(node->sim, "node %u: is not renewed: %s", node->index, gal_status_name(status));
                lose_ownership(node);
                return;
        }
        node->lease_end_ms = node->asked_ms + LEASE_MS;
        sim_schedule(node->sim, &node->lease, run_lease, LEASE_MS / 3);
}

static void run_lease(struct sim *sim, struct sim_event *event)
{
        struct sim_node *node = gal_container_of(event, struct sim_node, lease);
        int64_t busy_ms = sim_node_busy_ms(node);

        if (busy_ms > 0) {
                sim_schedule(sim, event, run_lease, busy_ms);
                return;
        }
        node->asked_ms = sim->now_ms;
        if (node->is_owner)
                sim_db_renew(sim->db, node, node->epoch, LEASE_MS);
        else
                sim_db_acquire(sim->db, node, LEASE_MS);
}

/* Calls. */

/* Of a process that was succeeded and does not know it: what it knew before, it may send until its lease is over.
 */
static void check_late_call(struct sim_node *node, const struct sim_call *call)
{
        struct sim *sim = node->sim;
        const struct sim_entry *entry = sim_ledger_find_id(sim->ledger, call->id);
        const struct sim_attempt *attempt = entry == NULL ? NULL : sim_entry_attempt(entry, call->scheduled_id);

        if (sim_db_must_be_silent(sim->db, node->epoch))
                sim_fail(sim, "node %u dispatches attempt %" PRIu64 " of %s after its lease was taken", node->index,
                         call->scheduled_id, call->id);
        if (attempt != NULL && attempt->epoch > node->epoch)
                sim_fail(sim,
                         "node %u of epoch %" PRIu64 " dispatches attempt %" PRIu64 " of %s, of epoch %" PRIu64,
                         node->index, node->epoch, call->scheduled_id, call->id, attempt->epoch);
}

static void on_dispatch(void *user, const struct gal_dispatch *dispatch)
{
        struct sim_node *node = user;
        struct sim *sim = node->sim;
        struct sim_call *call;

        if (!may_speak(node))
                return;
        if (sim->now_ms >= node->lease_end_ms) {
                node->has_withheld = !GAL_MUTATED(CALL_FORGOTTEN);
                return;
        }
        call = sim_call_create(sim, node, dispatch);
        call->next = node->calls;
        node->calls = call;
        gal_task_set_data(dispatch->handle, call);
        sim_trace(sim, "node %u: dispatches %s", node->index, dispatch->identity);
        if (sim_db_is_superseded(sim->db, node->epoch))
                check_late_call(node, call);
        else
                call->entry = sim_ledger_dispatched(sim->ledger, call->id, call->scheduled_id, node->memory);
}

void sim_node_remove_call(struct sim_node *node, struct sim_call *call)
{
        struct sim_call **link = &node->calls;

        while (*link != call)
                link = &(*link)->next;
        *link = call->next;
}

static void on_cancel(void *user, struct gal_task_handle *handle, void *data)
{
        struct sim_node *node = user;
        struct sim_call *call = data;

        (void)handle;
        if (call == NULL)
                return;
        sim_trace(node->sim, "node %u: cancels %s/%" PRIu64, node->index, call->id, call->scheduled_id);
        sim_node_remove_call(node, call);
        sim_call_destroy(node->sim, call);
}

/* The worker goes on; nobody hears it. */
static void on_release(void *user, struct gal_task_handle *handle, void *data)
{
        on_cancel(user, handle, data);
}

/* What runs must be what is written. */
static void on_record(void *user, const struct gal_run *run, const struct gal_record *record)
{
        struct sim_node *node = user;
        const struct gal_execution *live = gal_run_execution(run);
        const struct sim_entry *entry;
        const char *difference = "";

        if (node->is_dying || record->id != live->last_id || sim_db_is_superseded(node->sim->db, node->epoch))
                return;
        entry = sim_ledger_find_id(node->sim->ledger, gal_run_id(run));
        if (entry == NULL)
                sim_fail(node->sim, "%s is shown and not written", live->execution_arn);
        else if (!gal_execution_equal(live, entry->execution, &difference))
                sim_fail(node->sim, "%s in memory differs from its history: %s", live->execution_arn, difference);
}

static void on_closed(void *user, const struct gal_run *run)
{
        struct sim_node *node = user;
        const char *arn = gal_run_execution(run)->execution_arn;
        const struct sim_entry *entry;

        if (!may_speak(node))
                return;
        entry = sim_ledger_find_id(node->sim->ledger, gal_run_id(run));
        if (entry == NULL || sim_entry_is_open(entry))
                sim_fail(node->sim, "%s is said to be closed, and its history has no end", arn);
}

/* Requests. */

void sim_node_add_request(struct sim_node *node, struct sim_request *request)
{
        request->next = node->requests;
        node->requests = request;
}

void sim_node_remove_request(struct sim_node *node, struct sim_request *request)
{
        struct sim_request **link = &node->requests;

        while (*link != request)
                link = &(*link)->next;
        *link = request->next;
}

/* Life and death. */

static void start_process(struct sim *sim, struct sim_event *event)
{
        struct sim_node *node = gal_container_of(event, struct sim_node, start);
        struct gal_engine_callbacks callbacks = { .commit = on_commit,
                                                  .dispatch = on_dispatch,
                                                  .cancel = on_cancel,
                                                  .release = on_release,
                                                  .record = on_record,
                                                  .closed = on_closed,
                                                  .user = node };
        struct gal_engine_options options = { .commits_max = sim->commits_max };

        for (size_t i = 0; i < 4; i++)
                options.random[i] = gal_random_next(&sim->random);
        node->is_up = true;
        node->retry_ms = RETRY_MS_MIN;
        node->reader = sim_reader_open(sim->db, sim);
        node->engine = gal_engine_create(node->reader, &options, &callbacks);
        sim_schedule(sim, &node->lease, run_lease, 0);
}

static void end_process(struct sim_node *node)
{
        struct sim *sim = node->sim;

        node->is_dying = true; /* for what the engine says to these answers */
        leave_flights(node);
        while (node->calls != NULL) {
                struct sim_call *call = node->calls;

                node->calls = call->next;
                sim_call_destroy(sim, call);
        }
        while (node->requests != NULL) {
                struct sim_request *request = node->requests;

                node->requests = request->next;
                sim_request_forget(request);
        }
        sim_outsiders_forget(sim->outsiders, node);
        gal_engine_destroy(node->engine);
        gal_store_destroy(node->reader);
        sim_unschedule(sim, &node->tick);
        sim_unschedule(sim, &node->wake);
        sim_unschedule(sim, &node->lease);
        sim_db_disconnect(sim->db, node);
        node->engine = NULL;
        node->reader = NULL;
        node->is_up = node->is_owner = node->is_draining = node->is_dying = node->has_withheld = false;
        node->is_confirming = false;
        node->frozen_until_ms = 0;
}

void sim_node_crash(struct sim_node *node)
{
        if (!node->is_up)
                return;
        sim_trace(node->sim, "node %u: is killed", node->index);
        end_process(node);
        sim_schedule(node->sim, &node->start, start_process,
                     sim_is_calm(node->sim) ? 0 : (int64_t)sim_below(node->sim, 5000));
}

struct sim_node *sim_node_create(struct sim *sim, unsigned index)
{
        struct sim_node *node = gal_new(struct sim_node);

        node->sim = sim;
        node->index = index;
        sim_schedule(sim, &node->start, start_process, (int64_t)index * 10);
        return node;
}

void sim_node_destroy(struct sim_node *node)
{
        if (node == NULL)
                return;
        if (node->is_up)
                end_process(node);
        sim_unschedule(node->sim, &node->start);
        free(node);
}

void sim_node_freeze(struct sim_node *node, int64_t duration_ms)
{
        sim_trace(node->sim, "node %u: is stopped for %" PRId64 " ms", node->index, duration_ms);
        node->frozen_until_ms = node->sim->now_ms + duration_ms;
}

void sim_node_set_clock(struct sim_node *node, int64_t offset_ms)
{
        sim_trace(node->sim, "node %u: its clock is off by %" PRId64 " ms", node->index, offset_ms);
        node->clock_offset_ms = offset_ms;
        if (offset_ms > node->sim->clock_ahead_max_ms)
                node->sim->clock_ahead_max_ms = offset_ms;
        if (node->is_owner)
                sim_node_poke(node);
}

void sim_node_calm(struct sim_node *node)
{
        for (struct sim_call *call = node->calls; call != NULL; call = call->next)
                sim_call_calm(node->sim, call);
}

/* At rest. */

static bool is_at_rest(const struct sim_node *node)
{
        return node->is_owner && node->flights == NULL && sim_node_busy_ms(node) == 0 &&
               !sim_is_scheduled(&node->tick) && !gal_engine_has_work(node->engine) &&
               !sim_db_is_superseded(node->sim->db, node->epoch);
}

static bool has_call(const struct sim_node *node, const struct sim_entry *entry, uint64_t scheduled_id)
{
        for (const struct sim_call *call = node->calls; call != NULL; call = call->next) {
                if (call->scheduled_id == scheduled_id && call->entry == entry)
                        return true;
        }
        return false;
}

/* Something will wake it, and in time. */
static void check_open(struct sim_node *node, const struct sim_entry *entry)
{
        struct sim *sim = node->sim;
        int64_t wake_ms = gal_execution_wake_ms(entry->execution);
        int64_t engine_ms = gal_engine_wake_ms(node->engine);
        int64_t clock_ms = sim_node_clock_ms(node);
        bool is_paused = sim->now_ms - sim->unreadable_ms <= PAUSE_MS;
        int64_t soon_ms = !is_paused ? wake_ms : (wake_ms > clock_ms ? wake_ms : clock_ms) + PAUSE_MS;

        for (const struct sim_attempt *attempt = entry->attempts; attempt != NULL; attempt = attempt->next) {
                if (!attempt->is_over && sim_attempt_needs_call(attempt) &&
                    !has_call(node, entry, attempt->scheduled_id))
                        sim_fail(sim, "attempt %" PRIu64 " of %s is open and was not dispatched",
                                 attempt->scheduled_id, entry->arn);
        }
        if (gal_execution_is_ready(entry->execution))
                sim_fail(sim, "%s could go on and does not", entry->arn);
        if (wake_ms != 0 && (engine_ms == 0 || engine_ms > soon_ms))
                sim_fail(sim, "%s is due in %" PRId64 " ms, and node %u wakes up in %" PRId64 " ms", entry->arn,
                         wake_ms - clock_ms, node->index, engine_ms == 0 ? INT64_MAX : engine_ms - clock_ms);
        if (wake_ms != 0 && wake_ms + LATE_MS < clock_ms && !is_paused)
                sim_fail(sim, "%s is %" PRId64 " ms late", entry->arn, clock_ms - wake_ms);
}

static void check_calls(struct sim_node *node)
{
        size_t count = 0;

        for (const struct sim_call *call = node->calls; call != NULL; call = call->next, count++) {
                const struct sim_attempt *attempt =
                        call->entry == NULL ? NULL : sim_entry_attempt(call->entry, call->scheduled_id);

                if (attempt == NULL || attempt->is_over)
                        sim_fail(node->sim, "a call of attempt %" PRIu64 " of %s is out, which is over",
                                 call->scheduled_id, call->id);
        }
        if (count != gal_engine_tasks_out(node->engine))
                sim_fail(node->sim, "the engine counts %zu calls, and %zu are out",
                         gal_engine_tasks_out(node->engine), count);
}

void sim_node_check(struct sim_node *node)
{
        size_t open = 0, parked = 0;

        if (!node->is_up || !is_at_rest(node))
                return;
        for (const struct sim_entry *entry = sim_ledger_first(node->sim->ledger); entry != NULL;
             entry = entry->hh.next) {
                if (!sim_entry_is_open(entry))
                        continue;
                open++;
                parked += entry->wake_ms != 0 || entry->is_refused;
                if (!entry->is_refused)
                        check_open(node, entry);
        }
        if (gal_engine_open_count(node->engine) > open || gal_engine_open_count(node->engine) < open - parked)
                sim_fail(node->sim, "the engine has %zu executions open, the store %zu, of which %zu are parked",
                         gal_engine_open_count(node->engine), open, parked);
        check_calls(node);
}
