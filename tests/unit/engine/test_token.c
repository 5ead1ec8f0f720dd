/*
 * test_token.c: task tokens come back as they were made, and nothing else does.
 */
#include "engine/task_token.h"

#include <check.h>
#include <string.h>

static const uint8_t key[GAL_TASK_TOKEN_KEY_SIZE] = { 1, 2, 3, 250 };
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static struct gal_task_token make(void)
{
        return (struct gal_task_token){ .slot = 4095,
                                        .execution_id = "01900000-0000-7000-8000-0123456789ab",
                                        .scheduled_id = 24999,
                                        .nonce = { UINT64_MAX, 0x0123456789abcdef } };
}

START_TEST(what_was_made_is_read)
{
        struct gal_task_token token = make(), read;
        char text[GAL_TASK_TOKEN_SIZE];

        gal_task_token_format(&token, key, text);
        ck_assert_uint_eq(strlen(text), GAL_TASK_TOKEN_SIZE - 1);
        ck_assert_uint_eq(strspn(text, alphabet), strlen(text));
        ck_assert(gal_task_token_parse(text, key, &read));
        ck_assert_uint_eq(read.slot, token.slot);
        ck_assert_str_eq(read.execution_id, token.execution_id);
        ck_assert_uint_eq(read.scheduled_id, token.scheduled_id);
        ck_assert_uint_eq(read.nonce[0], token.nonce[0]);
        ck_assert_uint_eq(read.nonce[1], token.nonce[1]);
}
END_TEST

/* Tokens of a former release are out there for a year. This one was made by other means. */
START_TEST(the_format_stays)
{
        struct gal_task_token token = make();
        char text[GAL_TASK_TOKEN_SIZE];

        gal_task_token_format(&token, key, text);
        ck_assert_str_eq(text, "AQ__AZAAAAAAcACAAAEjRWeJqwAAAAAAAGGn__________8BI0"
                               "VniavN79NCxNwmYaVBcytw12irQOEz-MK3xAqh6jfODI2Hn5yJ");
}
END_TEST

START_TEST(any_other_character_is_refused)
{
        struct gal_task_token token = make(), read;
        char text[GAL_TASK_TOKEN_SIZE];

        gal_task_token_format(&token, key, text);
        for (size_t i = 0; i < GAL_TASK_TOKEN_SIZE - 1; i++) {
                char was = text[i];

                for (int c = 1; c < 256; c++) {
                        text[i] = (char)c;
                        if (text[i] != was)
                                ck_assert(!gal_task_token_parse(text, key, &read));
                }
                text[i] = was;
        }
        ck_assert(gal_task_token_parse(text, key, &read));
}
END_TEST

START_TEST(any_other_length_is_refused)
{
        struct gal_task_token token = make(), read;
        char text[3 * GAL_TASK_TOKEN_SIZE];

        for (size_t len = 0; len < 2 * GAL_TASK_TOKEN_SIZE; len++) {
                memset(text, 'A', sizeof(text));
                gal_task_token_format(&token, key, text);
                text[GAL_TASK_TOKEN_SIZE - 1] = 'A';
                text[len] = '\0';
                ck_assert_int_eq(gal_task_token_parse(text, key, &read), len == GAL_TASK_TOKEN_SIZE - 1);
        }
}
END_TEST

START_TEST(any_other_key_is_refused)
{
        struct gal_task_token token = make(), read;
        char text[GAL_TASK_TOKEN_SIZE];

        for (size_t i = 0; i < sizeof(key); i++) {
                uint8_t other[GAL_TASK_TOKEN_KEY_SIZE];

                memcpy(other, key, sizeof(key));
                other[i] ^= 0x80;
                gal_task_token_format(&token, other, text);
                ck_assert(!gal_task_token_parse(text, key, &read));
        }
}
END_TEST

START_TEST(tokens_are_compared)
{
        ck_assert(gal_task_token_equal("abc", "abc"));
        ck_assert(!gal_task_token_equal("abc", "abd"));
        ck_assert(!gal_task_token_equal("abc", "ab"));
        ck_assert(!gal_task_token_equal("", "a"));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("task_token");
        TCase *tests = tcase_create("tokens");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tests, what_was_made_is_read);
        tcase_add_test(tests, the_format_stays);
        tcase_add_test(tests, any_other_character_is_refused);
        tcase_add_test(tests, any_other_length_is_refused);
        tcase_add_test(tests, any_other_key_is_refused);
        tcase_add_test(tests, tokens_are_compared);
        suite_add_tcase(suite, tests);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? 0 : 1;
}
