/*
 * outsider.c: see outsider.h. A worker has one poll after the other, each under a name of its own, so that the
 * history says which of them was given the task.
 */
#include "outsider.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "db.h"
#include "engine/engine.h"
#include "engine/task_token.h"
#include "ledger.h"
#include "node.h"

#define WORKERS_MAX 5
#define PATIENCE_MS 3000
#define BEATS_MAX 4

struct worker {
        struct sim_event event; /* the next poll, or the end of patience with a node that is not there */
        struct sim_event hang_up;
        struct sim_outsiders *outsiders;
        struct sim_node *node;
        struct gal_poll *poll; /* NULL: none is under way */
        uint64_t number;       /* of the poll */
        bool is_gone;
        bool is_quiet; /* it leaves without a word: only who asks notices */
};

/* Who has a token. */
struct holder {
        LIST_ENTRY(holder) link;
        struct sim_event event; /* the next thing to say, or the end of patience */
        struct sim_outsiders *outsiders;
        char *token;
        struct gal_task_token parts;
        char *result; /* of a success; NULL: it fails */
        char *cause;  /* of a failure: like no other */
        unsigned beats;
        unsigned repeats; /* although it was acknowledged */
        unsigned node;
        struct said *said; /* NULL: nothing that is waited for */
};

/* Something said, on its way. */
struct said {
        LIST_ENTRY(said) link;
        struct sim_event event;
        struct sim_outsiders *outsiders;
        struct holder *holder; /* NULL: nobody waits for the answer */
        struct sim_node *node;
        enum gal_send_kind kind;
        char *token;
        struct gal_task_token parts;
        char *result;
        char *cause;
        bool is_given; /* the engine has it */
        bool is_final;
};

/* An activity, which somebody wants to be there, or not to be. */
struct activity {
        struct sim_event event;
        struct sim_outsiders *outsiders;
        unsigned index;
        unsigned changes; /* deletions that still come */
        bool is_wanted;
        bool is_asked;
        struct sim_node *node;
        unsigned next_node;
};

struct sim_outsiders {
        struct sim *sim;
        struct worker workers[WORKERS_MAX];
        unsigned worker_count;
        struct activity activities[SIM_ACTIVITIES];
        uint64_t *gone_at; /* by number of the poll: the count of events; 0: not gone */
        uint64_t poll_count;
        uint64_t poll_size;
        uint64_t causes;
        LIST_HEAD(, holder) holders;
        LIST_HEAD(, said) said;
        bool is_calm;
};

static struct sim_node *any_node(struct sim *sim)
{
        return sim->nodes[sim_below(sim, sim->node_count)];
}

/* Activities. */

static void run_activity(struct sim *sim, struct sim_event *event);

static bool is_written(const struct sim *sim, unsigned index)
{
        gal_auto_free char *name = gal_format("a%u", index);

        return sim_ledger_has_activity(sim->ledger, name);
}

static void on_activity(void *user, const struct gal_answer *answer)
{
        struct activity *activity = user;
        struct sim *sim = activity->outsiders->sim;

        if (!sim_node_is_heard(activity->node))
                return;
        activity->is_asked = false;
        if (answer->status == GAL_EIO) {
                sim_schedule(sim, &activity->event, run_activity, 50 + (int64_t)sim_below(sim, 300));
                return;
        }
        if (answer->status != GAL_OK)
                sim_fail(sim, "activity a%u is refused with %s", activity->index, answer->code);
        else if (!sim_node_is_superseded(activity->node) && is_written(sim, activity->index) != activity->is_wanted)
                sim_fail(sim, "activity a%u is acknowledged, and it is %s", activity->index,
                         activity->is_wanted ? "not written" : "there");
        if (activity->is_wanted && (activity->changes == 0 || activity->outsiders->is_calm))
                return;
        activity->changes -= activity->is_wanted;
        activity->is_wanted = !activity->is_wanted;
        sim_schedule(sim, &activity->event, run_activity, (int64_t)sim_below(sim, 8000));
}

static void run_activity(struct sim *sim, struct sim_event *event)
{
        struct activity *activity = gal_container_of(event, struct activity, event);
        struct sim_node *node = sim->nodes[activity->next_node++ % sim->node_count];
        struct gal_engine *engine = sim_node_is_up(node) ? sim_node_engine(node) : NULL;
        gal_auto_free char *name = gal_format("a%u", activity->index);
        gal_auto_free char *arn = gal_format(SIM_ACTIVITY_ARN "%u", activity->index);

        if (activity->is_asked)
                return;
        if (engine == NULL || sim_node_busy_ms(node) > 0) {
                sim_schedule(sim, event, run_activity, 20 + (int64_t)sim_below(sim, 200));
                return;
        }
        activity->node = node;
        activity->is_asked = true;
        if (activity->is_wanted)
                gal_engine_create_activity(engine, name, NULL, on_activity, activity);
        else
                gal_engine_delete_activity(engine, arn, on_activity, activity);
        sim_node_poke(node);
}

/* Workers. */

static void run_worker(struct sim *sim, struct sim_event *event);

static bool has_gone(void *user)
{
        const struct worker *worker = user;

        return worker->is_gone;
}

static void check_given(struct sim_outsiders *outsiders, const struct worker *worker, const char *token)
{
        static const uint8_t key[GAL_TASK_TOKEN_KEY_SIZE] = { 0 };
        gal_auto_free char *name = gal_format("w%" PRIu64, worker->number);
        struct sim *sim = outsiders->sim;
        struct gal_task_token parts;

        if (!gal_task_token_parse(token, key, &parts))
                sim_fail(sim, "a worker was given a token that is none");
        else
                sim_ledger_given(sim->ledger, name, parts.execution_id, parts.scheduled_id);
}

static void end_poll(struct worker *worker, int64_t within_ms)
{
        struct sim *sim = worker->outsiders->sim;

        worker->poll = NULL;
        sim_unschedule(sim, &worker->hang_up);
        sim_schedule(sim, &worker->event, run_worker, (int64_t)sim_below(sim, (uint64_t)within_ms));
}

static void on_poll(void *user, const struct gal_poll_answer *answer)
{
        struct worker *worker = user;
        struct sim *sim = worker->outsiders->sim;
        bool is_gone = worker->is_gone;

        if (!sim_node_is_heard(worker->node))
                return;
        if (answer->token != NULL)
                check_given(worker->outsiders, worker, answer->token);
        else if (answer->status != GAL_OK && answer->status != GAL_EIO &&
                 (answer->code == NULL || strcmp(answer->code, "ActivityDoesNotExist") != 0))
                sim_fail(sim, "a poll is refused with %s", answer->code);
        end_poll(worker, 500);
        if (answer->token != NULL && !is_gone)
                sim_outsiders_take_token(worker->outsiders, answer->token, sim_one_in(sim, 5) ? 20000 : 400);
}

static void hang_up(struct sim *sim, struct sim_event *event)
{
        struct worker *worker = gal_container_of(event, struct worker, hang_up);
        int64_t frozen_ms = sim_node_frozen_ms(worker->node);

        if (!worker->is_gone) {
                worker->is_gone = true;
                worker->outsiders->gone_at[worker->number] = sim->event_count;
        }
        if (worker->is_quiet)
                return;
        if (frozen_ms > 0) {
                sim_schedule(sim, event, hang_up, frozen_ms);
                return;
        }
        gal_poll_cancel(worker->poll);
        if (sim_node_engine(worker->node) != NULL)
                sim_node_poke(worker->node);
}

static void begin_poll(struct worker *worker, struct gal_engine *engine)
{
        struct sim_outsiders *outsiders = worker->outsiders;
        struct sim *sim = outsiders->sim;
        gal_auto_free char *name = gal_format("w%" PRIu64, outsiders->poll_count);
        gal_auto_free char *arn = gal_format(SIM_ACTIVITY_ARN "%u", (unsigned)sim_below(sim, SIM_ACTIVITIES));
        struct gal_poll_request request = {
                .activity_arn = arn, .worker = name, .has_gone = has_gone, .done = on_poll, .user = worker
        };

        if (outsiders->poll_count == outsiders->poll_size) {
                outsiders->poll_size = outsiders->poll_size == 0 ? 64 : outsiders->poll_size * 2;
                outsiders->gone_at =
                        gal_realloc(outsiders->gone_at, outsiders->poll_size, sizeof(*outsiders->gone_at));
        }
        outsiders->gone_at[outsiders->poll_count] = 0;
        worker->number = outsiders->poll_count++;
        worker->is_gone = false;
        worker->is_quiet = sim_one_in(sim, 2);
        worker->poll = gal_engine_poll(engine, &request);
        if (!outsiders->is_calm && sim_one_in(sim, 3))
                sim_schedule(sim, &worker->hang_up, hang_up,
                             (int64_t)sim_below(sim, sim_one_in(sim, 2) ? 20 : 3000));
        sim_node_poke(worker->node);
}

static void run_worker(struct sim *sim, struct sim_event *event)
{
        struct worker *worker = gal_container_of(event, struct worker, event);
        struct sim_node *node = any_node(sim);
        struct gal_engine *engine = sim_node_is_up(node) ? sim_node_engine(node) : NULL;

        gal_assert(worker->poll == NULL);
        if (engine == NULL || sim_node_busy_ms(node) > 0) {
                sim_schedule(sim, event, run_worker, 20 + (int64_t)sim_below(sim, 200));
                return;
        }
        worker->node = node;
        begin_poll(worker, engine);
}

void sim_outsiders_started(struct sim_outsiders *outsiders, const char *name, uint64_t decided_at)
{
        uint64_t number = strtoull(name + 1, NULL, 10);

        if (number >= outsiders->poll_count)
                sim_fail(outsiders->sim, "a task was started by %s, who is nobody", name);
        else if (outsiders->gone_at[number] != 0 && outsiders->gone_at[number] < decided_at)
                sim_fail(outsiders->sim, "a task was given to %s, who had gone", name);
}

/* Tokens. */

static void run_holder(struct sim *sim, struct sim_event *event);
static void answer_arrives(struct sim *sim, struct sim_event *event);

static void destroy_said(struct said *said)
{
        sim_unschedule(said->outsiders->sim, &said->event);
        if (said->holder != NULL)
                said->holder->said = NULL;
        LIST_REMOVE(said, link);
        free(said->token);
        free(said->result);
        free(said->cause);
        free(said);
}

static void destroy_holder(struct holder *holder)
{
        sim_unschedule(holder->outsiders->sim, &holder->event);
        if (holder->said != NULL)
                holder->said->holder = NULL;
        LIST_REMOVE(holder, link);
        free(holder->token);
        free(holder->result);
        free(holder->cause);
        free(holder);
}

void sim_outsiders_take_token(struct sim_outsiders *outsiders, const char *token, int64_t within_ms)
{
        static const uint8_t key[GAL_TASK_TOKEN_KEY_SIZE] = { 0 };
        struct sim *sim = outsiders->sim;
        struct holder *holder = gal_new(struct holder);

        LIST_INSERT_HEAD(&outsiders->holders, holder, link);
        holder->outsiders = outsiders;
        holder->token = gal_strdup(token);
        holder->beats = sim_one_in(sim, 2) ? 0 : (unsigned)sim_below(sim, BEATS_MAX);
        holder->node = (unsigned)sim_below(sim, sim->node_count);
        if (!gal_task_token_parse(token, key, &holder->parts))
                sim_fail(sim, "a task has a token that is none: %s", token);
        holder->cause = gal_format("cause %" PRIu64, outsiders->causes++);
        if (!sim_one_in(sim, 4))
                holder->result = gal_format("{\"of\":%" PRIu64 ",\"nonce\":%" PRIu64 "}",
                                            holder->parts.scheduled_id, outsiders->causes++);
        if (!outsiders->is_calm && sim_one_in(sim, 12))
                return; /* says nothing, and is forgotten with the run */
        sim_schedule(sim, &holder->event, run_holder, (int64_t)sim_below(sim, (uint64_t)within_ms));
}

/* What was acknowledged is in the history; what was refused is over. */
static void check_said(struct said *said, const struct gal_answer *answer)
{
        struct sim *sim = said->outsiders->sim;
        const struct sim_entry *entry = sim_ledger_find_id(sim->ledger, said->parts.execution_id);
        const char *wanted = said->kind == GAL_SEND_SUCCESS ? said->result : said->cause;

        if (entry == NULL) {
                sim_fail(sim, "a token is of execution %s, which is not written", said->parts.execution_id);
        } else if (answer->status == GAL_OK) {
                if (said->kind != GAL_SEND_HEARTBEAT &&
                    !sim_ledger_has_end(sim->ledger, said->parts.execution_id, said->parts.scheduled_id, wanted))
                        sim_fail(sim, "the end of attempt %" PRIu64 " of %s is acknowledged and not written",
                                 said->parts.scheduled_id, entry->arn);
        } else if (strcmp(answer->code, "TaskTimedOut") == 0) {
                if (!sim_node_is_superseded(said->node) && sim_entry_has_open(entry, said->parts.scheduled_id))
                        sim_fail(sim, "attempt %" PRIu64 " of %s is open and said to be over",
                                 said->parts.scheduled_id, entry->arn);
        } else if (strcmp(answer->code, "TaskDoesNotExist") == 0) {
                if (!entry->is_purged)
                        sim_fail(sim, "%s is there and said not to be", entry->arn);
        } else {
                sim_fail(sim, "what is said about %s is refused with %s", entry->arn, answer->code);
        }
}

static void on_said(void *user, const struct gal_answer *answer)
{
        struct said *said = user;
        struct sim *sim = said->outsiders->sim;
        bool is_retryable = answer->status == GAL_EIO;

        if (!sim_node_is_heard(said->node))
                return;
        said->is_given = false;
        sim_trace(sim, "node %u: answers %s about %s/%" PRIu64, sim_node_index(said->node),
                  answer->code == NULL ? "ok" : answer->code, said->parts.execution_id, said->parts.scheduled_id);
        said->is_final = !is_retryable;
        if (!is_retryable)
                check_said(said, answer);
        sim_schedule(sim, &said->event, answer_arrives, (int64_t)sim_below(sim, 5));
}

static void answer_arrives(struct sim *sim, struct sim_event *event)
{
        struct said *said = gal_container_of(event, struct said, event);
        struct holder *holder = said->holder;
        bool is_end = said->is_final && said->kind != GAL_SEND_HEARTBEAT;
        bool is_beat = said->is_final && said->kind == GAL_SEND_HEARTBEAT;

        destroy_said(said);
        if (holder == NULL)
                return;
        holder->beats -= is_beat;
        if (is_end && (holder->repeats++ > 1 || !sim_one_in(sim, 4))) {
                destroy_holder(holder);
                return;
        }
        sim_schedule(sim, &holder->event, run_holder, (int64_t)sim_below(sim, is_beat ? 2000 : 300));
}

static void give(struct said *said, struct gal_engine *engine)
{
        struct sim *sim = said->outsiders->sim;
        struct sim_entry *entry = sim_ledger_find_id(sim->ledger, said->parts.execution_id);
        struct gal_send_request request = {
                .kind = said->kind, .token = said->token, .error = "E1", .cause = said->cause
        };

        if (said->kind == GAL_SEND_SUCCESS) {
                if (gal_payload_parse(said->result, strlen(said->result), &request.output, NULL) != GAL_OK)
                        gal_bug("a result that does not parse", 0);
                if (entry != NULL)
                        sim_entry_answered(entry, said->parts.scheduled_id, said->result);
        }
        said->is_given = true;
        gal_engine_send(engine, &request, on_said, said);
        gal_payload_unref(request.output);
        sim_node_poke(said->node);
}

static void said_arrives(struct sim *sim, struct sim_event *event)
{
        struct said *said = gal_container_of(event, struct said, event);
        struct gal_engine *engine = sim_node_is_up(said->node) ? sim_node_engine(said->node) : NULL;
        int64_t busy_ms = sim_node_is_up(said->node) ? sim_node_busy_ms(said->node) : 0;

        if (busy_ms > 0)
                sim_schedule(sim, event, said_arrives, busy_ms);
        else if (engine == NULL)
                sim_schedule(sim, event, answer_arrives, (int64_t)sim_below(sim, 5));
        else
                give(said, engine);
}

/* The database refuses what its execution has to write: nobody will ever hear of it. */
static bool is_pointless(const struct holder *holder)
{
        const struct sim_entry *entry =
                sim_ledger_find_id(holder->outsiders->sim->ledger, holder->parts.execution_id);

        return entry == NULL || entry->is_refused;
}

static void run_holder(struct sim *sim, struct sim_event *event)
{
        struct holder *holder = gal_container_of(event, struct holder, event);
        struct sim_outsiders *outsiders = holder->outsiders;
        struct said *said;

        if (is_pointless(holder)) {
                destroy_holder(holder);
                return;
        }
        if (holder->said != NULL)
                holder->said->holder = NULL; /* out of patience */
        said = gal_new(struct said);
        said->outsiders = outsiders;
        said->holder = holder;
        said->kind = holder->beats > 0        ? GAL_SEND_HEARTBEAT
                     : holder->result != NULL ? GAL_SEND_SUCCESS
                                              : GAL_SEND_FAILURE;
        said->token = gal_strdup(holder->token);
        said->parts = holder->parts;
        said->result = gal_strdup(holder->result);
        said->cause = gal_strdup(holder->cause);
        said->node = sim->nodes[holder->node++ % sim->node_count];
        LIST_INSERT_HEAD(&outsiders->said, said, link);
        holder->said = said;
        sim_schedule(sim, &said->event, said_arrives, (int64_t)sim_below(sim, 5));
        sim_schedule(sim, event, run_holder, PATIENCE_MS);
}

/* Life. */

struct sim_outsiders *sim_outsiders_create(struct sim *sim)
{
        struct sim_outsiders *outsiders = gal_new(struct sim_outsiders);

        outsiders->sim = sim;
        LIST_INIT(&outsiders->holders);
        LIST_INIT(&outsiders->said);
        outsiders->worker_count = 1 + (unsigned)sim_below(sim, WORKERS_MAX);
        for (unsigned i = 0; i < outsiders->worker_count; i++) {
                outsiders->workers[i].outsiders = outsiders;
                sim_schedule(sim, &outsiders->workers[i].event, run_worker, (int64_t)sim_below(sim, 3000));
        }
        for (unsigned i = 0; i < SIM_ACTIVITIES; i++) {
                struct activity *activity = &outsiders->activities[i];

                activity->outsiders = outsiders;
                activity->index = i;
                activity->is_wanted = true;
                activity->changes = sim_one_in(sim, 4) ? 1 + (unsigned)sim_below(sim, 3) : 0;
                sim_schedule(sim, &activity->event, run_activity, 0);
        }
        return outsiders;
}

void sim_outsiders_destroy(struct sim_outsiders *outsiders)
{
        if (outsiders == NULL)
                return;
        while (!LIST_EMPTY(&outsiders->said))
                destroy_said(LIST_FIRST(&outsiders->said));
        while (!LIST_EMPTY(&outsiders->holders))
                destroy_holder(LIST_FIRST(&outsiders->holders));
        for (unsigned i = 0; i < outsiders->worker_count; i++) {
                sim_unschedule(outsiders->sim, &outsiders->workers[i].event);
                sim_unschedule(outsiders->sim, &outsiders->workers[i].hang_up);
        }
        for (unsigned i = 0; i < SIM_ACTIVITIES; i++)
                sim_unschedule(outsiders->sim, &outsiders->activities[i].event);
        free(outsiders->gone_at);
        free(outsiders);
}

static void forget_said(struct sim_outsiders *outsiders, const struct sim_node *node)
{
        struct said *said;

        LIST_FOREACH(said, &outsiders->said, link)
        {
                if (said->node != node || !said->is_given)
                        continue;
                said->is_given = false;
                sim_schedule(outsiders->sim, &said->event, answer_arrives, (int64_t)sim_below(outsiders->sim, 100));
        }
}

void sim_outsiders_forget(struct sim_outsiders *outsiders, const struct sim_node *node)
{
        for (unsigned i = 0; i < outsiders->worker_count; i++) {
                if (outsiders->workers[i].poll != NULL && outsiders->workers[i].node == node)
                        end_poll(&outsiders->workers[i], 300);
        }
        forget_said(outsiders, node);
        for (unsigned i = 0; i < SIM_ACTIVITIES; i++) {
                struct activity *activity = &outsiders->activities[i];

                if (!activity->is_asked || activity->node != node)
                        continue;
                activity->is_asked = false;
                sim_schedule(outsiders->sim, &activity->event, run_activity, 100);
        }
}

void sim_outsiders_calm(struct sim_outsiders *outsiders)
{
        struct sim *sim = outsiders->sim;

        outsiders->is_calm = true;
        for (unsigned i = 0; i < outsiders->worker_count; i++) {
                struct worker *worker = &outsiders->workers[i];

                if (worker->is_gone && worker->poll != NULL) { /* one that has left silently is noticed after all */
                        worker->is_quiet = false;
                        sim_schedule(sim, &worker->hang_up, hang_up, 0);
                } else {
                        sim_unschedule(sim, &worker->hang_up);
                }
        }
        for (unsigned i = 0; i < SIM_ACTIVITIES; i++) {
                struct activity *activity = &outsiders->activities[i];

                if (activity->is_wanted || activity->is_asked)
                        continue;
                activity->is_wanted = true;
                sim_schedule(sim, &activity->event, run_activity, 0);
        }
}
