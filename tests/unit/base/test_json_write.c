/*
 * test_json_write.c: the writers, the measure, equality and pointers.
 */
#include "base/json.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/random.h"
#include "fail_alloc.h"

static json_t *read_text(const char *text)
{
        json_t *value = NULL;

        ck_assert_msg(gal_json_read(text, strlen(text), &value, NULL) == GAL_OK, "%s", text);
        return value;
}

/* `value` written compact is `expected`; takes the reference. */
static void check_written(json_t *value, const char *expected)
{
        size_t len;
        char *text = gal_json_text(value, &len);

        ck_assert_str_eq(text, expected);
        ck_assert_uint_eq(len, strlen(expected));
        ck_assert_uint_eq(gal_json_size(value, SIZE_MAX / 4), len);
        free(text);
        json_decref(value);
}

START_TEST(write_escapes)
{
        char all[0x80], expected[600] = "\"";

        for (int i = 0; i < 0x80; i++)
                all[i] = (char)i;
        strcat(expected,
               "\\u0000\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\b\\t\\n\\u000B\\f\\r\\u000E\\u000F"
               "\\u0010\\u0011\\u0012\\u0013\\u0014\\u0015\\u0016\\u0017\\u0018\\u0019\\u001A\\u001B\\u001C"
               "\\u001D\\u001E\\u001F !\\\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\\\]^_`"
               "abcdefghijklmnopqrstuvwxyz{|}~\177\"");
        check_written(json_stringn_nocheck(all, sizeof(all)), expected);
}
END_TEST

/* A character to escape at each place of a string, past and before the strides of eight. */
START_TEST(write_escapes_anywhere)
{
        static const char specials[] = { '"', '\\', '\n', '\0', '\x1F' };
        static const char *const escapes[] = { "\\\"", "\\\\", "\\n", "\\u0000", "\\u001F" };
        char text[40], expected[64];

        for (size_t len = 1; len < sizeof(text); len++) {
                for (size_t at = 0; at < len; at++) {
                        size_t kind = (len + at) % sizeof(specials);

                        memset(text, (at & 1) != 0 ? 'x' : '\xC3', len); /* bytes with and without the top bit */
                        text[at] = specials[kind];
                        expected[0] = '"';
                        memcpy(expected + 1, text, at);
                        strcpy(expected + 1 + at, escapes[kind]);
                        memcpy(expected + 1 + at + strlen(escapes[kind]), text + at + 1, len - at - 1);
                        strcpy(expected + at + len - at + strlen(escapes[kind]), "\"");
                        check_written(json_stringn_nocheck(text, len), expected);
                }
        }
}
END_TEST

START_TEST(write_leaves_the_rest)
{
        struct gal_buffer buffer = GAL_BUFFER_INIT;

        gal_json_write_string(&buffer, NULL, 0);
        ck_assert_str_eq(buffer.data, "\"\"");
        gal_buffer_finish(&buffer);
        check_written(json_string("/é€😀\177\u2028<>&'"), "\"/é€😀\177\u2028<>&'\"");
        check_written(json_string(""), "\"\"");
        check_written(json_pack("{s:{s:[]},s:{}}", "a\"", "", "b"), "{\"a\\\"\":{\"\":[]},\"b\":{}}");
        check_written(
                json_pack("[I,I,i,i,n,b,b,f]", (json_int_t)INT64_MIN, (json_int_t)INT64_MAX, 0, -10, 1, 0, 2.0),
                "[-9223372036854775808,9223372036854775807,0,-10,null,true,false,2.0]");
}
END_TEST

START_TEST(write_pretty)
{
        json_t *value = read_text("{\"a\":[1,{\"b\":[]},[2]],\"c\":{},\"d\":\"x\"}");
        struct gal_buffer buffer = GAL_BUFFER_INIT;

        gal_json_write_pretty(&buffer, value);
        ck_assert_str_eq(buffer.data, "{\n"
                                      "  \"a\": [\n"
                                      "    1,\n"
                                      "    {\n"
                                      "      \"b\": []\n"
                                      "    },\n"
                                      "    [\n"
                                      "      2\n"
                                      "    ]\n"
                                      "  ],\n"
                                      "  \"c\": {},\n"
                                      "  \"d\": \"x\"\n"
                                      "}");
        gal_buffer_finish(&buffer);
        json_decref(value);
}
END_TEST

static json_t *make_nested(size_t depth, bool object)
{
        json_t *value = json_true();

        while (depth-- > 0)
                value = object ? json_pack("{s:o}", "a", value) : json_pack("[o]", value);
        return value;
}

START_TEST(write_depth)
{
        json_t *deep = make_nested(GAL_JSON_DEPTH_MAX, true);
        json_t *too_deep = make_nested(GAL_JSON_DEPTH_MAX + 1, false);
        json_t *twin = make_nested(GAL_JSON_DEPTH_MAX, true);
        struct gal_buffer buffer = GAL_BUFFER_INIT;
        json_t *back = NULL;
        size_t len;
        char *text = gal_json_text(deep, &len);

        ck_assert_ptr_nonnull(text);
        ck_assert_int_eq(gal_json_read(text, len, &back, NULL), GAL_OK);
        ck_assert_uint_eq(gal_json_size(deep, len), len);
        ck_assert(gal_json_equal(deep, back));
        ck_assert(gal_json_equal(deep, twin));
        ck_assert_ptr_null(gal_json_text(too_deep, NULL));
        gal_json_write(&buffer, too_deep);
        ck_assert_int_eq(buffer.status, GAL_ELIMIT);
        gal_buffer_clear(&buffer);
        gal_json_write_pretty(&buffer, too_deep);
        ck_assert_int_eq(buffer.status, GAL_ELIMIT);
        ck_assert_uint_gt(gal_json_size(too_deep, 1000000), 1000000);
        gal_buffer_finish(&buffer);
        free(text);
        json_decref(back);
        json_decref(twin);
        json_decref(deep);
        json_decref(too_deep);
}
END_TEST

START_TEST(write_into_a_bound)
{
        json_t *value = read_text("{\"a\":[1,2,3],\"b\":\"text\"}");
        size_t len = gal_json_size(value, 1000);
        struct gal_buffer buffer;

        for (size_t bound = 1; bound <= len; bound++) {
                gal_buffer_init(&buffer, bound);
                gal_json_write(&buffer, value);
                ck_assert_int_eq(buffer.status, bound < len ? GAL_ELIMIT : GAL_OK);
                gal_buffer_finish(&buffer);
        }
        for (size_t limit = 0; limit < len; limit++)
                ck_assert_uint_gt(gal_json_size(value, limit), limit);
        json_decref(value);
}
END_TEST

START_TEST(write_out_of_memory)
{
        json_t *value =
                read_text("{\"long\":\"0123456789012345678901234567890123456789012345678901234567890123456789\","
                          "\"more\":[1.5,\"0123456789012345678901234567890123456789012345678901234567890\"]}");
        char *text = NULL;
        bool hit = true;
        long n;

        for (n = 1; hit; n++) {
                fail_alloc_arm(n);
                text = gal_json_text(value, NULL);
                hit = fail_alloc_hit();
                fail_alloc_disarm();
                ck_assert(hit == (text == NULL));
        }
        ck_assert_int_gt(n, 2);
        free(text);
        json_decref(value);
}
END_TEST

/* Where it is a key, without U+0000: jansson refuses that. */
static void append_random_string(struct gal_buffer *text, struct gal_random *random, bool key)
{
        static const char *const pieces[] = { "a", "\\n", "é", "😀", "plain text ", "\\\"", "\\\\", "/", "\\u0000" };

        gal_buffer_append_char(text, '"');
        gal_buffer_append_uint(text, gal_random_next(random)); /* keys must differ */
        for (uint64_t i = gal_random_below(random, 12); i > 0; i--)
                gal_buffer_append_text(text, pieces[gal_random_below(random, key ? 8 : 9)]);
        gal_buffer_append_char(text, '"');
}

static void append_random_value(struct gal_buffer *text, struct gal_random *random, int depth)
{
        uint64_t count = gal_random_below(random, 5);

        switch (gal_random_below(random, depth > 0 ? 7 : 5)) {
        case 0:
                gal_buffer_append_int(text, (int64_t)(gal_random_next(random) >> gal_random_below(random, 64)));
                return;
        case 1:
                gal_buffer_append_format(text, "-%.17g", ldexp(gal_random_unit(random), (int)count * 40 - 90));
                return;
        case 2:
                gal_buffer_append_text(text, count > 2 ? "true" : count > 1 ? "false" : "null");
                return;
        case 3:
        case 4:
                append_random_string(text, random, /* key= */ false);
                return;
        case 5:
                gal_buffer_append_char(text, '[');
                for (uint64_t i = 0; i < count; i++) {
                        gal_buffer_append_text(text, i > 0 ? " ,\t" : "");
                        append_random_value(text, random, depth - 1);
                }
                gal_buffer_append_char(text, ']');
                return;
        case 6:
                gal_buffer_append_text(text, "{\n");
                for (uint64_t i = 0; i < count; i++) {
                        gal_buffer_append_text(text, i > 0 ? "," : " ");
                        append_random_string(text, random, /* key= */ true);
                        gal_buffer_append_text(text, ": ");
                        append_random_value(text, random, depth - 1);
                }
                gal_buffer_append_char(text, '}');
                return;
        }
}

/* What we read is what jansson reads, and what we write reads back the same in both. */
START_TEST(write_agrees_with_jansson)
{
        struct gal_random random = { { 1, 1, 2, 3 } };
        struct gal_buffer text = GAL_BUFFER_INIT;

        for (int i = 0; i < 2000; i++) {
                json_t *ours = NULL;
                json_t *theirs, *back, *pretty;
                struct gal_buffer written = GAL_BUFFER_INIT;
                char *compact;
                size_t len;

                gal_buffer_clear(&text);
                append_random_value(&text, &random, 5);
                ck_assert_msg(gal_json_read(text.data, text.len, &ours, NULL) == GAL_OK, "%s", text.data);
                theirs = json_loadb(text.data, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
                ck_assert_msg(theirs != NULL && json_equal(ours, theirs) == 1, "%s", text.data);
                ck_assert(gal_json_equal(ours, theirs));
                compact = gal_json_text(ours, &len);
                back = json_loadb(compact, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
                ck_assert_msg(back != NULL && json_equal(ours, back) == 1, "%s", compact);
                ck_assert_uint_eq(gal_json_size(ours, len), len);
                gal_json_write_pretty(&written, ours);
                pretty = read_text(written.data);
                ck_assert(gal_json_equal(ours, pretty));
                gal_buffer_finish(&written);
                free(compact);
                json_decref(pretty);
                json_decref(back);
                json_decref(theirs);
                json_decref(ours);
        }
        gal_buffer_finish(&text);
}
END_TEST

static const struct {
        const char *a, *b;
        bool equal;
} pairs[] = {
        { "1", "1", true },
        { "1", "2", false },
        { "1", "1.0", true },
        { "1", "1.5", false },
        { "0", "-0.0", true },
        { "0.0", "-0.0", true },
        { "9007199254740993", "9007199254740992", false },
        { "9007199254740992", "9007199254740992.0", true },
        { "9007199254740993", "9007199254740992.0", false }, /* as doubles they would be equal */
        { "9223372036854775807", "9223372036854775808", false },
        { "9223372036854775807", "9.2e18", false },
        { "-9223372036854775808", "-9223372036854775808.0", true },
        { "9223372036854775807", "1e300", false },
        { "1", "\"1\"", false },
        { "1", "true", false },
        { "0", "false", false },
        { "null", "false", false },
        { "null", "null", true },
        { "\"a\"", "\"a\"", true },
        { "\"a\"", "\"a\\u0000\"", false },
        { "\"a\\u0000b\"", "\"a\\u0000c\"", false },
        { "[]", "{}", false },
        { "[1,2]", "[1,2.0]", true },
        { "[1,2]", "[2,1]", false },
        { "[1]", "[1,1]", false },
        { "{\"a\":1,\"b\":[{}]}", "{\"b\":[{}],\"a\":1.0}", true },
        { "{\"a\":1}", "{\"b\":1}", false },
        { "{\"a\":1}", "{\"a\":1,\"b\":1}", false },
        { "{\"a\":1,\"b\":1}", "{\"a\":1}", false },
        { "{\"a\\u0000\":1}", "{\"a\":1}", false },
        { "{\"a\":null}", "{\"b\":null}", false },
};

START_TEST(equality)
{
        for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
                json_t *a = read_text(pairs[i].a);
                json_t *b = read_text(pairs[i].b);

                ck_assert_msg(gal_json_equal(a, b) == pairs[i].equal, "%s, %s", pairs[i].a, pairs[i].b);
                ck_assert_msg(gal_json_equal(b, a) == pairs[i].equal, "%s, %s", pairs[i].b, pairs[i].a);
                ck_assert(gal_json_equal(a, a));
                json_decref(a);
                json_decref(b);
        }
}
END_TEST

START_TEST(pointers)
{
        struct gal_buffer pointer = GAL_BUFFER_INIT;

        gal_json_pointer_append(&pointer, "States", 6);
        gal_json_pointer_append(&pointer, "a/b~c", 5);
        gal_json_pointer_append(&pointer, "", 0);
        gal_json_pointer_append_index(&pointer, 120);
        ck_assert_str_eq(pointer.data, "/States/a~1b~0c//120");
        gal_buffer_finish(&pointer);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("json writer");
        TCase *tcase = tcase_create("write");
        SRunner *runner;
        int failed;

        tcase_add_test(tcase, write_escapes);
        tcase_add_test(tcase, write_escapes_anywhere);
        tcase_add_test(tcase, write_leaves_the_rest);
        tcase_add_test(tcase, write_pretty);
        tcase_add_test(tcase, write_depth);
        tcase_add_test(tcase, write_into_a_bound);
        tcase_add_test(tcase, write_out_of_memory);
        tcase_add_test(tcase, write_agrees_with_jansson);
        tcase_add_test(tcase, equality);
        tcase_add_test(tcase, pointers);
        tcase_set_timeout(tcase, 60);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed > 0;
}
