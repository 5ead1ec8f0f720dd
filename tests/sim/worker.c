/*
 * worker.c: fake workers: quick or slow or silent, successful or not, now and then with a result that is too large.
 *
 * A result that comes after the attempt's end finds no call here, as it finds none in the runtime: a connector's
 * handle goes with the attempt.
 */
#include "worker.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "ledger.h"
#include "node.h"
#include "outsider.h"

#define LARGE_SIZE 270000 /* past the 256 KiB of a result */

static int64_t working_ms(struct sim *sim)
{
        if (sim_one_in(sim, 6))
                return (int64_t)sim_below(sim, 5000);
        if (sim_one_in(sim, 20))
                return (int64_t)sim_below(sim, 120000);
        return (int64_t)sim_below(sim, 50);
}

static void fail_call(struct sim *sim, struct sim_call *call)
{
        static const char *const errors[] = { "E1", "E2", "Lambda.Unknown", "States.TaskFailed", NULL };

        gal_task_failed(call->handle, errors[sim_below(sim, 5)], sim_one_in(sim, 2) ? "because" : NULL);
}

/* No two results are the same, so that the history tells whose it holds. */
static char *make_result(struct sim *sim, const struct sim_call *call)
{
        struct gal_buffer text = GAL_BUFFER_INIT;

        gal_buffer_append_format(&text, "{\"of\":%" PRIu64 ",\"at\":%" PRId64 ",\"nonce\":%" PRIu64,
                                 call->scheduled_id, sim->now_ms, sim_below(sim, 1u << 30));
        if (sim_one_in(sim, 300)) {
                gal_buffer_append_text(&text, ",\"large\":\"");
                for (size_t i = 0; i < LARGE_SIZE; i++)
                        gal_buffer_append_char(&text, 'x');
                gal_buffer_append_char(&text, '"');
        }
        if (sim->is_large && sim_one_in(sim, 2))
                gal_buffer_append_format(&text, ",\"pad\":\"%*u\"", 1500, (unsigned)sim_below(sim, 100));
        gal_buffer_append_char(&text, '}');
        return gal_buffer_take(&text, NULL);
}

static void succeed_call(struct sim *sim, struct sim_call *call)
{
        gal_auto_free char *text = make_result(sim, call);
        struct gal_payload *payload;

        if (gal_payload_parse(text, strlen(text), &payload, NULL) != GAL_OK)
                gal_bug("a result that does not parse", 0);
        if (call->entry != NULL)
                sim_entry_answered(call->entry, call->scheduled_id, text);
        gal_task_succeeded(call->handle, payload);
        gal_payload_unref(payload);
}

/* Somebody else has it from now on. */
static void give_token(struct sim *sim, struct sim_call *call)
{
        if (call->token != NULL)
                sim_outsiders_take_token(sim->outsiders, call->token, sim_one_in(sim, 5) ? 90000 : 300);
        free(call->token);
        call->token = NULL;
}

static void submit_call(struct sim *sim, struct sim_call *call)
{
        struct gal_payload *response;

        if (gal_payload_parse("{}", 2, &response, NULL) != GAL_OK)
                gal_bug("a response that does not parse", 0);
        give_token(sim, call);
        gal_task_submitted(call->handle, response);
        gal_payload_unref(response);
}

static void work(struct sim *sim, struct sim_event *event)
{
        struct sim_call *call = gal_container_of(event, struct sim_call, event);
        struct sim_node *node = call->node;
        int64_t busy_ms = sim_node_busy_ms(node);

        if (busy_ms > 0) {
                sim_schedule(sim, event, work, busy_ms);
                return;
        }
        sim_node_poke(node);
        if (!call->is_started) {
                call->is_started = true;
                gal_task_started(call->handle);
                if (sim_one_in(sim, 3)) /* before the call returns */
                        give_token(sim, call);
                if (!call->is_for_ever)
                        sim_schedule(sim, event, work, working_ms(sim));
                return;
        }
        sim_trace(sim, "worker: ends %s/%" PRIu64, call->id, call->scheduled_id);
        if (sim_one_in(sim, 4))
                fail_call(sim, call);
        else if (call->waits)
                submit_call(sim, call);
        else
                succeed_call(sim, call);
        sim_node_remove_call(node, call);
        sim_call_destroy(sim, call);
}

/* (transfer full) {"FunctionName":...,"Payload":{"t":TOKEN}} */
static char *find_token(const struct gal_dispatch *dispatch)
{
        const json_t *payload = json_object_get(dispatch->input->value, "Payload");

        return gal_strdup(json_string_value(json_object_get(payload, "t")));
}

struct sim_call *sim_call_create(struct sim *sim, struct sim_node *node, const struct gal_dispatch *dispatch)
{
        struct sim_call *call = gal_new(struct sim_call);
        const char *parts = dispatch->identity + strlen(dispatch->execution_arn); /* "/ID/SCHEDULED/ATTEMPT" */

        call->node = node;
        call->handle = dispatch->handle;
        call->id = gal_strndup(parts + 1, 36);
        call->scheduled_id = strtoull(parts + 38, NULL, 10);
        call->waits = dispatch->task->pattern == GAL_PATTERN_WAIT_FOR_TASK_TOKEN;
        if (call->waits)
                call->token = find_token(dispatch);
        call->is_started = sim_one_in(sim, 8); /* a worker that never says so */
        call->is_for_ever = !sim_is_calm(sim) && sim_one_in(sim, 25);
        if (!call->is_for_ever || !call->is_started)
                sim_schedule(sim, &call->event, work, (int64_t)sim_below(sim, 5));
        return call;
}

void sim_call_destroy(struct sim *sim, struct sim_call *call)
{
        sim_unschedule(sim, &call->event);
        free(call->id);
        free(call->token);
        free(call);
}

void sim_call_calm(struct sim *sim, struct sim_call *call)
{
        call->is_for_ever = false;
        if (!sim_is_scheduled(&call->event))
                sim_schedule(sim, &call->event, work, (int64_t)sim_below(sim, 100));
}
