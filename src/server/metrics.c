/*
 * metrics.c: see metrics.h.
 */
#include "server/metrics.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/hash.h"

/* The statuses that we answer with; 0 counts any other. */
static const int statuses[] = { 200, 400, 403, 404, 405, 413, 415, 500, 503, 0 };
#define STATUS_COUNT (sizeof(statuses) / sizeof(statuses[0]))

struct action {
        UT_hash_handle hh;
        char *name;
        uint64_t counts[STATUS_COUNT];
        struct gal_histogram seconds;
};

struct gal_metrics {
        struct action *actions;
};

struct gal_metrics *gal_metrics_create(void)
{
        return gal_new(struct gal_metrics);
}

void gal_metrics_destroy(struct gal_metrics *metrics)
{
        struct action *action, *next;

        if (metrics == NULL)
                return;
        HASH_ITER(hh, metrics->actions, action, next)
        {
                HASH_DEL(metrics->actions, action);
                free(action->name);
                free(action);
        }
        free(metrics);
}

static struct action *find(struct gal_metrics *metrics, const char *name)
{
        struct action *action;

        HASH_FIND_STR(metrics->actions, name, action);
        if (action != NULL)
                return action;
        action = gal_new(struct action);
        action->name = gal_strdup(name);
        HASH_ADD_KEYPTR(hh, metrics->actions, action->name, strlen(action->name), action);
        return action;
}

void gal_metrics_count(struct gal_metrics *metrics, const char *name, int status, int64_t duration_ns)
{
        struct action *action = find(metrics, name);
        size_t i = 0;

        while (i < STATUS_COUNT - 1 && statuses[i] != status)
                i++;
        action->counts[i]++;
        gal_histogram_add(&action->seconds, duration_ns);
}

void gal_metric_head(struct gal_buffer *text, const char *name, const char *type, const char *help)
{
        gal_buffer_append_format(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void gal_metric_value(struct gal_buffer *text, const char *name, const char *labels, uint64_t value)
{
        if (labels != NULL)
                gal_buffer_append_format(text, "%s{%s} %" PRIu64 "\n", name, labels, value);
        else
                gal_buffer_append_format(text, "%s %" PRIu64 "\n", name, value);
}

/* Seconds from a whole number of millionths: never in the locale's way. */
static void append_seconds(struct gal_buffer *text, int64_t us)
{
        gal_buffer_append_format(text, "%" PRId64 ".%06d", us / 1000000, (int)(us % 1000000));
}

void gal_metric_histogram(struct gal_buffer *text, const char *name, const char *labels,
                          const struct gal_histogram *histogram)
{
        gal_auto_free char *set = labels != NULL ? gal_format("{%s}", labels) : gal_strdup("");
        const char *prefix = labels != NULL ? labels : "", *comma = labels != NULL ? "," : "";
        uint64_t count = 0;

        for (size_t i = 0; i < GAL_HISTOGRAM_BOUNDS; i++) {
                count += histogram->counts[i];
                gal_buffer_append_format(text, "%s_bucket{%s%sle=\"", name, prefix, comma);
                append_seconds(text, gal_histogram_bounds_us[i]);
                gal_buffer_append_format(text, "\"} %" PRIu64 "\n", count);
        }
        gal_buffer_append_format(text, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", name, prefix, comma,
                                 histogram->count);
        gal_buffer_append_format(text, "%s_sum%s ", name, set);
        append_seconds(text, histogram->sum_ns / 1000);
        gal_buffer_append_format(text, "\n%s_count%s %" PRIu64 "\n", name, set, histogram->count);
}

static void write_counts(const struct action *action, struct gal_buffer *text)
{
        for (size_t i = 0; i < STATUS_COUNT; i++) {
                gal_auto_free char *labels = NULL;

                if (action->counts[i] == 0)
                        continue;
                labels = statuses[i] == 0 ? gal_format("action=\"%s\",status=\"other\"", action->name)
                                          : gal_format("action=\"%s\",status=\"%d\"", action->name, statuses[i]);
                gal_metric_value(text, "galliard_requests_total", labels, action->counts[i]);
        }
}

void gal_metrics_write(const struct gal_metrics *metrics, struct gal_buffer *text)
{
        const struct action *action;

        gal_metric_head(text, "galliard_requests_total", "counter",
                        "Requests answered, by action and HTTP status; action \"none\": none of ours was named.");
        for (action = metrics->actions; action != NULL; action = action->hh.next)
                write_counts(action, text);
        gal_metric_head(text, "galliard_request_seconds", "histogram",
                        "From the headers of a request to its answer, by action.");
        for (action = metrics->actions; action != NULL; action = action->hh.next) {
                gal_auto_free char *labels = gal_format("action=\"%s\"", action->name);

                gal_metric_histogram(text, "galliard_request_seconds", labels, &action->seconds);
        }
}
