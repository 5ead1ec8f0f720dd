/*
 * retention.c: see retention.h.
 */
#include "runtime/retention.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "net/loop.h"
#include "runtime/writer.h"

/* What a bite should take: commits may wait for it. Much of a small one is its own commit, so that it must not
 * shrink to where nothing else is done. */
#define BITE_MS_MIN 15
#define BITE_MS_MAX 40
#define BITE_ROWS_MIN 64
#define BITE_ROWS_MAX 4096
/* When nothing is due, the next look. */
#define IDLE_MS 2000
/* For a caller who waits. */
#define REQUEST_MS_MAX 1000

struct gal_retention {
        struct gal_retention_options options;
        struct gal_timer *timer;
        struct gal_bite bite;
        bool is_owner;
        bool in_flight; /* a bite of our own */
};

/* Somebody who waits. */
struct purge {
        struct gal_retention *retention;
        int64_t closed_before_ms;
        int64_t since_ms;
        size_t removed;
        gal_purge_done done;
        void *user;
};

void gal_bite_adapt(struct gal_bite *bite, size_t removed, int64_t elapsed_ms)
{
        if (elapsed_ms > BITE_MS_MAX)
                bite->limit = bite->limit * BITE_MS_MAX / (size_t)elapsed_ms;
        else if (elapsed_ms < BITE_MS_MIN && removed == bite->limit)
                bite->limit *= 2;
        if (bite->limit < BITE_ROWS_MIN)
                bite->limit = BITE_ROWS_MIN;
        if (bite->limit > BITE_ROWS_MAX)
                bite->limit = BITE_ROWS_MAX;
}

int64_t gal_purge_names_by_ms(int64_t closed_before_ms, int64_t now_ms)
{
        return closed_before_ms < now_ms - GAL_NAME_REUSE_MS ? closed_before_ms + GAL_NAME_REUSE_MS : now_ms;
}

static int64_t now_ms(const struct gal_retention *retention)
{
        return retention->options.now_ms(retention->options.user);
}

static struct gal_writer_purge make_purge(const struct gal_retention *retention, int64_t closed_before_ms)
{
        return (struct gal_writer_purge){ .closed_before_ms = closed_before_ms,
                                          .names_by_ms = gal_purge_names_by_ms(closed_before_ms, now_ms(retention)),
                                          .limit = retention->bite.limit };
}

/* By itself. */

static void bitten(void *user, enum gal_status status, const struct gal_writer_purge *purge, const char *message)
{
        struct gal_retention *retention = user;

        retention->in_flight = false;
        if (!retention->is_owner)
                return;
        if (status != GAL_OK) { /* the lease is lost with it, which the next commit or renewal finds out */
                gal_log(retention->options.log, GAL_LOG_WARNING, "old executions were not removed: %s", message);
                gal_timer_start(retention->timer, IDLE_MS);
                return;
        }
        gal_bite_adapt(&retention->bite, purge->removed, purge->elapsed_ms);
        if (purge->removed > 0)
                gal_log(retention->options.log, GAL_LOG_DEBUG, "%zu old executions and names removed in %lld ms",
                        purge->removed, (long long)purge->elapsed_ms);
        gal_timer_start(retention->timer, purge->removed == purge->limit ? purge->elapsed_ms : IDLE_MS);
}

static void bite(void *user)
{
        struct gal_retention *retention = user;
        struct gal_writer_purge purge = make_purge(retention, now_ms(retention) - retention->options.keep_ms);

        if (!retention->is_owner || retention->in_flight)
                return;
        retention->in_flight = true;
        gal_writer_purge(retention->options.writer, &purge, bitten, retention);
}

struct gal_retention *gal_retention_create(const struct gal_retention_options *options)
{
        struct gal_retention *retention = gal_new(struct gal_retention);

        retention->options = *options;
        retention->bite = (struct gal_bite)GAL_BITE_INIT;
        retention->timer = gal_timer_create(options->loop, bite, retention);
        return retention;
}

void gal_retention_destroy(struct gal_retention *retention)
{
        if (retention == NULL)
                return;
        gal_timer_destroy(retention->timer);
        free(retention);
}

void gal_retention_start(struct gal_retention *retention)
{
        retention->is_owner = true;
        if (retention->options.keep_ms != 0 && !retention->in_flight)
                gal_timer_start(retention->timer, 0);
}

void gal_retention_stop(struct gal_retention *retention)
{
        retention->is_owner = false;
        gal_timer_stop(retention->timer);
}

/* For somebody. */

static void take_bite(struct purge *purge);

static void purge_bitten(void *user, enum gal_status status, const struct gal_writer_purge *bitten,
                         const char *message)
{
        struct purge *purge = user;
        struct gal_retention *retention = purge->retention;
        bool is_complete = bitten->removed < bitten->limit;

        purge->removed += bitten->removed;
        if (status == GAL_OK) {
                gal_bite_adapt(&retention->bite, bitten->removed, bitten->elapsed_ms);
                if (!is_complete && retention->is_owner && now_ms(retention) - purge->since_ms < REQUEST_MS_MAX) {
                        take_bite(purge);
                        return;
                }
        }
        purge->done(purge->user, status, purge->removed, is_complete, status == GAL_OK ? NULL : message);
        free(purge);
}

static void take_bite(struct purge *purge)
{
        struct gal_writer_purge bite = make_purge(purge->retention, purge->closed_before_ms);

        gal_writer_purge(purge->retention->options.writer, &bite, purge_bitten, purge);
}

void gal_retention_purge(struct gal_retention *retention, int64_t closed_before_ms, gal_purge_done done, void *user)
{
        struct purge *purge = gal_new(struct purge);

        *purge = (struct purge){ .retention = retention,
                                 .closed_before_ms = closed_before_ms,
                                 .since_ms = now_ms(retention),
                                 .done = done,
                                 .user = user };
        take_bite(purge);
}
