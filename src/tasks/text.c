/*
 * text.c: see text.h.
 */
#include "tasks/text.h"

#include "base/utf8.h"

void gal_text_append_clean(struct gal_buffer *buffer, const char *text, size_t len)
{
        while (len > 0) {
                size_t bytes = text[0] == '\0' ? 0 : gal_utf8_sequence(text, len);

                if (bytes == 0)
                        gal_buffer_append_text(buffer, "\xef\xbf\xbd");
                else
                        gal_buffer_append(buffer, text, bytes);
                text += bytes > 0 ? bytes : 1;
                len -= bytes > 0 ? bytes : 1;
        }
}
