/*
 * integer.c: $formatInteger and $parseInteger, and the numbers of date pictures.
 */
#include "expr/jsonata/integer.h"

#include <math.h>

#include "base/number.h"
#include "base/utf8.h"
#include "expr/jsonata/case.h"
#include "expr/jsonata/library.h"

/* Zeros of the scripts that have decimal digits. */
static const uint16_t zeros[] = {
        0x0030, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66,
        0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50,
        0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
};

static const char *const small[] = { "Zero",    "One",     "Two",       "Three",    "Four",
                                     "Five",    "Six",     "Seven",     "Eight",    "Nine",
                                     "Ten",     "Eleven",  "Twelve",    "Thirteen", "Fourteen",
                                     "Fifteen", "Sixteen", "Seventeen", "Eighteen", "Nineteen" };
static const char *const ordinals[] = { "Zeroth",    "First",     "Second",      "Third",      "Fourth",
                                        "Fifth",     "Sixth",     "Seventh",     "Eighth",     "Ninth",
                                        "Tenth",     "Eleventh",  "Twelfth",     "Thirteenth", "Fourteenth",
                                        "Fifteenth", "Sixteenth", "Seventeenth", "Eighteenth", "Nineteenth" };
static const char *const decades[] = {
        "Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety"
};
static const char *const magnitudes[] = { "Thousand", "Million", "Billion", "Trillion" };

enum { MAGNITUDES = sizeof(magnitudes) / sizeof(magnitudes[0]) };

static void append(struct jrun *run, struct jtext *text, const char *more)
{
        gal_jtext_append(run, text, more, strlen(more));
}

static void append_code(struct jrun *run, struct jtext *text, uint32_t code)
{
        char bytes[4];

        gal_jtext_append(run, text, bytes, gal_utf8_encode(code, bytes));
}

/* Pictures. */

static uint32_t zero_of(uint32_t code)
{
        for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++)
                if (code >= zeros[i] && code <= zeros[i] + 9u)
                        return zeros[i];
        return 0;
}

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
        return b == 0 ? a : common_divisor(b, a % b);
}

/* Separators of one kind, at each multiple of one distance. */
static void find_regularity(struct jinteger *integer)
{
        uint32_t distance = 0;
        bool found;

        for (uint32_t i = 0; i < integer->separator_count; i++) {
                if (integer->separators[i].character != integer->separators[0].character)
                        return;
                distance = common_divisor(distance, integer->separators[i].position);
        }
        for (uint32_t multiple = 1; multiple <= integer->separator_count; multiple++) {
                found = false;
                for (uint32_t i = 0; i < integer->separator_count; i++)
                        found |= integer->separators[i].position == multiple * distance;
                if (!found)
                        return;
        }
        if (distance == 0)
                return;
        integer->is_regular = true;
        integer->separators[0].position = distance;
        integer->separator_count = 1;
}

static void read_code(struct jrun *run, struct jinteger *integer, uint32_t code, uint32_t *position)
{
        uint32_t zero = zero_of(code);

        if (zero != 0) {
                if (integer->zero != 0 && integer->zero != zero)
                        gal_jrun_fail(run, (struct jfault){ .code = "D3131" });
                integer->zero = zero;
                integer->mandatory++;
                ++*position;
        } else if (code == '#') {
                integer->optional++;
                ++*position;
        } else if (integer->separator_count < JI_SEPARATORS_MAX) {
                integer->separators[integer->separator_count++] = (struct jinteger_separator){ *position, code };
        }
}

/* From right to left. */
static void read_digits(struct jrun *run, struct jinteger *integer)
{
        struct jval picture = integer->token;
        uint32_t position = 0;
        uint32_t end = picture.len;
        uint32_t at;
        size_t size;

        while (end > 0) {
                for (at = end - 1; at > 0 && ((unsigned char)picture.as.text[at] & 0xC0) == 0x80;)
                        at--;
                size = gal_utf8_sequence(picture.as.text + at, end - at);
                read_code(run, integer, size > 0 ? gal_utf8_decode(picture.as.text + at, size) : 0xFFFD, &position);
                end = at;
        }
        integer->kind = integer->mandatory > 0 ? JI_DECIMAL : JI_SEQUENCE;
        find_regularity(integer);
}

static bool is_text(struct jval value, const char *text)
{
        return value.len == strlen(text) && memcmp(value.as.text, text, value.len) == 0;
}

struct jinteger gal_jinteger_read(struct jrun *run, struct jval picture)
{
        static const struct {
                const char *text;
                uint8_t kind;
                uint8_t letters;
        } named[] = {
                { "A", JI_LETTERS, JI_UPPER }, { "a", JI_LETTERS, JI_LOWER }, { "I", JI_ROMAN, JI_UPPER },
                { "i", JI_ROMAN, JI_LOWER },   { "W", JI_WORDS, JI_UPPER },   { "w", JI_WORDS, JI_LOWER },
                { "Ww", JI_WORDS, JI_TITLE },
        };
        const char *modifier = picture.len > 0 ? memrchr(picture.as.text, ';', picture.len) : NULL;
        struct jinteger integer = { .token = picture };

        if (modifier != NULL) {
                integer.token.len = (uint32_t)(modifier - picture.as.text);
                integer.is_ordinal = integer.token.len + 1 < picture.len && modifier[1] == 'o';
        }
        for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
                if (is_text(integer.token, named[i].text)) {
                        integer.kind = named[i].kind;
                        integer.letters = named[i].letters;
                        return integer;
                }
        read_digits(run, &integer);
        return integer;
}

/* Words. */

static void write_words(struct jrun *run, struct jtext *text, double number, bool is_continued, bool is_ordinal)
{
        double rest, factor;
        int magnitude, tens;

        if (number <= 19) {
                append(run, text, is_continued ? " and " : "");
                append(run, text, is_ordinal ? ordinals[(int)number] : small[(int)number]);
        } else if (number < 100) {
                tens = (int)number / 10;
                rest = (int)number % 10;
                append(run, text, is_continued ? " and " : "");
                append(run, text, decades[tens - 2]);
                if (rest > 0) {
                        append(run, text, "-");
                        write_words(run, text, rest, false, is_ordinal);
                } else if (is_ordinal) {
                        text->len--;
                        append(run, text, "ieth");
                }
        } else if (number < 1000) {
                rest = fmod(number, 100);
                append(run, text, is_continued ? ", " : "");
                append(run, text, small[(int)number / 100]);
                append(run, text, " Hundred");
                if (rest > 0)
                        write_words(run, text, rest, true, is_ordinal);
                else if (is_ordinal)
                        append(run, text, "th");
        } else {
                magnitude = (int)floor(log10(number) / 3);
                magnitude = magnitude > MAGNITUDES ? MAGNITUDES : magnitude;
                factor = pow(10, magnitude * 3);
                rest = number - floor(number / factor) * factor;
                append(run, text, is_continued ? ", " : "");
                write_words(run, text, floor(number / factor), false, false);
                append(run, text, " ");
                append(run, text, magnitudes[magnitude - 1]);
                if (rest > 0)
                        write_words(run, text, rest, true, is_ordinal);
                else if (is_ordinal)
                        append(run, text, "th");
        }
}

static struct jval format_words(struct jrun *run, double value, const struct jinteger *integer)
{
        struct jtext text = JTEXT_INIT;
        struct jval words;

        write_words(run, &text, value, false, integer->is_ordinal);
        words = gal_jtext_finish(run, &text);
        if (integer->letters == JI_UPPER)
                return gal_jtext_upper(run, words);
        return integer->letters == JI_LOWER ? gal_jtext_lower(run, words) : words;
}

static bool is_word(const char *text, size_t len, const char *stem, size_t stem_len, const char *ending)
{
        size_t ending_len = strlen(ending);

        if (len != stem_len + ending_len || memcmp(text + stem_len, ending, ending_len) != 0)
                return false;
        for (size_t i = 0; i < stem_len; i++)
                if (text[i] != (stem[i] >= 'A' && stem[i] <= 'Z' ? stem[i] + 32 : stem[i]))
                        return false;
        return true;
}

static double word_value(const char *text, size_t len)
{
        for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++)
                if (is_word(text, len, small[i], strlen(small[i]), "") ||
                    is_word(text, len, ordinals[i], strlen(ordinals[i]), ""))
                        return (double)i;
        for (size_t i = 0; i < sizeof(decades) / sizeof(decades[0]); i++)
                if (is_word(text, len, decades[i], strlen(decades[i]), "") ||
                    is_word(text, len, decades[i], strlen(decades[i]) - 1, "ieth"))
                        return 10.0 * (double)(i + 2);
        if (is_word(text, len, "Hundred", 7, "") || is_word(text, len, "Hundred", 7, "th"))
                return 100;
        for (size_t i = 0; i < MAGNITUDES; i++)
                if (is_word(text, len, magnitudes[i], strlen(magnitudes[i]), "") ||
                    is_word(text, len, magnitudes[i], strlen(magnitudes[i]), "th"))
                        return pow(10, 3 * (double)(i + 1));
        return NAN;
}

/* Bytes of what parts words: ", ", " and ", a blank, a backslash or a hyphen. */
static size_t word_break(const char *text, size_t len)
{
        if (len >= 2 && text[0] == ',' && (text[1] == ' ' || text[1] == '\t' || text[1] == '\n'))
                return 2;
        if (len >= 5 && memcmp(text, " and ", 5) == 0)
                return 5;
        return len > 0 && strchr(" \t\n\r\\-", text[0]) != NULL && text[0] != '\0' ? 1 : 0;
}

/* Segments: what is below a hundred adds up, a hundred and more multiplies what stands before it. */
static double parse_words(struct jrun *run, struct jval text)
{
        struct jval words = gal_jtext_lower(run, text);
        double total = 0;
        double segment = 0;
        uint32_t from = 0;
        double value;

        for (uint32_t at = 0; at <= words.len; at++) {
                size_t size = at < words.len ? word_break(words.as.text + at, words.len - at) : 1;

                if (size == 0)
                        continue;
                value = word_value(words.as.text + from, at - from);
                if (isnan(value))
                        return NAN;
                if (value >= 100) {
                        segment *= value;
                } else {
                        if (segment >= 1000) {
                                total += segment;
                                segment = 0;
                        }
                        segment += value;
                }
                from = at + (uint32_t)size;
                at = from - 1;
        }
        return total + segment;
}

/* Letters and Roman numerals. */

static struct jval format_letters(struct jrun *run, double value, char first)
{
        char letters[512];
        size_t at = sizeof(letters);

        while (value > 0 && at > 0 && isfinite(value)) {
                letters[--at] = (char)(first + (int)fmod(value - 1, 26));
                value = floor((value - 1) / 26);
        }
        return gal_jval_copy_text(run, letters + at, sizeof(letters) - at);
}

static const struct {
        uint16_t value;
        const char *letters;
} numerals[] = {
        { 1000, "m" }, { 900, "cm" }, { 500, "d" }, { 400, "cd" }, { 100, "c" }, { 90, "xc" }, { 50, "l" },
        { 40, "xl" },  { 10, "x" },   { 9, "ix" },  { 5, "v" },    { 4, "iv" },  { 1, "i" },
};

static struct jval format_roman(struct jrun *run, double value, bool is_upper)
{
        struct jtext text = JTEXT_INIT;
        struct jval letters;

        for (size_t i = 0; i < sizeof(numerals) / sizeof(numerals[0]); i++)
                for (; value >= numerals[i].value; value -= numerals[i].value) {
                        gal_jrun_step(run, 1);
                        append(run, &text, numerals[i].letters);
                }
        letters = gal_jtext_finish(run, &text);
        return is_upper ? gal_jtext_upper(run, letters) : letters;
}

static double numeral_value(char letter)
{
        for (size_t i = 0; i < sizeof(numerals) / sizeof(numerals[0]); i++)
                if (numerals[i].letters[1] == '\0' && (numerals[i].letters[0] ^ 32) == letter)
                        return numerals[i].value;
        return NAN;
}

static double parse_roman(struct jval text, bool is_upper)
{
        double number = 0;
        double most = 1;

        for (uint32_t i = text.len; i > 0; i--) {
                char letter = text.as.text[i - 1];
                double value =
                        numeral_value(!is_upper && letter >= 'a' && letter <= 'z' ? (char)(letter - 32) : letter);

                if (value < most) {
                        number -= value;
                } else {
                        most = value;
                        number += value;
                }
        }
        return number;
}

static double parse_letters(struct jval text, char first)
{
        double number = 0;

        for (uint32_t i = 0; i < text.len; i++)
                number = number * 26 + ((unsigned char)text.as.text[i] - first + 1);
        return number;
}

/* Digits. */

static const char *ordinal_suffix(const char *digits, size_t len)
{
        char last = len > 0 ? digits[len - 1] : '0';

        if (len > 1 && digits[len - 2] == '1')
                return "th";
        return last == '1' ? "st" : last == '2' ? "nd" : last == '3' ? "rd" : "th";
}

static bool has_separator(const struct jinteger *integer, size_t to_right, uint32_t *ret_character)
{
        if (integer->is_regular) {
                *ret_character = integer->separators[0].character;
                return to_right % integer->separators[0].position == 0;
        }
        for (uint32_t i = 0; i < integer->separator_count; i++)
                if (integer->separators[i].position == to_right) {
                        *ret_character = integer->separators[i].character;
                        return true;
                }
        return false;
}

static void append_digit(struct jrun *run, struct jtext *text, const struct jinteger *integer, char c)
{
        append_code(run, text, c >= '0' && c <= '9' ? integer->zero + (uint32_t)(c - '0') : (unsigned char)c);
}

static struct jval format_digits(struct jrun *run, double value, const struct jinteger *integer)
{
        char digits[GAL_NUMBER_SIZE] = "NaN";
        size_t len = isnan(value) ? 3 : isinf(value) ? 8 : gal_number_format_javascript(value, digits);
        struct jtext text = JTEXT_INIT;
        uint32_t character;
        size_t padded;

        if (isinf(value))
                memcpy(digits, "Infinity", 8);
        padded = len < integer->mandatory ? integer->mandatory : len;
        /* Irregular separators beyond the digits stand before them, as in the reference. */
        for (uint32_t i = integer->separator_count; !integer->is_regular && i > 0; i--)
                if (integer->separators[i - 1].position > padded)
                        append_code(run, &text, integer->separators[i - 1].character);
        for (size_t i = 0; i < padded; i++) {
                if (has_separator(integer, padded - i, &character) && (i > 0 || !integer->is_regular))
                        append_code(run, &text, character);
                append_digit(run, &text, integer, i < padded - len ? '0' : digits[i - (padded - len)]);
        }
        if (has_separator(integer, 0, &character) && !integer->is_regular)
                append_code(run, &text, character);
        if (integer->is_ordinal)
                append(run, &text, ordinal_suffix(digits, len));
        return gal_jtext_finish(run, &text);
}

/* What JavaScript's parseInt() makes of the digits, in whatever script, without the separators. */
static double parse_digits(struct jval text, const struct jinteger *integer)
{
        uint32_t len = integer->is_ordinal && text.len >= 2 ? text.len - 2 : text.len;
        bool has_digits = false;
        double number = 0;
        double sign = 1;
        size_t size;

        for (uint32_t at = 0; at < len; at += (uint32_t)size) {
                uint32_t code, character;
                bool is_separator = false;

                size = gal_utf8_sequence(text.as.text + at, len - at);
                code = size > 0 ? gal_utf8_decode(text.as.text + at, size) : 0xFFFD;
                size = size > 0 ? size : 1;
                for (uint32_t i = 0; i < integer->separator_count; i++) {
                        character = integer->is_regular ? ',' : integer->separators[i].character;
                        is_separator |= code == character;
                }
                if (is_separator || (!has_digits && code == ' '))
                        continue;
                if (!has_digits && (code == '-' || code == '+') && sign == 1) {
                        sign = code == '-' ? -1 : 1;
                        continue;
                }
                if (code < integer->zero || code > integer->zero + 9)
                        break;
                number = number * 10 + (code - integer->zero);
                has_digits = true;
        }
        return has_digits ? sign * number : NAN;
}

/* All kinds. */

_Noreturn static void fail_sequence(struct jrun *run, const struct jinteger *integer)
{
        gal_jrun_fail(run, (struct jfault){ .code = "D3130", .value = integer->token });
}

struct jval gal_jinteger_format(struct jrun *run, double value, const struct jinteger *integer)
{
        double size = fabs(value);
        struct jval text = JUNDEFINED;

        if (integer->kind != JI_DECIMAL && !isfinite(value))
                text = jval_text(isnan(value) ? "NaN" : "Infinity", isnan(value) ? 3 : 8);
        else if (integer->kind == JI_LETTERS)
                text = format_letters(run, size, integer->letters == JI_UPPER ? 'A' : 'a');
        else if (integer->kind == JI_ROMAN)
                text = format_roman(run, size, integer->letters == JI_UPPER);
        else if (integer->kind == JI_WORDS)
                text = format_words(run, size, integer);
        else if (integer->kind == JI_DECIMAL)
                text = format_digits(run, size, integer);
        else
                fail_sequence(run, integer);
        return value < 0 ? gal_jval_concat(run, gal_jval_copy_text(run, "-", 1), text) : text;
}

double gal_jinteger_parse(struct jrun *run, struct jval text, const struct jinteger *integer)
{
        switch ((enum jinteger_kind)integer->kind) {
        case JI_LETTERS:
                return parse_letters(text, integer->letters == JI_UPPER ? 'A' : 'a');
        case JI_ROMAN:
                return parse_roman(text, integer->letters == JI_UPPER);
        case JI_WORDS:
                return parse_words(run, text);
        case JI_DECIMAL:
                return parse_digits(text, integer);
        case JI_SEQUENCE:
                break;
        }
        fail_sequence(run, integer);
}

static void append_words_pattern(struct jrun *run, struct jtext *pattern)
{
        append(run, pattern, "(?:");
        for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
                append(run, pattern, ordinals[i]);
                append(run, pattern, "|");
                append(run, pattern, small[i]);
                append(run, pattern, "|");
        }
        for (size_t i = 0; i < sizeof(decades) / sizeof(decades[0]); i++) {
                append(run, pattern, decades[i]);
                append(run, pattern, "|");
                gal_jtext_append(run, pattern, decades[i], strlen(decades[i]) - 1);
                append(run, pattern, "ieth|");
        }
        append(run, pattern, "Hundredth|Hundred|");
        for (size_t i = 0; i < MAGNITUDES; i++) {
                append(run, pattern, magnitudes[i]);
                append(run, pattern, "th|");
                append(run, pattern, magnitudes[i]);
                append(run, pattern, "|");
        }
        append(run, pattern, "and|[\\-, ])+");
}

static void append_escaped(struct jrun *run, struct jtext *pattern, uint32_t code)
{
        if (code < 0x80 && strchr("\\^]-[", (int)code) != NULL)
                append(run, pattern, "\\");
        append_code(run, pattern, code);
}

static void append_digits_pattern(struct jrun *run, const struct jinteger *integer, struct jtext *pattern)
{
        char width[16];
        struct gal_buffer number = { .data = width, .size = sizeof(width) };

        append(run, pattern, "[");
        append_code(run, pattern, integer->zero);
        append(run, pattern, "-");
        append_code(run, pattern, integer->zero + 9);
        for (uint32_t i = 0; i < integer->separator_count; i++)
                append_escaped(run, pattern, integer->separators[i].character);
        append(run, pattern, "]");
        if (integer->parse_width > 0) {
                gal_buffer_append_uint(&number, integer->parse_width);
                append(run, pattern, "{");
                append(run, pattern, width);
                append(run, pattern, "}");
        } else {
                append(run, pattern, "+");
        }
        append(run, pattern, integer->is_ordinal ? "(?:th|st|nd|rd)" : "");
}

void gal_jinteger_pattern(struct jrun *run, const struct jinteger *integer, struct jtext *pattern)
{
        bool is_upper = integer->letters == JI_UPPER;

        switch ((enum jinteger_kind)integer->kind) {
        case JI_LETTERS:
                append(run, pattern, is_upper ? "[A-Z]+" : "[a-z]+");
                break;
        case JI_ROMAN:
                append(run, pattern, is_upper ? "[MDCLXVI]+" : "[mdclxvi]+");
                break;
        case JI_WORDS:
                append_words_pattern(run, pattern);
                break;
        case JI_DECIMAL:
                append_digits_pattern(run, integer, pattern);
                break;
        case JI_SEQUENCE:
                fail_sequence(run, integer);
        }
}

/* Functions. */

struct jval gal_jfn_format_integer(struct jrun *run, const struct jcall *call)
{
        struct jval value = gal_jcall_argument(call, 0);
        struct jval picture = gal_jcall_argument(call, 1);
        struct jinteger integer;

        if (jval_is_undefined(value))
                return value;
        integer = gal_jinteger_read(run, picture.tag == JT_STRING ? picture : jval_text("", 0));
        return gal_jinteger_format(run, floor(jval_double(value)), &integer);
}

struct jval gal_jfn_parse_integer(struct jrun *run, const struct jcall *call)
{
        struct jval text = gal_jcall_argument(call, 0);
        struct jval picture = gal_jcall_argument(call, 1);
        struct jinteger integer;

        if (jval_is_undefined(text))
                return text;
        integer = gal_jinteger_read(run, picture.tag == JT_STRING ? picture : jval_text("", 0));
        return jval_number(gal_jinteger_parse(run, text, &integer));
}
