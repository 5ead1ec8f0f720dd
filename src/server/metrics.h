/*
 * metrics.h: what is counted of requests, and the text that Prometheus reads (exposition format 0.0.4).
 */
#ifndef GAL_SERVER_METRICS_H
#define GAL_SERVER_METRICS_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/histogram.h"

struct gal_metrics;

struct gal_metrics *gal_metrics_create(void);
void gal_metrics_destroy(struct gal_metrics *metrics); /* accepts NULL */

/* A request was answered. `action` is one of a set that is bounded: each has its own numbers from then on. */
void gal_metrics_count(struct gal_metrics *metrics, const char *action, int status, int64_t duration_ns);
/* galliard_requests_total and galliard_request_seconds. */
void gal_metrics_write(const struct gal_metrics *metrics, struct gal_buffer *text);

/* "# HELP" and "# TYPE". */
void gal_metric_head(struct gal_buffer *text, const char *name, const char *type, const char *help);
/* NAME VALUE, or NAME{LABELS} VALUE. */
void gal_metric_value(struct gal_buffer *text, const char *name, const char *labels, uint64_t value);
void gal_metric_histogram(struct gal_buffer *text, const char *name, const char *labels,
                          const struct gal_histogram *histogram);

#endif
