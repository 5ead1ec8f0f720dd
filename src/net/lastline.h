/*
 * lastline.h: keeps the last line that is not blank of a stream that comes in pieces.
 *
 * A line longer than the bound is kept from its start and marked as cut. "\r\n" ends a line as "\n" does.
 */
#ifndef GAL_NET_LASTLINE_H
#define GAL_NET_LASTLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

struct gal_lastline {
        size_t size_max;
        struct gal_buffer line; /* the one that is coming in */
        bool line_cut;
        struct gal_buffer last; /* the last whole one that was not blank */
        bool last_cut;
};

void gal_lastline_init(struct gal_lastline *lastline, size_t size_max);
void gal_lastline_finish(struct gal_lastline *lastline);
void gal_lastline_feed(struct gal_lastline *lastline, const char *data, size_t len);
/* The stream is at its end. (transfer none) NUL-terminated; "" when no line was. */
const char *gal_lastline_end(struct gal_lastline *lastline, size_t *ret_len, bool *ret_cut);

#endif
