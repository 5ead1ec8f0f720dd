/*
 * case_run.c: the world around the execution of a case: answers to come, in the order of their time.
 */
#include "case_run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "case_json.h"

/* Something that will be fed. */
struct pending {
        int64_t at_ms;
        enum gal_stimulus_kind kind;
        size_t call;
        const json_t *answer; /* borrowed */
};

struct player {
        struct driver *driver;
        const json_t *source;
        struct pending *pending; /* in the order in which they were asked for */
        size_t pending_count, pending_size;
        size_t answered; /* effects looked at for answers */
        size_t expected; /* effects that the script has expected */
        const char *activities[8];
        struct gal_identity identity;
};

#define STIMULI_MAX 64

/* The stimuli of one step, with the payloads that they borrow. */
struct feed {
        struct gal_stimulus stimuli[STIMULI_MAX];
        size_t count;
};

static struct gal_payload *make_payload(struct driver *driver, const char *text, size_t len)
{
        struct gal_error error = { .code = GAL_OK };
        struct gal_payload *payload = NULL;

        if (gal_payload_parse(text, len, &payload, &error) != GAL_OK)
                driver_fail(driver, "a payload of the case is refused: %s", error.message);
        return payload;
}

static struct gal_payload *payload_of(struct driver *driver, const json_t *object, const char *key,
                                      const char *text_key)
{
        const json_t *raw = json_object_get(object, text_key);
        const json_t *value = json_object_get(object, key);
        gal_auto_free char *text = NULL;

        if (raw != NULL)
                return make_payload(driver, json_string_value(raw), json_string_length(raw));
        text = value == NULL ? gal_strdup("{}") : gal_need(gal_json_text(value, NULL));
        return make_payload(driver, text, strlen(text));
}

static bool has(const json_t *object, const char *key)
{
        return json_object_get(object, key) != NULL;
}

static const char *text_of(const json_t *object, const char *key)
{
        return json_string_value(json_object_get(object, key));
}

static const struct gal_state *state_of(const struct player *player, const struct driver_call *call)
{
        return &player->driver->program->states[call->state];
}

/* "State" or "State[1]". */
static bool is_named(const struct player *player, const struct driver_call *call, const char *name)
{
        const char *state = state_of(player, call)->name;
        gal_auto_free char *indexed = gal_format("%s[%" PRIu32 "]", state, call->index);

        return strcmp(name, state) == 0 || strcmp(name, indexed) == 0;
}

/* Answers from the table. */

static void plan(struct player *player, size_t call, enum gal_stimulus_kind kind, int64_t at_ms,
                 const json_t *answer)
{
        if (player->pending_count == player->pending_size) {
                player->pending_size = player->pending_size == 0 ? 16 : player->pending_size * 2;
                player->pending = gal_realloc(player->pending, player->pending_size, sizeof(*player->pending));
        }
        player->pending[player->pending_count++] =
                (struct pending){ .at_ms = at_ms, .kind = kind, .call = call, .answer = answer };
}

static const json_t *answer_to(const struct player *player, size_t call)
{
        const struct driver_call *calls = player->driver->calls;
        const json_t *answers =
                json_object_get(json_object_get(player->source, "tasks"), state_of(player, &calls[call])->name);
        size_t earlier = 0;

        for (size_t i = 0; i < call; i++)
                earlier += calls[i].state == calls[call].state;
        if (earlier >= json_array_size(answers))
                earlier = json_array_size(answers) - 1;
        return json_array_size(answers) == 0 ? NULL : json_array_get(answers, earlier);
}

static int64_t time_of(const json_t *object, const char *key)
{
        return has(object, key) ? case_json_time(json_object_get(object, key)) : 0;
}

static void plan_answer(struct player *player, const struct pending *started)
{
        const struct gal_task *task = &state_of(player, &player->driver->calls[started->call])->as.task;
        const json_t *answer = started->answer;
        const json_t *heartbeat;
        size_t index;

        if (task->pattern != GAL_PATTERN_REQUEST_RESPONSE)
                plan(player, started->call, GAL_STIMULUS_TASK_SUBMITTED, started->at_ms, answer);
        json_array_foreach(json_object_get(answer, "heartbeats"), index, heartbeat)
                plan(player, started->call, GAL_STIMULUS_TASK_HEARTBEAT, started->at_ms + case_json_time(heartbeat),
                     answer);
        if (!has(answer, "never"))
                plan(player, started->call,
                     has(answer, "error") || has(answer, "cause") || has(answer, "failed")
                             ? GAL_STIMULUS_TASK_FAILED
                             : GAL_STIMULUS_TASK_SUCCEEDED,
                     started->at_ms + time_of(answer, "after"), answer);
}

/* New calls get their answers planned. */
static void look_at_effects(struct player *player)
{
        struct driver *driver = player->driver;

        for (; player->answered < driver->effect_count; player->answered++) {
                const struct driver_effect *effect = &driver->effects[player->answered];
                const json_t *answer;

                if (effect->kind != GAL_EFFECT_INVOKE)
                        continue;
                answer = answer_to(player, effect->call);
                if (answer == NULL && !has(player->source, "script"))
                        driver_fail(driver, "no answer for the task %s",
                                    state_of(player, &driver->calls[effect->call])->name);
                if (answer != NULL && !has(answer, "unstarted"))
                        plan(player, effect->call, GAL_STIMULUS_TASK_STARTED,
                             driver->env.now_ms + time_of(answer, "start_after"), answer);
        }
}

static void release_feed(struct feed *feed)
{
        for (size_t i = 0; i < feed->count; i++)
                gal_payload_unref(feed->stimuli[i].payload);
        feed->count = 0;
}

static struct gal_stimulus answer_stimulus(struct player *player, const struct pending *pending)
{
        const struct driver_call *call = &player->driver->calls[pending->call];
        struct gal_stimulus stimulus = { .kind = pending->kind,
                                         .frame = call->frame,
                                         .scheduled_id = call->scheduled_id };

        if (pending->kind == GAL_STIMULUS_TASK_SUBMITTED)
                stimulus.payload = payload_of(player->driver, pending->answer, "submitted", "submitted_text");
        if (pending->kind == GAL_STIMULUS_TASK_SUCCEEDED)
                stimulus.payload = has(pending->answer, "echo")
                                           ? gal_payload_ref(call->input)
                                           : payload_of(player->driver, pending->answer, "output", "output_text");
        if (pending->kind == GAL_STIMULUS_TASK_STARTED)
                stimulus.worker = text_of(pending->answer, "worker");
        stimulus.error = text_of(pending->answer, "error");
        stimulus.cause = text_of(pending->answer, "cause");
        return stimulus;
}

static void feed_pending(struct player *player, size_t index)
{
        struct pending pending = player->pending[index];
        struct gal_stimulus stimulus;

        memmove(&player->pending[index], &player->pending[index + 1],
                (--player->pending_count - index) * sizeof(pending));
        if (pending.at_ms > player->driver->env.now_ms)
                player->driver->env.now_ms = pending.at_ms;
        stimulus = answer_stimulus(player, &pending);
        if (player->driver->fault == NULL && driver_step(player->driver, &stimulus, 1))
                driver_settle(player->driver);
        gal_payload_unref(stimulus.payload);
        if (pending.kind == GAL_STIMULUS_TASK_STARTED)
                plan_answer(player, &pending);
}

/* The index of the earliest; `pending_count` when there is none. */
static size_t next_pending(const struct player *player)
{
        size_t next = 0;

        for (size_t i = 1; i < player->pending_count; i++) {
                if (player->pending[i].at_ms < player->pending[next].at_ms)
                        next = i;
        }
        return next;
}

/* Answers and timers in the order of their time, an answer first, until `limit_ms` or the end. */
static void run_until(struct player *player, int64_t limit_ms)
{
        struct driver *driver = player->driver;

        for (;;) {
                size_t next;
                int64_t wake_ms, pending_ms;

                look_at_effects(player);
                if (driver->fault != NULL || !driver_is_running(driver))
                        return;
                next = next_pending(player);
                pending_ms = next < player->pending_count ? player->pending[next].at_ms : INT64_MAX;
                wake_ms = gal_execution_wake_ms(driver->execution);
                if (pending_ms <= wake_ms && pending_ms <= limit_ms)
                        feed_pending(player, next);
                else if (wake_ms <= limit_ms)
                        driver_time(driver, wake_ms > driver->env.now_ms ? wake_ms : driver->env.now_ms);
                else
                        return;
        }
}

/* The script. */

static const struct {
        const char *name;
        enum gal_stimulus_kind kind;
} feeds[] = {
        { "TaskStarted", GAL_STIMULUS_TASK_STARTED },
        { "TaskSubmitted", GAL_STIMULUS_TASK_SUBMITTED },
        { "TaskSucceeded", GAL_STIMULUS_TASK_SUCCEEDED },
        { "TaskFailed", GAL_STIMULUS_TASK_FAILED },
        { "TaskHeartbeat", GAL_STIMULUS_TASK_HEARTBEAT },
        { "Stop", GAL_STIMULUS_STOP },
        { "Time", GAL_STIMULUS_TIME },
};

static const struct driver_call *find_call(struct player *player, const json_t *argument)
{
        struct driver *driver = player->driver;
        const json_t *scheduled = json_object_get(argument, "scheduled");
        const char *name = text_of(argument, "of");
        const struct driver_call *found = NULL;

        for (size_t i = 0; i < driver->call_count; i++) {
                const struct driver_call *call = &driver->calls[i];

                if (scheduled != NULL) {
                        if (call->scheduled_id == (uint64_t)json_integer_value(scheduled))
                                return call;
                        continue;
                }
                if (!driver_call_is_open(call) || (name != NULL && !is_named(player, call, name)))
                        continue;
                if (found != NULL)
                        driver_fail(driver, "more than one open task: say \"of\"");
                found = call;
        }
        if (found == NULL)
                driver_fail(driver, "no such task is open: %s", name == NULL ? "" : name);
        return found;
}

static bool is_of_task(enum gal_stimulus_kind kind)
{
        return kind != GAL_STIMULUS_STOP && kind != GAL_STIMULUS_TIME;
}

static void add_stimulus(struct player *player, struct feed *feed, enum gal_stimulus_kind kind,
                         const json_t *argument)
{
        struct gal_stimulus *stimulus = &feed->stimuli[feed->count];
        const struct driver_call *call = is_of_task(kind) ? find_call(player, argument) : NULL;

        if (player->driver->fault != NULL || feed->count == STIMULI_MAX)
                return;
        feed->count++;
        *stimulus = (struct gal_stimulus){ .kind = kind,
                                           .frame = call == NULL ? 0 : call->frame,
                                           .scheduled_id = call == NULL ? 0 : call->scheduled_id,
                                           .error = text_of(argument, "error"),
                                           .cause = text_of(argument, "cause"),
                                           .worker = text_of(argument, "worker") };
        if (kind == GAL_STIMULUS_TASK_SUCCEEDED || kind == GAL_STIMULUS_TASK_SUBMITTED)
                stimulus->payload = payload_of(player->driver, argument, "output", "output_text");
        if (kind == GAL_STIMULUS_TIME)
                player->driver->env.now_ms = DRIVER_START_MS + case_json_time(argument);
}

static void add_feed(struct player *player, struct feed *feed, const json_t *item)
{
        const char *name = json_object_iter_key(json_object_iter((json_t *)item));

        for (size_t i = 0; name != NULL && i < sizeof(feeds) / sizeof(feeds[0]); i++) {
                if (strcmp(feeds[i].name, name) == 0) {
                        add_stimulus(player, feed, feeds[i].kind, json_object_get(item, name));
                        return;
                }
        }
        driver_fail(player->driver, "the script feeds what nobody knows: %s", name == NULL ? "" : name);
}

static void play_feed(struct player *player, const json_t *item)
{
        struct feed feed = { .count = 0 };

        if (has(item, "TimeTo")) {
                int64_t until_ms = DRIVER_START_MS + case_json_time(json_object_get(item, "TimeTo"));

                run_until(player, until_ms);
                if (player->driver->env.now_ms < until_ms)
                        player->driver->env.now_ms = until_ms;
                return;
        }
        if (json_is_array(item)) {
                for (size_t i = 0; i < json_array_size(item); i++)
                        add_feed(player, &feed, json_array_get(item, i));
        } else {
                add_feed(player, &feed, item);
        }
        if (player->driver->fault == NULL && driver_step(player->driver, feed.stimuli, feed.count))
                driver_settle(player->driver);
        release_feed(&feed);
}

static void expect_effect(struct player *player, enum gal_effect_kind kind, const char *name, const json_t *item)
{
        static const char *const kinds[] = { "INVOKE", "CANCEL", "FINISH" };
        struct driver *driver = player->driver;
        const struct driver_effect *effect = &driver->effects[player->expected];
        const struct driver_call *call;

        if (player->expected == driver->effect_count) {
                driver_fail(driver, "expected %s %s, there is no further effect", kinds[kind], name);
                return;
        }
        player->expected++;
        call = effect->kind == GAL_EFFECT_FINISH ? NULL : &driver->calls[effect->call];
        if (effect->kind != kind || (call != NULL && !is_named(player, call, name)))
                driver_fail(driver, "expected %s %s, the effect is %s %s[%" PRIu32 "]", kinds[kind], name,
                            kinds[effect->kind], call == NULL ? "" : state_of(player, call)->name,
                            call == NULL ? 0 : call->index);
        if (call != NULL && has(item, "attempt") &&
            json_integer_value(json_object_get(item, "attempt")) != call->attempt)
                driver_fail(driver, "attempt %" PRIu32 " of %s", call->attempt, name);
        if (call != NULL && has(item, "input") &&
            !case_json_matches(json_object_get(item, "input"), call->input->value))
                driver_fail(driver, "input of %s: %s", name, gal_payload_text(call->input, NULL));
}

static void expect_wake(struct driver *driver, const json_t *time)
{
        int64_t wake_ms = gal_execution_wake_ms(driver->execution) - DRIVER_START_MS;

        if (wake_ms != case_json_time(time))
                driver_fail(driver, "wakes after %" PRId64 " ms", wake_ms);
}

static void expect_nothing(struct player *player)
{
        if (player->expected < player->driver->effect_count)
                driver_fail(player->driver, "expected nothing, there are %zu more effects",
                            player->driver->effect_count - player->expected);
}

static void play_expect(struct player *player, const json_t *item)
{
        struct driver *driver = player->driver;
        const char *status = text_of(item, "status");

        look_at_effects(player);
        if (driver->fault != NULL)
                return;
        if (has(item, "invoke"))
                expect_effect(player, GAL_EFFECT_INVOKE, text_of(item, "invoke"), item);
        else if (has(item, "cancel"))
                expect_effect(player, GAL_EFFECT_CANCEL, text_of(item, "cancel"), item);
        else if (has(item, "finish"))
                expect_effect(player, GAL_EFFECT_FINISH, "", item);
        else if (has(item, "nothing"))
                expect_nothing(player);
        else if (has(item, "wake"))
                expect_wake(driver, json_object_get(item, "wake"));
        else if (status == NULL || strcmp(status, gal_execution_status_name(driver->execution->status)) != 0)
                driver_fail(driver, "status %s", gal_execution_status_name(driver->execution->status));
}

static void play_script(struct player *player, const json_t *script)
{
        for (size_t i = 0; i < json_array_size(script) && player->driver->fault == NULL; i++) {
                const json_t *item = json_array_get(script, i);
                gal_auto_free char *fault = NULL;

                if (has(item, "feed"))
                        play_feed(player, json_object_get(item, "feed"));
                else
                        play_expect(player, json_object_get(item, "expect"));
                if (player->driver->fault == NULL)
                        continue;
                fault = player->driver->fault;
                player->driver->fault = gal_format("script[%zu]: %s", i, fault);
        }
}

static const struct gal_identity *read_identity(struct player *player)
{
        const json_t *given = json_object_get(player->source, "identity");

        if (given == NULL)
                return NULL;
        player->identity = (struct gal_identity){ .execution_arn = text_of(given, "execution_arn"),
                                                  .execution_name = text_of(given, "execution_name"),
                                                  .machine_arn = text_of(given, "machine_arn"),
                                                  .machine_name = text_of(given, "machine_name"),
                                                  .role_arn = text_of(given, "role_arn") };
        return &player->identity;
}

static const char *const *read_activities(struct player *player)
{
        const json_t *given = json_object_get(player->source, "activities");

        for (size_t i = 0; i < json_array_size(given) && i < 7; i++)
                player->activities[i] = json_string_value(json_array_get(given, i));
        return player->activities;
}

void case_run(struct driver *driver, const json_t *source, struct gal_program *program, bool rebuild)
{
        struct player player = { .driver = driver, .source = source };
        struct driver_options options = {
                .seed = 1,
                .events_max = (uint64_t)json_integer_value(json_object_get(source, "events_max")),
                .rebuild = rebuild,
                .activities = read_activities(&player),
                .identity = read_identity(&player),
        };
        struct gal_payload *input;

        driver_init(driver, program, &options);
        input = payload_of(driver, source, "input", "input_text");
        if (input != NULL) {
                driver_start(driver, input);
                if (has(source, "script"))
                        play_script(&player, json_object_get(source, "script"));
                else
                        run_until(&player, INT64_MAX);
        }
        gal_payload_unref(input);
        free(player.pending);
        driver->options.activities = NULL;
        driver->options.identity = NULL;
}
