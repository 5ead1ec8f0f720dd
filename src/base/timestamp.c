/*
 * timestamp.c: civil dates by arithmetic (the proleptic Gregorian calendar), since libc's functions look at the
 * time zone, the locale and sometimes a file. No leap seconds: 23:59:60 is refused, as Java does.
 */
#include "base/timestamp.h"

#define SECONDS_PER_DAY 86400
#define MS_PER_DAY (SECONDS_PER_DAY * INT64_C(1000))
/* Days from 0000-03-01 to 1970-01-01: years are counted from March, so that the leap day is the last one. */
#define DAYS_TO_EPOCH 719468
#define DAYS_PER_ERA 146097 /* 400 years */

struct cursor {
        const char *at;
        const char *end;
};

static int64_t floor_divide(int64_t a, int64_t b)
{
        return a / b - (a % b < 0 ? 1 : 0);
}

static int64_t days_from_civil(int64_t year, int month, int day)
{
        int64_t y = month <= 2 ? year - 1 : year;
        int64_t era = floor_divide(y, 400);
        int64_t year_of_era = y - era * 400;
        int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

        return era * DAYS_PER_ERA + day_of_era - DAYS_TO_EPOCH;
}

static void civil_from_days(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day)
{
        int64_t shifted = days + DAYS_TO_EPOCH;
        int64_t era = floor_divide(shifted, DAYS_PER_ERA);
        int64_t day_of_era = shifted - era * DAYS_PER_ERA;
        int64_t year_of_era =
                (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / (DAYS_PER_ERA - 1)) / 365;
        int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        int64_t month_from_march = (5 * day_of_year + 2) / 153;

        *ret_day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
        *ret_month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
        *ret_year = year_of_era + era * 400 + (*ret_month <= 2 ? 1 : 0);
}

static int days_in_month(int year, int month)
{
        static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

        return month == 2 && leap ? 29 : days[month - 1];
}

/* Exactly `count` digits with a value from `min` to `max`. */
static bool take_digits(struct cursor *cursor, int count, int min, int max, int *ret_value)
{
        int value = 0;

        if (cursor->end - cursor->at < count)
                return false;
        for (int i = 0; i < count; i++) {
                char c = *cursor->at++;

                if (c < '0' || c > '9')
                        return false;
                value = value * 10 + (c - '0');
        }
        *ret_value = value;
        return value >= min && value <= max;
}

static bool take_char(struct cursor *cursor, char c)
{
        if (cursor->at == cursor->end || *cursor->at != c)
                return false;
        cursor->at++;
        return true;
}

static bool take_date(struct cursor *cursor, int64_t *ret_days)
{
        int year, month, day;

        if (!take_digits(cursor, 4, 0, 9999, &year) || !take_char(cursor, '-') ||
            !take_digits(cursor, 2, 1, 12, &month) || !take_char(cursor, '-') ||
            !take_digits(cursor, 2, 1, days_in_month(year, month), &day))
                return false;
        *ret_days = days_from_civil(year, month, day);
        return true;
}

static bool take_time(struct cursor *cursor, int *ret_seconds)
{
        int hour, minute, second;

        if (!take_digits(cursor, 2, 0, 23, &hour) || !take_char(cursor, ':') ||
            !take_digits(cursor, 2, 0, 59, &minute) || !take_char(cursor, ':') ||
            !take_digits(cursor, 2, 0, 59, &second))
                return false;
        *ret_seconds = (hour * 60 + minute) * 60 + second;
        return true;
}

/* The digits after a point; those past the ninth count for nothing. */
static bool take_fraction(struct cursor *cursor, int32_t *ret_nanoseconds)
{
        const char *start;
        int32_t unit = 100000000;

        *ret_nanoseconds = 0;
        if (!take_char(cursor, '.'))
                return true;
        start = cursor->at;
        while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9') {
                *ret_nanoseconds += (*cursor->at++ - '0') * unit;
                unit /= 10;
        }
        return cursor->at > start;
}

static bool take_zone(struct cursor *cursor, int *ret_seconds)
{
        int hour, minute, sign;

        *ret_seconds = 0;
        if (take_char(cursor, 'Z'))
                return true;
        sign = take_char(cursor, '-') ? -1 : 1;
        if (sign > 0 && !take_char(cursor, '+'))
                return false;
        if (!take_digits(cursor, 2, 0, 23, &hour) || !take_char(cursor, ':') ||
            !take_digits(cursor, 2, 0, 59, &minute))
                return false;
        *ret_seconds = sign * (hour * 60 + minute) * 60;
        return true;
}

bool gal_timestamp_parse(const char *text, size_t len, struct gal_instant *ret_instant)
{
        struct cursor cursor = { text, text + len };
        struct gal_instant instant;
        int64_t days;
        int seconds, offset;

        if (!take_date(&cursor, &days) || !take_char(&cursor, 'T') || !take_time(&cursor, &seconds) ||
            !take_fraction(&cursor, &instant.nanoseconds) || !take_zone(&cursor, &offset) ||
            cursor.at != cursor.end)
                return false;
        instant.seconds = days * SECONDS_PER_DAY + seconds - offset;
        *ret_instant = instant;
        return true;
}

int gal_instant_compare(struct gal_instant a, struct gal_instant b)
{
        if (a.seconds != b.seconds)
                return a.seconds < b.seconds ? -1 : 1;
        return (a.nanoseconds > b.nanoseconds) - (a.nanoseconds < b.nanoseconds);
}

int64_t gal_instant_to_ms(struct gal_instant instant)
{
        int64_t ms;

        if (__builtin_mul_overflow(instant.seconds, 1000, &ms) ||
            __builtin_add_overflow(ms, (instant.nanoseconds + 999999) / 1000000, &ms))
                return instant.seconds < 0 ? INT64_MIN : INT64_MAX;
        return ms;
}

/* Writes `value` with at least `width` digits and returns the place behind them. */
static char *put_digits(char *at, uint64_t value, int width)
{
        char digits[20];
        int count = 0;

        do {
                digits[count++] = (char)('0' + value % 10);
                value /= 10;
        } while (value > 0);
        while (width-- > count)
                *at++ = '0';
        while (count > 0)
                *at++ = digits[--count];
        return at;
}

size_t gal_timestamp_format(int64_t ms, char text[GAL_TIMESTAMP_SIZE])
{
        int64_t days = floor_divide(ms, MS_PER_DAY);
        int64_t remainder = ms % MS_PER_DAY; /* not ms - days * MS_PER_DAY, which overflows at the far end */
        uint64_t rest = (uint64_t)(remainder < 0 ? remainder + MS_PER_DAY : remainder);
        char *at = text;
        int64_t year;
        int month, day;

        civil_from_days(days, &year, &month, &day);
        if (year < 0)
                *at++ = '-';
        else if (year > 9999)
                *at++ = '+'; /* ISO 8601 asks for the sign where a year has more than four digits */
        at = put_digits(at, (uint64_t)(year < 0 ? -year : year), 4);
        *at++ = '-';
        at = put_digits(at, (uint64_t)month, 2);
        *at++ = '-';
        at = put_digits(at, (uint64_t)day, 2);
        *at++ = 'T';
        at = put_digits(at, rest / 3600000, 2);
        *at++ = ':';
        at = put_digits(at, rest / 60000 % 60, 2);
        *at++ = ':';
        at = put_digits(at, rest / 1000 % 60, 2);
        *at++ = '.';
        at = put_digits(at, rest % 1000, 3);
        *at++ = 'Z';
        *at = '\0';
        return (size_t)(at - text);
}
