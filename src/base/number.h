/*
 * number.h: doubles to text and text to doubles, without the locale. One table of rules, one test.
 */
#ifndef GAL_BASE_NUMBER_H
#define GAL_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for any text that the writers here make, the terminator included. */
#define GAL_NUMBER_SIZE 40

/*
 * Shortest text that reads back as the same double, in the notation of Java's Double.toString: "0.1", "100.0",
 * "1.0E21", "1.0E-5" (plain from 1e-3 up to below 1e7). `value` must be finite. Returns the length.
 */
size_t gal_number_format_java(double value, char text[GAL_NUMBER_SIZE]);

/* The same digits in JavaScript's notation: "0.1", "100", "1e+21", "1e-7". `value` must be finite. */
size_t gal_number_format_javascript(double value, char text[GAL_NUMBER_SIZE]);

/*
 * Reads a JSON number (the grammar is the caller's business). False when it overflows a double.
 * Correctly rounded, whatever the locale.
 */
bool gal_number_parse_double(const char *text, size_t len, double *ret_value);

/* Reads a decimal integer with an optional minus. False when it is not one or does not fit. */
bool gal_number_parse_int64(const char *text, size_t len, int64_t *ret_value);

#endif
