/*
 * test_buffer.c: buffers, errors, the log and allocation that cannot fail.
 */
#include "base/buffer.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/limits.h"
#include "base/log.h"
#include "fail_alloc.h"

START_TEST(buffer_appends)
{
        struct gal_buffer buffer = GAL_BUFFER_INIT;
        char *text;
        size_t len;

        gal_buffer_append(&buffer, "", 0);
        gal_buffer_append(&buffer, "a\0b", 3);
        gal_buffer_append_char(&buffer, '|');
        gal_buffer_append_text(&buffer, "text");
        gal_buffer_append_format(&buffer, "|%d-%s|", 7, "seven");
        gal_buffer_append_uint(&buffer, 0);
        gal_buffer_append_char(&buffer, '|');
        gal_buffer_append_uint(&buffer, UINT64_MAX);
        gal_buffer_append_char(&buffer, '|');
        gal_buffer_append_int(&buffer, INT64_MIN);
        gal_buffer_append_int(&buffer, -1);
        gal_buffer_append_int(&buffer, INT64_MAX);
        ck_assert_uint_eq(buffer.data[buffer.len], '\0');
        text = gal_buffer_take(&buffer, &len);
        ck_assert_mem_eq(text, "a\0b|text|7-seven|0|18446744073709551615|-9223372036854775808-19223372036854775807",
                         81);
        ck_assert_uint_eq(len, 81);
        free(text);
        ck_assert_ptr_null(buffer.data);
        ck_assert_uint_eq(buffer.len, 0);
}
END_TEST

START_TEST(buffer_grows)
{
        struct gal_buffer buffer = GAL_BUFFER_INIT;

        for (size_t i = 0; i < 100000; i++) {
                gal_buffer_append_char(&buffer, (char)('a' + i % 26));
                ck_assert_uint_lt(buffer.len, buffer.size);
        }
        ck_assert_uint_le(buffer.size, 2 * 100001);
        for (size_t i = 0; i < 100000; i++)
                ck_assert_int_eq(buffer.data[i], (char)('a' + i % 26));
        gal_buffer_clear(&buffer);
        ck_assert_uint_eq(buffer.len, 0);
        ck_assert_str_eq(buffer.data, "");
        gal_buffer_finish(&buffer);
        gal_buffer_finish(NULL);
}
END_TEST

START_TEST(buffer_bound)
{
        struct gal_buffer buffer;
        char *text;

        gal_buffer_init(&buffer, 10);
        gal_buffer_append_text(&buffer, "0123456789");
        ck_assert_int_eq(buffer.status, GAL_OK);
        gal_buffer_append(&buffer, "", 0);
        ck_assert_int_eq(buffer.status, GAL_OK);
        gal_buffer_append_char(&buffer, 'x');
        ck_assert_int_eq(buffer.status, GAL_ELIMIT);
        gal_buffer_append(&buffer, "", 0); /* the failure sticks */
        ck_assert_int_eq(buffer.status, GAL_ELIMIT);
        ck_assert_uint_eq(buffer.len, 10);
        ck_assert_ptr_null(gal_buffer_take(&buffer, NULL));
        /* A buffer that was taken from can be filled again, and its bound still holds. */
        gal_buffer_append_format(&buffer, "%s", "0123456789");
        text = gal_buffer_take(&buffer, NULL);
        ck_assert_str_eq(text, "0123456789");
        free(text);
        gal_buffer_append_format(&buffer, "%s", "0123456789x");
        ck_assert_int_eq(buffer.status, GAL_ELIMIT);
        gal_buffer_clear(&buffer);
        ck_assert(!gal_buffer_reserve(&buffer, SIZE_MAX));
        gal_buffer_finish(&buffer);
        gal_buffer_init(&buffer, 0);
        gal_buffer_append_char(&buffer, 'x');
        ck_assert(!gal_buffer_reserve(&buffer, SIZE_MAX)); /* the sum would overflow */
        ck_assert_int_eq(buffer.status, GAL_ELIMIT);
        gal_buffer_finish(&buffer);
}
END_TEST

START_TEST(buffer_empty)
{
        struct gal_buffer buffer = GAL_BUFFER_INIT;
        size_t len = 99;
        char *text = gal_buffer_take(&buffer, &len);

        ck_assert_str_eq(text, "");
        ck_assert_uint_eq(len, 0);
        free(text);
}
END_TEST

START_TEST(buffer_out_of_memory)
{
        struct gal_buffer buffer = GAL_BUFFER_INIT;
        char *text;

        gal_buffer_append_text(&buffer, "kept");
        fail_alloc_arm(1);
        gal_buffer_append_format(&buffer, "%100s", "x");
        fail_alloc_disarm();
        ck_assert(fail_alloc_hit());
        ck_assert_int_eq(buffer.status, GAL_ENOMEM);
        ck_assert_str_eq(buffer.data, "kept");
        gal_buffer_append_char(&buffer, 'x');
        ck_assert_str_eq(buffer.data, "kept");
        ck_assert_ptr_null(gal_buffer_take(&buffer, NULL));
        fail_alloc_arm(1);
        text = gal_buffer_take(&buffer, NULL);
        fail_alloc_disarm();
        ck_assert_ptr_null(text);
        gal_buffer_finish(&buffer);
}
END_TEST

START_TEST(error_keeps_the_first)
{
        struct gal_error error = { GAL_OK };
        struct gal_position at = { 3, 2, 1 };

        ck_assert_int_eq(gal_fail(&error, GAL_EINVALID, at, "number %d", 1), GAL_EINVALID);
        ck_assert_int_eq(gal_fail(&error, GAL_ELIMIT, GAL_NOWHERE, "number %d", 2), GAL_ELIMIT);
        ck_assert_int_eq(gal_fail(NULL, GAL_EIO, GAL_NOWHERE, "nobody asks"), GAL_EIO);
        ck_assert_int_eq(error.code, GAL_EINVALID);
        ck_assert_str_eq(error.message, "number 1");
        ck_assert_uint_eq(error.at.line, 2);
}
END_TEST

/* Cut at a character: the last whole one stays, one that just fits, too. */
START_TEST(error_cuts_at_a_character)
{
        char text[600];

        for (size_t shift = 0; shift < 4; shift++) {
                struct gal_error error = { GAL_OK };
                size_t kept;

                memset(text, 'a', shift);
                for (size_t at = shift; at < sizeof(text) - 4; at += 4)
                        strcpy(text + at, "😀");
                gal_fail(&error, GAL_EINVALID, GAL_NOWHERE, "%s", text);
                kept = shift + (sizeof(error.message) - 1 - shift) / 4 * 4;
                ck_assert_uint_eq(strlen(error.message), kept);
                ck_assert_mem_eq(error.message, text, kept);
        }
}
END_TEST

START_TEST(status_names)
{
        for (int status = GAL_OK; status <= GAL_EFAILED; status++) {
                const char *name = gal_status_name((enum gal_status)status);

                ck_assert_str_ne(name, "unknown status");
                for (int other = GAL_OK; other < status; other++)
                        ck_assert_str_ne(name, gal_status_name((enum gal_status)other));
        }
}
END_TEST

struct heard {
        int count;
        enum gal_log_level level;
        char message[GAL_LOG_LINE_SIZE];
};

static void hear(void *user, enum gal_log_level level, const char *message)
{
        struct heard *heard = user;

        heard->count++;
        heard->level = level;
        snprintf(heard->message, sizeof(heard->message), "%s", message);
}

START_TEST(log_lines)
{
        struct heard heard = { 0 };
        struct gal_log log = { hear, &heard, GAL_LOG_INFO };
        struct gal_log silent = { NULL, NULL, GAL_LOG_DEBUG };
        char text[2 * GAL_LOG_LINE_SIZE];

        gal_log(&log, GAL_LOG_WARNING, "%s is %d", "x", 5);
        ck_assert_str_eq(heard.message, "x is 5");
        ck_assert_int_eq(heard.level, GAL_LOG_WARNING);
        gal_log(&log, GAL_LOG_DEBUG, "not asked for");
        gal_log(&silent, GAL_LOG_ERROR, "dropped");
        gal_log(NULL, GAL_LOG_ERROR, "dropped");
        ck_assert_int_eq(heard.count, 1);
        memset(text, 'a', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        memcpy(text + GAL_LOG_LINE_SIZE - 2, "é", 2); /* the second byte no longer fits */
        gal_log(&log, GAL_LOG_INFO, "%s", text);
        ck_assert_uint_eq(strlen(heard.message), GAL_LOG_LINE_SIZE - 2);
}
END_TEST

START_TEST(alloc_helpers)
{
        unsigned *numbers = gal_new_array(3, unsigned);
        gal_auto_free char *text = gal_format("%s-%d", "a", 1);
        gal_auto_free char *copy = gal_strndup("abc", 2);
        gal_auto_free char *empty = gal_strndup(NULL, 0);
        gal_auto_free char *whole = gal_strdup("abc");
        char *taken = gal_take(whole);

        ck_assert_uint_eq(numbers[0] | numbers[1] | numbers[2], 0);
        numbers = gal_realloc(numbers, 100, sizeof(*numbers));
        numbers[99] = 1;
        free(numbers);
        free(gal_calloc(0, 8));
        ck_assert_str_eq(text, "a-1");
        ck_assert_str_eq(copy, "ab");
        ck_assert_str_eq(empty, "");
        ck_assert_ptr_null(gal_strdup(NULL));
        ck_assert_ptr_null(whole);
        ck_assert_str_eq(taken, "abc");
        free(taken);
}
END_TEST

START_TEST(alloc_panics)
{
        fail_alloc_arm(1);
        free(gal_strdup("x"));
}
END_TEST

START_TEST(alloc_overflow_panics)
{
        size_t huge = SIZE_MAX / 2;

        free(gal_realloc(NULL, huge, 4));
}
END_TEST

START_TEST(assert_holds)
{
        gal_assert(1 + 1 == 2);
}
END_TEST

START_TEST(assert_fails)
{
        volatile int two = 2;

        gal_assert(two == 3);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("buffer");
        TCase *tcase = tcase_create("buffer");
        SRunner *runner;
        int failed;

        tcase_add_test(tcase, buffer_appends);
        tcase_add_test(tcase, buffer_grows);
        tcase_add_test(tcase, buffer_bound);
        tcase_add_test(tcase, buffer_empty);
        tcase_add_test(tcase, buffer_out_of_memory);
        tcase_add_test(tcase, error_keeps_the_first);
        tcase_add_test(tcase, error_cuts_at_a_character);
        tcase_add_test(tcase, status_names);
        tcase_add_test(tcase, log_lines);
        tcase_add_test(tcase, alloc_helpers);
        tcase_add_test_raise_signal(tcase, alloc_panics, SIGABRT);
        tcase_add_test_raise_signal(tcase, alloc_overflow_panics, SIGABRT);
        tcase_add_test(tcase, assert_holds);
        tcase_add_test_raise_signal(tcase, assert_fails, SIGABRT);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed > 0;
}
