/*
 * show.c: see show.h. Columns are as wide as their widest cell, but for the last.
 */
#include "cli/show.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "api/shape.h"
#include "base/alloc.h"
#include "base/json.h"
#include "cli/member.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/wording.h"

#define COLUMNS_MAX 12
/* JSON that is shorter stays in one line. */
#define UNFOLD_MIN 60
/* The only reals in answers are times: seconds with three decimals. */
#define TIME_DIGITS 14
#define ERROR_TEXT_MAX 200

/* Tables. */

struct table {
        char **cells;
        size_t column_count;
        size_t row_count;
        size_t row_size;
        size_t indent;
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

/* Also releases it. */
static void print_table(struct table *table)
{
        size_t widths[COLUMNS_MAX] = { 0 };

        for (size_t i = 0; i < table->row_count * table->column_count; i++) {
                size_t width = gal_terminal_width(table->cells[i], strlen(table->cells[i]));
                size_t column = i % table->column_count;

                widths[column] = width > widths[column] ? width : widths[column];
        }
        for (size_t i = 0; i < table->row_count * table->column_count; i++) {
                bool is_last = (i + 1) % table->column_count == 0;

                if (i % table->column_count == 0)
                        put_cell("", table->indent);
                put_cell(table->cells[i], is_last ? 0 : widths[i % table->column_count] + 2);
                if (is_last)
                        putchar('\n');
                free(table->cells[i]);
        }
        free(table->cells);
}

/* Cells. */

static int64_t time_of(const json_t *value)
{
        return llround(json_number_value(value) * 1000);
}

/* On the clock of whoever reads it. */
static char *time_cell(const json_t *value, bool with_ms)
{
        char text[64] = "";
        int64_t ms;
        time_t seconds;
        struct tm local;

        if (!json_is_number(value))
                return gal_strdup("");
        ms = time_of(value);
        seconds = (time_t)(ms >= 0 ? ms / 1000 : (ms - 999) / 1000);
        if (localtime_r(&seconds, &local) == NULL)
                return gal_need(json_dumps(value, JSON_ENCODE_ANY));
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &local);
        return with_ms ? gal_format("%s.%03d", text, (int)(ms - (int64_t)seconds * 1000)) : gal_strdup(text);
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
        return gal_buffer_take(&text, NULL);
}

/* What a value is to people; "" for nothing. */
static char *cell_of(const struct gal_shape *shape, const json_t *value)
{
        if (value == NULL || json_is_null(value))
                return gal_strdup("");
        if (shape->type == GAL_SHAPE_TIMESTAMP && json_is_number(value))
                return time_cell(value, /* with_ms= */ false);
        if (json_is_string(value))
                return gal_strdup(json_string_value(value));
        return gal_need(gal_json_text(value, NULL));
}

/* Lists. */

/* Both of these: how long it took says more than when it ended. */
static bool has_duration(const struct gal_shape *item)
{
        return gal_shape_member_find(item, "startDate") != NULL && gal_shape_member_find(item, "stopDate") != NULL;
}

static bool is_arn(const char *member)
{
        size_t len = strlen(member);

        return len >= 3 && strcmp(member + len - 3, "Arn") == 0;
}

/* A row: the list's own thing has a name, or its ARN stands for one; whose list it is, is known. */
static bool is_column(const struct gal_shape *item, const struct gal_shape_member *member)
{
        bool has_name = gal_shape_member_find(item, "name") != NULL;
        bool has_map_run = gal_shape_member_find(item, "mapRunArn") != NULL;

        switch (member->shape->type) {
        case GAL_SHAPE_LIST:
        case GAL_SHAPE_MAP:
        case GAL_SHAPE_STRUCTURE:
                return false;
        case GAL_SHAPE_BOOLEAN:
        case GAL_SHAPE_INTEGER:
        case GAL_SHAPE_LONG:
        case GAL_SHAPE_FLOAT:
        case GAL_SHAPE_TIMESTAMP:
        case GAL_SHAPE_STRING:
                break;
        }
        if (strcmp(member->name, "stateMachineArn") == 0)
                return false;
        return !is_arn(member->name) || !(has_name || has_map_run) || strcmp(member->name, "mapRunArn") == 0 ||
               strcmp(member->name, "stateMachineVersionArn") == 0 ||
               strcmp(member->name, "stateMachineAliasArn") == 0;
}

static char *list_cell(const struct gal_shape_member *member, const json_t *item)
{
        const json_t *value = json_object_get(item, member->name);

        if (strcmp(member->name, "stopDate") == 0)
                return duration_cell(item);
        if (is_arn(member->name) && json_is_string(value))
                return gal_member_short_arn(json_string_value(value));
        if (json_is_integer(value) && json_integer_value(value) == 0 && !member->required) /* the usual count */
                return gal_strdup("");
        return cell_of(member->shape, value);
}

/* (transfer full) "stateMachineVersionArn" as VERSION. */
static char *head_cell(const struct gal_shape *item, const struct gal_shape_member *member)
{
        static const char machine[] = "stateMachine";
        static const char *const times[][2] = { { "creationDate", "CREATED" },
                                                { "startDate", "STARTED" },
                                                { "stopDate", "STOPPED" },
                                                { "redriveDate", "REDRIVEN" },
                                                { "updateDate", "UPDATED" } };
        const char *name = member->name, *end = name + strlen(name);
        struct gal_buffer text = GAL_BUFFER_INIT;

        if (strcmp(name, "stopDate") == 0 && has_duration(item))
                return gal_strdup("TOOK");
        for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
                if (strcmp(name, times[i][0]) == 0)
                        return gal_strdup(times[i][1]);
        }
        if (is_arn(name))
                end -= 3;
        if (strncmp(name, machine, strlen(machine)) == 0 && name + strlen(machine) < end)
                name += strlen(machine);
        for (const char *c = name; c < end; c++) {
                if (isupper((unsigned char)*c) && c > name)
                        gal_buffer_append_char(&text, ' ');
                gal_buffer_append_char(&text, (char)toupper((unsigned char)*c));
        }
        return gal_buffer_take(&text, NULL);
}

/* Somebody has something to show in it. */
static bool is_used(const struct gal_shape_member *member, const json_t *list)
{
        const json_t *item;
        bool used = false;
        size_t i;

        json_array_foreach(list, i, item)
        {
                gal_auto_free char *cell = list_cell(member, item);

                used = used || cell[0] != '\0';
        }
        return used;
}

static bool is_in(const struct gal_shape_member *const *columns, size_t count,
                  const struct gal_shape_member *member)
{
        for (size_t i = 0; i < count; i++) {
                if (columns[i] == member)
                        return true;
        }
        return false;
}

/* As the answer has them (the order of a shape is one for machines), the name first; how long it takes after the
 * start, also while nothing has stopped yet. */
static size_t choose_columns(const struct gal_shape *shape, const json_t *list,
                             const struct gal_shape_member *columns[COLUMNS_MAX])
{
        const struct gal_shape_member *name = gal_shape_member_find(shape, "name");
        const struct gal_shape_member *stop = gal_shape_member_find(shape, "stopDate");
        size_t count = 0, i;
        const json_t *item;
        const char *key;
        json_t *value;

        if (name != NULL)
                columns[count++] = name;
        json_array_foreach(list, i, item)
        {
                json_object_foreach((json_t *)item, key, value)
                {
                        const struct gal_shape_member *member = gal_shape_member_find(shape, key);

                        if (member == NULL || count >= COLUMNS_MAX - 1 || is_in(columns, count, member) ||
                            !is_column(shape, member) || !is_used(member, list))
                                continue;
                        columns[count++] = member;
                        if (strcmp(key, "startDate") == 0 && stop != NULL && !is_in(columns, count, stop))
                                columns[count++] = stop;
                }
        }
        return count;
}

static void print_list(const struct gal_shape *item_shape, const json_t *list, size_t indent)
{
        const struct gal_shape_member *columns[COLUMNS_MAX];
        struct table table = { .column_count = choose_columns(item_shape, list, columns), .indent = indent };
        char *cells[COLUMNS_MAX];
        const json_t *item;
        size_t i;

        if (json_array_size(list) == 0 || table.column_count == 0)
                return;
        for (size_t c = 0; c < table.column_count; c++)
                cells[c] = head_cell(item_shape, columns[c]);
        add_row(&table, cells);
        json_array_foreach(list, i, item)
        {
                for (size_t c = 0; c < table.column_count; c++)
                        cells[c] = list_cell(columns[c], item);
                add_row(&table, cells);
        }
        print_table(&table);
}

/* Objects. */

static bool is_table(const struct gal_shape *shape)
{
        return shape->type == GAL_SHAPE_LIST && shape->item->type == GAL_SHAPE_STRUCTURE;
}

/* (transfer full) JSON over several lines; NULL: it is better in one, or no JSON. */
static char *unfold(const char *text)
{
        struct gal_buffer pretty = GAL_BUFFER_INIT;
        json_auto_t *value = NULL;

        if (strchr("{[", text[0]) == NULL || strlen(text) < UNFOLD_MIN ||
            gal_json_read(text, strlen(text), &value, NULL) != GAL_OK)
                return NULL;
        gal_json_write_pretty(&pretty, value);
        return gal_buffer_take(&pretty, NULL);
}

static void put_lines(const char *text)
{
        while (*text != '\0') {
                size_t len = strcspn(text, "\n");

                fputs("  ", stdout);
                gal_terminal_put(stdout, text, len);
                putchar('\n');
                text += len + (text[len] == '\n');
        }
}

/* Members of members are called "outer.inner". In the order of the answer. */
static void add_members(struct table *table, const struct gal_shape *shape, const char *prefix,
                        const json_t *object)
{
        static const char details[] = "Details"; /* whether the text is whole: nothing to people */
        const char *key;
        json_t *value;

        json_object_foreach((json_t *)object, key, value)
        {
                const struct gal_shape_member *member = gal_shape_member_find(shape, key);
                size_t len = strlen(key), details_len = strlen(details);
                gal_auto_free char *name = gal_format("%s%s", prefix, key);
                gal_auto_free char *lines = json_is_string(value) ? unfold(json_string_value(value)) : NULL;

                if (member == NULL || json_is_null(value) || lines != NULL || is_table(member->shape) ||
                    (len > details_len && strcmp(key + len - details_len, details) == 0))
                        continue;
                if (member->shape->type == GAL_SHAPE_STRUCTURE && json_is_object(value)) {
                        gal_auto_free char *inner = gal_format("%s.", name);

                        add_members(table, member->shape, inner, value);
                        continue;
                }
                add_row(table, (char *[]){ gal_take(name), cell_of(member->shape, value) });
        }
}

/* What is longer than a line. */
static void print_blocks(const struct gal_shape *shape, const json_t *object)
{
        const char *key;
        json_t *value;

        json_object_foreach((json_t *)object, key, value)
        {
                const struct gal_shape_member *member = gal_shape_member_find(shape, key);
                gal_auto_free char *lines = json_is_string(value) ? unfold(json_string_value(value)) : NULL;

                if (member == NULL || (lines == NULL && !(is_table(member->shape) && json_array_size(value) > 0)))
                        continue;
                printf("%s\n", key);
                if (lines != NULL)
                        put_lines(lines);
                else
                        print_list(member->shape->item, value, 2);
        }
}

static void print_object(const struct gal_shape *shape, const json_t *object)
{
        struct table table = { .column_count = 2 };

        add_members(&table, shape, "", object);
        print_table(&table);
        print_blocks(shape, object);
}

/* Beside the token of the next page. */
static const struct gal_shape *find_only_list(const struct gal_shape *shape, const char **ret_name)
{
        const struct gal_shape *list = NULL;

        for (size_t i = 0; i < shape->member_count; i++) {
                const struct gal_shape_member *member = &shape->members[i];

                if (strcmp(member->name, "nextToken") == 0)
                        continue;
                if (list != NULL || !is_table(member->shape))
                        return NULL;
                list = member->shape;
                *ret_name = member->name;
        }
        return list;
}

bool gal_show_answer(const struct gal_shape *shape, const json_t *answer)
{
        const char *name;
        const struct gal_shape *list = find_only_list(shape, &name);

        if (list != NULL)
                print_list(list->item, json_object_get(answer, name), 0);
        else
                print_object(shape, answer);
        return gal_cli_flush(stdout);
}

bool gal_show_json(const json_t *answer)
{
        size_t layout = isatty(STDOUT_FILENO) ? JSON_INDENT(2) : JSON_COMPACT;
        gal_auto_free char *text =
                gal_need(json_dumps(answer, layout | JSON_ENCODE_ANY | JSON_REAL_PRECISION(TIME_DIGITS)));

        puts(text);
        return gal_cli_flush(stdout);
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
        const char *type = json_string_value(json_object_get(event, "type"));
        gal_auto_free char *when = time_cell(json_object_get(event, "timestamp"), /* with_ms= */ true);
        struct gal_buffer text = GAL_BUFFER_INIT;

        gal_buffer_append_format(&text, "%5lld  %s  %s",
                                 (long long)json_integer_value(json_object_get(event, "id")), when,
                                 type != NULL ? type : "");
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
