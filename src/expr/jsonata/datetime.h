/*
 * datetime.h: date and time pictures of XPath and XQuery Functions and Operators 3.1, 9.8, as the reference has
 * them.
 */
#ifndef GAL_EXPR_JSONATA_DATETIME_H
#define GAL_EXPR_JSONATA_DATETIME_H

#include "expr/jsonata/integer.h"

#define JDT_DAY_MS 86400000.0

/* A marker such as [D1o] or [FNn,3-3], or the text between two of them. */
struct jdt_part {
        char component; /* '\0': a literal */
        struct jval literal;
        bool is_name;
        uint8_t letters;    /* of a name: enum jinteger_case */
        char presentation2; /* a, t, c, o or '\0' */
        double width_max;   /* 0: none */
        double year_digits; /* -1: all */
        bool has_integer;
        struct jinteger integer;
};

struct jdt_picture {
        uint32_t count;
        uint32_t size;
        struct jdt_part *parts;
};

/* Fails with D3131, D3132, D3135. */
struct jdt_picture gal_jdt_picture_read(struct jrun *run, struct jval picture);
/* Milliseconds to text; `timezone` undefined or "+0530". */
struct jval gal_jdt_format(struct jrun *run, double millis, struct jval picture, struct jval timezone);
/* Undefined when the text does not look like the picture. */
struct jval gal_jdt_parse(struct jrun *run, struct jval text, struct jval picture);
/* ISO 8601, as far as the reference takes it without a picture. */
struct jval gal_jdt_parse_iso(struct jrun *run, struct jval text);

/* Calendar: UTC, the proleptic Gregorian calendar, months from 0. */
struct jdt_date {
        double year;
        int month;
        int day;
        int weekday; /* 0: Sunday */
        int hours;
        int minutes;
        int seconds;
        int millis;
        bool is_valid;
};

struct jdt_date gal_jdt_date(double millis);
/* Values out of their range carry over; NaN when there is no such instant. */
double gal_jdt_utc(double year, double month, double day);
/* The value of a component (a letter) at an instant; NaN for those that are no numbers. */
double gal_jdt_fragment(double millis, char component);

const char *gal_jdt_month_name(int month); /* 0 to 11 */
const char *gal_jdt_day_name(int day);     /* 1: Monday to 7: Sunday */

#endif
