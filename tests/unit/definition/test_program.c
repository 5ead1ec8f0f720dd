/*
 * test_program.c: what a definition compiles to, the tables of fields and operators, and the bounds.
 */
#include "definition/program.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/limits.h"
#include "definition/comparison.h"
#include "definition/field.h"

/* Single quotes stand for double ones. */
static char *quote(const char *text)
{
        char *copy = gal_strdup(text);

        for (char *at = copy; *at != '\0'; at++)
                if (*at == '\'')
                        *at = '"';
        return copy;
}

static struct gal_program *compile(const char *definition)
{
        gal_auto_free char *text = quote(definition);
        struct gal_diagnostics diagnostics = { 0 };
        struct gal_program *program = NULL;
        enum gal_status status = gal_program_compile(text, strlen(text), NULL, &diagnostics, &program);

        ck_assert_msg(status == GAL_OK, "%s: %s", text, diagnostics.count > 0 ? diagnostics.items[0].message : "");
        gal_diagnostics_finish(&diagnostics);
        return program;
}

static const struct gal_state *find(const struct gal_program *program, const char *name)
{
        const struct gal_state *state = gal_program_find(program, name);

        ck_assert_msg(state != NULL, "there is no state %s", name);
        ck_assert_str_eq(state->name, name);
        ck_assert_ptr_eq(state, &program->states[state->index]);
        return state;
}

START_TEST(machine)
{
        struct gal_program *program = compile("{'Comment':'why','TimeoutSeconds':7,'StartAt':'B','States':{"
                                              "'A':{'Type':'Succeed'},'B':{'Type':'Pass','Next':'A'}}}");

        ck_assert_str_eq(program->comment, "why");
        ck_assert_int_eq(program->timeout_seconds, 7);
        ck_assert_int_eq(program->language, GAL_JSONPATH);
        ck_assert_uint_eq(program->state_count, 2);
        ck_assert_uint_eq(program->graph_count, 1);
        ck_assert_uint_eq(program->graphs[0].start, find(program, "B")->index);
        ck_assert_uint_eq(program->graphs[0].parent, GAL_STATE_NONE);
        ck_assert_uint_eq(find(program, "B")->next, find(program, "A")->index);
        ck_assert_uint_eq(find(program, "A")->next, GAL_STATE_NONE);
        ck_assert_ptr_null(gal_program_find(program, "C"));
        ck_assert_ptr_null(gal_program_find(program, ""));
        ck_assert_ptr_eq(gal_program_ref(program), program);
        ck_assert_ptr_null(gal_program_unref(program));
        ck_assert_str_eq(find(program, "A")->name, "A"); /* one reference is left */
        ck_assert_ptr_null(gal_program_unref(program));
        ck_assert_ptr_null(gal_program_unref(NULL));
}
END_TEST

START_TEST(paths_and_templates)
{
        struct gal_program *program =
                compile("{'StartAt':'A','States':{'A':{'Type':'Pass','InputPath':'$','ResultPath':'$','Next':'B'},"
                        "'B':{'Type':'Pass','InputPath':null,'OutputPath':'$.o','ResultPath':null,'Parameters':{'x."
                        "$':'$.x'},"
                        "'Result':[1],'Assign':{'v':1},'Next':'C'},"
                        "'C':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke','ResultPath':'$.r',"
                        "'ResultSelector':{'a':1},'End':true}}}");
        const struct gal_state *state = find(program, "A");

        ck_assert_int_eq(state->input_path.setting, GAL_PATH_DEFAULT);
        ck_assert_int_eq(state->output_path.setting, GAL_PATH_DEFAULT);
        ck_assert_int_eq(state->result_path.setting, GAL_PATH_DEFAULT);
        ck_assert_ptr_null(state->input_path.path);
        ck_assert_ptr_null(state->parameters);
        ck_assert_ptr_null(state->assign);
        ck_assert_ptr_null(state->as.pass.result);
        state = find(program, "B");
        ck_assert_int_eq(state->input_path.setting, GAL_PATH_NULL);
        ck_assert_int_eq(state->output_path.setting, GAL_PATH_GIVEN);
        ck_assert_str_eq(gal_path_text(state->output_path.path), "$.o");
        ck_assert_int_eq(state->result_path.setting, GAL_PATH_NULL);
        ck_assert_ptr_nonnull(state->parameters);
        ck_assert_ptr_nonnull(state->assign);
        ck_assert_str_eq(gal_payload_text(state->as.pass.result, NULL), "[1]");
        ck_assert_ptr_eq(json_object_get(state->source, "Result"), state->as.pass.result->value);
        state = find(program, "C");
        ck_assert_str_eq(gal_path_text(state->result_path.path), "$.r");
        ck_assert(gal_template_is_constant(state->result_selector));
        gal_program_unref(program);
}
END_TEST

START_TEST(resources)
{
        static const struct {
                const char *resource;
                enum gal_resource_kind kind;
                const char *service, *action;
                enum gal_service_pattern pattern;
        } cases[] = {
                { "arn:aws:lambda:r:1:function:f:live", GAL_RESOURCE_FUNCTION, NULL, NULL,
                  GAL_PATTERN_REQUEST_RESPONSE },
                { "arn:aws:states:r:1:activity:a:b", GAL_RESOURCE_ACTIVITY, NULL, NULL,
                  GAL_PATTERN_REQUEST_RESPONSE },
                { "arn:aws:states:::sqs:sendMessage", GAL_RESOURCE_SERVICE, "sqs", "sendMessage",
                  GAL_PATTERN_REQUEST_RESPONSE },
                { "arn:aws:states:::states:startExecution.sync:2", GAL_RESOURCE_SERVICE, "states",
                  "startExecution.sync:2", GAL_PATTERN_SYNC },
                { "arn:aws:states:::ecs:runTask.sync", GAL_RESOURCE_SERVICE, "ecs", "runTask.sync",
                  GAL_PATTERN_SYNC },
                { "arn:aws:states:::aws-sdk:sns:publish.waitForTaskToken", GAL_RESOURCE_SERVICE, "aws-sdk:sns",
                  "publish.waitForTaskToken", GAL_PATTERN_WAIT_FOR_TASK_TOKEN },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                gal_auto_free char *text =
                        gal_format("{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'%s','End':true}}}",
                                   cases[i].resource);
                struct gal_program *program = compile(text);
                const struct gal_task *task = &find(program, "A")->as.task;

                ck_assert_str_eq(task->resource, cases[i].resource);
                ck_assert_int_eq(task->resource_kind, cases[i].kind);
                ck_assert_pstr_eq(task->service, cases[i].service);
                ck_assert_pstr_eq(task->action, cases[i].action);
                ck_assert_int_eq(task->pattern, cases[i].pattern);
                gal_program_unref(program);
        }
}
END_TEST

START_TEST(tasks)
{
        struct gal_program *program =
                compile("{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:lambda:r:1:function:f',"
                        "'TimeoutSeconds':60,'HeartbeatSecondsPath':'$.h','Credentials':{'RoleArn':'r'},"
                        "'Retry':[{'ErrorEquals':['E1','E2']},{'ErrorEquals':['States.ALL'],'IntervalSeconds':5,"
                        "'MaxAttempts':0,'BackoffRate':1.5,'MaxDelaySeconds':9,'JitterStrategy':'FULL'}],"
                        "'Catch':[{'ErrorEquals':['E1'],'Next':'B'},{'ErrorEquals':['States.ALL'],'Next':'C',"
                        "'ResultPath':'$.e','Assign':{'e.$':'$.Error'}}],'Next':'C'},'B':{'Type':'Fail'},"
                        "'C':{'Type':'Succeed'}}}");
        const struct gal_state *state = find(program, "A");
        const struct gal_task *task = &state->as.task;

        ck_assert(task->timeout_seconds.given);
        ck_assert_double_eq(task->timeout_seconds.literal, 60);
        ck_assert_ptr_null(task->timeout_seconds.path);
        ck_assert(task->heartbeat_seconds.given);
        ck_assert_str_eq(gal_path_text(task->heartbeat_seconds.path), "$.h");
        ck_assert_ptr_nonnull(task->credentials);
        ck_assert_uint_eq(state->retrier_count, 2);
        ck_assert_uint_eq(state->retriers[0].error_count, 2);
        ck_assert_str_eq(state->retriers[0].errors[1], "E2");
        ck_assert_int_eq(state->retriers[0].interval_seconds, 1);
        ck_assert_int_eq(state->retriers[0].attempts_max, 3);
        ck_assert_double_eq(state->retriers[0].backoff_rate, 2.0);
        ck_assert_int_eq(state->retriers[0].delay_seconds_max, 0);
        ck_assert(!state->retriers[0].jitter_full);
        ck_assert_int_eq(state->retriers[1].interval_seconds, 5);
        ck_assert_int_eq(state->retriers[1].attempts_max, 0);
        ck_assert_double_eq(state->retriers[1].backoff_rate, 1.5);
        ck_assert_int_eq(state->retriers[1].delay_seconds_max, 9);
        ck_assert(state->retriers[1].jitter_full);
        ck_assert_uint_eq(state->catcher_count, 2);
        ck_assert_uint_eq(state->catchers[0].next, find(program, "B")->index);
        ck_assert_int_eq(state->catchers[0].result_path.setting, GAL_PATH_DEFAULT);
        ck_assert_ptr_null(state->catchers[0].assign);
        ck_assert_int_eq(state->catchers[1].result_path.setting, GAL_PATH_GIVEN);
        ck_assert_ptr_nonnull(state->catchers[1].assign);
        ck_assert_ptr_eq(state->catchers[1].source, json_array_get(json_object_get(state->source, "Catch"), 1));
        gal_program_unref(program);
}
END_TEST

START_TEST(choices)
{
        struct gal_program *program = compile(
                "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':["
                "{'Or':[{'Variable':'$.a','NumericLessThanEquals':5},{'Not':{'Variable':'$.b','IsPresent':false}}],"
                "'Next':'B'},"
                "{'Variable':'$$.State.Name','TimestampGreaterThan':'2020-01-01T00:00:01.5Z','Assign':{'x':1},'"
                "Next':'C'},"
                "{'Variable':'$.c','StringEqualsPath':'$.d','Next':'B'}]},"
                "'B':{'Type':'Succeed'},'C':{'Type':'Succeed'}}}");
        const struct gal_choice *choice = &find(program, "A")->as.choice;
        const struct gal_choice_rule *rule = &choice->rules[0];

        ck_assert_uint_eq(choice->rule_count, 3);
        ck_assert_uint_eq(choice->fallback, GAL_STATE_NONE);
        ck_assert_int_eq(rule->kind, GAL_CHOICE_OR);
        ck_assert_uint_eq(rule->rule_count, 2);
        ck_assert_uint_eq(rule->next, find(program, "B")->index);
        ck_assert_int_eq(rule->rules[0].kind, GAL_CHOICE_COMPARE);
        ck_assert_int_eq(rule->rules[0].type, GAL_COMPARE_NUMERIC);
        ck_assert_int_eq(rule->rules[0].relation, GAL_RELATION_LESS_THAN_EQUALS);
        ck_assert_int_eq(json_integer_value(rule->rules[0].operand), 5);
        ck_assert_str_eq(gal_path_text(rule->rules[0].variable), "$.a");
        ck_assert_uint_eq(rule->rules[0].next, GAL_STATE_NONE);
        ck_assert_int_eq(rule->rules[1].kind, GAL_CHOICE_NOT);
        ck_assert_int_eq(rule->rules[1].rules[0].type, GAL_COMPARE_IS_PRESENT);
        rule = &choice->rules[1];
        ck_assert_int_eq(rule->type, GAL_COMPARE_TIMESTAMP);
        ck_assert_int_eq(rule->relation, GAL_RELATION_GREATER_THAN);
        ck_assert_int_eq(rule->instant.seconds, 1577836801);
        ck_assert_int_eq(rule->instant.nanoseconds, 500000000);
        ck_assert_ptr_nonnull(rule->assign);
        rule = &choice->rules[2];
        ck_assert_ptr_null(rule->operand);
        ck_assert_str_eq(gal_path_text(rule->operand_path), "$.d");
        gal_program_unref(program);
}
END_TEST

START_TEST(waits_and_fails)
{
        struct gal_program *program = compile("{'StartAt':'A','States':{'A':{'Type':'Wait','Seconds':5,'Next':'B'},"
                                              "'B':{'Type':'Wait','Timestamp':'1970-01-01T00:00:02Z','Next':'C'},"
                                              "'C':{'Type':'Wait','SecondsPath':'$.s','Next':'D'},'D':{'Type':'"
                                              "Wait','TimestampPath':'$.t','Next':'E'},"
                                              "'E':{'Type':'Fail','Error':'E','CausePath':'States.UUID()'}}}");

        ck_assert_int_eq(find(program, "A")->as.wait.kind, GAL_WAIT_SECONDS);
        ck_assert_int_eq(find(program, "A")->as.wait.seconds, 5);
        ck_assert_int_eq(find(program, "B")->as.wait.kind, GAL_WAIT_TIMESTAMP);
        ck_assert_int_eq(find(program, "B")->as.wait.timestamp.seconds, 2);
        ck_assert_int_eq(find(program, "C")->as.wait.kind, GAL_WAIT_SECONDS_PATH);
        ck_assert_str_eq(gal_path_text(find(program, "C")->as.wait.path), "$.s");
        ck_assert_int_eq(find(program, "D")->as.wait.kind, GAL_WAIT_TIMESTAMP_PATH);
        ck_assert_str_eq(find(program, "E")->as.fail.error, "E");
        ck_assert_ptr_null(find(program, "E")->as.fail.cause);
        ck_assert_ptr_null(find(program, "E")->as.fail.error_path);
        ck_assert_ptr_nonnull(gal_expression_call(find(program, "E")->as.fail.cause_path));
        gal_program_unref(program);
}
END_TEST

START_TEST(nested_graphs)
{
        struct gal_program *program = compile(
                "{'StartAt':'P','States':{'P':{'Type':'Parallel','Branches':[{'StartAt':'B2','States':{'B1':{'Type'"
                ":"
                "'Succeed'},'B2':{'Type':'Pass','Next':'B1'}}},{'StartAt':'M','States':{'M':{'Type':'Map','"
                "Iterator':{"
                "'StartAt':'I','States':{'I':{'Type':'Succeed'}}},'Parameters':{'a':1},'ItemsPath':'$','End':true}}"
                "}],"
                "'Next':'D'},'D':{'Type':'Map','Label':'L','MaxConcurrency':3,'ToleratedFailurePercentage':2.5,"
                "'ItemsPath':'$.items','ItemProcessor':{'ProcessorConfig':{'Mode':'DISTRIBUTED','ExecutionType':"
                "'STANDARD'},'StartAt':'J','States':{'J':{'Type':'Succeed'}}},'End':true}}}");
        const struct gal_state *parallel = find(program, "P");
        const struct gal_state *map = find(program, "M");
        const struct gal_graph *branch = &program->graphs[parallel->as.parallel.branches[0]];
        const struct gal_graph *processor = &program->graphs[map->as.map.processor];

        ck_assert_uint_eq(program->graph_count, 5);
        ck_assert_uint_eq(parallel->as.parallel.branch_count, 2);
        ck_assert_uint_eq(branch->start, find(program, "B2")->index);
        ck_assert_uint_eq(branch->parent, parallel->index);
        ck_assert_uint_eq(branch->depth, 1);
        ck_assert_uint_eq(find(program, "B1")->graph, parallel->as.parallel.branches[0]);
        ck_assert_uint_eq(processor->start, find(program, "I")->index);
        ck_assert_uint_eq(processor->parent, map->index);
        ck_assert_uint_eq(processor->depth, 2);
        ck_assert(!map->as.map.distributed);
        ck_assert_ptr_nonnull(map->as.map.item_selector);
        ck_assert_ptr_null(map->parameters);
        ck_assert_int_eq(map->as.map.items_path.setting, GAL_PATH_DEFAULT);
        map = find(program, "D");
        ck_assert(map->as.map.distributed);
        ck_assert_str_eq(map->as.map.label, "L");
        ck_assert_double_eq(map->as.map.max_concurrency.literal, 3);
        ck_assert_double_eq(map->as.map.tolerated_failure_percentage.literal, 2.5);
        ck_assert(!map->as.map.tolerated_failure_count.given);
        ck_assert_str_eq(gal_path_text(map->as.map.items_path.path), "$.items");
        gal_program_unref(program);
}
END_TEST

START_TEST(jsonata_states)
{
        struct gal_program *program =
                compile("{'QueryLanguage':'JSONata','StartAt':'A','States':{'A':{'Type':'Task','Resource':"
                        "'arn:aws:states:::sqs:sendMessage','TimeoutSeconds':'{% 1 %}','Arguments':{},'Output':1,"
                        "'Assign':{'x':1},'Catch':[{'ErrorEquals':['E'],'Output':2,'Next':'C'}],'Next':'B'},"
                        "'B':{'Type':'Choice','Choices':[{'Condition':'{% true %}','Next':'C'}],'Default':'C'},"
                        "'C':{'Type':'Fail','Error':'{% 1 %}','Cause':'c'}}}");
        const struct gal_state *state = find(program, "A");

        ck_assert_int_eq(program->language, GAL_JSONATA);
        ck_assert_int_eq(state->language, GAL_JSONATA);
        ck_assert_ptr_null(state->assign);
        ck_assert_str_eq(state->as.task.service, "sqs");
        ck_assert(state->as.task.timeout_seconds.given);
        ck_assert_str_eq(json_string_value(state->as.task.timeout_seconds.expression), "{% 1 %}");
        ck_assert_int_eq(json_integer_value(json_object_get(state->catchers[0].source, "Output")), 2);
        state = find(program, "B");
        ck_assert_int_eq(state->as.choice.rules[0].kind, GAL_CHOICE_CONDITION);
        ck_assert_ptr_nonnull(json_object_get(state->as.choice.rules[0].source, "Condition"));
        ck_assert_ptr_null(find(program, "C")->as.fail.error);
        ck_assert_str_eq(find(program, "C")->as.fail.cause, "c");
        gal_program_unref(program);
}
END_TEST

START_TEST(a_single_state)
{
        static const char text[] = "{\"Type\":\"Task\",\"Resource\":\"arn:aws:lambda:r:1:function:f\","
                                   "\"Catch\":[{\"ErrorEquals\":[\"E\"],\"Next\":\"H\"}],\"Next\":\"N\"}";
        struct gal_program_options options = { .single_state = true };
        struct gal_diagnostics diagnostics = { 0 };
        struct gal_program *program = NULL;
        const struct gal_state *state;

        ck_assert_int_eq(gal_program_compile(text, strlen(text), &options, &diagnostics, &program), GAL_OK);
        ck_assert_uint_eq(program->state_count, 3);
        state = find(program, "StateName");
        ck_assert_uint_eq(program->graphs[0].start, state->index);
        ck_assert_str_eq(program->states[state->next].name, "N");
        ck_assert_int_eq(program->states[state->next].kind, GAL_STATE_SUCCEED);
        ck_assert_str_eq(program->states[state->catchers[0].next].name, "H");
        gal_program_unref(program);
        gal_diagnostics_finish(&diagnostics);
}
END_TEST

/* Which states have a field, and in which language: P, A or B (both), in the order of GAL_STATE_KINDS. */
START_TEST(fields_of_states)
{
        static const struct {
                const char *name;
                const char *kinds; /* Pass Task Choice Wait Succeed Fail Parallel Map */
        } expected[] = {
                { "Type", "BBBBBBBB" },
                { "Comment", "BBBBBBBB" },
                { "QueryLanguage", "BBBBBBBB" },
                { "Next", "BB-B--BB" },
                { "End", "BB-B--BB" },
                { "InputPath", "PPPPP-PP" },
                { "OutputPath", "PPPPP-PP" },
                { "Parameters", "PP----PP" },
                { "ResultSelector", "-P----PP" },
                { "ResultPath", "PP----PP" },
                { "Result", "P-------" },
                { "Arguments", "-A----A-" },
                { "Output", "AAAAA-AA" },
                { "Assign", "BBBB--BB" },
                { "Retry", "-B----BB" },
                { "Catch", "-B----BB" },
                { "Resource", "-B------" },
                { "TimeoutSeconds", "-B------" },
                { "TimeoutSecondsPath", "-P------" },
                { "HeartbeatSeconds", "-B------" },
                { "HeartbeatSecondsPath", "-P------" },
                { "Credentials", "-B------" },
                { "Branches", "------B-" },
                { "ItemProcessor", "-------B" },
                { "Iterator", "-------B" },
                { "ItemSelector", "-------B" },
                { "Items", "-------A" },
                { "ItemsPath", "-------P" },
                { "MaxConcurrency", "-------B" },
                { "MaxConcurrencyPath", "-------P" },
                { "ToleratedFailureCount", "-------B" },
                { "ToleratedFailureCountPath", "-------P" },
                { "ToleratedFailurePercentage", "-------B" },
                { "ToleratedFailurePercentagePath", "-------P" },
                { "Label", "-------B" },
                { "ItemReader", "-------B" },
                { "ItemBatcher", "-------B" },
                { "ResultWriter", "-------B" },
                { "Seconds", "---B----" },
                { "SecondsPath", "---P----" },
                { "Timestamp", "---B----" },
                { "TimestampPath", "---P----" },
                { "Choices", "--B-----" },
                { "Default", "--B-----" },
                { "Error", "-----B--" },
                { "ErrorPath", "-----P--" },
                { "Cause", "-----B--" },
                { "CausePath", "-----P--" },
        };
        const uint32_t states = (1u << GAL_HOLDER_MACHINE) - 1;
        const struct gal_field *fields;
        size_t count, of_states = 0;

        for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
                const struct gal_field *field = gal_field_find(expected[i].name, strlen(expected[i].name));

                ck_assert_msg(field != NULL, "%s", expected[i].name);
                for (int kind = 0; kind < 8; kind++)
                        ck_assert_msg((field->on >> kind & 1 ? "BPA"[field->languages] : '-') ==
                                              expected[i].kinds[kind],
                                      "%s on %s", field->name, gal_state_kind_name((enum gal_state_kind)kind));
        }
        fields = gal_fields(&count);
        for (size_t i = 0; i < count; i++) {
                of_states += (fields[i].on & states) != 0;
                ck_assert_uint_eq(fields[i].len, strlen(fields[i].name));
                ck_assert_uint_eq(fields[i].required & ~fields[i].on, 0);
                ck_assert_ptr_eq(gal_field_find(fields[i].name, fields[i].len), &fields[i]); /* no name twice */
        }
        ck_assert_uint_eq(of_states, sizeof(expected) / sizeof(expected[0]));
}
END_TEST

START_TEST(comparison_operators)
{
        const struct gal_comparison *comparisons;
        size_t count, paths = 0;

        comparisons = gal_comparisons(&count);
        ck_assert_uint_eq(count, 39);
        for (size_t i = 0; i < count; i++) {
                const char *name = comparisons[i].name;

                ck_assert_uint_eq(comparisons[i].len, strlen(name));
                ck_assert_ptr_eq(gal_comparison_find(name, strlen(name)), &comparisons[i]);
                ck_assert_ptr_null(gal_field_find(name, strlen(name)));
                ck_assert_int_eq(comparisons[i].path, strcmp(name + strlen(name) - 4, "Path") == 0);
                paths += comparisons[i].path;
        }
        ck_assert_uint_eq(paths, 16);
        ck_assert_ptr_null(gal_comparison_find("StringMatchesPath", 17));
}
END_TEST

static void expect(const char *text, size_t len, enum gal_status expected, const char *code, const char *message)
{
        struct gal_diagnostics diagnostics = { 0 };
        struct gal_program *program = NULL;

        ck_assert_int_eq(gal_program_compile(text, len, NULL, &diagnostics, &program), expected);
        ck_assert_uint_gt(diagnostics.count, 0);
        ck_assert_str_eq(gal_diagnostic_code_name(diagnostics.items[0].code), code);
        ck_assert_msg(strncmp(diagnostics.items[0].message, message, strlen(message)) == 0, "%s",
                      diagnostics.items[0].message);
        ck_assert_ptr_null(program);
        gal_diagnostics_finish(&diagnostics);
}

/* A Comment that makes the definition as long as it may be. */
static char *make_long(size_t characters, const char *character, size_t *ret_len)
{
        static const char start[] = "{\"Comment\":\"";
        static const char end[] = "\",\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Succeed\"}}}";
        size_t fill = characters - (sizeof(start) - 1) - (sizeof(end) - 1);
        struct gal_buffer text = GAL_BUFFER_INIT;

        gal_buffer_append_text(&text, start);
        for (size_t i = 0; i < fill; i++)
                gal_buffer_append_text(&text, character);
        gal_buffer_append_text(&text, end);
        return gal_need(gal_buffer_take(&text, ret_len));
}

START_TEST(length_counts_characters)
{
        static const char *const characters[] = { "x", "\xF0\x9F\x98\x80" };

        for (size_t i = 0; i < 2; i++) {
                size_t len;
                gal_auto_free char *most = make_long(GAL_DEFINITION_CHARACTERS_MAX, characters[i], &len);
                gal_auto_free char *over = NULL;
                struct gal_diagnostics diagnostics = { 0 };
                struct gal_program *program = NULL;

                ck_assert_int_eq(gal_program_compile(most, len, NULL, &diagnostics, &program), GAL_OK);
                gal_program_unref(program);
                gal_diagnostics_finish(&diagnostics);
                over = make_long(GAL_DEFINITION_CHARACTERS_MAX + 1, characters[i], &len);
                expect(over, len, GAL_ELIMIT, "SCHEMA_VALIDATION_FAILED",
                       "The definition is longer than 1048576 characters");
        }
}
END_TEST

START_TEST(bytes_that_are_no_text)
{
        expect("{\"a\":\"\xFF\"}", 9, GAL_EINVALID, "INVALID_JSON_DESCRIPTION",
               "the byte 0xFF is not valid UTF-8 here");
        expect("no\0t", 4, GAL_EINVALID, "INVALID_JSON_DESCRIPTION", "Unrecognized token 'no'");
        expect("n\xC3\xA4h\xFF", 5, GAL_EINVALID, "INVALID_JSON_DESCRIPTION", "Unrecognized token 'n\xC3\xA4h'");
        expect("\0", 1, GAL_EINVALID, "INVALID_JSON_DESCRIPTION", "expected a value");
}
END_TEST

START_TEST(names_with_nul)
{
        static const char field[] =
                "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\\u0000\":\"Pass\",\"End\":true}}}";
        static const char name[] =
                "{\"StartAt\":\"A\",\"States\":{\"A\\u0000b\":{\"Type\":\"Pass\",\"End\":true}}}";

        expect(field, sizeof(field) - 1, GAL_EINVALID, "SCHEMA_VALIDATION_FAILED",
               "These fields are required: [Type]");
        expect(name, sizeof(name) - 1, GAL_EINVALID, "INVALID_STATE_NAME", "Invalid State name: State 'A");
}
END_TEST

/* Warnings before them leave room for the errors. */
START_TEST(diagnostics_are_bounded)
{
        struct gal_buffer text = GAL_BUFFER_INIT;
        struct gal_diagnostics diagnostics = { 0 };
        struct gal_program *program = NULL;
        size_t errors = 0;

        gal_buffer_append_text(&text,
                               "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Parameters\":{\"z\":1");
        for (int i = 0; i < 150; i++)
                gal_buffer_append_format(&text, ",\"w%d\":\"$.x\"", i);
        gal_buffer_append_text(&text,
                               "},\"Next\":\"B\"},\"B\":{\"Type\":\"Pass\",\"End\":true,\"Parameters\":{\"z\":1");
        for (int i = 0; i < 120; i++)
                gal_buffer_append_format(&text, ",\"e%d.$\":\"x\"", i);
        gal_buffer_append_text(&text, "}}}}");
        ck_assert_int_eq(gal_program_compile(text.data, text.len, NULL, &diagnostics, &program), GAL_EINVALID);
        for (size_t i = 0; i < diagnostics.count; i++)
                errors += diagnostics.items[i].severity == GAL_SEVERITY_ERROR;
        ck_assert_uint_eq(diagnostics.count, 2 * GAL_DIAGNOSTICS_MAX);
        ck_assert_uint_eq(errors, GAL_DIAGNOSTICS_MAX);
        ck_assert_uint_eq(diagnostics.errors, 120);
        ck_assert_uint_eq(diagnostics.warnings, 150);
        ck_assert(diagnostics.truncated);
        gal_diagnostics_finish(&diagnostics);
        gal_buffer_finish(&text);
}
END_TEST

START_TEST(duplicates_are_bounded)
{
        struct gal_buffer text = GAL_BUFFER_INIT;

        for (int count = GAL_DIAGNOSTICS_MAX; count <= GAL_DIAGNOSTICS_MAX + 1; count++) {
                struct gal_diagnostics diagnostics = { 0 };
                struct gal_program *program = NULL;

                gal_buffer_clear(&text);
                gal_buffer_append_text(&text, "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Succeed\"");
                for (int i = 0; i <= count; i++)
                        gal_buffer_append_text(&text, ",\"Comment\":\"a\"");
                gal_buffer_append_text(&text, "}}}");
                ck_assert_int_eq(gal_program_compile(text.data, text.len, NULL, &diagnostics, &program),
                                 GAL_EINVALID);
                ck_assert_uint_eq(diagnostics.count, GAL_DIAGNOSTICS_MAX);
                ck_assert(diagnostics.truncated == (count > GAL_DIAGNOSTICS_MAX));
                gal_diagnostics_finish(&diagnostics);
        }
        gal_buffer_finish(&text);
}
END_TEST

START_TEST(depth_is_bounded)
{
        struct gal_buffer text = GAL_BUFFER_INIT;

        for (int i = 0; i < 2000; i++)
                gal_buffer_append_text(&text, "{\"Not\":");
        expect(text.data, text.len, GAL_EINVALID, "INVALID_JSON_DESCRIPTION", "");
        gal_buffer_finish(&text);
}
END_TEST

/* 1 MiB of states, each naming the next: linear, so far under a second (here with sanitizers, and others at work).
 */
START_TEST(many_states_are_fast)
{
        struct gal_buffer text = GAL_BUFFER_INIT;
        struct gal_program *program;
        clock_t start;
        int count = 0;

        gal_buffer_append_text(&text, "{\"StartAt\":\"0\",\"States\":{");
        for (; text.len < 1000000; count++)
                gal_buffer_append_format(&text, "\"%d\":{\"Type\":\"Pass\",\"Next\":\"%d\"},", count, count + 1);
        gal_buffer_append_format(&text, "\"%d\":{\"Type\":\"Succeed\"}}}", count);
        start = clock();
        program = compile(text.data);
        ck_assert_double_lt((double)(clock() - start) / CLOCKS_PER_SEC, 5.0);
        ck_assert_uint_eq(program->state_count, (uint32_t)count + 1);
        ck_assert_uint_eq(find(program, "12345")->next, find(program, "12346")->index);
        gal_program_unref(program);
        gal_buffer_finish(&text);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("definition/program");
        TCase *tcase = tcase_create("program");
        SRunner *runner;
        int failed;

        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, machine);
        tcase_add_test(tcase, paths_and_templates);
        tcase_add_test(tcase, resources);
        tcase_add_test(tcase, tasks);
        tcase_add_test(tcase, choices);
        tcase_add_test(tcase, waits_and_fails);
        tcase_add_test(tcase, nested_graphs);
        tcase_add_test(tcase, jsonata_states);
        tcase_add_test(tcase, a_single_state);
        tcase_add_test(tcase, fields_of_states);
        tcase_add_test(tcase, comparison_operators);
        tcase_add_test(tcase, length_counts_characters);
        tcase_add_test(tcase, bytes_that_are_no_text);
        tcase_add_test(tcase, names_with_nul);
        tcase_add_test(tcase, diagnostics_are_bounded);
        tcase_add_test(tcase, duplicates_are_bounded);
        tcase_add_test(tcase, depth_is_bounded);
        tcase_add_test(tcase, many_states_are_fast);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
