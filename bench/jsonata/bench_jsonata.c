/*
 * bench_jsonata.c: the cases of cases.json, a JSON line a case: {"name", "ns", "result"}.
 *
 *   bench_jsonata --data         writes the data that the cases are run on
 *   bench_jsonata CASES DATA     runs them: compiled once, the best of five tenths of a second each
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/json.h"
#include "expr/jsonata/jsonata.h"

enum { ORDERS = 1000, CUSTOMERS = 50, ROUNDS = 5 };

static json_t *make_item(int number)
{
        char sku[16];

        snprintf(sku, sizeof(sku), "sku-%d", number);
        return json_pack("{s:s, s:f, s:i}", "sku", sku, "price", 1.5 * number + 0.25, "quantity", 1 + number % 3);
}

static json_t *make_order(void)
{
        json_t *items = json_array();

        for (int i = 0; i < 10; i++)
                json_array_append_new(items, make_item(i));
        return json_pack("{s:s, s:f, s:s, s:I, s:s, s:s, s:{s:s, s:b, s:{s:s, s:s}}, s:o}", "id", "order-4711",
                         "total", 1234.5, "currency", "eur", "created", (json_int_t)1521801216617, "due",
                         "2018-04-01T12:00:00.000Z", "tags", "new, urgent ,gift, export", "customer", "name",
                         "Ada Lovelace", "vip", 1, "address", "city", "London", "street", "St James's Square",
                         "items", items);
}

static json_t *make_orders(void)
{
        static const char *const states[] = { "open", "paid", "sent", "paid", "returned" };
        json_t *orders = json_array();
        json_t *customers = json_array();
        char name[32];

        for (int i = 0; i < ORDERS; i++) {
                snprintf(name, sizeof(name), "customer-%d", i * 7 % CUSTOMERS);
                json_array_append_new(orders, json_pack("{s:i, s:s, s:s, s:f, s:s, s:i}", "id", i, "status",
                                                        states[i % 5], "customer", name, "total",
                                                        i * 37 % 1009 / 10.0, "currency", "EUR", "lines", i % 9));
        }
        for (int i = 0; i < CUSTOMERS; i++) {
                snprintf(name, sizeof(name), "customer-%d", i);
                json_array_append_new(customers,
                                      json_pack("{s:s, s:s}", "name", name, "region", i % 2 ? "north" : "south"));
        }
        return json_pack("{s:o, s:o}", "orders", orders, "customers", customers);
}

static double now_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static json_t *evaluate(const struct gal_jsonata *expression, json_t *input)
{
        struct gal_jsonata_environment environment = { 1521801216617, NULL };
        struct gal_jsonata_error error = GAL_JSONATA_ERROR_INIT;
        json_t *value = NULL;

        if (gal_jsonata_evaluate(expression, input, NULL, &environment, NULL, &value, NULL, &error) == GAL_OK)
                return value;
        fprintf(stderr, "%s: %s\n", gal_jsonata_text(expression), error.message.data);
        exit(1);
}

static double time_case(const struct gal_jsonata *expression, json_t *input)
{
        double best = 1e18;

        for (int round = 0; round < ROUNDS; round++) {
                double start = now_ns();
                double end = start;
                long count = 0;

                while (end - start < 1e8) {
                        for (int i = 0; i < 8; i++)
                                json_decref(evaluate(expression, input));
                        count += 8;
                        end = now_ns();
                }
                if ((end - start) / (double)count < best)
                        best = (end - start) / (double)count;
        }
        return best;
}

static void run_case(const json_t *item, const json_t *data)
{
        const char *expr = json_string_value(json_object_get(item, "expr"));
        json_t *input = json_object_get(data, json_string_value(json_object_get(item, "data")));
        struct gal_jsonata *expression;
        json_t *line;
        char *text;

        if (gal_jsonata_compile(expr, strlen(expr), GAL_JSONATA_REFERENCE, &expression, NULL) != GAL_OK) {
                fprintf(stderr, "does not compile: %s\n", expr);
                exit(1);
        }
        line = json_pack("{s:O, s:f, s:o*}", "name", json_object_get(item, "name"), "ns",
                         time_case(expression, input), "result", evaluate(expression, input));
        text = gal_need(gal_json_text(line, NULL));
        puts(text);
        free(text);
        json_decref(line);
        gal_jsonata_destroy(expression);
}

static json_t *read_file(const char *path)
{
        static char text[4 * 1024 * 1024];
        FILE *file = fopen(path, "re");
        json_t *value = NULL;
        size_t len;

        if (file == NULL) {
                perror(path);
                exit(1);
        }
        len = fread(text, 1, sizeof(text), file);
        fclose(file);
        if (gal_json_read(text, len, &value, NULL) != GAL_OK) {
                fprintf(stderr, "%s: not JSON\n", path);
                exit(1);
        }
        return value;
}

static int write_data(void)
{
        json_t *data = json_pack("{s:o, s:o}", "order", make_order(), "orders", make_orders());
        char *text = gal_need(gal_json_text(data, NULL));

        puts(text);
        free(text);
        json_decref(data);
        return 0;
}

int main(int argc, char **argv)
{
        json_t *cases, *data;

        if (argc == 2 && strcmp(argv[1], "--data") == 0)
                return write_data();
        if (argc != 3) {
                fprintf(stderr, "usage: bench_jsonata --data | CASES DATA\n");
                return 2;
        }
        cases = read_file(argv[1]);
        data = read_file(argv[2]);
        for (size_t i = 0; i < json_array_size(cases); i++)
                run_case(json_array_get(cases, i), data);
        json_decref(cases);
        json_decref(data);
        return 0;
}
