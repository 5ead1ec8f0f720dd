/*
 * format_number.c: $formatNumber: decimal pictures of XPath and XQuery Functions and Operators 3.1, 4.7.
 *
 * A picture is one or two sub-pictures (for positive and negative numbers); each has passive characters before and
 * behind an active part: integer digits, fraction digits, exponent digits. Where the reference departs from the
 * standard (the place of the exponent behind a prefix, several groups in a fraction), this does as it does.
 */
#include <math.h>
#include <stdio.h>

#include "base/utf8.h"
#include "expr/jsonata/library.h"
#include "expr/jsonata/number.h"

enum { DIGITS_MAX = 100, GROUPS_MAX = 64 };

/* Text as code points: pictures count characters. */
struct codes {
        const uint32_t *data;
        size_t len;
};

struct format {
        struct jrun *run;
        uint32_t decimal_separator;
        uint32_t grouping_separator;
        uint32_t exponent_separator;
        uint32_t pattern_separator;
        uint32_t zero_digit;
        uint32_t digit;
        struct codes minus_sign;
        struct codes percent;
        struct codes per_mille;
};

struct sub_picture {
        struct codes whole;
        struct codes prefix;
        struct codes suffix;
        struct codes active;
        struct codes mantissa;
        struct codes exponent;
        bool has_exponent;
        struct codes integer;
        struct codes fraction;

        /* What it comes to. */
        bool adds_minus;
        uint32_t groups[GROUPS_MAX];
        size_t group_count;
        uint32_t regular_group; /* 0: as listed */
        uint32_t fraction_groups[GROUPS_MAX];
        size_t fraction_group_count;
        size_t integer_min;
        size_t scaling;
        size_t fraction_min;
        size_t fraction_max;
        size_t exponent_min;
};

static struct codes decode(struct jrun *run, struct jval text)
{
        uint32_t *data = gal_jrun_alloc(run, ((size_t)text.len + 1) * sizeof(*data));
        size_t count = 0;
        size_t size;

        for (size_t at = 0; at < text.len; at += size) {
                size = gal_utf8_sequence(text.as.text + at, text.len - at);
                data[count++] = size > 0 ? gal_utf8_decode(text.as.text + at, size) : 0xFFFD;
                size = size > 0 ? size : 1;
        }
        return (struct codes){ data, count };
}

static struct codes part(struct codes codes, size_t from, size_t to)
{
        from = from > codes.len ? codes.len : from;
        to = to > codes.len ? codes.len : to;
        return (struct codes){ codes.data + from, to > from ? to - from : 0 };
}

static size_t find(struct codes codes, uint32_t code, size_t from)
{
        for (size_t i = from; i < codes.len; i++)
                if (codes.data[i] == code)
                        return i;
        return SIZE_MAX;
}

static size_t count_text(struct codes codes, struct codes wanted)
{
        size_t count = 0;

        for (size_t i = 0; wanted.len > 0 && i + wanted.len <= codes.len; i++)
                count += memcmp(codes.data + i, wanted.data, wanted.len * sizeof(uint32_t)) == 0;
        return count;
}

/* Options. */

static void set_code(struct jrun *run, struct jval options, const char *name, uint32_t *code)
{
        struct jval value = gal_jobject_get(run, options, name, (uint32_t)strlen(name));
        struct codes codes;

        if (value.tag != JT_STRING)
                return;
        codes = decode(run, value);
        if (codes.len > 0)
                *code = codes.data[0];
}

static void set_codes(struct jrun *run, struct jval options, const char *name, struct codes *codes)
{
        struct jval value = gal_jobject_get(run, options, name, (uint32_t)strlen(name));

        if (value.tag == JT_STRING)
                *codes = decode(run, value);
}

static void read_options(struct format *format, struct jval options)
{
        struct jrun *run = format->run;

        format->minus_sign = decode(run, jval_text("-", 1));
        format->percent = decode(run, jval_text("%", 1));
        format->per_mille = decode(run, jval_text("\xE2\x80\xB0", 3));
        if (options.tag != JT_OBJECT)
                return;
        set_code(run, options, "decimal-separator", &format->decimal_separator);
        set_code(run, options, "grouping-separator", &format->grouping_separator);
        set_code(run, options, "exponent-separator", &format->exponent_separator);
        set_code(run, options, "pattern-separator", &format->pattern_separator);
        set_code(run, options, "zero-digit", &format->zero_digit);
        set_code(run, options, "digit", &format->digit);
        set_codes(run, options, "minus-sign", &format->minus_sign);
        set_codes(run, options, "percent", &format->percent);
        set_codes(run, options, "per-mille", &format->per_mille);
}

/* Taking a picture apart. */

static bool is_digit(const struct format *format, uint32_t code)
{
        return code >= format->zero_digit && code < format->zero_digit + 10;
}

static bool is_place(const struct format *format, uint32_t code)
{
        return is_digit(format, code) || code == format->digit;
}

static bool is_active(const struct format *format, uint32_t code)
{
        return is_place(format, code) || code == format->decimal_separator || code == format->exponent_separator ||
               code == format->grouping_separator || code == format->pattern_separator;
}

static size_t count_digits(const struct format *format, struct codes codes)
{
        size_t count = 0;

        for (size_t i = 0; i < codes.len; i++)
                count += is_digit(format, codes.data[i]);
        return count;
}

static size_t count_places(const struct format *format, struct codes codes)
{
        size_t count = 0;

        for (size_t i = 0; i < codes.len; i++)
                count += is_place(format, codes.data[i]);
        return count;
}

_Noreturn static void fail(const struct format *format, const char *code)
{
        gal_jrun_fail(format->run, (struct jfault){ .code = code });
}

static bool bounds_active(const struct format *format, uint32_t code)
{
        return is_active(format, code) && code != format->exponent_separator;
}

static void split(const struct format *format, struct codes whole, struct sub_picture *sub)
{
        size_t start = 0;
        size_t end = whole.len;
        size_t at;

        memset(sub, 0, sizeof(*sub));
        sub->whole = whole;
        while (start < whole.len && !bounds_active(format, whole.data[start]))
                start++;
        if (start == whole.len && whole.len > 0)
                fail(format, "D3086"); /* nothing active at all */
        while (end > start && !bounds_active(format, whole.data[end - 1]))
                end--;
        sub->prefix = part(whole, 0, start);
        sub->suffix = part(whole, end, whole.len);
        sub->active = part(whole, start, end);
        sub->mantissa = sub->active;
        at = find(whole, format->exponent_separator, start);
        if (at != SIZE_MAX && at <= end) {
                sub->has_exponent = true;
                sub->mantissa = part(sub->active, 0, at);
                sub->exponent = part(sub->active, at + 1, sub->active.len);
        }
        at = find(sub->mantissa, format->decimal_separator, 0);
        sub->integer = part(sub->mantissa, 0, at);
        sub->fraction = at == SIZE_MAX ? sub->suffix : part(sub->mantissa, at + 1, sub->mantissa.len);
}

static void check_signs(const struct format *format, const struct sub_picture *sub)
{
        size_t decimals = 0;
        size_t percents = count_text(sub->whole, format->percent);
        size_t per_milles = count_text(sub->whole, format->per_mille);

        for (size_t i = 0; i < sub->whole.len; i++)
                decimals += sub->whole.data[i] == format->decimal_separator;
        if (decimals > 1)
                fail(format, "D3081");
        if (percents > 1)
                fail(format, "D3082");
        if (per_milles > 1)
                fail(format, "D3083");
        if (percents > 0 && per_milles > 0)
                fail(format, "D3084");
}

static void check_groups(const struct format *format, const struct sub_picture *sub)
{
        size_t decimal = find(sub->whole, format->decimal_separator, 0);
        uint32_t comma = format->grouping_separator;

        if (decimal != SIZE_MAX && ((decimal > 0 && sub->whole.data[decimal - 1] == comma) ||
                                    (decimal + 1 < sub->whole.len && sub->whole.data[decimal + 1] == comma)))
                fail(format, "D3087");
        if (decimal == SIZE_MAX && sub->integer.len > 0 && sub->integer.data[sub->integer.len - 1] == comma)
                fail(format, "D3088");
        for (size_t i = 0; i + 1 < sub->whole.len; i++)
                if (sub->whole.data[i] == comma && sub->whole.data[i + 1] == comma)
                        fail(format, "D3089");
}

static void check_places(const struct format *format, const struct sub_picture *sub)
{
        size_t optional = find(sub->integer, format->digit, 0);

        if (optional != SIZE_MAX && count_digits(format, part(sub->integer, 0, optional)) > 0)
                fail(format, "D3090");
        optional = SIZE_MAX;
        for (size_t i = 0; i < sub->fraction.len; i++)
                if (sub->fraction.data[i] == format->digit)
                        optional = i;
        if (optional != SIZE_MAX && count_digits(format, part(sub->fraction, optional, sub->fraction.len)) > 0)
                fail(format, "D3091");
}

static void check(const struct format *format, const struct sub_picture *sub)
{
        check_signs(format, sub);
        if (count_places(format, sub->mantissa) == 0)
                fail(format, "D3085");
        for (size_t i = 0; i < sub->active.len; i++)
                if (!is_active(format, sub->active.data[i]))
                        fail(format, "D3086");
        check_groups(format, sub);
        check_places(format, sub);
        if (!sub->has_exponent)
                return;
        if (sub->exponent.len > 0 &&
            (count_text(sub->whole, format->percent) > 0 || count_text(sub->whole, format->per_mille) > 0))
                fail(format, "D3092");
        if (sub->exponent.len == 0 || count_digits(format, sub->exponent) < sub->exponent.len)
                fail(format, "D3093");
}

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
        return b == 0 ? a : common_divisor(b, a % b);
}

/* The distance of groups when each multiple of it, up to their number, has one; 0 otherwise. */
static uint32_t regularity(const uint32_t *positions, size_t count)
{
        uint32_t distance = count > 0 ? positions[0] : 0;
        bool found;

        for (size_t i = 1; i < count; i++)
                distance = common_divisor(distance, positions[i]);
        for (size_t multiple = 1; multiple <= count; multiple++) {
                found = false;
                for (size_t i = 0; i < count; i++)
                        found |= positions[i] == multiple * distance;
                if (!found)
                        return 0;
        }
        return distance;
}

static size_t find_groups(const struct format *format, const struct sub_picture *sub, bool in_fraction,
                          uint32_t positions[GROUPS_MAX])
{
        struct codes codes = in_fraction ? sub->fraction : sub->integer;
        size_t at = find(codes, format->grouping_separator, 0);
        size_t count = 0;

        while (at != SIZE_MAX && count < GROUPS_MAX) {
                struct codes beside = in_fraction ? part(codes, 0, at) : part(codes, at, codes.len);

                positions[count++] = (uint32_t)count_places(format, beside);
                /* The reference goes on in the integer part, in both. */
                at = find(sub->integer, format->grouping_separator, at + 1);
        }
        return count;
}

static void analyse(const struct format *format, struct sub_picture *sub)
{
        sub->group_count = find_groups(format, sub, false, sub->groups);
        sub->regular_group = regularity(sub->groups, sub->group_count);
        sub->fraction_group_count = find_groups(format, sub, true, sub->fraction_groups);
        sub->integer_min = count_digits(format, sub->integer);
        sub->scaling = sub->integer_min;
        sub->fraction_min = count_digits(format, sub->fraction);
        sub->fraction_max = count_places(format, sub->fraction);
        if (sub->integer_min == 0 && sub->fraction_max == 0) {
                if (sub->has_exponent)
                        sub->fraction_min = sub->fraction_max = 1;
                else
                        sub->integer_min = 1;
        }
        if (sub->has_exponent && sub->integer_min == 0 && find(sub->integer, format->digit, 0) != SIZE_MAX)
                sub->integer_min = 1;
        if (sub->integer_min == 0 && sub->fraction_min == 0)
                sub->fraction_min = 1;
        sub->exponent_min = sub->has_exponent ? count_digits(format, sub->exponent) : 0;
}

/* Formatting. */

/* Digits as code points, growing at both ends. */
struct digits {
        uint32_t *data;
        size_t len;
        size_t size;
};

static void insert(struct jrun *run, struct digits *digits, size_t at, uint32_t code)
{
        uint32_t *grown;

        if (digits->len == digits->size) {
                grown = gal_jrun_alloc(run, 2 * digits->size * sizeof(*grown));
                memcpy(grown, digits->data, digits->len * sizeof(*grown));
                digits->data = grown;
                digits->size *= 2;
        }
        gal_jrun_step(run, 1);
        memmove(digits->data + at + 1, digits->data + at, (digits->len - at) * sizeof(uint32_t));
        digits->data[at] = code;
        digits->len++;
}

static struct digits write_digits(const struct format *format, double value, size_t places)
{
        char text[512];
        size_t len;
        struct digits digits;

        places = places > DIGITS_MAX ? DIGITS_MAX : places;
        value = fabs(gal_jnumber_round(value, (double)places));
        if (value < 1e21)
                len = (size_t)snprintf(text, sizeof(text), "%.*f", (int)places, value);
        else if (isfinite(value))
                len = gal_number_format_javascript(value, text);
        else
                len = (size_t)snprintf(text, sizeof(text), "%s", isnan(value) ? "NaN" : "Infinity");
        digits.size = len + 16;
        digits.data = gal_jrun_alloc(format->run, digits.size * sizeof(uint32_t));
        digits.len = len;
        for (size_t i = 0; i < len; i++) {
                digits.data[i] = (unsigned char)text[i];
                if (text[i] >= '0' && text[i] <= '9')
                        digits.data[i] = format->zero_digit + (uint32_t)(text[i] - '0');
                else if (value < 1e21)
                        digits.data[i] = format->decimal_separator; /* whatever the locale has */
        }
        return digits;
}

static size_t decimal_of(const struct format *format, const struct digits *digits)
{
        size_t at = find((struct codes){ digits->data, digits->len }, format->decimal_separator, 0);

        return at == SIZE_MAX ? digits->len : at;
}

static void strip_zeros(const struct format *format, struct digits *digits)
{
        while (digits->len > 0 && digits->data[0] == format->zero_digit) {
                memmove(digits->data, digits->data + 1, (digits->len - 1) * sizeof(uint32_t));
                digits->len--;
        }
        while (digits->len > 0 && digits->data[digits->len - 1] == format->zero_digit)
                digits->len--;
}

static void add_groups(const struct format *format, const struct sub_picture *sub, struct digits *digits)
{
        struct jrun *run = format->run;
        size_t decimal = decimal_of(format, digits);
        uint32_t comma = format->grouping_separator;

        if (sub->regular_group > 0) {
                for (size_t at = decimal; at > sub->regular_group;) {
                        at -= sub->regular_group;
                        insert(run, digits, at, comma);
                }
        } else {
                for (size_t i = 0; i < sub->group_count; i++)
                        if (sub->groups[i] <= decimal)
                                insert(run, digits, decimal++ - sub->groups[i], comma);
        }
        decimal = decimal_of(format, digits);
        for (size_t i = 0; i < sub->fraction_group_count; i++)
                if (sub->fraction_groups[i] + decimal + 1 <= digits->len)
                        insert(run, digits, sub->fraction_groups[i] + decimal + 1, comma);
}

static struct digits write_mantissa(const struct format *format, const struct sub_picture *sub, double mantissa)
{
        struct digits digits = write_digits(format, mantissa, sub->fraction_max);
        struct jrun *run = format->run;
        size_t decimal;

        if (decimal_of(format, &digits) == digits.len)
                insert(run, &digits, digits.len, format->decimal_separator);
        strip_zeros(format, &digits);
        while (decimal_of(format, &digits) < sub->integer_min)
                insert(run, &digits, 0, format->zero_digit);
        while (digits.len - decimal_of(format, &digits) - 1 < sub->fraction_min)
                insert(run, &digits, digits.len, format->zero_digit);
        add_groups(format, sub, &digits);
        decimal = decimal_of(format, &digits);
        if (find(sub->whole, format->decimal_separator, 0) == SIZE_MAX || decimal + 1 == digits.len)
                digits.len--;
        return digits;
}

static void append_codes(struct jrun *run, struct jtext *text, const uint32_t *data, size_t len)
{
        char bytes[4];

        for (size_t i = 0; i < len; i++)
                gal_jtext_append(run, text, bytes, gal_utf8_encode(data[i], bytes));
}

static void append_exponent(const struct format *format, const struct sub_picture *sub, struct jtext *text,
                            double exponent)
{
        struct digits digits = write_digits(format, exponent, 0);
        struct jrun *run = format->run;

        while (digits.len < sub->exponent_min)
                insert(run, &digits, 0, format->zero_digit);
        append_codes(run, text, &format->exponent_separator, 1);
        if (exponent < 0)
                append_codes(run, text, format->minus_sign.data, format->minus_sign.len);
        append_codes(run, text, digits.data, digits.len);
}

static double scale(const struct format *format, const struct sub_picture *sub, double value)
{
        if (count_text(sub->whole, format->percent) > 0)
                return value * 100;
        return count_text(sub->whole, format->per_mille) > 0 ? value * 1000 : value;
}

static struct jval write_number(const struct format *format, const struct sub_picture *sub, double value)
{
        struct jrun *run = format->run;
        struct jtext text = JTEXT_INIT;
        double mantissa = fabs(scale(format, sub, value));
        double exponent = 0;
        struct digits digits;

        if (sub->exponent_min > 0 && mantissa != 0 && isfinite(mantissa)) {
                double most = pow(10, (double)sub->scaling);
                double least = pow(10, (double)sub->scaling - 1);

                for (; mantissa < least; exponent--)
                        mantissa *= 10;
                for (; mantissa > most; exponent++)
                        mantissa /= 10;
        }
        digits = write_mantissa(format, sub, mantissa);
        if (sub->adds_minus)
                append_codes(run, &text, format->minus_sign.data, format->minus_sign.len);
        append_codes(run, &text, sub->prefix.data, sub->prefix.len);
        append_codes(run, &text, digits.data, digits.len);
        if (sub->has_exponent)
                append_exponent(format, sub, &text, exponent);
        append_codes(run, &text, sub->suffix.data, sub->suffix.len);
        return gal_jtext_finish(run, &text);
}

struct jval gal_jfn_format_number(struct jrun *run, const struct jcall *call)
{
        struct format format = { .run = run,
                                 .decimal_separator = '.',
                                 .grouping_separator = ',',
                                 .exponent_separator = 'e',
                                 .pattern_separator = ';',
                                 .zero_digit = '0',
                                 .digit = '#' };
        struct jval value = gal_jcall_argument(call, 0);
        struct jval picture = gal_jcall_argument(call, 1);
        struct sub_picture subs[2];
        struct codes codes;
        size_t separator;
        int count = 1;

        if (jval_is_undefined(value))
                return value;
        read_options(&format, gal_jcall_argument(call, 2));
        if (picture.tag != JT_STRING)
                picture = jval_text("", 0);
        codes = decode(run, picture);
        separator = find(codes, format.pattern_separator, 0);
        if (separator != SIZE_MAX && find(codes, format.pattern_separator, separator + 1) != SIZE_MAX)
                fail(&format, "D3080");
        split(&format, part(codes, 0, separator), &subs[0]);
        if (separator != SIZE_MAX)
                split(&format, part(codes, separator + 1, codes.len), &subs[count++]);
        for (int i = 0; i < count; i++) {
                check(&format, &subs[i]);
                analyse(&format, &subs[i]);
        }
        if (count == 1) {
                subs[1] = subs[0];
                subs[1].adds_minus = true;
        }
        return write_number(&format, jval_double(value) >= 0 ? &subs[0] : &subs[1], jval_double(value));
}
