/*
 * utf8.h: UTF-8, one character at a time.
 */
#ifndef GAL_BASE_UTF8_H
#define GAL_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Bytes (1 to 4) of the well-formed character at the start of the text; 0: malformed, cut off, or no text. */
size_t gal_utf8_sequence(const char *text, size_t len);

/* Writes one code point (no surrogate, at most U+10FFFF) and returns its bytes. No terminator. */
size_t gal_utf8_encode(uint32_t code_point, char text[4]);

/* The code point of a well-formed character; `size` is what gal_utf8_sequence() gave. */
uint32_t gal_utf8_decode(const char *text, size_t size);

/* <0, 0, >0: the order of the two as UTF-16, which Java and JavaScript compare. Both must be well-formed. */
int gal_utf8_compare(const char *a, size_t a_len, const char *b, size_t b_len);

/* Characters (code points) in UTF-8 text; malformed bytes count one each. */
size_t gal_utf8_length(const char *text, size_t len);

/* `len` less the bytes of a character that was cut off at the end; for text that is UTF-8 up to there. */
size_t gal_utf8_trim(const char *text, size_t len);

#endif
