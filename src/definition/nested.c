/*
 * nested.c: the states that run graphs: Parallel and Map, with what reads, batches and writes a Map's items.
 *
 * A field that means something only in a distributed Map is accepted elsewhere, as the service accepts it, with a
 * warning.
 */
#include <string.h>

#include "base/id.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "definition/compiler.h"

static void compile_nested(const struct gal_context *context, uint32_t graph, enum gal_holder holder,
                           const struct gal_place *place)
{
        if (graph != GAL_STATE_NONE)
                gal_compile_graph(context->compiler, graph, holder, place);
}

void gal_compile_parallel(const struct gal_context *context)
{
        struct gal_place place = gal_place_member(context->place, "Branches");
        const json_t *branches = json_object_get(context->state->source, "Branches");

        gal_check_jsonata_field(context, context->place, context->state->source, "Arguments");
        for (size_t i = 0; json_is_array(branches) && i < json_array_size(branches); i++) {
                struct gal_place spot = gal_place_element(&place, i);

                /* Graphs are there for objects, unless memory or the bound on states ran out. */
                if (gal_check_type(context->compiler, GAL_FIELD_OBJECT, &spot, json_array_get(branches, i)) &&
                    i < context->state->as.parallel.branch_count)
                        compile_nested(context, context->state->as.parallel.branches[i], GAL_HOLDER_BRANCH, &spot);
        }
}

/* NULL unless it is an object; then its fields were checked. */
static json_t *open_object(const struct gal_context *context, const struct gal_place *holder, const json_t *object,
                           enum gal_holder kind, const char *name, struct gal_place *ret_place)
{
        json_t *value = json_object_get(object, name);

        *ret_place = gal_place_member(holder, name);
        if (!json_is_object(value))
                return NULL;
        gal_check_fields(context->compiler, kind, context->state->language, context->place, ret_place, value);
        return value;
}

static bool is_text(const json_t *value, const char *text)
{
        return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

static void check_config(const struct gal_context *context, const struct gal_place *processor_place,
                         const json_t *processor)
{
        struct gal_place place;
        const json_t *config = open_object(context, processor_place, processor, GAL_HOLDER_PROCESSOR_CONFIG,
                                           "ProcessorConfig", &place);
        const json_t *type = json_object_get(config, "ExecutionType");

        if (config == NULL)
                return;
        if (context->state->as.map.distributed && type == NULL)
                gal_report(context->compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, &place,
                           &place, GAL_SPOT_KEY, "These fields are required: [ExecutionType]");
        else if (!context->state->as.map.distributed && type != NULL)
                gal_warn(context->compiler, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, &place, &place,
                         "Field 'ExecutionType' means something only with the Mode DISTRIBUTED");
        if (context->state->as.map.distributed && context->compiler->options.express)
                gal_fault(context->compiler, &place,
                          "Express state machine does not support a Map of Mode 'DISTRIBUTED'");
}

static void compile_processor(const struct gal_context *context)
{
        const char *name =
                json_object_get(context->state->source, "ItemProcessor") != NULL ? "ItemProcessor" : "Iterator";
        struct gal_place place = gal_place_member(context->place, name);
        const json_t *processor = json_object_get(context->state->source, name);

        if (!json_is_object(processor))
                return;
        check_config(context, &place, processor);
        compile_nested(context, context->state->as.map.processor, GAL_HOLDER_PROCESSOR, &place);
}

static void compile_label(const struct gal_context *context)
{
        struct gal_place place = gal_place_member(context->place, "Label");
        const json_t *label = json_object_get(context->state->source, "Label");
        const char *text = json_string_value(label);
        size_t len = json_string_length(label);

        if (!json_is_string(label))
                return;
        if (!gal_name_is_valid(text, len, GAL_LABEL_CHARACTERS_MAX))
                gal_report(context->compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_INVALID_LABEL_NAME, &place, &place,
                           GAL_SPOT_VALUE,
                           len == 0 ? "Invalid Label name: a label cannot be empty"
                           : gal_utf8_length(text, len) > GAL_LABEL_CHARACTERS_MAX
                                   ? "Invalid Label name: it exceeds the 40-character limit"
                                   : "Invalid Label name: it has a character that labels cannot have");
        else if (gal_is_duplicate_label(context->compiler, context->state->index, label))
                gal_report(context->compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_DUPLICATE_LABEL_NAME, &place,
                           &place, GAL_SPOT_VALUE, "Duplicate Label name: %s", text);
        else
                context->state->as.map.label = gal_compiler_copy(context->compiler, text, len);
}

static void check_transformation(const struct gal_context *context, const struct gal_place *holder,
                                 const json_t *object, const char *const *values, const char *list)
{
        struct gal_place place = gal_place_member(holder, "Transformation");
        const json_t *value = json_object_get(object, "Transformation");

        if (!json_is_string(value))
                return;
        for (size_t i = 0; values[i] != NULL; i++)
                if (is_text(value, values[i]))
                        return;
        gal_fault(context->compiler, &place, "Value should be one of the following: %s", list);
}

static void check_headers(const struct gal_context *context, const struct gal_place *place, const json_t *config)
{
        bool given = is_text(json_object_get(config, "CSVHeaderLocation"), "GIVEN");
        const json_t *headers = json_object_get(config, "CSVHeaders");
        struct gal_place list = gal_place_member(place, "CSVHeaders");

        if (given && headers == NULL)
                gal_report(context->compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, place,
                           place, GAL_SPOT_KEY, "These fields are required: [CSVHeaders]");
        for (size_t i = 0; json_is_array(headers) && i < json_array_size(headers); i++) {
                struct gal_place spot = gal_place_element(&list, i);

                gal_check_type(context->compiler, GAL_FIELD_STRING, &spot, json_array_get(headers, i));
        }
}

static void check_literal_or_path(const struct gal_context *context, const struct gal_place *holder,
                                  const json_t *object, const char *name, const char *path_name)
{
        struct gal_number_field field = { .given = false };

        gal_compile_number(context, holder, object, name, path_name, &field);
        gal_path_destroy(field.path);
}

static void check_payload(const struct gal_context *context, const struct gal_place *holder, const json_t *object,
                          const char *name)
{
        gal_template_destroy(gal_compile_template(context, holder, object, name));
}

static void check_connector(const struct gal_context *context, const struct gal_place *holder, const json_t *object)
{
        struct gal_place place = gal_place_member(holder, "Resource");
        const json_t *resource = json_object_get(object, "Resource");
        struct gal_arn arn;

        if (resource != NULL && gal_check_type(context->compiler, GAL_FIELD_STRING, &place, resource) &&
            !gal_arn_parse(json_string_value(resource), json_string_length(resource), &arn) &&
            strncmp(json_string_value(resource), "${", 2) != 0)
                gal_fault(context->compiler, &place, "Value is not a valid resource ARN");
        check_payload(context, holder, object, "Parameters");
        gal_check_jsonata_field(context, holder, object, "Arguments");
}

/* Only checked: the machine has no readers, batchers and writers yet, and will find them in the state's source. */
static void check_reader(const struct gal_context *context)
{
        static const char *const transformations[] = { "NONE", "LOAD_AND_FLATTEN", NULL };
        struct gal_place place, config_place;
        const json_t *reader = open_object(context, context->place, context->state->source, GAL_HOLDER_READER,
                                           "ItemReader", &place);
        const json_t *config;

        if (reader == NULL)
                return;
        check_connector(context, &place, reader);
        config = open_object(context, &place, reader, GAL_HOLDER_READER_CONFIG, "ReaderConfig", &config_place);
        if (config == NULL)
                return;
        check_headers(context, &config_place, config);
        check_transformation(context, &config_place, config, transformations, "[NONE, LOAD_AND_FLATTEN]");
        check_literal_or_path(context, &config_place, config, "MaxItems", "MaxItemsPath");
}

static void check_batcher(const struct gal_context *context)
{
        static const char *const bounds[] = { "MaxItemsPerBatch", "MaxItemsPerBatchPath", "MaxInputBytesPerBatch",
                                              "MaxInputBytesPerBatchPath" };
        struct gal_place place;
        const json_t *batcher = open_object(context, context->place, context->state->source, GAL_HOLDER_BATCHER,
                                            "ItemBatcher", &place);
        size_t given = 0;

        if (batcher == NULL)
                return;
        for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
                given += json_object_get(batcher, bounds[i]) != NULL;
        if (given == 0)
                gal_report(context->compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, &place,
                           &place, GAL_SPOT_KEY,
                           "There should be one of the following fields: [MaxItemsPerBatch, MaxItemsPerBatchPath, "
                           "MaxInputBytesPerBatch, MaxInputBytesPerBatchPath]");
        check_literal_or_path(context, &place, batcher, "MaxItemsPerBatch", "MaxItemsPerBatchPath");
        check_literal_or_path(context, &place, batcher, "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath");
        check_payload(context, &place, batcher, "BatchInput");
}

static void check_writer(const struct gal_context *context)
{
        static const char *const transformations[] = { "NONE", "COMPACT", "FLATTEN", NULL };
        struct gal_place place, config_place;
        const json_t *writer = open_object(context, context->place, context->state->source, GAL_HOLDER_WRITER,
                                           "ResultWriter", &place);
        const json_t *config;

        if (writer == NULL)
                return;
        check_connector(context, &place, writer);
        if (json_object_get(writer, "Resource") == NULL && json_object_get(writer, "WriterConfig") == NULL)
                gal_report(context->compiler, GAL_SEVERITY_ERROR, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED, &place,
                           &place, GAL_SPOT_KEY,
                           "There should be one of the following fields: [Resource, WriterConfig]");
        config = open_object(context, &place, writer, GAL_HOLDER_WRITER_CONFIG, "WriterConfig", &config_place);
        check_transformation(context, &config_place, config, transformations, "[NONE, COMPACT, FLATTEN]");
}

static void warn_inline(const struct gal_context *context)
{
        static const char *const distributed[] = { "Label",
                                                   "ItemReader",
                                                   "ItemBatcher",
                                                   "ResultWriter",
                                                   "ToleratedFailureCount",
                                                   "ToleratedFailureCountPath",
                                                   "ToleratedFailurePercentage",
                                                   "ToleratedFailurePercentagePath" };

        if (context->state->as.map.distributed)
                return;
        for (size_t i = 0; i < sizeof(distributed) / sizeof(distributed[0]); i++) {
                struct gal_place spot = gal_place_member(context->place, distributed[i]);

                if (json_object_get(context->state->source, distributed[i]) != NULL)
                        gal_report(context->compiler, GAL_SEVERITY_WARNING, GAL_DIAGNOSTIC_SCHEMA_VALIDATION_FAILED,
                                   context->place, &spot, GAL_SPOT_KEY,
                                   "Field '%s' means something only with the Mode DISTRIBUTED", distributed[i]);
        }
}

void gal_compile_map(const struct gal_context *context)
{
        const json_t *source = context->state->source;
        struct gal_map *map = &context->state->as.map;

        gal_compile_path_field(context, context->place, source, "ItemsPath", &map->items_path);
        gal_check_jsonata_field(context, context->place, source, "Items");
        map->item_selector = gal_compile_template(context, context->place, source, "ItemSelector");
        if (map->item_selector == NULL && context->state->language == GAL_JSONPATH)
                map->item_selector = gal_compile_template(context, context->place, source, "Parameters");
        gal_compile_number(context, context->place, source, "MaxConcurrency", "MaxConcurrencyPath",
                           &map->max_concurrency);
        gal_compile_number(context, context->place, source, "ToleratedFailureCount", "ToleratedFailureCountPath",
                           &map->tolerated_failure_count);
        gal_compile_number(context, context->place, source, "ToleratedFailurePercentage",
                           "ToleratedFailurePercentagePath", &map->tolerated_failure_percentage);
        compile_label(context);
        check_reader(context);
        check_batcher(context);
        check_writer(context);
        warn_inline(context);
        compile_processor(context);
}
