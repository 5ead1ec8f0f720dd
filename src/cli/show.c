/*
 * show.c: see show.h. Columns are as wide as their widest cell, but for the last.
 */
#include "cli/show.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/timestamp.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/wording.h"

#define COLUMNS_MAX 4
/* The only reals in answers are times: seconds with three decimals. */
#define TIME_DIGITS 14
#define ERROR_TEXT_MAX 200

/* Tables. */

struct table {
        char **cells;
        size_t column_count;
        size_t row_count;
        size_t row_size;
};

/* `cells` (takes, each). */
static void add_row(struct table *table, char *const cells[])
{
        if (table->row_count == table->row_size) {
                table->row_size = table->row_size == 0 ? 16 : table->row_size * 2;
                table->cells = gal_realloc(table->cells, table->row_size * table->column_count, sizeof(char *));
        }
        for (size_t i = 0; i < table->column_count; i++)
                table->cells[table->row_count * table->column_count + i] = cells[i];
        table->row_count++;
}

static void put_cell(const char *text, size_t width)
{
        size_t len = strlen(text), used = gal_terminal_width(text, len);

        gal_terminal_put(stdout, text, len);
        for (; used < width; used++)
                putchar(' ');
}

static bool print_table(struct table *table)
{
        size_t widths[COLUMNS_MAX] = { 0 };

        for (size_t i = 0; i < table->row_count * table->column_count; i++) {
                size_t width = gal_terminal_width(table->cells[i], strlen(table->cells[i]));
                size_t column = i % table->column_count;

                widths[column] = width > widths[column] ? width : widths[column];
        }
        for (size_t i = 0; i < table->row_count * table->column_count; i++) {
                bool is_last = (i + 1) % table->column_count == 0;

                put_cell(table->cells[i], is_last ? 0 : widths[i % table->column_count] + 2);
                if (is_last)
                        putchar('\n');
                free(table->cells[i]);
        }
        free(table->cells);
        return gal_cli_flush(stdout);
}

/* Cells. */

static char *text_cell(const json_t *object, const char *key)
{
        const char *text = json_string_value(json_object_get(object, key));

        return gal_strdup(text != NULL ? text : "");
}

static int64_t time_of(const json_t *value)
{
        return llround(json_number_value(value) * 1000);
}

static char *time_cell(const json_t *value)
{
        char text[GAL_TIMESTAMP_SIZE];

        if (!json_is_number(value))
                return gal_strdup("");
        gal_timestamp_format(time_of(value), text);
        return gal_strdup(text);
}

static char *duration_cell(const json_t *execution)
{
        const json_t *stop = json_object_get(execution, "stopDate");
        struct gal_buffer text = GAL_BUFFER_INIT;
        struct timespec now;
        int64_t end_ms;

        clock_gettime(CLOCK_REALTIME, &now);
        end_ms = stop != NULL ? time_of(stop) : (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
        end_ms -= time_of(json_object_get(execution, "startDate"));
        gal_wording_append_duration(&text, end_ms > 0 ? end_ms : 0);
        return gal_need(gal_buffer_take(&text, NULL));
}

bool gal_show_json(const json_t *answer)
{
        size_t layout = isatty(STDOUT_FILENO) ? JSON_INDENT(2) : JSON_COMPACT;
        gal_auto_free char *text =
                gal_need(json_dumps(answer, layout | JSON_ENCODE_ANY | JSON_REAL_PRECISION(TIME_DIGITS)));

        puts(text);
        return gal_cli_flush(stdout);
}

bool gal_show_machines(const json_t *machines)
{
        struct table table = { .column_count = 2 };
        const json_t *machine;
        size_t i;

        json_array_foreach(machines, i, machine)
                add_row(&table, (char *[]){ text_cell(machine, "name"),
                                            time_cell(json_object_get(machine, "creationDate")) });
        return print_table(&table);
}

bool gal_show_executions(const json_t *executions)
{
        struct table table = { .column_count = 4 };
        const json_t *execution;
        size_t i;

        json_array_foreach(executions, i, execution) add_row(
                &table, (char *[]){ text_cell(execution, "name"), text_cell(execution, "status"),
                                    time_cell(json_object_get(execution, "startDate")), duration_cell(execution) });
        return print_table(&table);
}

static bool is_date(const char *key)
{
        size_t len = strlen(key);

        return len > 4 && strcmp(key + len - 4, "Date") == 0;
}

bool gal_show_object(const json_t *object)
{
        struct table table = { .column_count = 2 };
        const char *key;
        json_t *value;

        json_object_foreach((json_t *)object, key, value)
        {
                char *cell;

                if (json_is_object(value)) /* inputDetails and its like say nothing to people */
                        continue;
                if (json_is_string(value))
                        cell = gal_strdup(json_string_value(value));
                else if (is_date(key))
                        cell = time_cell(value);
                else
                        cell = gal_need(json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY));
                add_row(&table, (char *[]){ gal_strdup(key), cell });
        }
        return print_table(&table);
}

/* Events. */

/* The one member whose name ends in EventDetails. */
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

bool gal_show_event(const json_t *event)
{
        const json_t *details = details_of(event);
        const char *name = json_string_value(json_object_get(details, "name"));
        const char *error = json_string_value(json_object_get(details, "error"));
        const char *cause = json_string_value(json_object_get(details, "cause"));
        gal_auto_free char *type = text_cell(event, "type");
        gal_auto_free char *when = time_cell(json_object_get(event, "timestamp"));
        struct gal_buffer text = GAL_BUFFER_INIT;

        gal_buffer_append_format(&text, "%5lld  %s  %s",
                                 (long long)json_integer_value(json_object_get(event, "id")), when, type);
        if (name != NULL)
                gal_buffer_append_format(&text, "  %s", name);
        if (error != NULL)
                gal_buffer_append_format(&text, "  %s", error);
        if (cause != NULL) {
                gal_buffer_append_text(&text, ": ");
                gal_wording_append_cause(&text, cause, ERROR_TEXT_MAX);
        }
        gal_terminal_put(stdout, text.data, text.len);
        putchar('\n');
        gal_buffer_finish(&text);
        return gal_cli_flush(stdout);
}
