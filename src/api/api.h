/*
 * api.h: the actions of the AWS Step Functions API as functions, JSON in and JSON out.
 *
 * Actions that write go to the engine and are answered when what they say is committed; actions that read look into
 * the store and are answered at once, also in a process that owns no engine.
 */
#ifndef GAL_API_API_H
#define GAL_API_API_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/engine.h"
#include "store/store.h"

/* See PurgeExecutions in api.c. `message` NULL when OK. */
typedef void (*gal_api_purge_done)(void *user, enum gal_status status, size_t removed, bool is_complete,
                                   const char *message);

struct gal_validator;

struct gal_api {
        struct gal_engine *engine; /* NULL: this process does not own the store; actions that write are refused */
        struct gal_store *store;
        const struct gal_validator *validator; /* see validate.h; borrowed, and one may serve several */
        const char *account;
        const char *region;
        int64_t (*now_ms)(void *user); /* since 1970 */
        void (*poke)(void *user);      /* the engine was given something to do */
        /* (nullable) Removes closed executions; `done` as gal_purge_done of runtime/retention.h. */
        void (*purge)(void *user, int64_t closed_before_ms, gal_api_purge_done done, void *done_user);
        void *user;
        /* (nullable) Whether the caller, `user` of gal_api_call(), has left: asked before a call that waits is
         * given something that another one could have. */
        bool (*has_gone)(void *caller);
};

/* A call that waits for something that may not come (a long poll). Its action embeds this. Valid until `done`. */
struct gal_api_wait {
        /* Ends the waiting: `done` is called, before this returns or, when something is on its way already, soon.
         */
        void (*cancel)(struct gal_api_wait *wait);
};

/* The answer: an HTTP status and a JSON object; an error is {"__type": NAME, "message": TEXT}. Borrowed. */
typedef void (*gal_api_done)(void *user, int status, const char *body, size_t len);

/*
 * Calls an action ("StartExecution"). `body` is the request's JSON, borrowed for the call. `done` is called once:
 * before this returns, or later from the engine.
 *
 * (transfer none) What is returned may be cancelled until then, when the caller leaves. NULL: answered, or it waits
 * for no more than a commit, and its answer is sure to come.
 */
struct gal_api_wait *gal_api_call(struct gal_api *api, const char *action, const char *body, size_t len,
                                  gal_api_done done, void *user);

/* Whether there is such an action, and whether it writes (and so belongs to the owner of the store). */
bool gal_api_find(const char *action, bool *ret_writes);

#endif
