/*
 * generate.c: a graph is a chain of states, with jumps forward from choices and catchers, and now and then a loop
 * that counts. Whatever a state does, its output keeps the members that the next one looks for.
 */
#include "generate.h"

#include "base/buffer.h"
#include "outsider.h"

#define DEPTH_MAX 2
#define LENGTH_MAX 4
#define LARGE_SIZE 1500 /* the journal writes it once */

struct generator {
        struct sim *sim;
        struct gal_buffer text;
        unsigned states; /* named so far */
        unsigned budget; /* states with children that may still come */
};

static uint64_t below(struct generator *generator, uint64_t bound)
{
        return sim_below(generator->sim, bound);
}

static bool one_in(struct generator *generator, unsigned count)
{
        return sim_one_in(generator->sim, count);
}

#define put(generator, ...) gal_buffer_append_format(&(generator)->text, __VA_ARGS__)

static void put_next(struct generator *generator, unsigned next)
{
        if (next == 0)
                put(generator, ",\"End\":true}");
        else
                put(generator, ",\"Next\":\"S%u\"}", next);
}

static void put_pass(struct generator *generator, unsigned own, unsigned next)
{
        put(generator, "{\"Type\":\"Pass\"");
        if (one_in(generator, 2))
                put(generator, ",\"Result\":{\"a\":[1,2.5,\"x\"]},\"ResultPath\":\"$.p\"");
        if (one_in(generator, 4))
                put(generator, ",\"Assign\":{\"v%u\":%u}", own, (unsigned)below(generator, 100));
        put_next(generator, next);
}

static void put_wait(struct generator *generator, unsigned next)
{
        uint64_t seconds = one_in(generator, generator->sim->is_patient ? 2 : 4) ? 60 + below(generator, 120)
                                                                                 : below(generator, 8);

        put(generator, "{\"Type\":\"Wait\",\"Seconds\":%u", (unsigned)seconds);
        put_next(generator, next);
}

static void put_errors(struct generator *generator)
{
        static const char *const errors[] = { "\"States.ALL\"", "\"E1\"", "\"E1\",\"E2\"", "\"States.Timeout\"",
                                              "\"States.TaskFailed\"" };

        put(generator, "\"ErrorEquals\":[%s]", errors[below(generator, 5)]);
}

static void put_handlers(struct generator *generator, unsigned next)
{
        if (one_in(generator, 2)) {
                put(generator, ",\"Retry\":[{");
                put_errors(generator);
                put(generator, ",\"IntervalSeconds\":%u,\"MaxAttempts\":%u%s}]", 1 + (unsigned)below(generator, 3),
                    (unsigned)below(generator, 4),
                    one_in(generator, 3) ? ",\"BackoffRate\":10,\"MaxDelaySeconds\":100" : "");
        }
        if (next != 0 && one_in(generator, 2)) {
                put(generator, ",\"Catch\":[{");
                put_errors(generator);
                put(generator, ",\"ResultPath\":\"$.error\",\"Next\":\"S%u\"}]", next);
        }
}

/* Nobody but a worker or the holder of a token ends these, and either may be lost: they have a time. */
static void put_time(struct generator *generator)
{
        unsigned seconds = 2 + (unsigned)below(generator, one_in(generator, 3) ? 300 : 10);

        put(generator, ",\"TimeoutSeconds\":%u", seconds);
        if (one_in(generator, 3))
                put(generator, ",\"HeartbeatSeconds\":%u", 1 + (unsigned)below(generator, seconds - 1));
}

static void put_activity(struct generator *generator, unsigned next)
{
        put(generator, "{\"Type\":\"Task\",\"Resource\":\"" SIM_ACTIVITY_ARN "%u\"",
            (unsigned)below(generator, SIM_ACTIVITIES));
        put_time(generator);
        put(generator, ",\"ResultPath\":\"$.r\"");
        put_handlers(generator, next);
        put_next(generator, next);
}

static void put_callback(struct generator *generator, unsigned next)
{
        put(generator, "{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::lambda:invoke.waitForTaskToken\","
                       "\"Parameters\":{\"FunctionName\":\"f\",\"Payload\":{\"t.$\":\"$$.Task.Token\"}}");
        put_time(generator);
        put(generator, ",\"ResultPath\":\"$.r\"");
        put_handlers(generator, next);
        put_next(generator, next);
}

static void put_function(struct generator *generator, unsigned next)
{
        put(generator,
            "{\"Type\":\"Task\",\"Resource\":\"arn:aws:lambda:" SIM_REGION ":" SIM_ACCOUNT ":function:f\"");
        if (one_in(generator, 2)) {
                unsigned seconds = 1 + (unsigned)below(generator, one_in(generator, 4) ? 100 : 6);

                put(generator, ",\"TimeoutSeconds\":%u", seconds);
                if (seconds > 1 && one_in(generator, 3))
                        put(generator, ",\"HeartbeatSeconds\":%u", 1 + (unsigned)below(generator, seconds - 1));
        }
        put(generator, ",\"ResultPath\":\"$.r\"");
        put_handlers(generator, next);
        put_next(generator, next);
}

static void put_task(struct generator *generator, unsigned next)
{
        if (one_in(generator, 4))
                put_activity(generator, next);
        else if (one_in(generator, 5))
                put_callback(generator, next);
        else
                put_function(generator, next);
}

static void put_choice(struct generator *generator, unsigned next, unsigned other)
{
        put(generator,
            "{\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$.n\",\"NumericLessThan\":%u,\"Next\":\"S%u\"}],"
            "\"Default\":\"S%u\"}",
            (unsigned)below(generator, 10), other, next);
}

static void put_graph(struct generator *generator, unsigned depth);

static void put_parallel(struct generator *generator, unsigned next, unsigned depth)
{
        unsigned count = 1 + (unsigned)below(generator, 3);

        put(generator, "{\"Type\":\"Parallel\",\"Branches\":[");
        for (unsigned i = 0; i < count; i++) {
                if (i > 0)
                        put(generator, ",");
                put_graph(generator, depth + 1);
        }
        put(generator, "],\"ResultPath\":\"$.b\"");
        put_handlers(generator, next);
        put_next(generator, next);
}

static void put_map(struct generator *generator, unsigned next, unsigned depth)
{
        put(generator,
            "{\"Type\":\"Map\",\"ItemsPath\":\"$.items\",\"MaxConcurrency\":%u,\"ItemSelector\":{\"n.$\":\"$.n\","
            "\"c\":{\"v\":0},\"i.$\":\"$$.Map.Item.Index\",\"items.$\":\"$.items\"},\"ItemProcessor\":",
            (unsigned)below(generator, 3));
        put_graph(generator, depth + 1);
        put(generator, ",\"ResultPath\":\"$.m\"");
        put_handlers(generator, next);
        put_next(generator, next);
}

/* Two states: one counts, one decides. */
static void put_loop(struct generator *generator, unsigned own, unsigned decision, unsigned next)
{
        unsigned count = 1 + (unsigned)below(generator, one_in(generator, 10) ? 600 : 8);

        put(generator,
            "{\"Type\":\"Pass\",\"Parameters\":{\"v.$\":\"States.MathAdd($.c.v, 1)\"},\"ResultPath\":\"$.c\","
            "\"Next\":\"S%u\"},\"S%u\":{\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$.c.v\","
            "\"NumericLessThan\":%u,\"Next\":\"S%u\"}],\"Default\":\"S%u\"}",
            decision, decision, count, own, next);
}

static void put_inner_state(struct generator *generator, unsigned own, unsigned next, unsigned last)
{
        if (one_in(generator, 4))
                put_loop(generator, own, ++generator->states, next);
        else
                put_choice(generator, next, one_in(generator, 2) ? next : last);
}

/* `next` 0: it is the last one; `last` is the chain's last one. */
static void put_state(struct generator *generator, unsigned own, unsigned next, unsigned last, unsigned depth)
{
        bool may_nest = depth < DEPTH_MAX && generator->budget > 0;

        put(generator, "\"S%u\":", own);
        switch (below(generator, 10)) {
        case 0:
                put_pass(generator, own, next);
                return;
        case 1:
        case 2:
                put_wait(generator, next);
                return;
        case 3:
                if (next != 0)
                        put_inner_state(generator, own, next, last);
                else
                        put(generator, one_in(generator, 2) ? "{\"Type\":\"Succeed\"}"
                                                            : "{\"Type\":\"Fail\",\"Error\":\"E1\"}");
                return;
        case 4:
        case 5:
        case 6:
                if (!may_nest)
                        break;
                generator->budget--;
                if (one_in(generator, 2))
                        put_parallel(generator, next, depth);
                else
                        put_map(generator, next, depth);
                return;
        default:
                break;
        }
        put_task(generator, next);
}

static void put_graph(struct generator *generator, unsigned depth)
{
        unsigned count = 1 + (unsigned)below(generator, depth == 0 ? LENGTH_MAX : 3);
        unsigned first = generator->states + 1;

        generator->states += count;
        put(generator, "{\"StartAt\":\"S%u\",\"States\":{", first);
        for (unsigned i = 0; i < count; i++) {
                if (i > 0)
                        put(generator, ",");
                put_state(generator, first + i, i + 1 < count ? first + i + 1 : 0, first + count - 1, depth);
        }
        put(generator, "}");
        if (depth == 0 && one_in(generator, 8))
                put(generator, ",\"TimeoutSeconds\":%u", 1 + (unsigned)below(generator, 100));
        put(generator, "}");
}

char *generate_definition(struct sim *sim)
{
        struct generator generator = { .sim = sim, .text = GAL_BUFFER_INIT, .budget = 3 };

        put_graph(&generator, 0);
        return gal_buffer_take(&generator.text, NULL);
}

char *generate_input(struct sim *sim, unsigned variant)
{
        struct gal_buffer text = GAL_BUFFER_INIT;

        gal_buffer_append_format(&text, "{ \"n\": %u, \"c\": {\"v\": 0}, \"items\": [1,2,3]", 3 + variant * 4);
        if (sim->is_large)
                gal_buffer_append_format(&text, ", \"large\": \"%*u\"", LARGE_SIZE, variant);
        gal_buffer_append_text(&text, " }");
        return gal_buffer_take(&text, NULL);
}
