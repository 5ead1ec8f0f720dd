/*
 * result.c: see result.h. A history may be larger than the memory that is left: it is printed event by event.
 */
#include "cli/result.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json.h"
#include "cli/text.h"
#include "engine/query.h"
#include "machine/history.h"

struct event_list {
        struct gal_cli_output output;
        size_t count;
};

static void print_event(void *user, uint64_t id, const char *text, size_t len)
{
        struct event_list *list = user;

        (void)id;
        if (list->count++ > 0)
                gal_cli_write(&list->output, ",", 1);
        gal_cli_write(&list->output, text, len);
}

static bool print_events(struct gal_store *store, const struct gal_execution *execution,
                         const struct gal_buffer *before)
{
        struct gal_history_query query = { .execution_arn = execution->execution_arn };
        struct event_list list = { .output = { .file = stdout } };
        struct gal_error error = { .code = GAL_OK };
        static const char begin[] = "\"events\":[";
        bool read;

        gal_cli_write(&list.output, before->data, before->len);
        gal_cli_write(&list.output, begin, strlen(begin));
        read = gal_query_history(store, &query, print_event, &list, NULL, &error) == GAL_OK;
        if (!read)
                fprintf(stderr, "galliard: reading the history: %s\n", error.message);
        gal_cli_write(&list.output, "]}\n", 3);
        return gal_cli_end(&list.output) && read;
}

static void append_text_member(struct gal_buffer *buffer, const char *key, const char *text)
{
        if (text == NULL)
                return;
        gal_buffer_append_format(buffer, "\"%s\":", key);
        gal_json_write_string(buffer, text, strlen(text));
        gal_buffer_append_char(buffer, ',');
}

static void append_time_member(struct gal_buffer *buffer, const char *key, int64_t ms)
{
        gal_buffer_append_format(buffer, "\"%s\":", key);
        gal_history_write_time(buffer, ms);
        gal_buffer_append_char(buffer, ',');
}

static void append_summary(struct gal_buffer *buffer, const struct gal_execution *execution)
{
        append_text_member(buffer, "executionArn", execution->execution_arn);
        append_text_member(buffer, "status", gal_execution_status_name(execution->status));
        append_time_member(buffer, "startDate", execution->started_ms);
        append_time_member(buffer, "stopDate", execution->stopped_ms);
        if (execution->output != NULL) {
                gal_buffer_append_text(buffer, "\"output\":");
                gal_buffer_append_text(buffer, gal_payload_text(execution->output, NULL));
                gal_buffer_append_char(buffer, ',');
        }
        append_text_member(buffer, "error", execution->error);
        append_text_member(buffer, "cause", execution->cause);
}

bool gal_result_print(struct gal_store *store, const struct gal_execution *execution, enum gal_result_form form)
{
        struct gal_buffer before = GAL_BUFFER_INIT;
        bool printed;

        if (form == GAL_RESULT_OUTPUT)
                return execution->output == NULL || gal_cli_print_json(stdout, execution->output->value);
        gal_buffer_append_char(&before, '{');
        if (form == GAL_RESULT_ALL)
                append_summary(&before, execution);
        printed = print_events(store, execution, &before);
        gal_buffer_finish(&before);
        return printed;
}
