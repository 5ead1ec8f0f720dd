/*
 * json.c: our JSON reader and writer beside jansson's own, in one process and in turns, so that both see the same
 * machine.
 *
 *   build/bench/bench_json [rounds]
 *
 * A ratio is that of the medians over all rounds. Freeing is timed apart: it is jansson's for both.
 */
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"

#define BATCH_BYTES (2u * 1024 * 1024)
#define ROUNDS_MAX 1000

enum side { OURS, JANSSON, SIDES };
enum work { READ, READ_AND_FREE, WRITE, WORKS };

static const char *const work_names[WORKS] = { "read", "read + free", "write" };

static double now(void)
{
        struct timespec time;

        clock_gettime(CLOCK_MONOTONIC, &time);
        return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static json_t *make_order(size_t number)
{
        json_t *lines = json_array();

        for (size_t i = 0; i < 3; i++)
                json_array_append_new(lines, json_pack("{s:s, s:i, s:f, s:b}", "sku", i == 1 ? "A-1000" : "B-77-x",
                                                       "quantity", (int)(number % 7 + i), "price",
                                                       (double)(number * 37 % 10000) / 100.0, "gift", i == 2));
        return json_pack("{s:I, s:s, s:s, s:s, s:o, s:n, s:[f,f]}", "id", (json_int_t)(1000000 + number * 7919),
                         "customer", "Zoë Jäger", "note", "leave it at the \"back\" door,\nplease", "placedAt",
                         "2026-11-23T15:17:18.123Z", "lines", lines, "coupon", "at", 48.137154, 11.576124);
}

/* A list of orders of about `size` bytes of text. */
static json_t *make_document(size_t size)
{
        json_t *orders = json_array();
        json_t *document = json_pack("{s:s, s:o}", "source", "shop", "orders", orders);

        for (size_t i = 0; gal_json_size(document, SIZE_MAX) < size; i++)
                json_array_append_new(orders, make_order(i));
        return document;
}

struct sample {
        double seconds[SIDES][WORKS][ROUNDS_MAX];
};

static json_t *read_one(enum side side, const char *text, size_t len)
{
        json_t *value = NULL;

        if (side == JANSSON)
                return json_loadb(text, len, 0, NULL);
        return gal_json_read(text, len, &value, NULL) == GAL_OK ? value : NULL;
}

static char *write_one(enum side side, const json_t *value)
{
        return side == JANSSON ? json_dumps(value, JSON_COMPACT) : gal_json_text(value, NULL);
}

static void measure(enum side side, const char *text, size_t len, size_t count, struct sample *sample, size_t round)
{
        json_t **values = gal_new_array(count, json_t *);
        char **texts = gal_new_array(count, char *);
        double start = now();

        for (size_t i = 0; i < count; i++)
                values[i] = gal_need(read_one(side, text, len));
        sample->seconds[side][READ][round] = now() - start;
        start = now();
        for (size_t i = 0; i < count; i++)
                texts[i] = gal_need(write_one(side, values[i]));
        sample->seconds[side][WRITE][round] = now() - start;
        start = now();
        for (size_t i = 0; i < count; i++)
                json_decref(values[i]);
        sample->seconds[side][READ_AND_FREE][round] = sample->seconds[side][READ][round] + now() - start;
        for (size_t i = 0; i < count; i++)
                free(texts[i]);
        free(values);
        free(texts);
}

static int compare_doubles(const void *a, const void *b)
{
        double x = *(const double *)a;
        double y = *(const double *)b;

        return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
        qsort(values, count, sizeof(*values), compare_doubles);
        return values[count / 2];
}

static void run(size_t size, size_t rounds)
{
        struct sample *sample = gal_new(struct sample);
        json_t *document = make_document(size);
        size_t len;
        char *text = gal_need(gal_json_text(document, &len));
        size_t count = BATCH_BYTES / len;
        double bytes = (double)len * (double)count;

        for (size_t round = 0; round < rounds; round++)
                for (enum side side = OURS; side < SIDES; side++)
                        measure(side, text, len, count, sample, round);
        for (enum work work = READ; work < WORKS; work++) {
                double ours = median(sample->seconds[OURS][work], rounds);
                double jansson = median(sample->seconds[JANSSON][work], rounds);

                printf("%9zu  %-12s %10.1f %10.1f %8.2f\n", len, work_names[work], bytes / ours / 1e6,
                       bytes / jansson / 1e6, jansson / ours);
        }
        json_decref(document);
        free(text);
        free(sample);
}

int main(int argc, char **argv)
{
        size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 21;

        if (rounds == 0 || rounds > ROUNDS_MAX) {
                fprintf(stderr, "usage: bench_json [rounds, 1 to %d]\n", ROUNDS_MAX);
                return 2;
        }
        printf("%9s  %-12s %10s %10s %8s\n", "bytes", "work", "ours MB/s", "jansson", "ratio");
        run(1024, rounds);
        run(100 * 1024, rounds);
        return 0;
}
