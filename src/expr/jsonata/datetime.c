/*
 * datetime.c: pictures, and instants by them. Reading text is in datetime_parse.c.
 */
#include "expr/jsonata/datetime.h"

#include <math.h>

#include "base/number.h"
#include "expr/jsonata/case.h"
#include "expr/jsonata/library.h"

static const char *const month_names[] = { "January", "February", "March",     "April",   "May",      "June",
                                           "July",    "August",   "September", "October", "November", "December" };
static const char *const day_names[] = { "Monday", "Tuesday",  "Wednesday", "Thursday",
                                         "Friday", "Saturday", "Sunday" };

static const char iso_picture[] = "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]";

const char *gal_jdt_month_name(int month)
{
        return month_names[month];
}

const char *gal_jdt_day_name(int day)
{
        return day_names[day - 1];
}

/* Calendar. */

enum { INSTANT_MAX_EXPONENT = 15 };

/* Days from 1970-01-01; years begin in March here, so that the leap day is the last one. */
static double days_from_civil(double year, int month, double day)
{
        double shifted = month < 2 ? year - 1 : year;
        double era = floor(shifted / 400);
        double year_of_era = shifted - era * 400;
        double day_of_year = floor((153.0 * (month + (month < 2 ? 10 : -2)) + 2) / 5) + day - 1;

        return era * 146097 + year_of_era * 365 + floor(year_of_era / 4) - floor(year_of_era / 100) + day_of_year -
               719468;
}

double gal_jdt_utc(double year, double month, double day)
{
        double millis;

        year += floor(month / 12);
        month -= floor(month / 12) * 12;
        if (!(fabs(year) < 400000) || !(fabs(day) < 1e9))
                return NAN;
        millis = days_from_civil(year, (int)month, day) * JDT_DAY_MS;
        return fabs(millis) <= 8.64e15 ? millis : NAN;
}

struct jdt_date gal_jdt_date(double millis)
{
        struct jdt_date date = { .is_valid = fabs(millis) <= 8.64e15 };
        double days, rest, era, of_era, year_of_era, day_of_year, month;

        if (!date.is_valid)
                return date;
        days = floor(millis / JDT_DAY_MS);
        rest = floor(millis - days * JDT_DAY_MS);
        era = floor((days + 719468) / 146097);
        of_era = days + 719468 - era * 146097;
        year_of_era = floor((of_era - floor(of_era / 1460) + floor(of_era / 36524) - floor(of_era / 146096)) / 365);
        day_of_year = of_era - (365 * year_of_era + floor(year_of_era / 4) - floor(year_of_era / 100));
        month = floor((5 * day_of_year + 2) / 153);
        date.day = (int)(day_of_year - floor((153 * month + 2) / 5) + 1);
        date.month = (int)(month < 10 ? month + 2 : month - 10);
        date.year = year_of_era + era * 400 + (date.month < 2 ? 1 : 0);
        date.weekday = (int)(days + 4 - floor((days + 4) / 7) * 7);
        date.hours = (int)(rest / 3600000);
        date.minutes = (int)fmod(rest / 60000, 60);
        date.seconds = (int)fmod(rest / 1000, 60);
        date.millis = (int)fmod(rest, 1000);
        return date;
}

/* Weeks begin on Monday and belong to the year or month that has their Thursday. */

static double first_week(double year, double month)
{
        double first = gal_jdt_utc(year, month, 1);
        int weekday = gal_jdt_date(first).weekday;

        weekday = weekday == 0 ? 7 : weekday;
        return weekday > 4 ? first + (8 - weekday) * JDT_DAY_MS : first - (weekday - 1) * JDT_DAY_MS;
}

static double week_number(double start, double today)
{
        return floor((today - start) / (7 * JDT_DAY_MS) + 1);
}

static double week_in_year(const struct jdt_date *date)
{
        double today = gal_jdt_utc(date->year, date->month, date->day);
        double week = week_number(first_week(date->year, 0), today);

        if (week > 52 && today >= first_week(date->year + 1, 0))
                return 1;
        return week < 1 ? week_number(first_week(date->year - 1, 0), today) : week;
}

static double week_in_month(const struct jdt_date *date)
{
        double today = gal_jdt_utc(date->year, date->month, date->day);
        double week = week_number(first_week(date->year, date->month), today);

        if (week > 4 && today >= first_week(date->year, date->month + 1))
                return 1;
        return week < 1 ? week_number(first_week(date->year, date->month - 1), today) : week;
}

static double year_of_week(const struct jdt_date *date, double millis)
{
        if (millis < first_week(date->year, 0))
                return date->year - 1;
        return millis >= first_week(date->year + 1, 0) ? date->year + 1 : date->year;
}

/* From 1. */
static double month_of_week(const struct jdt_date *date, double millis)
{
        if (millis < first_week(date->year, date->month))
                return (date->month + 11) % 12 + 1;
        return millis >= first_week(date->year, date->month + 1) ? (date->month + 1) % 12 + 1 : date->month + 1;
}

double gal_jdt_fragment(double millis, char component)
{
        struct jdt_date date = gal_jdt_date(millis);

        if (!date.is_valid)
                return NAN;
        switch (component) {
        case 'Y':
                return date.year;
        case 'M':
                return date.month + 1;
        case 'D':
                return date.day;
        case 'd':
                return (gal_jdt_utc(date.year, date.month, date.day) - gal_jdt_utc(date.year, 0, 1)) / JDT_DAY_MS +
                       1;
        case 'F':
                return date.weekday == 0 ? 7 : date.weekday;
        case 'W':
                return week_in_year(&date);
        case 'w':
                return week_in_month(&date);
        case 'X':
                return year_of_week(&date, millis);
        case 'x':
                return month_of_week(&date, millis);
        case 'H':
                return date.hours;
        case 'h':
                return date.hours % 12 == 0 ? 12 : date.hours % 12;
        case 'P':
                return date.hours >= 12;
        case 'm':
                return date.minutes;
        case 's':
                return date.seconds;
        case 'f':
                return date.millis;
        default:
                return NAN;
        }
}

/* Reading pictures. */

static const char *default_presentation(char component)
{
        if (component != '\0' && strchr("YMDdWwXxHhf", component) != NULL)
                return "1";
        if (component != '\0' && strchr("FPCE", component) != NULL)
                return "n";
        if (component == 'm' || component == 's')
                return "01";
        return component == 'Z' || component == 'z' ? "01:01" : NULL;
}

static struct jdt_part *add_part(struct jrun *run, struct jdt_picture *picture)
{
        struct jdt_part *parts;

        if (picture->count == picture->size) {
                picture->size = picture->size == 0 ? 8 : picture->size * 2;
                parts = gal_jrun_alloc(run, picture->size * sizeof(*parts));
                if (picture->count > 0)
                        memcpy(parts, picture->parts, picture->count * sizeof(*parts));
                picture->parts = parts;
        }
        gal_jrun_step(run, 8);
        parts = &picture->parts[picture->count++];
        memset(parts, 0, sizeof(*parts));
        return parts;
}

/* "]]" stands for one bracket. */
static void add_literal(struct jrun *run, struct jdt_picture *picture, const char *text, size_t len)
{
        struct jtext literal = JTEXT_INIT;

        if (len == 0)
                return;
        for (size_t i = 0; i < len; i++) {
                gal_jtext_append_char(run, &literal, text[i]);
                if (text[i] == ']' && i + 1 < len && text[i + 1] == ']')
                        i++;
        }
        add_part(run, picture)->literal = gal_jtext_finish(run, &literal);
}

/* A number, or NaN for none or "*". */
static double read_width(const char *text, size_t len)
{
        double width = 0;
        size_t at = 0;

        for (; at < len && text[at] >= '0' && text[at] <= '9'; at++)
                width = width * 10 + (text[at] - '0');
        return at == 0 ? NAN : width;
}

struct widths {
        double min;
        double max;
};

static struct widths read_widths(const char *text, size_t len)
{
        const char *dash = memchr(text, '-', len);
        size_t first = dash != NULL ? (size_t)(dash - text) : len;
        struct widths widths = { read_width(text, first), NAN };

        if (dash != NULL)
                widths.max = read_width(dash + 1, len - first - 1);
        return widths;
}

static struct jval read_presentation(struct jrun *run, struct jdt_part *part, const char *text, size_t len)
{
        const char *standard = default_presentation(part->component);

        if (len == 0 && standard == NULL)
                gal_jrun_fail(run,
                              (struct jfault){ .code = "D3132",
                                               .value = jval_text(&part->component, part->component != '\0') });
        if (len == 0)
                return jval_text(standard, strlen(standard));
        if (len > 1 && strchr("atco", text[len - 1]) != NULL)
                part->presentation2 = text[--len];
        return gal_jval_copy_text(run, text, len);
}

static void set_names(struct jdt_part *part, struct jval presentation)
{
        part->is_name = true;
        part->letters = presentation.as.text[0] == 'n'                           ? JI_LOWER
                        : presentation.len > 1 && presentation.as.text[1] == 'n' ? JI_TITLE
                                                                                 : JI_UPPER;
}

static void set_year_digits(struct jdt_part *part, struct widths widths)
{
        uint32_t digits = part->integer.mandatory + part->integer.optional;

        part->year_digits = -1;
        if (!isnan(widths.max)) {
                part->year_digits = widths.max;
                part->integer.mandatory = (uint32_t)(widths.max < 1000 ? widths.max : 1000);
        } else if (digits >= 2) {
                part->year_digits = digits;
        }
}

static void set_integer(struct jrun *run, struct jdt_picture *picture, struct jdt_part *part,
                        struct jval presentation, struct widths widths)
{
        struct jdt_part *before = picture->count > 1 ? &picture->parts[picture->count - 2] : NULL;

        part->has_integer = true;
        part->integer = gal_jinteger_read(run, presentation);
        part->integer.is_ordinal = part->presentation2 == 'o';
        if (part->component == 'Z' || part->component == 'z')
                return;
        if (!isnan(widths.min) && part->integer.mandatory < widths.min)
                part->integer.mandatory = (uint32_t)(widths.min < 1000 ? widths.min : 1000);
        if (part->component == 'Y')
                set_year_digits(part, widths);
        /* Two numbers with nothing between: how many digits the first has must be told by its picture. */
        if (before != NULL && before->has_integer)
                before->integer.parse_width = before->integer.mandatory;
}

/* `text` is what stands between the brackets, without blanks. */
static void add_marker(struct jrun *run, struct jdt_picture *picture, const char *text, size_t len)
{
        struct jdt_part *part = add_part(run, picture);
        const char *comma = len > 0 ? memrchr(text, ',', len) : NULL;
        size_t end = comma != NULL ? (size_t)(comma - text) : len;
        struct widths widths = { NAN, NAN };
        struct jval presentation;

        part->component = len > 0 ? text[0] : '\0';
        if (comma != NULL)
                widths = read_widths(comma + 1, len - end - 1);
        presentation = read_presentation(run, part, text + (end > 0 ? 1 : 0), end > 0 ? end - 1 : 0);
        part->width_max = isnan(widths.max) ? 0 : widths.max;
        if (presentation.len > 0 && (presentation.as.text[0] == 'n' || presentation.as.text[0] == 'N'))
                set_names(part, presentation);
        else if (strchr("YMDdFWwXxHhmsfZz", part->component) != NULL)
                set_integer(run, picture, part, presentation, widths);
        if (part->component == '\0')
                gal_jrun_fail(run, (struct jfault){ .code = "D3132", .value = jval_text("", 0) });
}

static size_t copy_without_blanks(char *target, const char *text, size_t len)
{
        size_t count = 0;

        for (size_t i = 0; i < len; i++)
                if (text[i] != ' ' && text[i] != '\t' && text[i] != '\n' && text[i] != '\r')
                        target[count++] = text[i];
        return count;
}

struct jdt_picture gal_jdt_picture_read(struct jrun *run, struct jval text)
{
        struct jdt_picture picture = { 0, 0, NULL };
        size_t start = 0;
        size_t at = 0;
        const char *close;
        char *marker;

        while (at < text.len) {
                if (text.as.text[at] != '[') {
                        at++;
                        continue;
                }
                add_literal(run, &picture, text.as.text + start, at - start);
                if (at + 1 < text.len && text.as.text[at + 1] == '[') {
                        add_part(run, &picture)->literal = jval_text("[", 1);
                        at += 2;
                        start = at;
                        continue;
                }
                close = memchr(text.as.text + at, ']', text.len - at);
                if (close == NULL)
                        gal_jrun_fail(run, (struct jfault){ .code = "D3135" });
                marker = gal_jrun_alloc(run, text.len);
                add_marker(run, &picture, marker,
                           copy_without_blanks(marker, text.as.text + at + 1,
                                               (size_t)(close - text.as.text) - at - 1));
                at = (size_t)(close - text.as.text) + 1;
                start = at;
        }
        add_literal(run, &picture, text.as.text + start, text.len - start);
        return picture;
}

/* Formatting. */

struct zone {
        double hours;
        double minutes;
};

/* What parseInt() makes of it: "+0530" is 530, "-0500" is -500. */
static double read_leading_integer(struct jval text)
{
        double number = 0;
        double sign = 1;
        uint32_t at = 0;
        uint32_t from;

        while (at < text.len && (text.as.text[at] == ' ' || text.as.text[at] == '\t'))
                at++;
        if (at < text.len && (text.as.text[at] == '+' || text.as.text[at] == '-'))
                sign = text.as.text[at++] == '-' ? -1 : 1;
        from = at;
        for (; at < text.len && text.as.text[at] >= '0' && text.as.text[at] <= '9'; at++)
                number = number * 10 + (text.as.text[at] - '0');
        return at == from ? NAN : sign * number;
}

static struct zone read_zone(struct jval timezone)
{
        double offset;

        if (timezone.tag != JT_STRING)
                return (struct zone){ 0, 0 };
        offset = read_leading_integer(timezone);
        return (struct zone){ floor(offset / 100), fmod(offset, 100) };
}

static struct jval text_of(const char *text)
{
        return jval_text(text, strlen(text));
}

static struct jval in_letters(struct jrun *run, struct jval text, uint8_t letters)
{
        if (letters == JI_UPPER)
                return gal_jtext_upper(run, text);
        return letters == JI_LOWER ? gal_jtext_lower(run, text) : text;
}

static struct jval format_name(struct jrun *run, const struct jdt_part *part, double value)
{
        struct jval name;

        if ((part->component == 'M' || part->component == 'x') && value >= 1 && value <= 12)
                name = text_of(month_names[(int)value - 1]);
        else if (part->component == 'F' && value >= 1 && value <= 7)
                name = text_of(day_names[(int)value - 1]);
        else
                gal_jrun_fail(run, (struct jfault){ .code = "D3133", .value = jval_text(&part->component, 1) });
        name = in_letters(run, name, part->letters);
        if (part->width_max > 0 && name.len > part->width_max)
                name.len = (uint32_t)part->width_max;
        return name;
}

static struct jval format_zone(struct jrun *run, const struct jdt_part *part, struct zone zone)
{
        double offset = zone.hours * 100 + zone.minutes;
        struct jinteger two_digits = gal_jinteger_read(run, text_of("00"));
        struct jtext text = JTEXT_INIT;
        struct jval number;

        if (offset == 0 && part->presentation2 == 't')
                return text_of("Z");
        if (part->component == 'z')
                gal_jtext_append(run, &text, "GMT", 3);
        if (part->integer.is_regular || part->integer.mandatory == 3 || part->integer.mandatory == 4) {
                number = gal_jinteger_format(run, offset, &part->integer);
        } else if (part->integer.mandatory == 1 || part->integer.mandatory == 2) {
                number = gal_jinteger_format(run, zone.hours, &part->integer);
                if (zone.minutes != 0) {
                        number = gal_jval_concat(run, number, text_of(":"));
                        number = gal_jval_concat(run, number, gal_jinteger_format(run, zone.minutes, &two_digits));
                }
        } else {
                gal_jrun_fail(run,
                              (struct jfault){ .code = "D3134", .value = jval_number(part->integer.mandatory) });
        }
        if (offset >= 0)
                gal_jtext_append_char(run, &text, '+');
        gal_jtext_append(run, &text, number.as.text, number.len);
        return gal_jtext_finish(run, &text);
}

static struct jval format_part(struct jrun *run, const struct jdt_part *part, double millis, struct zone zone)
{
        double value;

        if (part->component == '\0')
                return part->literal;
        if (part->component == 'Z' || part->component == 'z')
                return part->has_integer ? format_zone(run, part, zone) : jval_text("", 0);
        if (part->component == 'C' || part->component == 'E')
                return text_of("ISO");
        value = gal_jdt_fragment(millis, part->component);
        if (part->component == 'P')
                return in_letters(run, text_of(value > 0 ? "pm" : "am"),
                                  part->letters == JI_UPPER ? JI_UPPER : JI_LOWER);
        if (part->component == 'Y' && part->has_integer && part->year_digits != -1)
                value = fmod(value, pow(10, part->year_digits));
        if (part->is_name && part->component != 'f')
                return format_name(run, part, value);
        return part->has_integer ? gal_jinteger_format(run, value, &part->integer) : jval_text("", 0);
}

struct jval gal_jdt_format(struct jrun *run, double millis, struct jval picture, struct jval timezone)
{
        struct zone zone = read_zone(timezone);
        double local = trunc(millis + (60 * zone.hours + zone.minutes) * 60000);
        struct jtext text = JTEXT_INIT;
        struct jdt_picture parts;
        struct jval *pieces;

        parts = gal_jdt_picture_read(run, picture.tag == JT_STRING ? picture : text_of(iso_picture));
        pieces = gal_jrun_alloc(run, (parts.count + 1) * sizeof(*pieces));
        for (uint32_t i = 0; i < parts.count; i++)
                pieces[i] = format_part(run, &parts.parts[i], local, zone);
        for (uint32_t i = 0; i < parts.count; i++)
                gal_jtext_append(run, &text, pieces[i].as.text, pieces[i].len);
        return gal_jtext_finish(run, &text);
}

/* Functions. */

struct jval gal_jfn_from_millis(struct jrun *run, const struct jcall *call)
{
        struct jval millis = gal_jcall_argument(call, 0);

        if (jval_is_undefined(millis))
                return millis;
        return gal_jdt_format(run, jval_double(millis), gal_jcall_argument(call, 1), gal_jcall_argument(call, 2));
}

struct jval gal_jfn_to_millis(struct jrun *run, const struct jcall *call)
{
        struct jval text = gal_jcall_argument(call, 0);
        struct jval picture = gal_jcall_argument(call, 1);

        if (jval_is_undefined(text))
                return text;
        if (picture.tag != JT_STRING)
                return gal_jdt_parse_iso(run, text);
        return gal_jdt_parse(run, text, picture);
}

struct jval gal_jfn_now(struct jrun *run, const struct jcall *call)
{
        return gal_jdt_format(run, (double)run->environment->now_ms, gal_jcall_argument(call, 0),
                              gal_jcall_argument(call, 1));
}

struct jval gal_jfn_millis(struct jrun *run, const struct jcall *call)
{
        (void)call;
        return jval_number((double)run->environment->now_ms);
}
