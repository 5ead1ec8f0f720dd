/*
 * test_json_read.c: the reader: what it accepts, what it refuses with which words and where, and positions.
 */
#include "base/json.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "fail_alloc.h"

#define TEXT(text) text, sizeof(text) - 1

static const struct {
        const char *text;
        size_t len;
        const char *written; /* by our writer, compact */
} accepted[] = {
        { TEXT("0"), "0" },
        { TEXT(" \t\r\n true \t\r\n"), "true" },
        { TEXT("null"), "null" },
        { TEXT("[false,true,null]"), "[false,true,null]" },
        { TEXT("[]"), "[]" },
        { TEXT("{}"), "{}" },
        { TEXT("[[],{},[{}]]"), "[[],{},[{}]]" },
        { TEXT("{ \"b\" : 1 , \"a\" : [ 1 , 2 ] }"), "{\"b\":1,\"a\":[1,2]}" },
        { TEXT("[-0,-0.0,0.0,1.0,10e1,1E-2,1e+2]"), "[0,-0.0,0.0,1.0,100.0,0.01,100.0]" },
        { TEXT("[999999999999999999,1000000000000000000,-999999999999999999]"),
          "[999999999999999999,1000000000000000000,-999999999999999999]" },
        { TEXT("[9223372036854775807,-9223372036854775808]"), "[9223372036854775807,-9223372036854775808]" },
        { TEXT("[9223372036854775808,-9223372036854775809]"), "[9.223372036854776E18,-9.223372036854776E18]" },
        { TEXT("1e-999"), "0.0" },
        { TEXT("\"\""), "\"\"" },
        { TEXT("\"plain text that is longer than eight bytes\""),
          "\"plain text that is longer than eight bytes\"" },
        { TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), "\"\\\"\\\\/\\b\\f\\n\\r\\t\"" },
        { TEXT("\"\\u0041\\u00e9\\u20AC\\uD83D\\uDE00\\u0000\\u001f\\u007F\""), "\"Aé€😀\\u0000\\u001F\177\"" },
        { TEXT("\"é€😀\177\xEF\xBF\xBF\""), "\"é€😀\177\xEF\xBF\xBF\"" },
        { TEXT("\"1234567\\n12345678\\n\""), "\"1234567\\n12345678\\n\"" },
        { TEXT("{\"\":1,\"a\\u0000\":2,\"a\\u0000b\":3,\"\\u0061\":4}"),
          "{\"\":1,\"a\\u0000\":2,\"a\\u0000b\":3,\"a\":4}" },
};

START_TEST(read_accepts)
{
        struct gal_error error = { GAL_OK };
        json_t *value = NULL;
        char *written;
        size_t len;
        /* exactly as long as the text, so that a sanitizer sees a look past the end */
        char *text = malloc(accepted[_i].len);

        memcpy(text, accepted[_i].text, accepted[_i].len);
        ck_assert_msg(gal_json_read(text, accepted[_i].len, &value, &error) == GAL_OK, "%s: %s", accepted[_i].text,
                      error.message);
        written = gal_json_text(value, &len);
        ck_assert_str_eq(written, accepted[_i].written);
        ck_assert_uint_eq(len, strlen(written));
        free(written);
        json_decref(value);
        free(text);
}
END_TEST

static const struct {
        const char *text;
        size_t len;
        enum gal_status status;
        unsigned line;
        unsigned column;
        const char *message;
} refused[] = {
        { TEXT(""), GAL_ESYNTAX, 1, 1, "expected a value, found the end of the text" },
        { TEXT("  \n "), GAL_ESYNTAX, 2, 2, "expected a value, found the end of the text" },
        { TEXT("\0"), GAL_ESYNTAX, 1, 1, "expected a value, found U+0000" },
        { TEXT("nul"), GAL_ESYNTAX, 1, 1,
          "'nul' is no value; outside of strings there are only true, false, null and numbers" },
        { TEXT("[True]"), GAL_ESYNTAX, 1, 2,
          "'True' is no value; outside of strings there are only true, false, null and numbers" },
        { TEXT("nullx"), GAL_ESYNTAX, 1, 1,
          "'nullx' is no value; outside of strings there are only true, false, null and numbers" },
        { TEXT("1 2"), GAL_ESYNTAX, 1, 3, "the text goes on after the value" },
        { TEXT("{}\n}"), GAL_ESYNTAX, 2, 1, "the text goes on after the value" },
        { TEXT("[1,]"), GAL_ESYNTAX, 1, 4, "expected a value after ',', found ']'" },
        { TEXT("[,1]"), GAL_ESYNTAX, 1, 2, "expected a value, found ','" },
        { TEXT("[1 2]"), GAL_ESYNTAX, 1, 4, "expected ',' or ']' after an element, found '2'" },
        { TEXT("[1"), GAL_ESYNTAX, 1, 3, "expected ',' or ']' after an element, found the end of the text" },
        { TEXT("["), GAL_ESYNTAX, 1, 2, "expected a value, found the end of the text" },
        { TEXT("[1}"), GAL_ESYNTAX, 1, 3, "expected ',' or ']' after an element, found '}'" },
        { TEXT("{"), GAL_ESYNTAX, 1, 2, "expected a key in double quotes or '}', found the end of the text" },
        { TEXT("{1:2}"), GAL_ESYNTAX, 1, 2, "expected a key in double quotes or '}', found '1'" },
        { TEXT("{\"a\"}"), GAL_ESYNTAX, 1, 5, "expected ':' after the key, found '}'" },
        { TEXT("{\"a\" 1}"), GAL_ESYNTAX, 1, 6, "expected ':' after the key, found '1'" },
        { TEXT("{\"a\":}"), GAL_ESYNTAX, 1, 6, "expected a value after ':', found '}'" },
        { TEXT("{\"a\":1"), GAL_ESYNTAX, 1, 7, "expected ',' or '}' after a member, found the end of the text" },
        { TEXT("{\"a\":1 \"b\":2}"), GAL_ESYNTAX, 1, 8, "expected ',' or '}' after a member, found '\"'" },
        { TEXT("{\"a\":1,}"), GAL_ESYNTAX, 1, 8, "expected a key in double quotes after ',', found '}'" },
        { TEXT("{\"a\":1,\n \"a\":2}"), GAL_ESYNTAX, 2, 2, "duplicate key \"a\"" },
        { TEXT("{\"a\":{},\"\\u0061\":{\"b\":1}}"), GAL_ESYNTAX, 1, 9, "duplicate key \"a\"" },
        { TEXT("[\"é\",\"é\" x]"), GAL_ESYNTAX, 1, 10, "expected ',' or ']' after an element, found 'x'" },
        { TEXT("[1ü]"), GAL_ESYNTAX, 1, 3, "expected ',' or ']' after an element, found 'ü'" },
        { TEXT("[1\xFF]"), GAL_ESYNTAX, 1, 3, "expected ',' or ']' after an element, found the byte 0xFF" },
        { TEXT("/* x */ 1"), GAL_ESYNTAX, 1, 1, "JSON has no comments" },
        { TEXT("'a'"), GAL_ESYNTAX, 1, 1, "strings stand in double quotes, not in single ones" },
        { TEXT("\xEF\xBB\xBF{}"), GAL_ESYNTAX, 1, 1, "a byte order mark (U+FEFF) is not allowed; remove it" },
        { TEXT("+1"), GAL_ESYNTAX, 1, 1, "a number may not begin with '+'" },
        { TEXT(".5"), GAL_ESYNTAX, 1, 1, "a number may not begin with '.'" },
        { TEXT("01"), GAL_ESYNTAX, 1, 1, "a number may not begin with a needless 0" },
        { TEXT("-01.5"), GAL_ESYNTAX, 1, 1, "a number may not begin with a needless 0" },
        { TEXT("-"), GAL_ESYNTAX, 1, 2, "expected a digit after '-', found the end of the text" },
        { TEXT("[-x]"), GAL_ESYNTAX, 1, 3, "expected a digit after '-', found 'x'" },
        { TEXT("1."), GAL_ESYNTAX, 1, 3, "expected a digit after the decimal point, found the end of the text" },
        { TEXT("1.e5"), GAL_ESYNTAX, 1, 3, "expected a digit after the decimal point, found 'e'" },
        { TEXT("1e"), GAL_ESYNTAX, 1, 3, "expected a digit of the exponent, found the end of the text" },
        { TEXT("1e+,"), GAL_ESYNTAX, 1, 4, "expected a digit of the exponent, found ','" },
        { TEXT("[1e309]"), GAL_ELIMIT, 1, 2, "the number is too large for a double (about 1.8e308)" },
        { TEXT("NaN"), GAL_ESYNTAX, 1, 1,
          "'NaN' is no value; outside of strings there are only true, false, null and numbers" },
        { TEXT("-Infinity"), GAL_ESYNTAX, 1, 2, "expected a digit after '-', found 'I'" },
        { TEXT("\"abc"), GAL_ESYNTAX, 1, 1, "this string has no closing '\"'" },
        { TEXT("[\"abc\\\"]"), GAL_ESYNTAX, 1, 2, "this string has no closing '\"'" },
        { TEXT("\"abc\\"), GAL_ESYNTAX, 1, 5, "the text ends inside an escape" },
        { TEXT("\"a\nb\""), GAL_ESYNTAX, 1, 3,
          "a string may not hold a raw control character (U+000A): write \\n" },
        { TEXT("\"12345678\x1F\""), GAL_ESYNTAX, 1, 10,
          "a string may not hold a raw control character (U+001F): write \\u001F" },
        { TEXT("\"\\n\0\""), GAL_ESYNTAX, 1, 4,
          "a string may not hold a raw control character (U+0000): write \\u0000" },
        { TEXT("\"\\x\""), GAL_ESYNTAX, 1, 2, "a backslash cannot stand before 'x'; write \\\\ for itself" },
        { TEXT("\"\\\0\""), GAL_ESYNTAX, 1, 2, "a backslash cannot stand before U+0000; write \\\\ for itself" },
        { TEXT("\"\\é\""), GAL_ESYNTAX, 1, 2, "a backslash cannot stand before 'é'; write \\\\ for itself" },
        { TEXT("\"\\u12"), GAL_ESYNTAX, 1, 2, "expected four hexadecimal digits after \\u" },
        { TEXT("\"\\u12g4\""), GAL_ESYNTAX, 1, 2, "expected four hexadecimal digits after \\u" },
        { TEXT("\"\\uD800\""), GAL_ESYNTAX, 1, 2, "lone surrogate \\uD800" },
        { TEXT("\"\\ud83d\\n\""), GAL_ESYNTAX, 1, 2, "lone surrogate \\uD83D" },
        { TEXT("\"\\uD83D\\uD83D\\uDE00\""), GAL_ESYNTAX, 1, 2, "lone surrogate \\uD83D" },
        { TEXT("\"\\uDE00\\uD83D\""), GAL_ESYNTAX, 1, 2, "lone surrogate \\uDE00" },
        { TEXT("\"\\uD83D\\uDE"), GAL_ESYNTAX, 1, 2, "lone surrogate \\uD83D" },
        { TEXT("\"\x80\""), GAL_ESYNTAX, 1, 2, "the byte 0x80 is not valid UTF-8 here" },
        { TEXT("\"a\xC0\xAF\""), GAL_ESYNTAX, 1, 3, "the byte 0xC0 is not valid UTF-8 here" },
        { TEXT("\"\xE0\x80\xAF\""), GAL_ESYNTAX, 1, 2, "the byte 0xE0 is not valid UTF-8 here" },
        { TEXT("\"\xED\xA0\x80\""), GAL_ESYNTAX, 1, 2, "the byte 0xED is not valid UTF-8 here" },
        { TEXT("\"\xF4\x90\x80\x80\""), GAL_ESYNTAX, 1, 2, "the byte 0xF4 is not valid UTF-8 here" },
        { TEXT("\"\xE2\x82"), GAL_ESYNTAX, 1, 2, "the byte 0xE2 is not valid UTF-8 here" },
        { TEXT("{\"\xFF\":1}"), GAL_ESYNTAX, 1, 3, "the byte 0xFF is not valid UTF-8 here" },
};

START_TEST(read_refuses)
{
        struct gal_error error = { GAL_OK };
        json_t *value = json_null();
        char *text = malloc(refused[_i].len);

        memcpy(text, refused[_i].text, refused[_i].len);
        ck_assert_msg(gal_json_read(text, refused[_i].len, &value, &error) == refused[_i].status, "%s",
                      refused[_i].text);
        ck_assert_str_eq(error.message, refused[_i].message);
        ck_assert_uint_eq(error.at.line, refused[_i].line);
        ck_assert_uint_eq(error.at.column, refused[_i].column);
        ck_assert_int_eq(error.code, refused[_i].status);
        ck_assert_ptr_eq(value, json_null()); /* untouched */
        ck_assert_int_eq(gal_json_read(text, refused[_i].len, &value, NULL), refused[_i].status);
        free(text);
}
END_TEST

/* Each proper beginning of a text is refused and leaks nothing; so is each beginning with garbage behind. */
START_TEST(read_refuses_every_beginning)
{
        static const char text[] = "{\"k\\n\":[1.5e3,-7,\"\\uD83D\\uDE00é\",true,{\"x\":null}],\"l\":{}}";
        json_t *value;

        for (size_t len = 0; len < sizeof(text) - 1; len++) {
                char *copy = malloc(len + 1);

                memcpy(copy, text, len);
                copy[len] = '\1';
                ck_assert_int_eq(gal_json_read(copy, len, &value, NULL), GAL_ESYNTAX);
                ck_assert_int_eq(gal_json_read(copy, len + 1, &value, NULL), GAL_ESYNTAX);
                free(copy);
        }
        ck_assert_int_eq(gal_json_read(text, sizeof(text) - 1, &value, NULL), GAL_OK);
        json_decref(value);
}
END_TEST

static enum gal_status read_nested(size_t depth, const char *open, const char *close, struct gal_error *error)
{
        struct gal_buffer text = GAL_BUFFER_INIT;
        enum gal_status status;
        json_t *value = NULL;

        for (size_t i = 0; i < depth; i++)
                gal_buffer_append_text(&text, open);
        if (close[0] == '}')
                gal_buffer_append_char(&text, '1');
        for (size_t i = 0; i < depth; i++)
                gal_buffer_append_text(&text, close);
        status = gal_json_read(text.data, text.len, &value, error);
        json_decref(value);
        gal_buffer_finish(&text);
        return status;
}

START_TEST(read_depth)
{
        struct gal_error error = { GAL_OK };

        ck_assert_int_eq(read_nested(GAL_JSON_DEPTH_MAX, "[", "]", NULL), GAL_OK);
        ck_assert_int_eq(read_nested(GAL_JSON_DEPTH_MAX, "{\"a\":", "}", NULL), GAL_OK);
        ck_assert_int_eq(read_nested(GAL_JSON_DEPTH_MAX + 1, "{\"a\":", "}", NULL), GAL_ELIMIT);
        ck_assert_int_eq(read_nested(GAL_JSON_DEPTH_MAX + 1, "[", "]", &error), GAL_ELIMIT);
        ck_assert_str_eq(error.message, "nested deeper than 1000 levels");
        ck_assert_uint_eq(error.at.offset, GAL_JSON_DEPTH_MAX);
}
END_TEST

START_TEST(read_size)
{
        size_t len = GAL_JSON_TEXT_SIZE_MAX;
        char *text = malloc(len + 1);
        struct gal_error error = { GAL_OK };
        json_t *value = NULL;

        memset(text, ' ', len + 1);
        text[7] = '1';
        ck_assert_int_eq(gal_json_read(text, len, &value, NULL), GAL_OK);
        ck_assert_int_eq(json_integer_value(value), 1);
        json_decref(value);
        ck_assert_int_eq(gal_json_read(text, len + 1, &value, &error), GAL_ELIMIT);
        ck_assert_str_eq(error.message, "a JSON text of 67108865 bytes is longer than the 67108864 allowed");
        free(text);
}
END_TEST

START_TEST(read_nothing)
{
        struct gal_error error = { GAL_OK };
        json_t *value = NULL;

        ck_assert_int_eq(gal_json_read(NULL, 0, &value, &error), GAL_ESYNTAX);
        ck_assert_str_eq(error.message, "expected a value, found the end of the text");
}
END_TEST

START_TEST(read_keeps_nul_and_order)
{
        json_t *value = NULL;
        const json_t *member;

        ck_assert_int_eq(gal_json_read(TEXT("{\"z\":\"a\\u0000b\",\"k\\u0000l\":1,\"a\":2}"), &value, NULL),
                         GAL_OK);
        member = json_object_get(value, "z");
        ck_assert_uint_eq(json_string_length(member), 3);
        ck_assert_mem_eq(json_string_value(member), "a\0b", 4);
        ck_assert_int_eq(json_integer_value(json_object_getn(value, "k\0l", 3)), 1);
        ck_assert_ptr_null(json_object_get(value, "k"));
        ck_assert_str_eq(json_object_iter_key(json_object_iter(value)), "z");
        json_decref(value);
}
END_TEST

/* Positions */

static const char document[] = "{\n"                                                                      /* 1 */
                               "  \"States\": {\n"                                                        /* 2 */
                               "    \"A/b~c\": { \"Next\": \"é\", \"End\": [true, {\"x\": 1}, \"\"] },\n" /* 3 */
                               "    \"\\u0041\": null\n"                                                  /* 4 */
                               "  },\n"                                                                   /* 5 */
                               "\t\"\": { \"\": [[], [7]] }\n"                                            /* 6 */
                               "}";

static const struct {
        const char *pointer;
        unsigned value_line, value_column, key_line, key_column;
} places[] = {
        { "", 1, 1, 1, 1 },
        { "/States", 2, 13, 2, 3 },
        { "/States/A~1b~0c", 3, 14, 3, 5 },
        { "/States/A~1b~0c/Next", 3, 24, 3, 16 },
        { "/States/A~1b~0c/End", 3, 36, 3, 29 },
        { "/States/A~1b~0c/End/0", 3, 37, 3, 37 },
        { "/States/A~1b~0c/End/1", 3, 43, 3, 43 },
        { "/States/A~1b~0c/End/1/x", 3, 49, 3, 44 },
        { "/States/A~1b~0c/End/2", 3, 53, 3, 53 },
        { "/States/A", 4, 15, 4, 5 },
        { "/", 6, 6, 6, 2 },
        { "//", 6, 12, 6, 8 },
        { "///0", 6, 13, 6, 13 },
        { "///1", 6, 17, 6, 17 },
        { "///1/0", 6, 18, 6, 18 },
        { "/States/", 0, 0, 0, 0 },
        { "/states", 0, 0, 0, 0 },
        { "States", 0, 0, 0, 0 },
        { "/States/A/x", 0, 0, 0, 0 },
        { "/States/A~b", 0, 0, 0, 0 },
        { "/States/A~", 0, 0, 0, 0 },
        { "///2", 0, 0, 0, 0 },
        { "///01", 0, 0, 0, 0 },
        { "///-1", 0, 0, 0, 0 },
};

START_TEST(positions_of_values)
{
        struct gal_json_positions *positions = NULL;
        json_t *value = NULL;

        ck_assert_int_eq(gal_json_read_positions(TEXT(document), &value, &positions, NULL), GAL_OK);
        for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
                struct gal_position at = gal_json_positions_value(positions, places[i].pointer);
                struct gal_position key = gal_json_positions_key(positions, places[i].pointer);

                ck_assert_msg(at.line == places[i].value_line && at.column == places[i].value_column,
                              "%s: value at %u:%u", places[i].pointer, at.line, at.column);
                ck_assert_msg(key.line == places[i].key_line && key.column == places[i].key_column,
                              "%s: key at %u:%u", places[i].pointer, key.line, key.column);
                if (at.line > 0)
                        ck_assert_uint_eq(gal_position_find(TEXT(document), at.offset).column, at.column);
        }
        ck_assert_uint_eq(gal_json_positions_duplicate_count(positions), 0);
        ck_assert_ptr_null(gal_json_positions_duplicate(positions, 0));
        gal_json_positions_destroy(positions);
        json_decref(value);
}
END_TEST

START_TEST(positions_of_duplicates)
{
        static const char text[] = "{\"a\": {\"x\": 1, \"y\": 2},\n"
                                   " \"b\": [{\"k\": 1, \"k\": 2, \"\\u006b\": 3}],\n"
                                   " \"a\": {\"y\": 3}, \"a/b\": {\"z\": 1, \"z\": 2}}";
        static const struct {
                const char *pointer, *key;
                unsigned line, column;
        } expected[] = {
                { "/b/0", "k", 2, 17 }, { "/b/0", "k", 2, 25 }, { "", "a", 3, 2 }, { "/a~1b", "z", 3, 33 }
        };
        struct gal_json_positions *positions = NULL;
        json_t *value = NULL;
        char *written;

        ck_assert_int_eq(gal_json_read_positions(TEXT(text), &value, &positions, NULL), GAL_OK);
        written = gal_json_text(value, NULL);
        ck_assert_str_eq(written, "{\"a\":{\"y\":3},\"b\":[{\"k\":3}],\"a/b\":{\"z\":2}}"); /* the last one wins */
        free(written);
        ck_assert_uint_eq(gal_json_positions_duplicate_count(positions), sizeof(expected) / sizeof(expected[0]));
        for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
                const struct gal_json_duplicate *duplicate = gal_json_positions_duplicate(positions, i);

                ck_assert_str_eq(duplicate->pointer, expected[i].pointer);
                ck_assert_str_eq(duplicate->key, expected[i].key);
                ck_assert_uint_eq(duplicate->at.line, expected[i].line);
                ck_assert_uint_eq(duplicate->at.column, expected[i].column);
        }
        /* Places are those of the values that won; what only a loser had is nowhere. */
        ck_assert_uint_eq(gal_json_positions_value(positions, "/a").line, 3);
        ck_assert_uint_eq(gal_json_positions_value(positions, "/a/y").line, 3);
        ck_assert_uint_eq(gal_json_positions_value(positions, "/a/x").line, 0);
        ck_assert_uint_eq(gal_json_positions_value(positions, "/b/0/k").column, 35);
        gal_json_positions_destroy(positions);
        json_decref(value);
}
END_TEST

/* More members than the first table of slots has, half of them twice, so that it grows with replaced ones inside.
 */
START_TEST(positions_of_many)
{
        struct gal_buffer text = GAL_BUFFER_INIT;
        struct gal_json_positions *positions = NULL;
        json_t *value = NULL;
        char pointer[32];

        gal_buffer_append_char(&text, '{');
        for (int i = 0; i < 3000; i++)
                gal_buffer_append_format(&text, "%s\n\"k%d\": [%d]", i > 0 ? "," : "", i % 2000, i);
        gal_buffer_append_char(&text, '}');
        ck_assert_int_eq(gal_json_read_positions(text.data, text.len, &value, &positions, NULL), GAL_OK);
        for (int i = 0; i < 2000; i++) {
                snprintf(pointer, sizeof(pointer), "/k%d/0", i);
                ck_assert_uint_eq(gal_json_positions_value(positions, pointer).line, (i < 1000 ? i + 2000 : i) + 2);
        }
        ck_assert_uint_eq(json_object_size(value), 2000);
        ck_assert_uint_eq(gal_json_positions_duplicate_count(positions), GAL_DIAGNOSTICS_MAX + 1);
        gal_json_positions_destroy(positions);
        json_decref(value);
        gal_buffer_finish(&text);
}
END_TEST

START_TEST(positions_refuse_the_same)
{
        struct gal_json_positions *positions = NULL;
        struct gal_error error = { GAL_OK };
        json_t *value = NULL;

        ck_assert_int_eq(gal_json_read_positions(TEXT("{\"a\":1,\"a\":2,}"), &value, &positions, &error),
                         GAL_ESYNTAX);
        ck_assert_str_eq(error.message, "expected a key in double quotes after ',', found '}'");
        ck_assert_ptr_null(value);
        ck_assert_ptr_null(positions);
}
END_TEST

START_TEST(positions_find)
{
        static const char text[] = "a\r\nbé\n\n€x";

        ck_assert_uint_eq(gal_position_find(TEXT(text), 0).line, 1);
        ck_assert_uint_eq(gal_position_find(TEXT(text), 3).line, 2);
        ck_assert_uint_eq(gal_position_find(TEXT(text), 6).column, 3);
        ck_assert_uint_eq(gal_position_find(TEXT(text), 8).line, 4);
        ck_assert_uint_eq(gal_position_find(TEXT(text), 11).column, 2);
        ck_assert_uint_eq(gal_position_find(TEXT(text), 999).offset, sizeof(text) - 1);
}
END_TEST

/* Memory */

static const char varied[] =
        "{\"plain\":[1,2.5,true,null,\"text\"],\"esc\\naped\":\"a\\u00e9\\u0000 long enough to grow\","
        "\"nested\":{\"a\":{\"b\":[[],{}]}},\"k5\":5,\"k6\":6,\"k7\":7,\"k8\":8,\"k9\":9,"
        "\"more\":[1,2,3,4,5,6,7,8,9,10]}";

START_TEST(read_out_of_memory)
{
        struct gal_error error;
        json_t *value = NULL;
        enum gal_status status;
        bool hit = true;
        long n;

        for (n = 1; hit; n++) {
                error.code = GAL_OK;
                fail_alloc_arm(n);
                status = gal_json_read(TEXT(varied), &value, &error);
                hit = fail_alloc_hit();
                fail_alloc_disarm();
                if (hit) {
                        ck_assert_int_eq(status, GAL_ENOMEM);
                        ck_assert_str_eq(error.message, "out of memory while reading JSON");
                        ck_assert_ptr_null(value);
                }
        }
        ck_assert_int_eq(status, GAL_OK);
        ck_assert_int_gt(n, 50); /* it did allocate */
        json_decref(value);
}
END_TEST

START_TEST(positions_out_of_memory)
{
        static const char text[] = "{\"a\":[1,[],2],\"a\":{\"\\n\":[[3,4,5,6,7,8,9]]},\"b\":{\"c\":1,\"c\":2},"
                                   "\"l\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25]}";
        struct gal_json_positions *positions = NULL;
        json_t *value = NULL;
        enum gal_status status;
        bool hit = true;
        long n;

        for (n = 1; hit; n++) {
                fail_alloc_arm(n);
                status = gal_json_read_positions(TEXT(text), &value, &positions, NULL);
                hit = fail_alloc_hit();
                fail_alloc_disarm();
                ck_assert_int_eq(status, hit ? GAL_ENOMEM : GAL_OK);
                ck_assert(hit == (value == NULL));
                ck_assert(hit == (positions == NULL));
        }
        ck_assert_int_gt(n, 50);
        gal_json_positions_destroy(positions);
        json_decref(value);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("json reader");
        TCase *read = tcase_create("read");
        TCase *positions = tcase_create("positions");
        SRunner *runner;
        int failed;

        tcase_add_loop_test(read, read_accepts, 0, (int)(sizeof(accepted) / sizeof(accepted[0])));
        tcase_add_loop_test(read, read_refuses, 0, (int)(sizeof(refused) / sizeof(refused[0])));
        tcase_add_test(read, read_refuses_every_beginning);
        tcase_add_test(read, read_depth);
        tcase_add_test(read, read_size);
        tcase_add_test(read, read_nothing);
        tcase_add_test(read, read_keeps_nul_and_order);
        tcase_add_test(read, read_out_of_memory);
        tcase_set_timeout(read, 60);
        suite_add_tcase(suite, read);
        tcase_add_test(positions, positions_of_values);
        tcase_add_test(positions, positions_of_duplicates);
        tcase_add_test(positions, positions_of_many);
        tcase_add_test(positions, positions_refuse_the_same);
        tcase_add_test(positions, positions_find);
        tcase_add_test(positions, positions_out_of_memory);
        tcase_set_timeout(positions, 60);
        suite_add_tcase(suite, positions);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed > 0;
}
