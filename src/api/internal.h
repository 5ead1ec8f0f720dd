/*
 * internal.h: what the files of api/ share; nobody else includes it.
 */
#ifndef GAL_API_INTERNAL_H
#define GAL_API_INTERNAL_H

#include <jansson.h>

#include "api/api.h"
#include "api/reply.h"
#include "api/shape.h"
#include "base/error.h"

/* Parts of a question that a page token is bound to. */
#define GAL_QUESTION_MAX 4

/* A call under way: lives until its action has returned; what answers later copies `reply` (gal_pending_create). */
struct gal_action_call {
        struct gal_api *api;
        const json_t *request; /* an object; borrowed */
        struct gal_reply reply;
        struct gal_api_wait *wait; /* of an action that waits for what may not come; see gal_api_call() */
};

/* request.c: members of requests, which are of their types and within their bounds once the request was validated.
 */

/* Against the shape of its action (NULL: an action of ours). False after a refusal. */
bool gal_action_validate(struct gal_action_call *call, const struct gal_action_shape *shape);
/* (transfer none) NULL: the request has no such text. */
const char *gal_action_text(const struct gal_action_call *call, const char *name);
bool gal_action_flag(const struct gal_action_call *call, const char *name, bool usual);
bool gal_action_is_given(const struct gal_action_call *call, const char *name); /* and not null */

/* resource.c: what an ARN names. */
struct gal_resource {
        const char *arn; /* borrowed: the text itself */
        char *type;      /* "stateMachine" */
        char *name;
        char *qualifier; /* of a machine a version or an alias, of an execution its name; NULL: none */
        char *label;     /* of a distributed Map; NULL: none */
        bool is_ours;    /* of this server's partition, region and account */
};

/* `types`: those that may be named, up to a NULL. False after a refusal; else release with gal_resource_finish().
 */
bool gal_resource_parse(struct gal_action_call *call, const char *text, const char *const *types,
                        struct gal_resource *ret_resource);
/* The same of a member that the request must have. */
bool gal_resource_open(struct gal_action_call *call, const char *member, const char *type,
                       struct gal_resource *ret_resource);
void gal_resource_finish(struct gal_resource *resource);
/* The version that the qualifier is; 0: none. */
uint32_t gal_resource_version(const struct gal_resource *resource);
/* (transfer full) One of ours. */
char *gal_resource_arn(const struct gal_api *api, const char *type, const char *name);

/* page.c: pages of a listing. */
struct gal_page {
        const char *question[GAL_QUESTION_MAX]; /* what its token belongs to; borrowed, elements nullable */
        size_t question_count;
        const char *position; /* where the page before ended; NULL: the first page. Borrowed from the request */
        size_t limit;
};

/* maxResults. */
size_t gal_action_limit(const struct gal_action_call *call);
/* Reads maxResults and nextToken; the question stands in the page already. False after a refusal. */
bool gal_page_open(struct gal_action_call *call, struct gal_page *page);
/* Adds the token of the next page. */
void gal_page_reply_token(struct gal_action_call *call, const struct gal_page *page, const char *position);

/* pending.c: answers that come from the engine. */
struct gal_pending {
        struct gal_reply reply;
        const char *time_key; /* static; NULL: the answer has no time */
        const char *arn_key;  /* static; NULL: the answer has no ARN */
};

/* (transfer full) Takes over the call's reply. */
struct gal_pending *gal_pending_create(struct gal_action_call *call, const char *arn_key, const char *time_key);
/* A gal_engine_done whose user is a pending answer; frees it. */
void gal_pending_answer(void *user, const struct gal_answer *answer);
/* Refuses with what a reading of the store said; `missing` is the error's name for GAL_ENOTFOUND. */
void gal_action_fail(struct gal_action_call *call, enum gal_status status, const struct gal_error *error,
                     const char *missing);

/* machine.c */
struct gal_machine_copy {
        char *id;
        char *name;
        char *revision_id;
        int64_t created_ms;
};

/* The machine that an ARN means, whatever its qualifier. False after a refusal; else release with
 * gal_machine_copy_finish(). */
bool gal_machine_read(struct gal_action_call *call, const struct gal_resource *resource,
                      struct gal_machine_copy *ret_copy);
/* Refuses: there is no such machine. */
void gal_machine_refuse(struct gal_action_call *call, const char *arn);
void gal_machine_copy_finish(struct gal_machine_copy *copy);

/* execution.c: refuses: there is no such execution. */
void gal_execution_refuse(struct gal_action_call *call, const char *arn);

/* The actions. */
void gal_api_create_activity(struct gal_action_call *call);
void gal_api_create_state_machine(struct gal_action_call *call);
void gal_api_delete_activity(struct gal_action_call *call);
void gal_api_delete_state_machine(struct gal_action_call *call);
void gal_api_describe_activity(struct gal_action_call *call);
void gal_api_describe_execution(struct gal_action_call *call);
void gal_api_describe_map_run(struct gal_action_call *call);
void gal_api_describe_state_machine(struct gal_action_call *call);
void gal_api_get_activity_task(struct gal_action_call *call);
void gal_api_get_execution_history(struct gal_action_call *call);
void gal_api_list_activities(struct gal_action_call *call);
void gal_api_list_executions(struct gal_action_call *call);
void gal_api_list_map_runs(struct gal_action_call *call);
void gal_api_list_state_machines(struct gal_action_call *call);
void gal_api_purge_executions(struct gal_action_call *call);
void gal_api_redrive_execution(struct gal_action_call *call);
void gal_api_send_task_failure(struct gal_action_call *call);
void gal_api_send_task_heartbeat(struct gal_action_call *call);
void gal_api_send_task_success(struct gal_action_call *call);
void gal_api_start_execution(struct gal_action_call *call);
void gal_api_start_sync_execution(struct gal_action_call *call);
void gal_api_stop_execution(struct gal_action_call *call);
void gal_api_test_state(struct gal_action_call *call);
void gal_api_update_map_run(struct gal_action_call *call);
void gal_api_validate_state_machine_definition(struct gal_action_call *call);

#endif
