/*
 * generator.c: one function a kind of state.
 *
 * A graph is a chain, so that every state is reachable, with jumps forward from choices and catchers, and now and
 * then one back: the event limit ends what that makes endless. Paths mostly find something; one that does not ends
 * the whole execution, which would leave the rest of it untested.
 */
#include "generator.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/alloc.h"

#define STATES_MAX 30
#define DEPTH_MAX 3
#define CHAIN_MAX 5

struct generator {
        struct gal_random *random;
        unsigned states;
        unsigned graphs;
        unsigned outer[DEPTH_MAX + 1]; /* the graphs around this one: whose variables may be read */
};

/* A graph under way: the names of its states are known before the states are made. */
struct chain {
        char names[CHAIN_MAX][8];
        size_t count;
        size_t at;
        unsigned depth;
};

static unsigned below(struct generator *generator, unsigned bound)
{
        return (unsigned)gal_random_below(generator->random, bound);
}

static bool one_in(struct generator *generator, unsigned count)
{
        return below(generator, count) == 0;
}

static void set(json_t *object, const char *key, json_t *value)
{
        gal_need(json_object_set_new(object, key, gal_need(value)) == 0 ? object : NULL);
}

static void append(json_t *array, json_t *value)
{
        gal_need(json_array_append_new(array, gal_need(value)) == 0 ? array : NULL);
}

static const char *const errors[] = { "E1", "E2", "States.TaskFailed", "States.Timeout", "Odd.Error" };
static const char *const names[] = {
        "E1", "E2", "States.TaskFailed", "States.Timeout", "States.HeartbeatTimeout", "States.IntrinsicFailure"
};

const char *generator_error(struct gal_random *random)
{
        uint64_t pick = gal_random_below(random, 14);

        if (pick == 13)
                return "States.Runtime"; /* seldom: it ends everything */
        return pick >= 11 ? NULL : errors[pick % 5];
}

static json_t *small_value(struct gal_random *random)
{
        switch (gal_random_below(random, 6)) {
        case 0:
                return json_null();
        case 1:
                return json_string("text \"q\" \xC3\xA9");
        case 2:
                return json_real((double)gal_random_below(random, 1000) / 8);
        case 3:
                return json_pack("[i,s,{s:i}]", 1, "b", "c", 2);
        default:
                return json_integer((json_int_t)gal_random_below(random, 100));
        }
}

static json_t *large_text(void)
{
        json_t *text;
        char *letters = gal_calloc(140001, 1);

        for (size_t i = 0; i < 140000; i++)
                letters[i] = 'x';
        text = gal_need(json_string(letters));
        free(letters);
        return text;
}

json_t *generator_value(struct gal_random *random)
{
        json_t *value = gal_need(json_object());
        json_t *items = gal_need(json_array());

        for (uint64_t i = gal_random_below(random, 6); i > 0; i--)
                append(items, small_value(random));
        set(value, "items", items);
        set(value, "n", json_integer((json_int_t)gal_random_below(random, 10)));
        set(value, "s", json_string("s"));
        if (gal_random_below(random, 200) == 0) {
                set(value, "large", large_text());
                if (gal_random_below(random, 2) == 0)
                        set(value, "larger", large_text()); /* past 256 KiB together */
        }
        return value;
}

/* Transitions. */

static const char *later_name(struct generator *generator, const struct chain *chain)
{
        if (one_in(generator, 12))
                return chain->names[below(generator, (unsigned)chain->count)]; /* perhaps back */
        return chain->names[chain->at + 1 + below(generator, (unsigned)(chain->count - chain->at - 1))];
}

static bool is_last(const struct chain *chain)
{
        return chain->at + 1 == chain->count;
}

static void set_next(json_t *state, const struct chain *chain)
{
        if (is_last(chain))
                set(state, "End", json_true());
        else
                set(state, "Next", json_string(chain->names[chain->at + 1]));
}

/* Variables: each graph has its own name, so that none is assigned in two scopes. */

static unsigned own_graph(const struct generator *generator, const struct chain *chain)
{
        return generator->outer[chain->depth];
}

static void set_assign(struct generator *generator, json_t *state, const struct chain *chain)
{
        char name[16];

        if (!one_in(generator, 4))
                return;
        snprintf(name, sizeof(name), "v%u%s", own_graph(generator, chain), one_in(generator, 2) ? ".$" : "");
        set(state, "Assign", json_pack("{s:s}", name, "$"));
}

/* An object that keeps the shape which paths look for. */
static json_t *make_parameters(struct generator *generator, const struct chain *chain, const char *n)
{
        json_t *parameters =
                json_pack("{s:s, s:s, s:s}", "items.$", "$$.Execution.Input.items", "n.$", n, "s", "p");
        char path[16];

        gal_need(parameters);
        if (one_in(generator, 12)) {
                snprintf(path, sizeof(path), "$v%u", generator->outer[below(generator, chain->depth + 1)]);
                set(parameters, "v.$", json_string(path));
        }
        if (one_in(generator, 6))
                set(parameters, "u.$", json_string("States.UUID()"));
        if (one_in(generator, 8))
                set(parameters, "c.$", json_string("$$.State.EnteredTime"));
        return parameters;
}

/* Retry and Catch. */

static json_t *error_names(struct generator *generator, bool is_last_one)
{
        json_t *list = gal_need(json_array());

        if (is_last_one && one_in(generator, 2)) {
                append(list, json_string("States.ALL"));
                return list;
        }
        for (unsigned i = 1 + below(generator, 2); i > 0; i--)
                append(list, json_string(names[below(generator, 6)]));
        return list;
}

static void set_retry(struct generator *generator, json_t *state)
{
        json_t *retry;
        unsigned count = below(generator, 3);

        if (count == 0 || one_in(generator, 3))
                return;
        retry = gal_need(json_array());
        for (unsigned i = 0; i < count; i++) {
                json_t *retrier =
                        json_pack("{s:o, s:i, s:i, s:f}", "ErrorEquals", error_names(generator, i + 1 == count),
                                  "IntervalSeconds", 1 + (int)below(generator, 3), "MaxAttempts",
                                  (int)below(generator, 3), "BackoffRate", one_in(generator, 2) ? 1.0 : 2.0);

                if (one_in(generator, 3))
                        set(retrier, "JitterStrategy", json_string("FULL"));
                if (one_in(generator, 3))
                        set(retrier, "MaxDelaySeconds", json_integer(5));
                append(retry, retrier);
        }
        set(state, "Retry", retry);
}

static void set_catch(struct generator *generator, json_t *state, const struct chain *chain)
{
        static const char *const result_paths[] = { "$.error", "$.n.error", "$" };
        json_t *catch;
        unsigned count = below(generator, 3);

        if (count == 0 || is_last(chain))
                return;
        catch = gal_need(json_array());
        for (unsigned i = 0; i < count; i++) {
                json_t *catcher = json_pack("{s:o, s:s}", "ErrorEquals", error_names(generator, i + 1 == count),
                                            "Next", later_name(generator, chain));

                if (one_in(generator, 8))
                        set(catcher, "ResultPath", json_string(result_paths[1 + below(generator, 2)]));
                else
                        set(catcher, "ResultPath",
                            one_in(generator, 2) ? json_null() : json_string(result_paths[0]));
                set_assign(generator, catcher, chain);
                append(catch, catcher);
        }
        set(state, "Catch", catch);
}

/* Kinds. */

static json_t *make_pass(struct generator *generator, const struct chain *chain)
{
        json_t *state = json_pack("{s:s}", "Type", "Pass");

        if (one_in(generator, 3))
                set(state, "Parameters", make_parameters(generator, chain, "$.n"));
        else if (one_in(generator, 3))
                set(state, "Result", small_value(generator->random));
        if (json_object_get(state, "Result") != NULL || one_in(generator, 6))
                set(state, "ResultPath", one_in(generator, 3) ? json_null() : json_string("$.r"));
        set_assign(generator, state, chain);
        set_next(state, chain);
        return state;
}

static json_t *make_choice(struct generator *generator, const struct chain *chain)
{
        static const char *const comparisons[] = { "NumericLessThan", "NumericEquals", "NumericGreaterThanEquals" };
        json_t *state = json_pack("{s:s, s:s}", "Type", "Choice", "Default", chain->names[chain->at + 1]);
        json_t *choices = gal_need(json_array());

        for (unsigned i = 1 + below(generator, 2); i > 0; i--) {
                json_t *rule = json_pack("{s:[{s:s, s:b}, {s:s, s:i}], s:s}", "And", "Variable", "$.n", "IsPresent",
                                         1, "Variable", "$.n", comparisons[below(generator, 3)],
                                         (int)below(generator, 10), "Next", later_name(generator, chain));

                set_assign(generator, rule, chain);
                append(choices, rule);
        }
        set(state, "Choices", choices);
        return state;
}

static json_t *make_wait(struct generator *generator, const struct chain *chain)
{
        json_t *state = json_pack("{s:s}", "Type", "Wait");

        if (one_in(generator, 4))
                set(state, "SecondsPath", json_string("$.n"));
        else if (one_in(generator, 5))
                set(state, "Timestamp", json_string("2026-01-01T00:00:04.250Z"));
        else
                set(state, "Seconds", json_integer((json_int_t)below(generator, 4)));
        set_assign(generator, state, chain);
        set_next(state, chain);
        return state;
}

static json_t *make_resource(struct generator *generator)
{
        static const char *const resources[] = {
                "arn:aws:lambda:us-east-1:123456789012:function:f",
                "arn:aws:states:::lambda:invoke",
                "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                "arn:aws:states:::states:startExecution.sync:2",
                "arn:aws:states:::aws-sdk:s3:listBuckets",
                GENERATOR_ACTIVITY,
        };

        return json_string(resources[below(generator, 6)]);
}

static json_t *make_task(struct generator *generator, const struct chain *chain)
{
        json_t *state = json_pack("{s:s, s:o}", "Type", "Task", "Resource", make_resource(generator));

        set(state, "Parameters", json_pack("{s:s, s:s}", "FunctionName", "f", "Payload.$", "$"));
        if (one_in(generator, 3))
                set(state, "TimeoutSeconds", json_integer(3 + (json_int_t)below(generator, 3)));
        if (one_in(generator, 3))
                set(state, "HeartbeatSeconds", json_integer(1 + (json_int_t)below(generator, 2)));
        if (one_in(generator, 5))
                set(state, "ResultSelector", json_pack("{s:s}", "first.$", "States.ArrayGetItem($.items, 2)"));
        set(state, "ResultPath", one_in(generator, 4) ? json_string("$") : json_string("$.r"));
        set_assign(generator, state, chain);
        set_retry(generator, state);
        set_catch(generator, state, chain);
        set_next(state, chain);
        return state;
}

static json_t *make_graph(struct generator *generator, unsigned depth);

static json_t *make_parallel(struct generator *generator, const struct chain *chain)
{
        json_t *state = json_pack("{s:s}", "Type", "Parallel");
        json_t *branches = gal_need(json_array());

        for (unsigned i = 1 + below(generator, 3); i > 0; i--)
                append(branches, make_graph(generator, chain->depth + 1));
        set(state, "Branches", branches);
        if (one_in(generator, 3))
                set(state, "Parameters", make_parameters(generator, chain, "$$.State.RetryCount"));
        set(state, "ResultPath", json_string("$.r"));
        set_assign(generator, state, chain);
        set_retry(generator, state);
        set_catch(generator, state, chain);
        set_next(state, chain);
        return state;
}

static json_t *make_map(struct generator *generator, const struct chain *chain)
{
        json_t *state = json_pack("{s:s, s:s, s:i}", "Type", "Map", "ItemsPath", "$$.Execution.Input.items",
                                  "MaxConcurrency", (int)below(generator, 4));

        set(state, "ItemProcessor", make_graph(generator, chain->depth + 1));
        if (!one_in(generator, 6))
                set(state, "ItemSelector", make_parameters(generator, chain, "$$.Map.Item.Index"));
        else if (one_in(generator, 2))
                set(state, "ItemSelector", json_pack("{s:s}", "i.$", "States.ArrayGetItem($$.Map.Item.Value, 0)"));
        set(state, "ResultPath", json_string("$.r"));
        set_assign(generator, state, chain);
        set_retry(generator, state);
        set_catch(generator, state, chain);
        set_next(state, chain);
        return state;
}

static json_t *make_last(struct generator *generator)
{
        if (one_in(generator, 2))
                return json_pack("{s:s}", "Type", "Succeed");
        return json_pack("{s:s, s:s, s:s}", "Type", "Fail", "Error", errors[below(generator, 2)], "Cause",
                         "by design");
}

static json_t *make_state(struct generator *generator, const struct chain *chain)
{
        if (is_last(chain) && one_in(generator, 4))
                return make_last(generator);
        switch (below(generator, 10)) {
        case 0:
        case 1:
                return make_pass(generator, chain);
        case 2:
                return is_last(chain) ? make_pass(generator, chain) : make_choice(generator, chain);
        case 3:
                return make_wait(generator, chain);
        case 4:
        case 5:
                if (chain->depth < DEPTH_MAX && generator->states < STATES_MAX)
                        return make_parallel(generator, chain);
                return make_task(generator, chain);
        case 6:
        case 7:
                if (chain->depth < DEPTH_MAX && generator->states < STATES_MAX)
                        return make_map(generator, chain);
                return make_wait(generator, chain);
        default:
                return make_task(generator, chain);
        }
}

static json_t *make_graph(struct generator *generator, unsigned depth)
{
        struct chain chain = { .count = depth == 0 ? 2 + below(generator, CHAIN_MAX - 1) : 1 + below(generator, 3),
                               .depth = depth };
        json_t *states = gal_need(json_object());

        generator->outer[depth] = generator->graphs++;
        for (size_t i = 0; i < chain.count; i++)
                snprintf(chain.names[i], sizeof(chain.names[i]), "S%u", generator->states++);
        for (chain.at = 0; chain.at < chain.count; chain.at++)
                set(states, chain.names[chain.at], make_state(generator, &chain));
        return gal_need(json_pack("{s:s, s:o}", "StartAt", chain.names[0], "States", states));
}

json_t *generator_definition(struct gal_random *random)
{
        struct generator generator = { .random = random };
        json_t *definition = make_graph(&generator, 0);

        if (one_in(&generator, 15))
                set(definition, "TimeoutSeconds", json_integer(1 + (json_int_t)below(&generator, 12)));
        return definition;
}
