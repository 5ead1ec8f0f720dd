/*
 * datetime_parse.c: text to instants, by a picture or as ISO 8601.
 *
 * A picture becomes a regular expression, a group a part. What the text names has to be one block of components
 * from the most to the least significant: what stands before the block is taken from now, what stands behind it is
 * zero.
 */
#include <math.h>

#include "base/number.h"
#include "base/utf8.h"
#include "expr/jsonata/datetime.h"
#include "expr/jsonata/regex.h"

static void append(struct jrun *run, struct jtext *text, const char *more)
{
        gal_jtext_append(run, text, more, strlen(more));
}

/* The regular expression. */

static void append_literal(struct jrun *run, struct jtext *pattern, struct jval literal)
{
        for (uint32_t i = 0; i < literal.len; i++) {
                char c = literal.as.text[i];

                if (c == '\0') {
                        append(run, pattern, "\\x00");
                        continue;
                }
                if (strchr(".*+?^${}()|[]\\", c) != NULL)
                        gal_jtext_append_char(run, pattern, '\\');
                gal_jtext_append_char(run, pattern, c);
        }
}

static void append_zone(struct jrun *run, struct jtext *pattern, const struct jdt_part *part)
{
        char bytes[4];

        if (part->component == 'z')
                append(run, pattern, "GMT");
        append(run, pattern, "[-+][0-9]+");
        if (!part->integer.is_regular)
                return;
        append_literal(run, pattern,
                       jval_text(bytes, gal_utf8_encode(part->integer.separators[0].character, bytes)));
        append(run, pattern, "[0-9]+");
}

static void append_part(struct jrun *run, struct jtext *pattern, const struct jdt_part *part)
{
        gal_jtext_append_char(run, pattern, '(');
        if (part->component == '\0') {
                append_literal(run, pattern, part->literal);
        } else if (part->component == 'Z' || part->component == 'z') {
                append_zone(run, pattern, part);
        } else if (part->has_integer) {
                gal_jinteger_pattern(run, &part->integer, pattern);
        } else {
                if (strchr("MxFP", part->component) == NULL)
                        gal_jrun_fail(run,
                                      (struct jfault){ .code = "D3133", .value = jval_text(&part->component, 1) });
                append(run, pattern, "[a-zA-Z]+");
        }
        gal_jtext_append_char(run, pattern, ')');
}

/* Values of the parts. */

static bool is_name(struct jval text, const char *name, double width_max)
{
        size_t len = strlen(name);

        if (width_max > 0 && len > width_max)
                len = (size_t)width_max;
        return text.len == len && memcmp(text.as.text, name, len) == 0;
}

/* NaN for a name that is none: then it is as if it had not been there. */
static double parse_name(const struct jdt_part *part, struct jval text)
{
        if (part->component == 'M' || part->component == 'x')
                for (int month = 0; month < 12; month++)
                        if (is_name(text, gal_jdt_month_name(month), part->width_max))
                                return month + 1;
        if (part->component == 'F')
                for (int day = 1; day <= 7; day++)
                        if (is_name(text, gal_jdt_day_name(day), part->width_max))
                                return day;
        if (part->component == 'P' && (is_name(text, "am", 0) || is_name(text, "AM", 0)))
                return 0;
        return part->component == 'P' && (is_name(text, "pm", 0) || is_name(text, "PM", 0)) ? 1 : NAN;
}

static double digits_value(struct jval text)
{
        double number = 0;

        for (uint32_t i = 0; i < text.len && text.as.text[i] >= '0' && text.as.text[i] <= '9'; i++)
                number = number * 10 + (text.as.text[i] - '0');
        return number;
}

static struct jval after(struct jval text, size_t bytes)
{
        bytes = bytes > text.len ? text.len : bytes;
        return jval_text(text.as.text + bytes, text.len - bytes);
}

/* Minutes. The sign is of the hours only, as in the reference. */
static double parse_zone(const struct jdt_part *part, struct jval text)
{
        double sign, hours;
        struct jval digits;
        size_t hour_digits;
        char bytes[4];
        const char *separator;
        size_t size;

        if (part->component == 'z')
                text = after(text, 3);
        sign = text.as.text[0] == '-' ? -1 : 1;
        digits = after(text, 1);
        if (part->integer.is_regular) {
                size = gal_utf8_encode(part->integer.separators[0].character, bytes);
                separator = memmem(digits.as.text, digits.len, bytes, size);
                hours = digits_value(digits);
                return sign * hours * 60 + digits_value(after(digits, (size_t)(separator - digits.as.text) + size));
        }
        if (digits.len <= 2)
                return sign * digits_value(digits) * 60;
        hour_digits = 2;
        hours = digits_value(jval_text(digits.as.text, hour_digits));
        return sign * hours * 60 + digits_value(after(digits, hour_digits));
}

/* A fraction of a second: .5 is 500 milliseconds; more digits than three are cut off. */
static double parse_fraction(struct jval text)
{
        double millis = 0;

        for (uint32_t i = 0; i < 3; i++)
                millis = millis * 10 + (i < text.len ? text.as.text[i] - '0' : 0);
        return millis;
}

static double parse_part(struct jrun *run, const struct jdt_part *part, struct jval text)
{
        double value;

        if (part->component == 'Z' || part->component == 'z')
                return parse_zone(part, text);
        if (!part->has_integer)
                return parse_name(part, text);
        if (part->component == 'f' && part->integer.kind == JI_DECIMAL && part->integer.zero == '0' &&
            part->integer.separator_count == 0 && !part->integer.is_ordinal)
                return parse_fraction(text);
        value = gal_jinteger_parse(run, text, &part->integer);
        return value;
}

/* Putting it together. */

struct components {
        double values[128]; /* by letter; NaN: not given */
        bool has_any;
};

static bool is_given(const struct components *components, char letter)
{
        return !isnan(components->values[(int)letter]);
}

static bool is_named(const struct components *components, char letter)
{
        return is_given(components, letter) && components->values[(int)letter] != 0;
}

/* Whether something of `letters` is given, and nothing of `all` that is not among them. */
static bool is_of_type(const struct components *components, const char *letters, const char *all)
{
        bool some = false;

        for (; *all != '\0'; all++) {
                if (!is_named(components, *all))
                        continue;
                if (strchr(letters, *all) == NULL)
                        return false;
                some = true;
        }
        return some;
}

_Noreturn static void fail_missing(struct jrun *run)
{
        gal_jrun_fail(run, (struct jfault){ .code = "D3136" });
}

static void fill_gaps(struct jrun *run, struct components *components, const char *letters)
{
        bool has_started = false;
        bool has_ended = false;

        for (; *letters != '\0'; letters++) {
                double *value = &components->values[(int)*letters];

                if (!isnan(*value)) {
                        has_started = true;
                        if (has_ended)
                                fail_missing(run);
                } else if (has_started) {
                        *value = strchr("MDd", *letters) != NULL ? 1 : 0;
                        has_ended = true;
                } else {
                        *value = gal_jdt_fragment((double)run->environment->now_ms, *letters);
                }
        }
}

/* Two-digit years are of the twentieth century, as Date.UTC() has it. */
static double full_year(double year)
{
        return year >= 0 && year <= 99 ? 1900 + year : year;
}

static double assemble(struct components *components, bool by_day_of_year, bool by_half_days)
{
        double *values = components->values;
        double month = values['M'] > 0 ? values['M'] - 1 : 0;
        double millis;
        struct jdt_date date;

        if (by_day_of_year) {
                date = gal_jdt_date(gal_jdt_utc(full_year(values['Y']), 0, 1) + (values['d'] - 1) * JDT_DAY_MS);
                month = date.month;
                values['D'] = date.day;
        }
        if (by_half_days) {
                values['H'] = values['h'] == 12 ? 0 : values['h'];
                if (values['P'] == 1)
                        values['H'] += 12;
        }
        millis = gal_jdt_utc(full_year(values['Y']), month, values['D']);
        millis += values['H'] * 3600000 + values['m'] * 60000 + values['s'] * 1000 + values['f'];
        if (is_named(components, 'Z'))
                millis -= values['Z'] * 60000;
        else if (is_named(components, 'z'))
                millis -= values['z'] * 60000;
        return fabs(millis) <= 8.64e15 ? millis : NAN;
}

static struct jval to_instant(struct jrun *run, struct components *components)
{
        static const char date_letters[] = "YXMxWwdD";
        static const char time_letters[] = "PHhmsf";
        bool is_plain = is_of_type(components, "YMD", date_letters);
        bool by_day_of_year = !is_plain && is_of_type(components, "Yd", date_letters);
        bool by_month_week = is_of_type(components, "XxwF", date_letters);
        bool by_week = !by_month_week && is_of_type(components, "XWF", date_letters);
        bool by_half_days =
                !is_of_type(components, "Hmsf", time_letters) && is_of_type(components, "Phmsf", time_letters);

        fill_gaps(run, components,
                  by_day_of_year  ? (by_half_days ? "YdPhmsf" : "YdHmsf")
                  : by_month_week ? "XxwF"
                  : by_week       ? "XWF"
                  : by_half_days  ? "YMDPhmsf"
                                  : "YMDHmsf");
        if (by_month_week || by_week)
                fail_missing(run); /* weeks are not supported there either */
        return jval_number(assemble(components, by_day_of_year, by_half_days));
}

struct jval gal_jdt_parse(struct jrun *run, struct jval text, struct jval picture)
{
        struct jdt_picture parts = gal_jdt_picture_read(run, picture);
        struct components components = { .has_any = false };
        struct jtext pattern = JTEXT_INIT;
        const struct jregex *regex;
        const size_t *offsets;
        uint32_t count;

        for (size_t i = 0; i < sizeof(components.values) / sizeof(components.values[0]); i++)
                components.values[i] = NAN;
        append(run, &pattern, "^");
        for (uint32_t i = 0; i < parts.count; i++)
                append_part(run, &pattern, &parts.parts[i]);
        append(run, &pattern, "$");
        regex = gal_jregex_make(run, gal_jtext_finish(run, &pattern));
        if (!gal_jregex_match(run, regex, text.as.text, text.len, 0, &offsets, &count))
                return JUNDEFINED;
        for (uint32_t i = 0; i < parts.count; i++) {
                const struct jdt_part *part = &parts.parts[i];
                struct jval piece =
                        jval_text(text.as.text + offsets[2 * i + 2], offsets[2 * i + 3] - offsets[2 * i + 2]);

                if (part->component == '\0')
                        continue;
                components.values[(int)part->component] = parse_part(run, part, piece);
                components.has_any = true;
        }
        return components.has_any ? to_instant(run, &components) : JUNDEFINED;
}

/* ISO 8601: the reference first looks whether the text resembles it, then asks JavaScript for the value. */

struct reader {
        const char *at;
        const char *end;
};

static bool read_digits(struct reader *reader, int count, double *ret_value)
{
        double value = 0;

        if (reader->end - reader->at < count)
                return false;
        for (int i = 0; i < count; i++) {
                if (reader->at[i] < '0' || reader->at[i] > '9')
                        return false;
                value = value * 10 + (reader->at[i] - '0');
        }
        reader->at += count;
        *ret_value = value;
        return true;
}

static bool read_char(struct reader *reader, char c)
{
        if (reader->at >= reader->end || *reader->at != c)
                return false;
        reader->at++;
        return true;
}

/* A separator and a number of two digits of which the first is at most `first_max`. */
static bool read_pair(struct reader *reader, char separator, char first_max, double *ret_value)
{
        struct reader kept = *reader;

        if (read_char(reader, separator) && reader->at < reader->end && *reader->at <= first_max &&
            read_digits(reader, 2, ret_value))
                return true;
        *reader = kept;
        return false;
}

struct iso {
        double year, month, day, hours, minutes, seconds, millis, zone;
        uint32_t days;  /* how many -NN there were */
        uint32_t times; /* and how many THH:MM:SS */
        bool is_odd;    /* resembles, and is none */
};

static bool read_time(struct reader *reader, struct iso *iso)
{
        struct reader kept = *reader;

        if (read_pair(reader, 'T', '2', &iso->hours) && read_pair(reader, ':', '5', &iso->minutes) &&
            read_pair(reader, ':', '5', &iso->seconds)) {
                iso->times++;
                return true;
        }
        *reader = kept;
        return false;
}

static bool read_fraction(struct reader *reader, struct iso *iso)
{
        double digit;
        double unit = 100;
        int count = 0;

        if (!read_char(reader, '.'))
                return true;
        for (; read_digits(reader, 1, &digit); count++) {
                iso->millis += count < 3 ? digit * unit : 0;
                unit /= 10;
        }
        return count > 0;
}

static bool read_zone(struct reader *reader, struct iso *iso)
{
        double hours, minutes;
        double sign;

        if (reader->at == reader->end || read_char(reader, 'Z'))
                return true;
        sign = *reader->at == '-' ? -1 : 1;
        if (!read_pair(reader, *reader->at == '-' ? '-' : '+', '2', &hours))
                return false;
        read_char(reader, ':');
        if (reader->at >= reader->end || *reader->at > '5' || !read_digits(reader, 2, &minutes))
                return false;
        iso->is_odd |= hours > 23;
        iso->zone = sign * (hours * 60 + minutes);
        return true;
}

static bool read_iso(struct reader *reader, struct iso *iso)
{
        double value;

        if (!read_digits(reader, 4, &iso->year))
                return false;
        while (read_pair(reader, '-', '3', &value)) {
                *(iso->days == 0 ? &iso->month : &iso->day) = value;
                iso->days++;
        }
        while (read_time(reader, iso))
                continue;
        if (!read_fraction(reader, iso) || !read_zone(reader, iso) || reader->at != reader->end)
                return false;
        iso->is_odd |= iso->days > 2 || iso->times > 1 || iso->month < 1 || iso->month > 12 || iso->day < 1 ||
                       iso->day > 31 || iso->hours > 24 ||
                       (iso->hours == 24 && iso->minutes + iso->seconds + iso->millis > 0) ||
                       (iso->times == 0 && iso->millis > 0);
        return true;
}

struct jval gal_jdt_parse_iso(struct jrun *run, struct jval text)
{
        struct reader reader = { text.as.text, text.as.text + text.len };
        struct iso iso = { .month = 1, .day = 1 };
        double millis;

        if (!read_iso(&reader, &iso))
                gal_jrun_fail(run, (struct jfault){ .code = "D3110", .value = text });
        if (iso.is_odd)
                return jval_number(NAN);
        millis = gal_jdt_utc(iso.year, iso.month - 1, iso.day);
        millis += iso.hours * 3600000 + iso.minutes * 60000 + iso.seconds * 1000 + iso.millis - iso.zone * 60000;
        return jval_number(millis);
}
