/*
 * text.h: small things about texts that come from outside.
 */
#ifndef GAL_TASKS_TEXT_H
#define GAL_TASKS_TEXT_H

#include <stddef.h>

#include "base/buffer.h"

/* Appends UTF-8 with each malformed byte replaced by U+FFFD, so that it can stand in JSON. NUL bytes too. */
void gal_text_append_clean(struct gal_buffer *buffer, const char *text, size_t len);

#endif
