/*
 * test_memory.c: the three compilers refuse, and leak nothing, whichever of their allocations fails.
 */
#include <check.h>
#include <string.h>

#include "base/json.h"
#include "expr/template/template.h"
#include "fail_alloc.h"

static const char *const paths[] = {
        "$",
        "$.a.b['c'][0]",
        "$$.Execution.Id",
        "$variable.a",
        "$..a[1:2][0,1]['x','y','z','u','v','w'].*",
        "$.a[?(@.b == 'c' && !(@.d > 1.5) || @.e in ['x', \"\\u00e9\", {'k': [null, true]}])].length()",
        "$.a[?(@.b =~ /a(b|c)*/i)][?($.x.y empty)]",
};

START_TEST(path)
{
        const char *text = paths[_i];
        struct gal_path *compiled = NULL;
        enum gal_status status;
        bool hit = true;

        for (long n = 1; hit; n++) {
                fail_alloc_arm(n);
                status = gal_path_parse(text, strlen(text), &compiled, NULL);
                hit = fail_alloc_hit();
                fail_alloc_disarm();
                ck_assert_int_eq(status, hit ? GAL_ENOMEM : GAL_OK);
                ck_assert((compiled == NULL) == hit);
        }
        gal_path_destroy(compiled);
}
END_TEST

static const char *const calls[] = {
        "States.UUID()",
        "States.Format('order {} \\{\\}', $.id, States.MathAdd($.total, 1), 1.5, null, true, 'x', $v)",
        "States.Array(States.Array($.a[?(@.b == 'c')], 'text'), States.Array(1, 2, 3, 4, 5, 6, 7, 8, 9, 10))",
};

START_TEST(call)
{
        const char *text = calls[_i];
        struct gal_intrinsic *compiled = NULL;
        enum gal_status status;
        bool hit = true;

        for (long n = 1; hit; n++) {
                fail_alloc_arm(n);
                status = gal_intrinsic_parse(text, strlen(text), &compiled, NULL);
                hit = fail_alloc_hit();
                fail_alloc_disarm();
                ck_assert_int_eq(status, hit ? GAL_ENOMEM : GAL_OK);
                ck_assert((compiled == NULL) == hit);
        }
        gal_intrinsic_destroy(compiled);
}
END_TEST

static const char *const templates[] = {
        "{\"a\":[1,{\"b.$\":\"$.x\"}],\"c\":{\"d\":{}},\"e.$\":\"States.Array($.y, 'z')\"}",
        "{\"a.$\":\"no\",\"b\":[{\"c.$\":5}],\"d\":1,\"d.$\":\"$.x\"}",
};

static void ignore_fault(void *user, const char *pointer, const char *message)
{
        (void)pointer;
        (void)message;
        ++*(int *)user;
}

START_TEST(template)
{
        struct gal_template *compiled = NULL;
        enum gal_status status;
        json_t *value = NULL;
        bool hit = true;
        int faults = 0;

        ck_assert_int_eq(gal_json_read(templates[_i], strlen(templates[_i]), &value, NULL), GAL_OK);
        for (long n = 1; hit; n++) {
                faults = 0;
                fail_alloc_arm(n);
                status = gal_template_compile(value, ignore_fault, &faults, &compiled);
                hit = fail_alloc_hit();
                fail_alloc_disarm();
                ck_assert_int_eq(status, hit ? GAL_ENOMEM : _i == 0 ? GAL_OK : GAL_EINVALID);
        }
        ck_assert_int_eq(faults, _i == 0 ? 0 : 3);
        gal_template_destroy(compiled);
        json_decref(value);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("expr memory");
        TCase *tcase = tcase_create("fail");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_loop_test(tcase, path, 0, sizeof(paths) / sizeof(paths[0]));
        tcase_add_loop_test(tcase, call, 0, sizeof(calls) / sizeof(calls[0]));
        tcase_add_loop_test(tcase, template, 0, sizeof(templates) / sizeof(templates[0]));
        suite_add_tcase(suite, tcase);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? 0 : 1;
}
