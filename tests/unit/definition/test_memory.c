/*
 * test_memory.c: each allocation fails once, in definitions that use everything there is. Compiling is refused with
 * GAL_ENOMEM and leaks nothing.
 *
 * Not in here: intrinsic calls of literals only. They are tried, and evaluation ends the process when memory runs
 * out.
 */
#include "fail_alloc.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "definition/program.h"

static const char *const definitions[] = {
        /* valid */
        "{'Comment':'c','StartAt':'P','TimeoutSeconds':9,'States':{"
        "'P':{'Type':'Pass','Result':{'a':1},'ResultPath':'$.a.b','InputPath':'$.x[*]','OutputPath':'$.y',"
        "'Assign':{'v':1,'w.$':'$.a'},'Next':'T'},"
        "'T':{'Type':'Task','Resource':'arn:aws:states:::aws-sdk:s3:getObject','Parameters':{'a.$':'$$.State.Name',"
        "'b':[{'c.$':'States.Format(\\'{}\\', $.c)'}]},'ResultSelector':{'d.$':'$.d'},'TimeoutSecondsPath':'$.t',"
        "'HeartbeatSeconds':5,'Credentials':{'RoleArn.$':'$.r'},'Retry':[{'ErrorEquals':['A','B'],'MaxAttempts':1}]"
        ","
        "'Catch':[{'ErrorEquals':['States.ALL'],'ResultPath':'$.e','Assign':{'e.$':'$.Error'},'Next':'C'}],"
        "'Next':'C'},"
        "'C':{'Type':'Choice','Choices':[{'And':[{'Variable':'$.x','IsNull':true},{'Not':{'Variable':'$v',"
        "'StringEqualsPath':'$.z'}}],'Assign':{'q':1},'Next':'W'}],'Default':'L'},"
        "'W':{'Type':'Wait','SecondsPath':'$.s','Next':'M'},"
        "'M':{'Type':'Map','ItemsPath':'$.i','ItemSelector':{'i.$':'$$.Map.Item.Value'},'MaxConcurrencyPath':'$.m',"
        "'Label':'L1','ItemReader':{'Resource':'arn:aws:states:::s3:getObject','ReaderConfig':{'MaxItemsPath':'$.n'"
        "}},"
        "'ItemBatcher':{'MaxItemsPerBatch':1,'BatchInput':{'a.$':'$.a'}},'ItemProcessor':{'ProcessorConfig':{"
        "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'I','States':{'I':{'Type':'Succeed'}}},'Next':'"
        "L'},"
        "'L':{'Type':'Parallel','Branches':[{'StartAt':'B','States':{'B':{'Type':'Fail','Error':'e','CausePath':"
        "'States.Format(\\'{}\\', $.c)'}}}],'Next':'S'},'S':{'Type':'Succeed'}}}",
        /* faults and warnings of every way of reporting */
        "{'StartAt':'X','Y':1,'States':{'A':{'Type':'Pass','Parameters':{'a':{'b.$':'x','c':'$.c'}},'Assign':{'1':"
        "1},"
        "'ResultPath':'$$.x','InputPath':'$nobody','Next':'Z'},'A':{'Type':'Map','Label':'a b','ItemProcessor':{"
        "'StartAt':'A','States':{'A':{'Type':'Task','Resource':'nope','Parameters':{'v.$':'$none'},'End':true}}},"
        "'Next':'A'},'C':{'Type':'Choice','Choices':[{'Variable':'x','IsNull':true,'Next':'A'}]}}}",
        /* no JSON */
        "{'StartAt': nope}",
        "{'StartAt'",
        /* JSONata */
        ("{'QueryLanguage':'JSONata','StartAt':'A','States':{'A':{'Type':'Pass','Output':{'a':['{% 1 %}','{% 1']},"
         "'Assign':{'x':'{% 1 %}'},'End':true}}}"),
};

static char *with_double_quotes(const char *text)
{
        char *copy = strdup(text);
        char *to = copy;

        ck_assert_ptr_nonnull(copy);
        for (const char *from = text; *from != '\0'; from++) {
                if (*from == '\\' && from[1] == '\'')
                        *to++ = *++from;
                else
                        *to++ = *from == '\'' ? '"' : *from;
        }
        *to = '\0';
        return copy;
}

/* False once the n-th allocation is not reached. */
static bool fail_at(const char *text, long n, const struct gal_program_options *options, enum gal_status unfailed)
{
        struct gal_diagnostics diagnostics = { 0 };
        struct gal_program *program = NULL;
        enum gal_status status;
        bool hit;

        fail_alloc_arm(n);
        status = gal_program_compile(text, strlen(text), options, &diagnostics, &program);
        hit = fail_alloc_hit();
        fail_alloc_disarm();
        /* What only looks something up for a message may do without; then nothing else has changed. */
        ck_assert_msg(status == (hit ? GAL_ENOMEM : unfailed) || (hit && status == unfailed), "allocation %ld: %d",
                      n, (int)status);
        ck_assert_int_eq(program != NULL, status == GAL_OK);
        gal_program_unref(program);
        gal_diagnostics_finish(&diagnostics);
        return hit;
}

static enum gal_status compile(const char *text, const struct gal_program_options *options)
{
        struct gal_diagnostics diagnostics = { 0 };
        struct gal_program *program = NULL;
        enum gal_status status = gal_program_compile(text, strlen(text), options, &diagnostics, &program);

        gal_program_unref(program);
        gal_diagnostics_finish(&diagnostics);
        return status;
}

START_TEST(each_allocation_fails)
{
        char *text = with_double_quotes(definitions[_i]);
        enum gal_status unfailed = compile(text, NULL);
        long n = 1;

        ck_assert_int_eq(unfailed, _i == 0 ? GAL_OK : GAL_EINVALID);
        while (fail_at(text, n, NULL, unfailed))
                n++;
        ck_assert_int_gt(n, 5);
        free(text);
}
END_TEST

START_TEST(each_allocation_fails_for_one_state)
{
        static const struct gal_program_options options = { .single_state = true };
        char *text = with_double_quotes("{'Type':'Choice','Choices':[{'Variable':'$.x','IsNull':true,'Next':'N'}],"
                                        "'Default':'D'}");
        long n = 1;

        ck_assert_int_eq(compile(text, &options), GAL_OK);
        while (fail_at(text, n, &options, GAL_OK))
                n++;
        ck_assert_int_gt(n, 5);
        free(text);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("definition/memory");
        TCase *tcase = tcase_create("memory");
        SRunner *runner;
        int failed;

        tcase_set_timeout(tcase, 120);
        tcase_add_loop_test(tcase, each_allocation_fails, 0, sizeof(definitions) / sizeof(definitions[0]));
        tcase_add_test(tcase, each_allocation_fails_for_one_state);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
