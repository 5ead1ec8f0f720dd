/*
 * case_check.c: compares by what the API shows (machine/history.h), never by the records themselves.
 */
#include "case_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "case_json.h"
#include "machine/history.h"

static json_t *read_json(const char *text, size_t len)
{
        json_t *value = NULL;

        return gal_json_read(text, len, &value, NULL) == GAL_OK ? value : NULL;
}

/* (transfer full) The events as the API shows them. */
static json_t *read_events(struct driver *driver)
{
        struct gal_buffer text = GAL_BUFFER_INIT;
        json_t *events = gal_need(json_array());

        for (size_t i = 0; i < driver->records.count; i++) {
                const struct gal_record *record = &driver->records.items[i];
                json_t *event;

                if (gal_event_is_internal(record->type))
                        continue;
                gal_buffer_clear(&text);
                gal_history_write(&text, driver->execution, record, /* options= */ NULL);
                event = read_json(text.data, text.len);
                if (event == NULL)
                        driver_fail(driver, "event %" PRIu64 " is not JSON: %s", record->id, text.data);
                else
                        json_array_append_new(events, event);
        }
        gal_buffer_finish(&text);
        return events;
}

/* The one member that is not common to all events; NULL when there is none. */
static const json_t *details_of(const json_t *event)
{
        const char *key;
        json_t *value;

        json_object_foreach((json_t *)event, key, value)
        {
                if (json_is_object(value))
                        return value;
        }
        return NULL;
}

static void write_compact(struct gal_buffer *buffer, const json_t *event)
{
        const json_t *details = details_of(event);
        const json_t *name = json_object_get(details, "name"), *index = json_object_get(details, "index");

        gal_buffer_append_format(buffer, "%s %" JSON_INTEGER_FORMAT "<-%" JSON_INTEGER_FORMAT,
                                 json_string_value(json_object_get(event, "type")),
                                 json_integer_value(json_object_get(event, "id")),
                                 json_integer_value(json_object_get(event, "previousEventId")));
        if (name != NULL)
                gal_buffer_append_format(buffer, " %s", json_string_value(name));
        if (index != NULL)
                gal_buffer_append_format(buffer, "[%" JSON_INTEGER_FORMAT "]", json_integer_value(index));
}

/* The compact form of an entry may leave out the name. */
static bool matches_compact(const json_t *event, const char *expected)
{
        struct gal_buffer actual = GAL_BUFFER_INIT;
        size_t len = strlen(expected);
        bool matches;

        write_compact(&actual, event);
        matches = strcmp(actual.data, expected) == 0 ||
                  (strncmp(actual.data, expected, len) == 0 && actual.data[len] == ' ');
        gal_buffer_finish(&actual);
        return matches;
}

static bool is_payload_key(const char *key)
{
        return strcmp(key, "input") == 0 || strcmp(key, "output") == 0 || strcmp(key, "parameters") == 0;
}

/* A payload is text; it has to be compact unless the case asks for the text itself. */
static bool matches_payload(const json_t *details, const char *key, const json_t *expected)
{
        const json_t *text = json_object_get(details, key);
        json_t *value = text == NULL ? NULL : read_json(json_string_value(text), json_string_length(text));
        gal_auto_free char *compact = value == NULL ? NULL : gal_json_text(value, NULL);
        bool matches = value != NULL && case_json_matches(expected, value) &&
                       strcmp(compact, json_string_value(text)) == 0;

        json_decref(value);
        return matches;
}

static bool matches_assigned(const json_t *details, const json_t *expected)
{
        const json_t *assigned = json_object_get(details, "assignedVariables");
        const char *name;
        json_t *value;

        if (json_object_size(assigned) != json_object_size(expected) ||
            json_object_get(details, "assignedVariablesDetails") == NULL)
                return false;
        json_object_foreach((json_t *)expected, name, value)
        {
                if (!matches_payload(assigned, name, value))
                        return false;
        }
        return true;
}

static bool are_absent(const json_t *details, const json_t *names)
{
        for (size_t i = 0; i < json_array_size(names); i++) {
                if (json_object_get(details, json_string_value(json_array_get(names, i))) != NULL)
                        return false;
        }
        return true;
}

static bool matches_text(const json_t *details, const char *key, const json_t *expected)
{
        gal_auto_free char *name = gal_strndup(key, strlen(key) - strlen("_text"));

        return case_json_matches(expected, json_object_get(details, name));
}

static bool ends_with(const char *text, const char *end)
{
        size_t len = strlen(text), end_len = strlen(end);

        return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static bool matches_time(const json_t *event, const json_t *expected)
{
        double seconds = json_number_value(json_object_get(event, "timestamp"));

        return (int64_t)(seconds * 1000 + 0.5) - DRIVER_START_MS == case_json_time(expected);
}

static bool matches_member(const json_t *event, const char *key, const json_t *expected)
{
        const json_t *details = details_of(event);

        if (strcmp(key, "event") == 0)
                return matches_compact(event, json_string_value(expected));
        if (strcmp(key, "at") == 0)
                return matches_time(event, expected);
        if (strcmp(key, "absent") == 0)
                return are_absent(details, expected);
        if (strcmp(key, "assigned") == 0)
                return matches_assigned(details, expected);
        if (is_payload_key(key))
                return matches_payload(details, key, expected);
        if (ends_with(key, "_text"))
                return matches_text(details, key, expected);
        return case_json_matches(expected, json_object_get(details, key));
}

/* (transfer none) What of the entry does not agree; NULL when all does. */
static const char *event_difference(const json_t *event, const json_t *expected)
{
        const char *key;
        json_t *value;

        if (json_is_string(expected))
                return matches_compact(event, json_string_value(expected)) ? NULL : "event";
        json_object_foreach((json_t *)expected, key, value)
        {
                if (!matches_member(event, key, value))
                        return key;
        }
        return NULL;
}

static bool is_gap(const json_t *expected)
{
        return json_is_string(expected) && strcmp(json_string_value(expected), "...") == 0;
}

static void fail_event(struct driver *driver, const json_t *events, size_t at, const json_t *expected,
                       const char *difference)
{
        gal_auto_free char *wanted = gal_json_text(expected, NULL);
        gal_auto_free char *found =
                at < json_array_size(events) ? gal_json_text(json_array_get(events, at), NULL) : NULL;
        struct gal_buffer all = GAL_BUFFER_INIT;

        for (size_t i = 0; i < json_array_size(events) && i < 200; i++) {
                gal_buffer_append_text(&all, "\n        ");
                write_compact(&all, json_array_get(events, i));
        }
        driver_fail(driver, "history: %s\n    expected %s\n    found    %.2000s\n    of%s", difference,
                    wanted == NULL ? "the end" : wanted, found == NULL ? "the end" : found, all.data);
        gal_buffer_finish(&all);
}

/* A gap ends at the first event that agrees with the entry after it. */
static size_t skip_gap(const json_t *events, size_t at, const json_t *next)
{
        while (at < json_array_size(events) &&
               (next == NULL || event_difference(json_array_get(events, at), next) != NULL))
                at++;
        return at;
}

static void check_history(struct driver *driver, const json_t *events, const json_t *history)
{
        size_t at = 0;

        for (size_t i = 0; i < json_array_size(history); i++) {
                const json_t *expected = json_array_get(history, i);
                const char *difference;

                if (is_gap(expected)) {
                        at = skip_gap(events, at, json_array_get(history, i + 1));
                        continue;
                }
                difference = at < json_array_size(events) ? event_difference(json_array_get(events, at), expected)
                                                          : "too short";
                if (difference != NULL) {
                        fail_event(driver, events, at, expected, difference);
                        return;
                }
                at++;
        }
        if (history != NULL && at < json_array_size(events))
                fail_event(driver, events, at, NULL, "too long");
}

static void check_text(struct driver *driver, const json_t *source, const char *key, const char *actual)
{
        const json_t *expected = json_object_get(source, key);
        json_t *value = actual == NULL ? json_null() : json_string_nocheck(actual);

        if (expected != NULL && !case_json_matches(expected, value))
                driver_fail(driver, "%s of the execution: %s", key, actual == NULL ? "(absent)" : actual);
        json_decref(value);
}

static void check_outcome(struct driver *driver, const json_t *source)
{
        const struct gal_execution *execution = driver->execution;
        const char *status = json_string_value(json_object_get(source, "status"));
        const json_t *output = json_object_get(source, "output");

        if (status == NULL || strcmp(status, gal_execution_status_name(execution->status)) != 0)
                driver_fail(driver, "the execution is %s: %s: %s", gal_execution_status_name(execution->status),
                            execution->error == NULL ? "" : execution->error,
                            execution->cause == NULL ? "" : execution->cause);
        check_text(driver, source, "error", execution->error);
        check_text(driver, source, "cause", execution->cause);
        check_text(driver, source, "output_text",
                   execution->output == NULL ? NULL : gal_payload_text(execution->output, NULL));
        if (output != NULL && (execution->output == NULL || !case_json_matches(output, execution->output->value)))
                driver_fail(driver, "output: %s",
                            execution->output == NULL ? "(none)" : gal_payload_text(execution->output, NULL));
        if (execution->status == GAL_EXECUTION_FAILED &&
            (json_object_get(source, "error") == NULL || json_object_get(source, "cause") == NULL))
                driver_fail(driver, "a failed execution: the case has to say its error and cause");
}

void case_check(struct driver *driver, const json_t *source)
{
        const json_t *count = json_object_get(source, "events");
        json_t *events;

        if (driver->fault != NULL)
                return;
        events = read_events(driver);
        check_outcome(driver, source);
        if (driver->fault == NULL && count != NULL && json_array_size(events) != (size_t)json_integer_value(count))
                driver_fail(driver, "%zu events", json_array_size(events));
        if (driver->fault == NULL)
                check_history(driver, events, json_object_get(source, "history"));
        json_decref(events);
}
