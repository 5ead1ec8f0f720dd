/*
 * test_payload.c: a value and its texts, each made at most once.
 */
#include "base/payload.h"

#include <check.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

static struct gal_payload *parse(const char *text)
{
        struct gal_payload *payload = NULL;

        ck_assert_int_eq(gal_payload_parse(text, strlen(text), &payload, NULL), GAL_OK);
        return payload;
}

START_TEST(payload_keeps_what_came)
{
        struct gal_payload *payload = parse("{ \"a\" : 1e1 }");
        size_t len;

        ck_assert_str_eq(gal_payload_raw(payload, &len), "{ \"a\" : 1e1 }");
        ck_assert_uint_eq(len, 13);
        ck_assert_str_eq(gal_payload_text(payload, &len), "{\"a\":10.0}");
        ck_assert_uint_eq(len, 10);
        ck_assert_str_eq(gal_payload_raw(payload, NULL), "{ \"a\" : 1e1 }");
        ck_assert_ptr_eq(gal_payload_text(payload, NULL), gal_payload_text(payload, NULL));
        ck_assert_ptr_null(gal_payload_unref(payload));
}
END_TEST

/* One copy serves both, and a text that was handed out before stays where it is. */
START_TEST(payload_that_came_compact)
{
        struct gal_payload *payload = parse("{\"a\":[1,2]}");
        const char *raw = gal_payload_raw(payload, NULL);

        ck_assert_ptr_eq(gal_payload_text(payload, NULL), raw);
        ck_assert_str_eq(raw, "{\"a\":[1,2]}");
        ck_assert_ptr_eq(gal_payload_raw(payload, NULL), raw);
        gal_payload_unref(payload);
}
END_TEST

START_TEST(payload_of_a_value)
{
        json_t *value = json_pack("[s,i]", "\x01", 5);
        struct gal_payload *payload = gal_payload_create(value);
        size_t len;

        ck_assert_uint_eq(value->refcount, 2);
        ck_assert_ptr_eq(payload->value, value);
        ck_assert_str_eq(gal_payload_raw(payload, &len), "[\"\\u0001\",5]");
        ck_assert_uint_eq(len, 12);
        ck_assert_ptr_eq(gal_payload_ref(payload), payload);
        gal_payload_unref(payload);
        ck_assert_str_eq(gal_payload_text(payload, NULL), "[\"\\u0001\",5]");
        gal_payload_unref(payload);
        ck_assert_uint_eq(value->refcount, 1);
        json_decref(value);
        ck_assert_ptr_null(gal_payload_ref(NULL));
        ck_assert_ptr_null(gal_payload_unref(NULL));
}
END_TEST

START_TEST(payload_refuses)
{
        struct gal_payload *payload = NULL;
        struct gal_error error = { GAL_OK };

        ck_assert_int_eq(gal_payload_parse("[1", 2, &payload, &error), GAL_ESYNTAX);
        ck_assert_uint_eq(error.at.column, 3);
        ck_assert_int_eq(gal_payload_parse("1e999", 5, &payload, NULL), GAL_ELIMIT);
        ck_assert_ptr_null(payload);
}
END_TEST

/* Every limit around the size, asked in different orders: an answer must not spoil the next. */
START_TEST(payload_exceeds)
{
        static const char text[] = "{\"a\" : [1, 2, 3, \"some text\\n\"], \"b\": 1e6}";
        static const size_t compact = sizeof("{\"a\":[1,2,3,\"some text\\n\"],\"b\":1000000.0}") - 1;

        for (size_t first = 0; first < 140; first++) {
                for (size_t second = 0; second < 140; second += 7) {
                        struct gal_payload *payload = parse(text);

                        ck_assert(gal_payload_exceeds(payload, first) == (compact > first));
                        ck_assert(gal_payload_exceeds(payload, second) == (compact > second));
                        ck_assert(gal_payload_exceeds(payload, compact) == false);
                        ck_assert(gal_payload_exceeds(payload, compact - 1) == true);
                        ck_assert_uint_eq(strlen(gal_payload_text(payload, NULL)), compact);
                        ck_assert(gal_payload_exceeds(payload, first) == (compact > first));
                        gal_payload_unref(payload);
                }
        }
}
END_TEST

/* The compact text may be longer than the source: the bound taken from the source must hold all the same. */
START_TEST(payload_that_grows)
{
        struct gal_payload *payload = parse("[1e6,1e6,1e6,9e6,1e6,1e6,1e6,9e6,1e6,1e6,1e6,9e6]");
        size_t size_max = payload->size_max;
        size_t len;

        gal_payload_text(payload, &len);
        ck_assert_uint_eq(len, 2 + 12 * 9 + 11);
        ck_assert_uint_le(len, size_max);
        gal_payload_unref(payload);
}
END_TEST

static json_t *make_too_deep(void)
{
        json_t *value = json_true();

        for (int i = 0; i <= GAL_JSON_DEPTH_MAX; i++)
                value = json_pack("[o]", value);
        return value;
}

START_TEST(payload_too_deep_exceeds)
{
        struct gal_payload *payload = gal_payload_new(make_too_deep());

        ck_assert(gal_payload_exceeds(payload, GAL_PAYLOAD_SIZE_MAX));
        ck_assert(gal_payload_exceeds(payload, 1));
        ck_assert(gal_payload_exceeds(payload, GAL_PAYLOAD_SIZE_MAX));
        gal_payload_unref(payload);
}
END_TEST

START_TEST(payload_too_deep_panics)
{
        gal_payload_text(gal_payload_new(make_too_deep()), NULL);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("payload");
        TCase *tcase = tcase_create("payload");
        SRunner *runner;
        int failed;

        tcase_add_test(tcase, payload_keeps_what_came);
        tcase_add_test(tcase, payload_that_came_compact);
        tcase_add_test(tcase, payload_of_a_value);
        tcase_add_test(tcase, payload_refuses);
        tcase_add_test(tcase, payload_exceeds);
        tcase_add_test(tcase, payload_that_grows);
        tcase_add_test(tcase, payload_too_deep_exceeds);
        tcase_add_test_raise_signal(tcase, payload_too_deep_panics, SIGABRT);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed > 0;
}
