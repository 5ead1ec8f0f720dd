/*
 * program.h: a definition that has passed validation.
 *
 * Immutable once built, so executions share one; reference counted, not across threads. Every path, template and
 * intrinsic call in it is compiled. Knows the language; knows nothing of history, time or storage.
 * The structs are open: the machine reads them, nobody but definition/ writes them. Rules: States Language
 * specification and the service's own behaviour (reference: asl, sections 1 to 8).
 */
#ifndef GAL_DEFINITION_PROGRAM_H
#define GAL_DEFINITION_PROGRAM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arn.h"
#include "base/error.h"
#include "base/payload.h"
#include "base/timestamp.h"
#include "definition/diagnostic.h"
#include "expr/jsonpath/jsonpath.h"
#include "expr/template/template.h"

#define GAL_STATE_KINDS(X)                                                                                         \
        X(PASS, "Pass")                                                                                            \
        X(TASK, "Task")                                                                                            \
        X(CHOICE, "Choice")                                                                                        \
        X(WAIT, "Wait")                                                                                            \
        X(SUCCEED, "Succeed")                                                                                      \
        X(FAIL, "Fail")                                                                                            \
        X(PARALLEL, "Parallel")                                                                                    \
        X(MAP, "Map")

enum gal_state_kind {
#define X(id, name) GAL_STATE_##id,
        GAL_STATE_KINDS(X)
#undef X
};

enum gal_query_language { GAL_JSONPATH, GAL_JSONATA };

/* "No state": the Next of a state with End, Succeed or Fail; the Default of a Choice without one. */
#define GAL_STATE_NONE UINT32_MAX

/* InputPath, OutputPath, ResultPath, ItemsPath. */
enum gal_path_setting {
        GAL_PATH_DEFAULT, /* absent, or "$" */
        GAL_PATH_NULL,    /* null */
        GAL_PATH_GIVEN,
};

struct gal_path_field {
        enum gal_path_setting setting;
        struct gal_path *path; /* NULL unless GIVEN */
};

/* A number that may be given literally or by a path: TimeoutSeconds, MaxConcurrency, ... */
struct gal_number_field {
        bool given;            /* literally or by a path */
        double literal;        /* whole numbers but for ToleratedFailurePercentage */
        struct gal_path *path; /* NULL: literal */
        json_t *expression;    /* (borrowed) JSONata, as written with its braces; NULL: none */
};

struct gal_retrier {
        char **errors;
        size_t error_count;
        int64_t interval_seconds;  /* default 1 */
        int64_t attempts_max;      /* MaxAttempts; default 3, 0: never */
        double backoff_rate;       /* default 2.0 */
        int64_t delay_seconds_max; /* MaxDelaySeconds; 0: none */
        bool jitter_full;
};

struct gal_catcher {
        char **errors;
        size_t error_count;
        uint32_t next;
        struct gal_path_field result_path;
        struct gal_template *assign; /* NULL: none */
        json_t *source;              /* (borrowed) the catcher as written, for JSONata fields */
};

struct gal_pass {
        struct gal_payload *result; /* NULL: none */
};

/* How the service names the call (reference: integrations). */
enum gal_resource_kind {
        GAL_RESOURCE_FUNCTION, /* arn:aws:lambda:...:function:NAME, called directly */
        GAL_RESOURCE_ACTIVITY, /* arn:aws:states:...:activity:NAME */
        GAL_RESOURCE_SERVICE,  /* arn:aws:states:::SERVICE:ACTION and aws-sdk:SERVICE:ACTION */
};

enum gal_service_pattern { GAL_PATTERN_REQUEST_RESPONSE, GAL_PATTERN_SYNC, GAL_PATTERN_WAIT_FOR_TASK_TOKEN };

struct gal_task {
        char *resource; /* as written */
        enum gal_resource_kind resource_kind;
        char *service; /* "lambda", "aws-sdk:s3"; NULL unless SERVICE */
        char *action;  /* "invoke", "sendMessage.waitForTaskToken", "startExecution.sync:2"; NULL unless SERVICE */
        enum gal_service_pattern pattern;
        struct gal_number_field timeout_seconds;
        struct gal_number_field heartbeat_seconds;
        struct gal_template *credentials; /* NULL: none */
};

enum gal_choice_kind { GAL_CHOICE_AND, GAL_CHOICE_OR, GAL_CHOICE_NOT, GAL_CHOICE_COMPARE, GAL_CHOICE_CONDITION };

enum gal_comparison_type {
        GAL_COMPARE_STRING,
        GAL_COMPARE_NUMERIC,
        GAL_COMPARE_BOOLEAN,
        GAL_COMPARE_TIMESTAMP,
        GAL_COMPARE_MATCHES,
        GAL_COMPARE_IS_NULL,
        GAL_COMPARE_IS_PRESENT,
        GAL_COMPARE_IS_NUMERIC,
        GAL_COMPARE_IS_STRING,
        GAL_COMPARE_IS_BOOLEAN,
        GAL_COMPARE_IS_TIMESTAMP,
};

enum gal_comparison_relation {
        GAL_RELATION_EQUALS,
        GAL_RELATION_LESS_THAN,
        GAL_RELATION_GREATER_THAN,
        GAL_RELATION_LESS_THAN_EQUALS,
        GAL_RELATION_GREATER_THAN_EQUALS,
};

struct gal_choice_rule {
        enum gal_choice_kind kind;
        struct gal_choice_rule *rules; /* of And, Or; one of Not */
        size_t rule_count;
        struct gal_path *variable; /* of COMPARE */
        enum gal_comparison_type type;
        enum gal_comparison_relation relation;
        json_t *operand;               /* (borrowed) literal; NULL when operand_path is given */
        struct gal_path *operand_path; /* ...Path operators */
        struct gal_instant instant;    /* of a literal TIMESTAMP operand */
        uint32_t next;                 /* of a top-level rule */
        struct gal_template *assign;   /* of a top-level rule; NULL: none */
        json_t *source;                /* (borrowed) the rule as written, for JSONata fields */
};

struct gal_choice {
        struct gal_choice_rule *rules;
        size_t rule_count;
        uint32_t fallback; /* Default; GAL_STATE_NONE: none */
};

enum gal_wait_kind { GAL_WAIT_SECONDS, GAL_WAIT_TIMESTAMP, GAL_WAIT_SECONDS_PATH, GAL_WAIT_TIMESTAMP_PATH };

struct gal_wait {
        enum gal_wait_kind kind;
        int64_t seconds;
        struct gal_instant timestamp;
        struct gal_path *path;
};

struct gal_fail {
        char *error; /* NULL: absent, or given by ErrorPath */
        char *cause;
        struct gal_expression *error_path; /* a path or an intrinsic call; NULL: none */
        struct gal_expression *cause_path;
};

struct gal_parallel {
        uint32_t *branches; /* graphs */
        size_t branch_count;
};

struct gal_map {
        uint32_t processor; /* graph */
        bool distributed;
        struct gal_path_field items_path;
        struct gal_template *item_selector; /* ItemSelector, or Parameters of old; NULL: none */
        struct gal_number_field max_concurrency;
        struct gal_number_field tolerated_failure_count;
        struct gal_number_field tolerated_failure_percentage;
        char *label; /* NULL: none */
};

struct gal_state {
        uint32_t index; /* its place in gal_program.states */
        uint32_t graph; /* the graph it stands in */
        char *name;
        enum gal_state_kind kind;
        enum gal_query_language language;
        struct gal_position at; /* of its name */
        json_t *source;         /* (borrowed) the state as written */
        uint32_t next;          /* GAL_STATE_NONE: End, or a kind without Next */
        struct gal_path_field input_path;
        struct gal_path_field output_path;
        struct gal_path_field result_path;
        struct gal_template *parameters; /* NULL: none; of a Map: see gal_map.item_selector */
        struct gal_template *result_selector;
        struct gal_template *assign;
        struct gal_retrier *retriers;
        size_t retrier_count;
        struct gal_catcher *catchers;
        size_t catcher_count;
        union {
                struct gal_pass pass;
                struct gal_task task;
                struct gal_choice choice;
                struct gal_wait wait;
                struct gal_fail fail;
                struct gal_parallel parallel;
                struct gal_map map;
        } as;
};

/* One States object with its StartAt: the machine's own (graph 0), a branch or an item processor. */
struct gal_graph {
        uint32_t start;  /* StartAt */
        uint32_t parent; /* the Parallel or Map that runs it; GAL_STATE_NONE for graph 0 */
        uint32_t depth;  /* 0 for graph 0 */
};

struct gal_program {
        unsigned references;
        char *comment; /* NULL: none */
        enum gal_query_language language;
        int64_t timeout_seconds; /* 0: none */
        struct gal_state *states;
        uint32_t state_count;
        struct gal_graph *graphs;
        uint32_t graph_count;
        uint32_t *by_name; /* all states, sorted by name: for gal_program_find() */
        json_t *document;  /* the definition as read; owns what is borrowed above */
};

struct gal_program_options {
        bool express; /* refuse what the Express type cannot do */
        /*
         * The text is one state, as TestState takes it. The program is a machine with that state, named
         * "StateName", and a Succeed state for every name it may go to; locations begin with /States/StateName as
         * the service's do.
         */
        bool single_state;
};

/*
 * Reads, validates and compiles a definition.
 *   text, len    borrowed; no terminator needed
 *   options      (nullable) Standard type
 *   diagnostics  zeroed by the caller, filled with every fault and warning; release with gal_diagnostics_finish()
 *   ret_program  (transfer full) release with gal_program_unref(); untouched on failure
 * Fails with GAL_EINVALID (the diagnostics say why), GAL_ELIMIT (length) or GAL_ENOMEM.
 */
GAL_MUST_USE enum gal_status gal_program_compile(const char *text, size_t len,
                                                 const struct gal_program_options *options,
                                                 struct gal_diagnostics *diagnostics,
                                                 struct gal_program **ret_program);
struct gal_program *gal_program_ref(struct gal_program *program);
struct gal_program *gal_program_unref(struct gal_program *program); /* accepts NULL, returns NULL */

/* (transfer none) NULL when no state has that name. */
const struct gal_state *gal_program_find(const struct gal_program *program, const char *name);
const char *gal_state_kind_name(enum gal_state_kind kind);             /* (transfer none) "Pass" */
const char *gal_query_language_name(enum gal_query_language language); /* (transfer none) "JSONPath" */

#endif
