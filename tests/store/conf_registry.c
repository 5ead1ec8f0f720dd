/*
 * conf_registry.c: what belongs to a state machine: configurations, versions, aliases, tags; and what executions
 * keep of them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "conformance.h"

static struct gal_version_row version_row(unsigned machine, uint32_t version)
{
        return (struct gal_version_row){ .machine_id = uuid(machine),
                                         .version = version,
                                         .revision_id = uuid(50 + version),
                                         .created_ms = 100 + version };
}

static struct gal_alias_row alias_row(unsigned machine, const char *name, int64_t created_ms)
{
        return (struct gal_alias_row){ .machine_id = uuid(machine),
                                       .name = name,
                                       .version = 1,
                                       .weight = 100,
                                       .created_ms = created_ms,
                                       .updated_ms = created_ms + 1 };
}

static struct gal_tag_row tag_row(const char *resource, const char *key, const char *value)
{
        return (struct gal_tag_row){ .resource = resource, .key = key, .value = value };
}

static bool note_machine(void *user, const struct gal_machine_row *row)
{
        gal_buffer_append_format(user, "%u %u %s\n", row->last_version, row->created_published,
                                 row->created_description == NULL ? "-" : row->created_description);
        return true;
}

static bool note_revision(void *user, const struct gal_revision_row *row)
{
        gal_buffer_append_format(user, "%u %s %s %s\n", row->number, row->logging == NULL ? "-" : row->logging,
                                 row->tracing == NULL ? "-" : row->tracing,
                                 row->encryption == NULL ? "-" : row->encryption);
        return true;
}

static bool note_execution(void *user, const struct gal_execution_row *row)
{
        gal_buffer_append_format(user, "%s %u %s %s\n", row->name, row->version,
                                 row->alias == NULL ? "-" : row->alias,
                                 row->trace_header == NULL ? "-" : row->trace_header);
        return true;
}

#define CHECK(expected, call)                                                                                      \
        do {                                                                                                       \
                struct gal_buffer buffer = GAL_BUFFER_INIT;                                                        \
                struct gal_error error = { .code = GAL_OK };                                                       \
                                                                                                                   \
                ck_assert_msg(other->ops->call == GAL_OK, "%s", error.message);                                    \
                ck_assert_str_eq(buffer.data == NULL ? "" : buffer.data, expected);                                \
                gal_buffer_finish(&buffer);                                                                        \
        } while (0)

START_TEST(machines_and_revisions_keep_what_was_configured)
{
        struct gal_machine_row machine = machine_row(1);
        struct gal_revision_row revisions[] = { revision_row(10, 1), revision_row(11, 1) };
        struct gal_batch batch = {
                .machines = &machine, .machine_count = 1, .revisions = revisions, .revision_count = 2
        };

        revisions[1].number = 2;
        revisions[1].logging = "{\"level\":\"ALL\"}";
        revisions[1].tracing = "{\"enabled\":true}";
        revisions[1].encryption = "{\"type\":\"AWS_OWNED_KEY\"}";
        machine.last_version = 7;
        machine.created_published = 1;
        machine.created_description = "the \xC3\xA4ldest";
        commit(owner, &batch);
        CHECK("7 1 the \xC3\xA4ldest\n", read_machines(other, "machine-1", note_machine, &buffer, &error));
        CHECK("0 - - -\n", read_revision(other, uuid(10), note_revision, &buffer, &error));
        CHECK("2 {\"level\":\"ALL\"} {\"enabled\":true} {\"type\":\"AWS_OWNED_KEY\"}\n",
              read_revision(other, uuid(11), note_revision, &buffer, &error));
        machine.last_version = 8;
        machine.created_description = NULL;
        batch.revision_count = 0;
        commit(owner, &batch);
        CHECK("8 1 -\n", read_machines(other, NULL, note_machine, &buffer, &error));
}
END_TEST

START_TEST(machines_are_listed_from_a_name_on)
{
        struct gal_machine_row rows[] = { machine_row(1), machine_row(2), machine_row(3), machine_row(4) };
        const char *deleted[] = { uuid(3) };
        struct gal_batch batch = {
                .machines = rows, .machine_count = 4, .deleted_machines = deleted, .deleted_machine_count = 1
        };

        rows[0].name = "b";
        rows[1].name = "a";
        rows[2].name = "ab";
        rows[3].name = "\xC3\xA4";
        commit(owner, &batch);
        ck_assert_str_eq(list_machines(other, NULL, SIZE_MAX), "a b \xC3\xA4 ");
        ck_assert_str_eq(list_machines(other, NULL, 2), "a b ");
        ck_assert_str_eq(list_machines(other, "a", 1), "b ");
        ck_assert_str_eq(list_machines(other, "aa", SIZE_MAX), "b \xC3\xA4 ");
        ck_assert_str_eq(list_machines(other, "\xC3\xA4", SIZE_MAX), "");
        ck_assert_str_eq(list_machines(other, NULL, 0), "");
}
END_TEST

START_TEST(versions)
{
        struct gal_version_row rows[] = { version_row(1, 1), version_row(1, 10), version_row(1, 2),
                                          version_row(2, 1) };
        struct gal_batch batch = { .versions = rows, .version_count = 4 };
        struct gal_version_row deleted[] = { version_row(1, 2), version_row(1, 3) };
        struct gal_batch deletion = { .deleted_versions = deleted, .deleted_version_count = 2 };

        rows[2].description = "two";
        commit(owner, &batch);
        ck_assert_str_eq(read_versions(other, uuid(1), 0, SIZE_MAX),
                         "#1 10 #60 - 110\n#1 2 #52 two 102\n#1 1 #51 - 101\n");
        ck_assert_str_eq(read_versions(other, uuid(1), 10, 1), "#1 2 #52 two 102\n");
        ck_assert_str_eq(read_versions(other, uuid(1), 1, 9), "");
        ck_assert_str_eq(read_versions(other, uuid(3), 0, SIZE_MAX), "");
        batch.version_count = 1;
        ck_assert_int_eq(try_commit(owner, &batch), GAL_ECONFLICT); /* they do not change */
        commit(owner, &deletion);
        commit(owner, &deletion);
        ck_assert_str_eq(read_versions(other, uuid(1), 0, SIZE_MAX), "#1 10 #60 - 110\n#1 1 #51 - 101\n");
        ck_assert_str_eq(read_versions(other, uuid(2), 0, SIZE_MAX), "#2 1 #51 - 101\n");
}
END_TEST

START_TEST(aliases)
{
        struct gal_alias_row rows[] = { alias_row(1, "prod", 5), alias_row(1, "beta", 9), alias_row(1, "Prod", 5),
                                        alias_row(2, "prod", 1) };
        struct gal_batch batch = { .aliases = rows, .alias_count = 4 };
        struct gal_alias_row deleted[] = { alias_row(1, "Prod", 0), alias_row(1, "none", 0) };
        struct gal_batch deletion = { .deleted_aliases = deleted, .deleted_alias_count = 2 };

        commit(owner, &batch);
        ck_assert_str_eq(read_aliases(other, uuid(1)), "#1 Prod - 1:100 0:0 5 6\n#1 prod - 1:100 0:0 5 6\n"
                                                       "#1 beta - 1:100 0:0 9 10\n"); /* as they were made */
        rows[0].description = "both";
        rows[0].version = 3;
        rows[0].weight = 10;
        rows[0].other_version = 4;
        rows[0].other_weight = 90;
        rows[0].updated_ms = 20;
        batch.alias_count = 1;
        commit(owner, &batch);
        commit(owner, &deletion);
        commit(owner, &deletion);
        ck_assert_str_eq(read_aliases(other, uuid(1)), "#1 prod both 3:10 4:90 5 20\n#1 beta - 1:100 0:0 9 10\n");
        ck_assert_str_eq(read_aliases(other, uuid(2)), "#2 prod - 1:100 0:0 1 2\n");
}
END_TEST

START_TEST(tags)
{
        struct gal_tag_row rows[] = { tag_row("stateMachine:m", "b", "1"), tag_row("stateMachine:m", "a", ""),
                                      tag_row("activity:m", "a", "x"), tag_row("stateMachine:m", "b", "2") };
        struct gal_batch batch = { .tags = rows, .tag_count = 4 };
        struct gal_tag_row deleted[] = { tag_row("stateMachine:m", "a", NULL),
                                         tag_row("stateMachine:m", "c", NULL) };
        struct gal_batch deletion = { .deleted_tags = deleted, .deleted_tag_count = 2 };

        commit(owner, &batch); /* the last one of a key counts */
        ck_assert_str_eq(read_tags(other, "stateMachine:m"), "a= b=2 ");
        ck_assert_str_eq(read_tags(other, "activity:m"), "a=x ");
        commit(owner, &deletion);
        commit(owner, &deletion);
        ck_assert_str_eq(read_tags(other, "stateMachine:m"), "b=2 ");
        ck_assert_str_eq(read_tags(other, "stateMachine:n"), "");
}
END_TEST

/* Its executions are kept; versions, aliases and tags are nobody's any more. */
START_TEST(what_goes_with_a_resource)
{
        struct gal_machine_row machines[] = { machine_row(1), machine_row(2) };
        struct gal_version_row version_rows[] = { version_row(1, 1), version_row(2, 1) };
        struct gal_alias_row alias_rows[] = { alias_row(1, "a", 1), alias_row(2, "a", 1) };
        struct gal_tag_row tag_rows[] = { tag_row("stateMachine:machine-1", "k", "1"),
                                          tag_row("stateMachine:machine-2", "k", "2"),
                                          tag_row("activity:machine-1", "k", "3") };
        struct gal_execution_row execution = execution_row(9, 1, "SUCCEEDED");
        struct gal_batch batch = { .machines = machines,
                                   .machine_count = 2,
                                   .versions = version_rows,
                                   .version_count = 2,
                                   .aliases = alias_rows,
                                   .alias_count = 2,
                                   .tags = tag_rows,
                                   .tag_count = 3,
                                   .executions = &execution,
                                   .execution_count = 1 };
        const char *deleted[] = { uuid(1) };
        struct gal_batch deletion = { .deleted_machines = deleted, .deleted_machine_count = 1 };
        struct gal_machine_row again = machine_row(3);
        struct gal_tag_row tag_again = tag_row("stateMachine:machine-1", "new", "4");
        struct gal_batch creation = { .machines = &again, .machine_count = 1, .tags = &tag_again, .tag_count = 1 };
        const char *activity = "machine-1";
        struct gal_batch activity_deletion = { .deleted_activities = &activity, .deleted_activity_count = 1 };

        commit(owner, &batch);
        commit(owner, &deletion);
        ck_assert_str_eq(read_versions(other, uuid(1), 0, SIZE_MAX), "");
        ck_assert_str_eq(read_aliases(other, uuid(1)), "");
        ck_assert_str_eq(read_tags(other, "stateMachine:machine-1"), "");
        ck_assert_str_ne(read_versions(other, uuid(2), 0, SIZE_MAX), "");
        ck_assert_str_ne(read_aliases(other, uuid(2)), "");
        ck_assert_str_eq(read_tags(other, "stateMachine:machine-2"), "k=2 ");
        again.name = "machine-1";
        commit(owner, &creation);
        commit(owner, &deletion); /* the first one once more: nothing of the second */
        ck_assert_str_eq(read_tags(other, "stateMachine:machine-1"), "new=4 ");
        ck_assert_str_eq(read_tags(other, "activity:machine-1"), "k=3 ");
        commit(owner, &activity_deletion);
        ck_assert_str_eq(read_tags(other, "activity:machine-1"), "");
        ck_assert_str_eq(read_tags(other, "stateMachine:machine-1"), "new=4 ");
}
END_TEST

START_TEST(executions_by_version_and_alias)
{
        struct gal_execution_row rows[12];
        struct gal_batch batch = { .executions = rows, .execution_count = 12 };
        struct gal_execution_filter filter = { .machine_id = uuid(1), .limit = 10 };

        for (unsigned i = 0; i < 12; i++) {
                rows[i] = execution_row(i, i < 9 ? 1 : 2, i % 2 == 0 ? "RUNNING" : "FAILED");
                rows[i].version = i % 3;
                rows[i].alias = i % 3 == 2 ? "prod" : NULL;
                rows[i].trace_header = i == 5 ? "Root=1" : NULL;
        }
        commit(owner, &batch);
        CHECK("execution-5 2 prod Root=1\n",
              read_execution(other, slot_of(5), uuid(5), note_execution, &buffer, &error));
        ck_assert_str_eq(list_executions(other, &filter), "#8 #7 #6 #5 #4 #3 #2 #1 #0 ");
        filter.version = 1;
        ck_assert_str_eq(list_executions(other, &filter), "#7 #4 #1 ");
        filter.status = "FAILED";
        ck_assert_str_eq(list_executions(other, &filter), "#7 #1 ");
        filter.before_id = uuid(7);
        ck_assert_str_eq(list_executions(other, &filter), "#1 ");
        filter = (struct gal_execution_filter){ .machine_id = uuid(1), .alias = "prod", .limit = 2 };
        ck_assert_str_eq(list_executions(other, &filter), "#8 #5 ");
        filter.status = "RUNNING";
        ck_assert_str_eq(list_executions(other, &filter), "#8 #2 ");
        filter.alias = "pro";
        ck_assert_str_eq(list_executions(other, &filter), "");
}
END_TEST

TCase *registry_tests(void)
{
        TCase *tests = tcase_create("registry");

        tcase_add_test(tests, machines_and_revisions_keep_what_was_configured);
        tcase_add_test(tests, machines_are_listed_from_a_name_on);
        tcase_add_test(tests, versions);
        tcase_add_test(tests, aliases);
        tcase_add_test(tests, tags);
        tcase_add_test(tests, what_goes_with_a_resource);
        tcase_add_test(tests, executions_by_version_and_alias);
        return tests;
}
