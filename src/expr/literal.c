/*
 * literal.c: the grammar of a number, and its value.
 */
#include "expr/literal.h"

#include "base/number.h"

static size_t digits_length(const char *text, size_t len)
{
        size_t at = 0;

        while (at < len && text[at] >= '0' && text[at] <= '9')
                at++;
        return at;
}

size_t gal_literal_number_length(const char *text, size_t len)
{
        size_t at = len > 0 && text[0] == '-';
        size_t digits = digits_length(text + at, len - at);

        if (digits == 0)
                return 0;
        at += digits;
        if (at < len && text[at] == '.') {
                digits = digits_length(text + at + 1, len - at - 1);
                if (digits == 0)
                        return 0;
                at += 1 + digits;
        }
        if (at < len && (text[at] == 'e' || text[at] == 'E')) {
                at++;
                at += at < len && (text[at] == '+' || text[at] == '-');
                digits = digits_length(text + at, len - at);
                if (digits == 0)
                        return 0;
                at += digits;
        }
        return at;
}

enum gal_status gal_literal_number(const char *text, size_t len, json_t **ret_value)
{
        json_t *value;
        int64_t whole;
        double real;

        if (gal_number_parse_int64(text, len, &whole))
                value = json_integer(whole);
        else if (gal_number_parse_double(text, len, &real))
                value = json_real(real);
        else
                return GAL_ELIMIT;
        if (value == NULL)
                return GAL_ENOMEM;
        *ret_value = value;
        return GAL_OK;
}
