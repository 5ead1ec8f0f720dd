/*
 * pool.c: the calls of one configured function: at most maxConcurrency run, the others wait in their order.
 *
 * Places that become free are given on in the loop's next turn and never from within the end or the cancel of a
 * call, so that no callback of one call comes from within another's.
 */
#include "tasks/lambda.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/limits.h"
#include "net/loop.h"

static void dequeue(struct gal_invocation *invocation)
{
        TAILQ_REMOVE(&invocation->pool->queue, invocation, in_queue);
        invocation->pool->queue_count--;
}

static void run(struct gal_invocation *invocation)
{
        invocation->place = GAL_POOL_RUNNING;
        invocation->pool->running++;
        if (invocation->function->command)
                gal_stdio_run(invocation);
        else
                gal_endpoint_run(invocation, invocation->function->url);
}

/* A callback of one may cancel any other, so the queue is looked at anew each time. */
static void advance(void *user)
{
        struct gal_pool *pool = user;
        struct gal_invocation *invocation;

        pool->advance_due = false;
        while (pool->running < pool->function->concurrency_max && (invocation = TAILQ_FIRST(&pool->queue))) {
                dequeue(invocation);
                run(invocation);
        }
}

static void advance_later(struct gal_pool *pool)
{
        if (pool->advance_due || TAILQ_EMPTY(&pool->queue))
                return;
        pool->advance_due = true;
        gal_loop_defer(pool->lambda->tasks->loop, advance, pool);
}

static void refuse(struct gal_invocation *invocation)
{
        gal_auto_free char *message = gal_format("Rate Exceeded. %d calls of function '%s' wait already",
                                                 GAL_FUNCTION_QUEUE_MAX, invocation->function->name);

        gal_invocation_refuse(invocation, 429, "TooManyRequestsException", NULL, message);
}

void gal_pool_enter(struct gal_invocation *invocation)
{
        struct gal_pool *pool = &invocation->lambda->pools[invocation->function->index];

        if (pool->queue_count >= GAL_FUNCTION_QUEUE_MAX) {
                refuse(invocation);
                return;
        }
        invocation->pool = pool;
        invocation->place = GAL_POOL_QUEUED;
        TAILQ_INSERT_TAIL(&pool->queue, invocation, in_queue);
        pool->queue_count++;
        if (!pool->advance_due)
                advance(pool);
}

void gal_pool_leave(struct gal_invocation *invocation)
{
        struct gal_pool *pool = invocation->pool;

        switch (invocation->place) {
        case GAL_POOL_NONE:
                return;
        case GAL_POOL_QUEUED:
                dequeue(invocation);
                break;
        case GAL_POOL_RUNNING:
                pool->running--;
                advance_later(pool);
                break;
        }
        invocation->place = GAL_POOL_NONE;
}

void gal_pool_init(struct gal_pool *pool, struct gal_lambda *lambda, const struct gal_function *function)
{
        pool->lambda = lambda;
        pool->function = function;
        TAILQ_INIT(&pool->queue);
}

void gal_pool_finish(struct gal_pool *pool)
{
        gal_assert(TAILQ_EMPTY(&pool->queue));
        gal_assert(pool->running == 0);
        gal_loop_undefer(pool->lambda->tasks->loop, advance, pool);
}
