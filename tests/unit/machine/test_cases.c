/*
 * test_cases.c: the files of tests/cases/machine, each played three times.
 *
 * The second run has to write the same records, byte for byte; so has the third, which throws the execution away
 * after every step and goes on with what the records alone make of it. `test_machine_cases NAME` plays only the
 * files whose name has NAME as a part.
 */
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "case_check.h"
#include "case_json.h"
#include "case_run.h"

#define CASES_FOLDER GAL_SOURCE_DIR "/tests/cases/machine"
#define CASES_MIN 150

static struct dirent **files;
static int file_count;
static const char *wanted;

static void play(const json_t *source, struct gal_program *program, bool rebuild, char **ret_fault, char **ret_log)
{
        struct driver driver;

        case_run(&driver, source, program, rebuild);
        case_check(&driver, source);
        *ret_fault = gal_take(driver.fault);
        *ret_log = gal_buffer_take(&driver.log, NULL);
        driver_finish(&driver);
}

/* Members that no case may have: a slip of the pen would check nothing. */
static bool is_known_member(const char *key)
{
        static const char *const known[] = { "about",    "definition",  "input",      "input_text",
                                             "tasks",    "script",      "events_max", "activities",
                                             "identity", "history",     "events",     "status",
                                             "output",   "output_text", "error",      "cause" };

        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
                if (strcmp(known[i], key) == 0)
                        return true;
        }
        return false;
}

static void check_members(const char *name, json_t *source)
{
        const char *key;
        json_t *value;

        json_object_foreach(source, key, value) ck_assert_msg(is_known_member(key), "%s: member \"%s\"", name, key);
        ck_assert_msg(json_is_string(json_object_get(source, "about")), "%s: says not what it is about", name);
}

static void play_all(const char *name, const json_t *source)
{
        gal_auto_free char *text = gal_need(gal_json_text(json_object_get(source, "definition"), NULL));
        gal_auto_free char *fault = NULL, *log = NULL, *again = NULL, *rebuilt = NULL;
        struct gal_program *program = driver_compile(text, strlen(text), &fault);

        ck_assert_msg(program != NULL, "%s: %s", name, fault);
        play(source, program, /* rebuild= */ false, &fault, &log);
        ck_assert_msg(fault == NULL, "%s: %.3000s", name, fault);
        play(source, program, /* rebuild= */ false, &fault, &again);
        ck_assert_msg(fault == NULL && strcmp(log, again) == 0, "%s: a second run differs", name);
        play(source, program, /* rebuild= */ true, &fault, &rebuilt);
        ck_assert_msg(fault == NULL, "%s: restarted after every step: %.3000s", name, fault);
        ck_assert_msg(strcmp(log, rebuilt) == 0, "%s: a run that restarts after every step differs", name);
        gal_program_unref(program);
}

START_TEST(machine_case)
{
        const char *name = files[_i]->d_name;
        gal_auto_free char *path = gal_format("%s/%s", CASES_FOLDER, name);
        gal_auto_free char *fault = NULL;
        json_t *source = case_json_read_file(path, &fault);

        ck_assert_msg(source != NULL, "%s", fault);
        check_members(name, source);
        play_all(name, source);
        json_decref(source);
}
END_TEST

static int is_case(const struct dirent *entry)
{
        const char *end = strrchr(entry->d_name, '.');

        return end != NULL && strcmp(end, ".json") == 0 &&
               (wanted == NULL || strstr(entry->d_name, wanted) != NULL);
}

int main(int argc, char **argv)
{
        Suite *suite = suite_create("machine cases");
        TCase *tcase = tcase_create("files");
        SRunner *runner;
        int failed;

        wanted = argc > 1 ? argv[1] : NULL;
        file_count = scandir(CASES_FOLDER, &files, is_case, alphasort);
        if (file_count < (wanted == NULL ? CASES_MIN : 1)) {
                fprintf(stderr, "%s: %d cases\n", CASES_FOLDER, file_count);
                return 1;
        }
        tcase_set_timeout(tcase, 60);
        tcase_add_loop_test(tcase, machine_case, 0, file_count);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        for (int i = 0; i < file_count; i++)
                free(files[i]);
        free(files);
        return failed == 0 ? 0 : 1;
}
