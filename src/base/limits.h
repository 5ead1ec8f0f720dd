/*
 * limits.h: every bound, its reason, and the service's figure where there is one (reference: quotas of the
 * service).
 *
 * Sizes are in bytes unless the name says otherwise.
 */
#ifndef GAL_BASE_LIMITS_H
#define GAL_BASE_LIMITS_H

/* Definition length: 1 MiB of characters, the service's hard limit. */
#define GAL_DEFINITION_CHARACTERS_MAX 1048576
/* UTF-8 spends at most four bytes on a character. */
#define GAL_DEFINITION_SIZE_MAX (4 * GAL_DEFINITION_CHARACTERS_MAX)
/* A state's input, output or result, an execution's input: the service's hard limit. */
#define GAL_PAYLOAD_SIZE_MAX 262144
/* Any JSON text that is read: a payload and its envelope, a definition escaped inside a request. */
#define GAL_JSON_TEXT_SIZE_MAX (64u * 1024 * 1024)
/* Nested arrays and objects; Jackson's default is 1,000, and reading, writing and comparing recurse over values. */
#define GAL_JSON_DEPTH_MAX 1000
/* Levels that rows of ours wrap around the payloads in them. */
#define GAL_JSON_ENVELOPE_DEPTH 8
/* Names of state machines, executions, activities, states, variables: the service's 80 characters. */
#define GAL_NAME_CHARACTERS_MAX 80
#define GAL_LABEL_CHARACTERS_MAX 40
/* Nested Parallel and Map states; one definition of 1 MiB could nest 20,000 deep otherwise. */
#define GAL_STATE_DEPTH_MAX 64
/* States in a definition: what 1 MiB can hold anyway, kept as a bound for arrays. */
#define GAL_STATES_MAX 100000
/* Faults reported for one definition; the service reports 100 at most. */
#define GAL_DIAGNOSTICS_MAX 100
/* Intrinsic functions nest ten deep on the service. */
#define GAL_INTRINSIC_DEPTH_MAX 10
/* Arguments of one intrinsic call: a bound on States.Array and States.Format. */
#define GAL_INTRINSIC_ARGUMENTS_MAX 1000
/* States.ArrayRange makes at most 1,000 elements; Base64 and Hash take at most 10,000 characters. */
#define GAL_INTRINSIC_RANGE_MAX 1000
#define GAL_INTRINSIC_TEXT_CHARACTERS_MAX 10000
/* The text of one call: what a definition of a sane size holds in one string. */
#define GAL_INTRINSIC_SIZE_MAX 262144
/* Bytes that the expressions of one template may make anew: a payload of 256 KiB formatted 60 times over. */
#define GAL_EXPRESSION_SIZE_MAX (16 * 1024 * 1024)
/* One path, filter expressions included: characters and nesting. */
#define GAL_PATH_SIZE_MAX 8192
#define GAL_PATH_DEPTH_MAX 64
/* Nodes that the paths of one template, or of the rules of one Choice, may visit together: `$..*` on a 256 KiB
 * payload visits about 130,000; filters nest. Takes less than 250 ms. */
#define GAL_PATH_VISITS_MAX 5000000
/* Steps of one path: more than JSON may nest cannot lead anywhere. */
#define GAL_PATH_STEPS_MAX 1000
/* Calls on the stack in one evaluation: a walk through JSON as deep as it may be takes 1,000, filters nest walks.
 */
#define GAL_PATH_RECURSION_MAX 4096
/* A compiled regular expression: `(abc){9}{99}` grows two thousandfold, and a definition has room for 25,000. */
#define GAL_PATH_REGEX_SIZE_MAX 8192
/* One match of a regular expression; its steps are counted as visits too, this guards the matcher's own loops. */
#define GAL_PATH_REGEX_STEPS_MAX 5000000
#define GAL_PATH_REGEX_HEAP_KIB_MAX 16384
/* The text of one JSONata expression: what a definition of a sane size holds in one string. */
#define GAL_JSONATA_SIZE_MAX 262144
/* Levels of its tree; parsing, printing and evaluating recurse over it, and `1+1+...` is as deep as it is long. */
#define GAL_JSONATA_TREE_DEPTH_MAX 1000
/* Nested evaluations: the reference ends where its host's stack does; AWS Step Functions at 100. */
#define GAL_JSONATA_DEPTH_MAX 2000
#define GAL_JSONATA_STATES_DEPTH_MAX 100
/* Nested calls of functions, which need not have an evaluation between them. */
#define GAL_JSONATA_CALLS_MAX 1000
/* Nodes evaluated and elements handled in one evaluation: a quarter of a second. */
#define GAL_JSONATA_STEPS_MAX 10000000
/* What one evaluation may allocate, and what one value may hold on AWS Step Functions: 8 bytes an element. */
#define GAL_JSONATA_MEMORY_MAX (64u * 1024 * 1024)
#define GAL_JSONATA_STATES_WEIGHT_MAX 6990256
/* Elements of [a..b]: the reference's bound. */
#define GAL_JSONATA_RANGE_MAX 10000000
/* A compiled regular expression, and one match of it. */
#define GAL_JSONATA_REGEX_SIZE_MAX 65536
#define GAL_JSONATA_REGEX_STEPS_MAX 1000000
#define GAL_JSONATA_REGEX_HEAP_KIB_MAX 16384
/* Variables: one value, one Assign, all of an execution. */
#define GAL_VARIABLE_SIZE_MAX 262144
#define GAL_ASSIGN_SIZE_MAX 262144
#define GAL_VARIABLES_SIZE_MAX (10 * 1024 * 1024)
/* Timeouts, intervals and Seconds fields: the service's bound. */
#define GAL_SECONDS_MAX 99999999
#define GAL_MAX_DELAY_SECONDS_MAX 31622400
/* Wait: 2^31 - 1 seconds; 24,855 days are accepted, 24,856 are refused. */
#define GAL_WAIT_SECONDS_MAX 2147483647
/* An execution that waits longer than this leaves memory. */
#define GAL_PARK_MS 60000
/* Executions that wait for a worker or a token and stay in memory for so long; further ones leave it at once. */
#define GAL_IDLE_MAX 10000
/* Registered activities: the service's 100,000. */
#define GAL_ACTIVITIES_MAX 100000
/* GetActivityTask: how long a worker waits for a task, and how many may wait at one activity (the service's). */
#define GAL_POLL_MS 60000
#define GAL_POLLS_MAX 1000
/* Tasks of one activity that are read ahead of its workers, and those of all activities. */
#define GAL_ACTIVITY_TASKS_AHEAD 500
#define GAL_ACTIVITY_TASKS_MAX 100000
/* A task token, as the API bounds it; ours have 100 characters. */
#define GAL_TASK_TOKEN_CHARACTERS_MAX 2048
/* An execution of the Standard type ends after a year. */
#define GAL_EXECUTION_SECONDS_MAX 31536000
/* A name is free again 90 days after its execution was closed. */
#define GAL_NAME_REUSE_MS (90ll * 86400 * 1000)
/* Events of one history: the last one allowed is the ExecutionFailed that says so. */
#define GAL_HISTORY_EVENTS_MAX 25000
/* What ItemsPath selects: `$..*` of one payload could be a thousand times the payload. */
#define GAL_MAP_ITEMS_SIZE_MAX (4 * 1024 * 1024)
/* Iterations of an inline Map that run at once. */
#define GAL_MAP_CONCURRENCY_MAX 40
/* Error name and cause, in characters, as the API bounds them. */
#define GAL_ERROR_CHARACTERS_MAX 256
#define GAL_CAUSE_CHARACTERS_MAX 32768
/* Transitions of one execution in one step; then it yields, so that a loop of Choice states starves nobody. */
#define GAL_STEP_TRANSITIONS_MAX 1000
/* Bytes of inputs and outputs in one step; then it yields too: a thousand states of 256 KiB would be a row of half
 * a GiB. */
#define GAL_STEP_SIZE_MAX (4 * 1024 * 1024)
/* Functions configuration and other files of ours. */
#define GAL_CONFIG_SIZE_MAX (4 * 1024 * 1024)
/* What a local function may print on standard error before the rest is dropped; the last line is kept apart. */
#define GAL_FUNCTION_STDERR_SIZE_MAX 65536
#define GAL_FUNCTION_ERROR_LINE_MAX 4096
/* Lambda's own bounds: a bare name, and any form of it with ARN and qualifier. */
#define GAL_FUNCTION_NAME_SIZE_MAX 64
#define GAL_FUNCTION_ARN_SIZE_MAX 256
/* Local functions: default time and bounds of the configuration. */
#define GAL_FUNCTION_TIMEOUT_SECONDS_DEFAULT 60
#define GAL_FUNCTION_TIMEOUT_SECONDS_MAX 86400
#define GAL_FUNCTION_CONCURRENCY_DEFAULT 10
#define GAL_FUNCTION_CONCURRENCY_MAX 1000
/* Calls that wait for a slot of their function before the engine is told to slow down. */
#define GAL_FUNCTION_QUEUE_MAX 100000
/* An answer of an HTTP endpoint: Lambda's own response bound is 6 MiB. */
#define GAL_HTTP_RESPONSE_SIZE_MAX (6 * 1024 * 1024 + 65536)
/* The headers of one response together; servers themselves refuse more than 8 to 16 KiB of a request's. */
#define GAL_HTTP_HEADERS_SIZE_MAX 65536
/* And how many: each is compared with each other when an answer is written, and 64 KiB hold 16,000 short ones. */
#define GAL_HTTP_HEADERS_MAX 500
#define GAL_HTTP_CONNECT_TIMEOUT_MS 10000
/* No Lambda function runs longer than 900 seconds; an endpoint that says nothing for longer has lost the call. */
#define GAL_LAMBDA_TIMEOUT_MS_MAX 930000
/* A local function's memory: less does not start any interpreter, more than a TiB is a slip of the pen. */
#define GAL_FUNCTION_MEMORY_MIB_MIN 4
#define GAL_FUNCTION_MEMORY_MIB_MAX 1048576
#define GAL_HTTP_CONNECTIONS_MAX 256
/* Faults of one request that are told in words; the rest is counted: 1 MiB holds some 200,000 of them. */
#define GAL_REQUEST_FAULTS_MAX 100
/* One match of a pattern of the API's shapes against a string of a request. */
#define GAL_REQUEST_PATTERN_STEPS_MAX 5000000
#define GAL_REQUEST_PATTERN_HEAP_KIB_MAX 16384
/* An Authorization header of AWS Signature Version 4; a longer list of signed headers is nobody's. */
#define GAL_SIGV4_HEADER_SIZE_MAX 8192
/* How old, or how early, a signed request may be: the services' five minutes. */
#define GAL_SIGV4_WINDOW_SECONDS 300
/* Body of one chunk, and a snapshot: JSON texts that must be readable again. */
#define GAL_STORE_BODY_SIZE_MAX GAL_JSON_TEXT_SIZE_MAX
/* A value from this size on is written once in a history; later events, and snapshots, refer to the first one. */
#define GAL_JOURNAL_REFERENCE_SIZE_MIN 1024
/* Such values that are kept while a history is read, before they are looked up again. */
#define GAL_JOURNAL_CACHE_SIZE_MAX (32u * 1024 * 1024)
/* Chunks of less than this behind a snapshot are replayed as quickly as another one would be read. */
#define GAL_SNAPSHOT_TAIL_SIZE_MIN 65536
/* Chunks and events of one execution: what fits the four bytes of the databases, and years of work. */
#define GAL_STORE_SEQUENCE_MAX 2147483647
/* A killed owner's child, between fork and exec, has its lock: milliseconds, more on a machine that is busy. */
#define GAL_LOCK_LEFT_OVER_MS 2000
/* Connections to the server: 9,000 workers and SDKs that keep theirs open, and some more; about 10 KiB each. Fewer
 * where the process may not have as many descriptors. At the bound the one that has rested longest is closed. */
#define GAL_SERVER_CONNECTIONS_MAX 10000
/* What `serve` raises its limit of descriptors to, where it may: the connections, and as many again for the pipes
 * of functions and calls. Children inherit it, so not more than is of use. */
#define GAL_SERVER_DESCRIPTORS_MAX 20480
/* Requests that wait for their commit: what the engine does in about a second. Past it, and past the bodies below,
 * clients are told to come again (ThrottlingException, as the service does). */
#define GAL_SERVER_REQUESTS_MAX 4096
/* One request: the longest definition with every character written as \uXXXX, and what stands around it. */
#define GAL_SERVER_BODY_SIZE_MAX (6 * GAL_DEFINITION_CHARACTERS_MAX + 65536)
/* The bodies of all requests that are coming in, together. */
#define GAL_SERVER_BODIES_SIZE_MAX (256u * 1024 * 1024)
/* Access keys in a file: whoever has more has a directory of users, and wants that asked. */
#define GAL_SERVER_KEYS_MAX 10000
/* What a client gets to send a whole request, to take an answer, or to rest between the two. */
#define GAL_SERVER_CLIENT_MS_MAX 60000
/* One log line; what is longer is cut. It stands on the stack, so that logging allocates nothing. */
#define GAL_LOG_LINE_SIZE 2048
/* An execution that has ended the process that often is left out; and the file that remembers it. */
#define GAL_POISONED_MAX 3
#define GAL_POISONED_SIZE_MAX (1024 * 1024)

#endif
