/*
 * field.c: the table of fields, and the checks that need no more than it.
 *
 * Order matters twice: required fields are named in the order of the table, and so are those of which there may be
 * one. Locations follow the service: a missing or unknown field is reported at its object, a field of the other
 * query language at the state, everything else at the field.
 */
#include "definition/field.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/number.h"
#include "definition/comparison.h"
#include "definition/compiler.h"

#define ON(holder) (1u << GAL_HOLDER_##holder)
#define WORKERS (ON(TASK) | ON(PARALLEL) | ON(MAP))
#define MOVERS (WORKERS | ON(PASS) | ON(WAIT)) /* with Next and End */
#define STATES (MOVERS | ON(CHOICE) | ON(SUCCEED) | ON(FAIL))
#define GRAPHS (ON(MACHINE) | ON(BRANCH) | ON(PROCESSOR))
#define RULES (ON(RULE) | ON(SUBRULE))
#define ALL ((1u << GAL_HOLDER_COUNT) - 1)

#define NAMED(text) text, sizeof(text) - 1
#define BETWEEN(low, high) .min = low, .max = high

static const char *const languages[] = { "JSONPath", "JSONata", NULL };
static const char *const versions[] = { "1.0", NULL };
static const char *const jitters[] = { "NONE", "FULL", NULL };
static const char *const modes[] = { "INLINE", "DISTRIBUTED", NULL };
static const char *const execution_types[] = { "STANDARD", "EXPRESS", NULL };
static const char *const input_types[] = { "CSV", "JSON", "JSONL", "MANIFEST", "PARQUET", NULL };
static const char *const header_locations[] = { "FIRST_ROW", "GIVEN", NULL };
static const char *const delimiters[] = { "COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB", NULL };
static const char *const manifest_types[] = { "ATHENA_DATA", "S3_INVENTORY", NULL };
static const char *const output_types[] = { "JSON", "JSONL", NULL };

/* clang-format off */
static const struct gal_field fields[] = {
        { NAMED("States"), GRAPHS, GRAPHS, GAL_BOTH, GAL_FIELD_OBJECT },
        { NAMED("StartAt"), GRAPHS, GRAPHS, GAL_BOTH, GAL_FIELD_STRING },
        { NAMED("Comment"), ALL, 0, GAL_BOTH, GAL_FIELD_STRING },
        { NAMED("Version"), ON(MACHINE), 0, GAL_BOTH, GAL_FIELD_STRING, .values = versions },
        { NAMED("QueryLanguage"), ON(MACHINE) | STATES, 0, GAL_BOTH, GAL_FIELD_STRING, .values = languages },
        { NAMED("ProcessorConfig"), ON(PROCESSOR), 0, GAL_BOTH, GAL_FIELD_OBJECT },
        { NAMED("Mode"), ON(PROCESSOR_CONFIG), 0, GAL_BOTH, GAL_FIELD_STRING, .values = modes },
        { NAMED("ExecutionType"), ON(PROCESSOR_CONFIG), 0, GAL_BOTH, GAL_FIELD_STRING, .values = execution_types },
        { NAMED("Type"), STATES, STATES, GAL_BOTH, GAL_FIELD_STRING },
        { NAMED("InputPath"), STATES & ~ON(FAIL), 0, GAL_JSONPATH_ONLY, GAL_FIELD_STRING_OR_NULL },
        { NAMED("OutputPath"), STATES & ~ON(FAIL), 0, GAL_JSONPATH_ONLY, GAL_FIELD_STRING_OR_NULL },
        { NAMED("ResultPath"), WORKERS | ON(PASS) | ON(CATCHER), 0, GAL_JSONPATH_ONLY, GAL_FIELD_STRING_OR_NULL },
        { NAMED("ItemsPath"), ON(MAP), 0, GAL_JSONPATH_ONLY, GAL_FIELD_STRING },
        { NAMED("ItemSelector"), ON(MAP), 0, GAL_BOTH, GAL_FIELD_ANY },
        { NAMED("Parameters"), WORKERS | ON(PASS) | ON(READER) | ON(WRITER), 0, GAL_JSONPATH_ONLY, GAL_FIELD_ANY },
        { NAMED("ResultSelector"), WORKERS, 0, GAL_JSONPATH_ONLY, GAL_FIELD_ANY },
        { NAMED("Result"), ON(PASS), 0, GAL_JSONPATH_ONLY, GAL_FIELD_ANY },
        { NAMED("Arguments"), ON(TASK) | ON(PARALLEL) | ON(READER) | ON(WRITER), 0, GAL_JSONATA_ONLY, GAL_FIELD_ANY },
        { NAMED("Output"), (STATES & ~ON(FAIL)) | ON(CATCHER) | ON(RULE), 0, GAL_JSONATA_ONLY, GAL_FIELD_ANY },
        { NAMED("Assign"), MOVERS | ON(CHOICE) | ON(CATCHER) | ON(RULE), 0, GAL_BOTH, GAL_FIELD_OBJECT },
        { NAMED("Retry"), WORKERS, 0, GAL_BOTH, GAL_FIELD_ARRAY },
        { NAMED("Catch"), WORKERS, 0, GAL_BOTH, GAL_FIELD_ARRAY },
        { NAMED("ErrorEquals"), ON(RETRIER) | ON(CATCHER), ON(RETRIER) | ON(CATCHER), GAL_BOTH, GAL_FIELD_LIST },
        { NAMED("Next"), MOVERS | ON(CATCHER) | ON(RULE), ON(CATCHER) | ON(RULE), GAL_BOTH, GAL_FIELD_STRING },
        { NAMED("End"), MOVERS, 0, GAL_BOTH, GAL_FIELD_BOOLEAN },
        { NAMED("IntervalSeconds"), ON(RETRIER), 0, GAL_BOTH, GAL_FIELD_INTEGER, BETWEEN(1, GAL_SECONDS_MAX) },
        { NAMED("MaxAttempts"), ON(RETRIER), 0, GAL_BOTH, GAL_FIELD_INTEGER, BETWEEN(0, GAL_SECONDS_MAX) },
        { NAMED("BackoffRate"), ON(RETRIER), 0, GAL_BOTH, GAL_FIELD_NUMBER, BETWEEN(1, 1e308) },
        { NAMED("MaxDelaySeconds"), ON(RETRIER), 0, GAL_BOTH, GAL_FIELD_INTEGER, BETWEEN(1, GAL_MAX_DELAY_SECONDS_MAX) },
        { NAMED("JitterStrategy"), ON(RETRIER), 0, GAL_BOTH, GAL_FIELD_STRING, .values = jitters },
        { NAMED("Resource"), ON(TASK) | ON(READER) | ON(WRITER), ON(TASK) | ON(READER), GAL_BOTH, GAL_FIELD_ANY },
        { NAMED("TimeoutSeconds"), ON(MACHINE) | ON(TASK), 0, GAL_BOTH, GAL_FIELD_INTEGER, true, BETWEEN(1, GAL_SECONDS_MAX) },
        { NAMED("TimeoutSecondsPath"), ON(TASK), 0, GAL_JSONPATH_ONLY, GAL_FIELD_STRING },
        { NAMED("HeartbeatSeconds"), ON(TASK), 0, GAL_BOTH, GAL_FIELD_INTEGER, true, BETWEEN(1, GAL_SECONDS_MAX) },
        { NAMED("HeartbeatSecondsPath"), ON(TASK), 0, GAL_JSONPATH_ONLY, GAL_FIELD_STRING },
        { NAMED("Credentials"), ON(TASK), 0, GAL_BOTH, GAL_FIELD_OBJECT, true },
        { NAMED("Branches"), ON(PARALLEL), ON(PARALLEL), GAL_BOTH, GAL_FIELD_LIST },
        { NAMED("ItemProcessor"), ON(MAP), 0, GAL_BOTH, GAL_FIELD_OBJECT },
        { NAMED("Iterator"), ON(MAP), 0, GAL_BOTH, GAL_FIELD_OBJECT },
        { NAMED("Items"), ON(MAP), 0, GAL_JSONATA_ONLY, GAL_FIELD_ANY },
        { NAMED("MaxConcurrency"), ON(MAP), 0, GAL_BOTH, GAL_FIELD_INTEGER, true, BETWEEN(0, INT32_MAX) },
        { NAMED("MaxConcurrencyPath"), ON(MAP), 0, GAL_JSONPATH_ONLY, GAL_FIELD_STRING },
        { NAMED("ToleratedFailureCount"), ON(MAP), 0, GAL_BOTH, GAL_FIELD_INTEGER, true, BETWEEN(0, INT32_MAX) },
        { NAMED("ToleratedFailureCountPath"), ON(MAP), 0, GAL_JSONPATH_ONLY, GAL_FIELD_STRING },
        { NAMED("ToleratedFailurePercentage"), ON(MAP), 0, GAL_BOTH, GAL_FIELD_NUMBER, true, BETWEEN(0, 100) },
        { NAMED("ToleratedFailurePercentagePath"), ON(MAP), 0, GAL_JSONPATH_ONLY, GAL_FIELD_STRING },
        { NAMED("Label"), ON(MAP), 0, GAL_BOTH, GAL_FIELD_STRING },
        { NAMED("ItemReader"), ON(MAP), 0, GAL_BOTH, GAL_FIELD_OBJECT },
        { NAMED("ItemBatcher"), ON(MAP), 0, GAL_BOTH, GAL_FIELD_OBJECT },
        { NAMED("ResultWriter"), ON(MAP), 0, GAL_BOTH, GAL_FIELD_OBJECT },
        { NAMED("ReaderConfig"), ON(READER), 0, GAL_BOTH, GAL_FIELD_OBJECT },
        { NAMED("InputType"), ON(READER_CONFIG), 0, GAL_BOTH, GAL_FIELD_STRING, .values = input_types },
        { NAMED("ManifestType"), ON(READER_CONFIG), 0, GAL_BOTH, GAL_FIELD_STRING, .values = manifest_types },
        { NAMED("Transformation"), ON(READER_CONFIG) | ON(WRITER_CONFIG), 0, GAL_BOTH, GAL_FIELD_STRING },
        { NAMED("ItemsPointer"), ON(READER_CONFIG), 0, GAL_BOTH, GAL_FIELD_STRING, true },
        { NAMED("CSVHeaderLocation"), ON(READER_CONFIG), 0, GAL_BOTH, GAL_FIELD_STRING, .values = header_locations },
        { NAMED("CSVHeaders"), ON(READER_CONFIG), 0, GAL_BOTH, GAL_FIELD_LIST, true },
        { NAMED("CSVDelimiter"), ON(READER_CONFIG), 0, GAL_BOTH, GAL_FIELD_STRING, .values = delimiters },
        { NAMED("MaxItems"), ON(READER_CONFIG), 0, GAL_BOTH, GAL_FIELD_INTEGER, true, BETWEEN(0, 100000000) },
        { NAMED("MaxItemsPath"), ON(READER_CONFIG), 0, GAL_JSONPATH_ONLY, GAL_FIELD_STRING },
        { NAMED("BatchInput"), ON(BATCHER), 0, GAL_BOTH, GAL_FIELD_ANY },
        { NAMED("MaxItemsPerBatch"), ON(BATCHER), 0, GAL_BOTH, GAL_FIELD_INTEGER, true, BETWEEN(0, INT32_MAX) },
        { NAMED("MaxItemsPerBatchPath"), ON(BATCHER), 0, GAL_JSONPATH_ONLY, GAL_FIELD_STRING },
        { NAMED("MaxInputBytesPerBatch"), ON(BATCHER), 0, GAL_BOTH, GAL_FIELD_INTEGER, true, BETWEEN(0, GAL_PAYLOAD_SIZE_MAX) },
        { NAMED("MaxInputBytesPerBatchPath"), ON(BATCHER), 0, GAL_JSONPATH_ONLY, GAL_FIELD_STRING },
        { NAMED("WriterConfig"), ON(WRITER), 0, GAL_BOTH, GAL_FIELD_OBJECT },
        { NAMED("OutputType"), ON(WRITER_CONFIG), 0, GAL_BOTH, GAL_FIELD_STRING, .values = output_types },
        { NAMED("Seconds"), ON(WAIT), 0, GAL_BOTH, GAL_FIELD_INTEGER, true, BETWEEN(0, GAL_SECONDS_MAX) },
        { NAMED("SecondsPath"), ON(WAIT), 0, GAL_JSONPATH_ONLY, GAL_FIELD_STRING },
        { NAMED("Timestamp"), ON(WAIT), 0, GAL_BOTH, GAL_FIELD_STRING },
        { NAMED("TimestampPath"), ON(WAIT), 0, GAL_JSONPATH_ONLY, GAL_FIELD_STRING },
        { NAMED("Choices"), ON(CHOICE), ON(CHOICE), GAL_BOTH, GAL_FIELD_LIST },
        { NAMED("Default"), ON(CHOICE), 0, GAL_BOTH, GAL_FIELD_STRING },
        { NAMED("Condition"), ON(RULE), 0, GAL_JSONATA_ONLY, GAL_FIELD_ANY },
        { NAMED("And"), RULES, 0, GAL_JSONPATH_ONLY, GAL_FIELD_LIST },
        { NAMED("Or"), RULES, 0, GAL_JSONPATH_ONLY, GAL_FIELD_LIST },
        { NAMED("Not"), RULES, 0, GAL_JSONPATH_ONLY, GAL_FIELD_OBJECT },
        { NAMED("Variable"), RULES, 0, GAL_JSONPATH_ONLY, GAL_FIELD_STRING },
        { NAMED("Error"), ON(FAIL), 0, GAL_BOTH, GAL_FIELD_STRING },
        { NAMED("ErrorPath"), ON(FAIL), 0, GAL_JSONPATH_ONLY, GAL_FIELD_STRING },
        { NAMED("Cause"), ON(FAIL), 0, GAL_BOTH, GAL_FIELD_STRING },
        { NAMED("CausePath"), ON(FAIL), 0, GAL_JSONPATH_ONLY, GAL_FIELD_STRING },
};

/* At most one of these may be there; `needed`: exactly one. */
static const struct group {
        uint32_t on;
        bool needed;
        const char *names[5];
} groups[] = {
        { ON(TASK), false, { "TimeoutSeconds", "TimeoutSecondsPath" } },
        { ON(TASK), false, { "HeartbeatSeconds", "HeartbeatSecondsPath" } },
        { ON(WAIT), true, { "Seconds", "SecondsPath", "Timestamp", "TimestampPath" } },
        { ON(FAIL), false, { "Error", "ErrorPath" } },
        { ON(FAIL), false, { "Cause", "CausePath" } },
        { ON(MAP), true, { "ItemProcessor", "Iterator" } },
        { ON(MAP), false, { "ItemSelector", "Parameters" } },
        { ON(MAP), false, { "MaxConcurrency", "MaxConcurrencyPath" } },
        { ON(MAP), false, { "ToleratedFailureCount", "ToleratedFailureCountPath" } },
        { ON(MAP), false, { "ToleratedFailurePercentage", "ToleratedFailurePercentagePath" } },
        { ON(READER_CONFIG), false, { "MaxItems", "MaxItemsPath" } },
        { ON(BATCHER), false, { "MaxItemsPerBatch", "MaxItemsPerBatchPath" } },
        { ON(BATCHER), false, { "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath" } },
};
/* clang-format on */

#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

const struct gal_field *gal_fields(size_t *ret_count)
{
        *ret_count = FIELD_COUNT;
        return fields;
}

const struct gal_field *gal_field_find(const char *name, size_t len)
{
        for (size_t i = 0; i < FIELD_COUNT; i++)
                if (fields[i].len == len && memcmp(fields[i].name, name, len) == 0)
                        return &fields[i];
        return NULL;
}

/* "[A, B]" of those names for which `there` is as wanted; returns how many. */
struct list {
        char text[160];
        size_t len;
        size_t count;
};

static void list_name(struct list *list, const char *name)
{
        int added = snprintf(list->text + list->len, sizeof(list->text) - list->len, "%s%s",
                             list->count > 0 ? ", " : "", name);

        list->count++;
        list->len += (size_t)added;
        if (list->len >= sizeof(list->text))
                list->len = sizeof(list->text) - 1;
}

static void check_required(struct gal_compiler *compiler, enum gal_holder holder, const struct gal_place *place,
                           const json_t *object)
{
        struct list missing = { .count = 0 };

        for (size_t i = 0; i < FIELD_COUNT; i++)
                if ((fields[i].required & 1u << holder) != 0 && json_object_get(object, fields[i].name) == NULL)
                        list_name(&missing, fields[i].name);
        if (missing.count > 0)
                gal_report(compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, place, place,
                           GAL_SPOT_KEY, "These fields are required: [%s]", missing.text);
}

static void check_group(struct gal_compiler *compiler, const struct group *group, const struct gal_place *place,
                        const json_t *object)
{
        struct list all = { .count = 0 };
        struct list present = { .count = 0 };
        const char *last = NULL;

        for (size_t i = 0; group->names[i] != NULL; i++) {
                list_name(&all, group->names[i]);
                if (json_object_get(object, group->names[i]) != NULL) {
                        list_name(&present, group->names[i]);
                        last = group->names[i];
                }
        }
        if (present.count > 1) {
                struct gal_place spot = gal_place_member(place, last);

                gal_report(compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, place, &spot,
                           GAL_SPOT_KEY, "There should only be one of the following fields: [%s]", present.text);
        } else if (present.count == 0 && group->needed) {
                gal_report(compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, place, place,
                           GAL_SPOT_KEY, "There should be one of the following fields: [%s]", all.text);
        }
}

static const char *type_name(enum gal_field_type type)
{
        switch (type) {
        case GAL_FIELD_ANY:
                return "ANY";
        case GAL_FIELD_STRING:
                return "STRING";
        case GAL_FIELD_STRING_OR_NULL:
                return "STRING, NULL";
        case GAL_FIELD_INTEGER:
                return "INTEGER";
        case GAL_FIELD_NUMBER:
                return "NUMBER";
        case GAL_FIELD_BOOLEAN:
                return "BOOLEAN";
        case GAL_FIELD_OBJECT:
                return "OBJECT";
        case GAL_FIELD_ARRAY:
        case GAL_FIELD_LIST:
                return "ARRAY";
        }
        return "";
}

static bool is_type(enum gal_field_type type, const json_t *value)
{
        switch (type) {
        case GAL_FIELD_ANY:
                return true;
        case GAL_FIELD_STRING:
                return json_is_string(value);
        case GAL_FIELD_STRING_OR_NULL:
                return json_is_string(value) || json_is_null(value);
        case GAL_FIELD_INTEGER:
                return json_is_integer(value);
        case GAL_FIELD_NUMBER:
                return json_is_number(value);
        case GAL_FIELD_BOOLEAN:
                return json_is_boolean(value);
        case GAL_FIELD_OBJECT:
                return json_is_object(value);
        case GAL_FIELD_ARRAY:
        case GAL_FIELD_LIST:
                return json_is_array(value);
        }
        return false;
}

bool gal_check_type(struct gal_compiler *compiler, enum gal_field_type type, const struct gal_place *place,
                    const json_t *value)
{
        if (!is_type(type, value)) {
                gal_fault(compiler, place, "Expected value of type [%s]", type_name(type));
                return false;
        }
        if (type == GAL_FIELD_LIST && json_array_size(value) == 0) {
                gal_fault(compiler, place, "Value cannot be empty");
                return false;
        }
        return true;
}

/* The service prints the bounds of whole numbers as 0 and those of others as 0.0. */
static void check_range(struct gal_compiler *compiler, const struct gal_field *field, const struct gal_place *place,
                        const json_t *value)
{
        double number = json_number_value(value);
        const char *which = number < field->min ? "Minimum" : "Maximum";
        double bound = number < field->min ? field->min : field->max;
        char text[GAL_NUMBER_SIZE];

        if (number >= field->min && number <= field->max)
                return;
        if (field->type == GAL_FIELD_INTEGER)
                snprintf(text, sizeof(text), "%.0f", bound);
        else
                gal_number_format_java(bound, text);
        gal_fault(compiler, place, "%s value is %s", which, text);
}

static void check_value(struct gal_compiler *compiler, const struct gal_field *field, const struct gal_place *place,
                        const json_t *value)
{
        struct list allowed = { .count = 0 };

        for (size_t i = 0; field->values[i] != NULL; i++) {
                if (strlen(field->values[i]) == json_string_length(value) &&
                    strcmp(json_string_value(value), field->values[i]) == 0)
                        return;
                list_name(&allowed, field->values[i]);
        }
        gal_fault(compiler, place, "Value should be one of the following: [%s]", allowed.text);
}

static bool is_huge_integer(const struct gal_field *field, const json_t *value)
{
        return field->type == GAL_FIELD_INTEGER && json_is_real(value) &&
               (json_real_value(value) >= 0x1p63 || json_real_value(value) < -0x1p63);
}

static void check_field(struct gal_compiler *compiler, const struct gal_field *field,
                        enum gal_query_language language, const struct gal_place *place, const json_t *value)
{
        if (field->expression && language == GAL_JSONATA && json_is_string(value) && gal_is_jsonata(value))
                return;
        if (!is_huge_integer(field, value) && !gal_check_type(compiler, field->type, place, value))
                return;
        if (field->values != NULL)
                check_value(compiler, field, place, value);
        else if (field->type == GAL_FIELD_INTEGER || field->type == GAL_FIELD_NUMBER)
                check_range(compiler, field, place, value);
}

static void report_language(struct gal_compiler *compiler, enum gal_query_language language,
                            const struct gal_place *state, const struct gal_place *spot)
{
        enum gal_query_language other = language == GAL_JSONPATH ? GAL_JSONATA : GAL_JSONPATH;

        gal_report(
                compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, state, spot, GAL_SPOT_KEY,
                "The QueryLanguage is set to '%s', but field '%.*s' is only supported for the '%s' QueryLanguage",
                gal_query_language_name(language), (int)spot->key_len, spot->key, gal_query_language_name(other));
}

static bool speaks(enum gal_field_languages languages_of_field, enum gal_query_language language)
{
        switch (languages_of_field) {
        case GAL_BOTH:
                return true;
        case GAL_JSONPATH_ONLY:
                return language == GAL_JSONPATH;
        case GAL_JSONATA_ONLY:
                return language == GAL_JSONATA;
        }
        return false;
}

static void check_member(struct gal_compiler *compiler, enum gal_holder holder, enum gal_query_language language,
                         const struct gal_place *state, const struct gal_place *spot, const json_t *value)
{
        const struct gal_field *field = gal_field_find(spot->key, spot->key_len);

        if (field == NULL && ((1u << holder) & RULES) != 0 &&
            gal_comparison_find(spot->key, spot->key_len) != NULL) {
                if (language != GAL_JSONPATH)
                        report_language(compiler, language, state, spot);
                return;
        }
        if (field == NULL || (field->on & 1u << holder) == 0)
                gal_report(compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, spot->parent,
                           spot, GAL_SPOT_KEY, "Field '%.*s' is not supported", (int)spot->key_len, spot->key);
        else if (!speaks(field->languages, language))
                report_language(compiler, language, state, spot);
        else
                check_field(compiler, field, language, spot, value);
}

void gal_check_fields(struct gal_compiler *compiler, enum gal_holder holder, enum gal_query_language language,
                      const struct gal_place *state, const struct gal_place *place, const json_t *object)
{
        json_t *members = (json_t *)object; /* jansson's iterators take no const; nothing is changed */

        check_required(compiler, holder, place, object);
        for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
                if ((groups[i].on & 1u << holder) != 0)
                        check_group(compiler, &groups[i], place, object);
        for (void *member = json_object_iter(members); member != NULL;
             member = json_object_iter_next(members, member)) {
                struct gal_place spot =
                        gal_place_member_n(place, json_object_iter_key(member), json_object_iter_key_len(member));

                check_member(compiler, holder, language, state, &spot, json_object_iter_value(member));
        }
}
