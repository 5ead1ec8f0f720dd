/*
 * client.h: how a verb reaches a store, or a server.
 *
 * At an endpoint every action goes to that server. On a store, what reads looks into the store. What writes goes to
 * the process that owns the store, as the same request; where nobody owns it, an engine is made for this one
 * request. That engine makes no calls: what the request leaves open waits in the store for a `serve`.
 */
#ifndef GAL_CLI_CLIENT_H
#define GAL_CLI_CLIENT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "cli/endpoint.h"
#include "runtime/settings.h"
#include "store/store.h"

struct gal_validator;

struct gal_client_options {
        const char *store_url; /* NULL: GALLIARD_STORE, or a file in this directory */
        const char *account;   /* NULL: GALLIARD_ACCOUNT, or that of the store */
        const char *region;    /* NULL: GALLIARD_REGION, or that of the store; of a new one AWS_REGION */
};

struct gal_client {
        const char *store_url; /* what the options and the environment come to; borrowed */
        struct gal_owner_wish wish;
        struct gal_settings settings;    /* of a store that was opened; NULL in it before */
        struct gal_validator *validator; /* NULL before the first call */
        struct gal_store *store;         /* for reading; NULL: not open */
        struct gal_endpoint endpoint;    /* (owned) `url` NULL: the store; set by whoever takes endpoints */
        bool place_is_known;             /* of an endpoint: it was asked for these two, or could not say */
        char *endpoint_account;          /* (owned) NULL: not known */
        char *endpoint_region;
        bool wrote_here; /* the last call that wrote was done by this process: nobody owns the store */
};

struct gal_client_answer {
        long http_status;
        json_t *body; /* (owned) an object, also of an error */
};

void gal_client_init(struct gal_client *client, const struct gal_client_options *options);
void gal_client_finish(struct gal_client *client);

/*
 * Calls an action. GAL_OK: there is an answer, maybe an error of the API; release it with
 * gal_client_answer_finish(). GAL_ENOTFOUND: no such action, or no store or server there. GAL_EBUSY: the owner of
 * the store cannot be reached. GAL_EIO: ... and what became of the request is not known, or the store cannot be
 * read. GAL_EINVALID: what answers is no such server.
 */
GAL_MUST_USE enum gal_status gal_client_call(struct gal_client *client, const char *action, const json_t *request,
                                             struct gal_client_answer *ret_answer, struct gal_error *error);
void gal_client_answer_finish(struct gal_client_answer *answer);
/* (transfer none) The name of an error, without what some servers put before it; NULL: it has none. */
const char *gal_client_error_type(const json_t *body);

/* The store, open and with its tables checked. GAL_ENOTFOUND: there is none, and `create` is false. */
GAL_MUST_USE enum gal_status gal_client_open(struct gal_client *client, bool create, struct gal_error *error);
/* The same, and brings the tables of an older release up to this one. Never makes a store. */
GAL_MUST_USE enum gal_status gal_client_migrate(struct gal_client *client, struct gal_error *error);
/* The file of an SQLite store; NULL: it is another one. (transfer none) */
const char *gal_client_file(const char *store_url);

/*
 * The account of the store, which is opened for that; of one that cannot be opened (what is asked of it next says
 * why), or is not there yet, the one that it would get. A server is asked for an ARN of its own; where it has none
 * to show, that is the usual account.
 */
const char *gal_client_account(struct gal_client *client);
/* (transfer full) "NAME" or an ARN, as an ARN of that type: "stateMachine". Opens the store, as above. */
char *gal_client_arn(struct gal_client *client, const char *type, const char *word);
/* (transfer full) "MACHINE/NAME" or an ARN, as an ARN; NULL: it is neither. */
char *gal_client_execution_arn(struct gal_client *client, const char *word);

#endif
