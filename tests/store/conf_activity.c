/*
 * conf_activity.c: activities, and the queues of tasks that wait for their workers.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "conformance.h"

static void add_activity(const char *name, const char *encryption, int64_t created_ms)
{
        struct gal_activity_row row = { .name = name, .encryption = encryption, .created_ms = created_ms };

        commit(owner, &(struct gal_batch){ .activities = &row, .activity_count = 1 });
}

START_TEST(activities)
{
        const char *deleted[] = { "b", "nobody" };
        struct gal_batch deletion = { .deleted_activities = deleted, .deleted_activity_count = 2 };

        ck_assert_str_eq(read_activities(other, NULL), "");
        add_activity("b", NULL, 2);
        add_activity("B", "{\"type\":\"AWS_OWNED_KEY\"}", 3);
        add_activity("a\xC3\xA4", NULL, 4);
        ck_assert_str_eq(read_activities(other, NULL), "B {\"type\":\"AWS_OWNED_KEY\"} 3\na\xC3\xA4 - 4\nb - 2\n");
        ck_assert_str_eq(read_activities(other, "b"), "b - 2\n");
        ck_assert_str_eq(read_activities(other, "c"), "");
        ck_assert_int_eq(stat_of(other, "activities"), 3);
        add_activity("b", "{}", 5);
        ck_assert_str_eq(read_activities(other, "b"), "b {} 5\n");
        commit(owner, &deletion);
        commit(owner, &deletion); /* deleting what is not there is nothing */
        ck_assert_str_eq(read_activities(other, NULL), "B {\"type\":\"AWS_OWNED_KEY\"} 3\na\xC3\xA4 - 4\n");
}
END_TEST

START_TEST(tasks_come_oldest_first)
{
        struct gal_activity_task_row rows[] = {
                activity_task_row("a", 30, 1), activity_task_row("a", 10, 9), activity_task_row("b", 5, 2),
                activity_task_row("a", 10, 3), activity_task_row("a", 10, 3), activity_task_row("A", 70, 4),
        };
        struct gal_batch batch = { .activity_tasks = rows, .activity_task_count = 6 };

        rows[4].scheduled_id = 12; /* a second task of the same execution */
        commit(owner, &batch);
        ck_assert_str_eq(read_activity_tasks(other, "a", NULL, SIZE_MAX),
                         "a 10 #3/7 a 10 #3/12 a 10 #9/7 a 30 #1/7 ");
        ck_assert_str_eq(read_activity_tasks(other, "a", NULL, 2), "a 10 #3/7 a 10 #3/12 ");
        ck_assert_str_eq(read_activity_tasks(other, "a", &rows[1], SIZE_MAX), "a 30 #1/7 ");
        ck_assert_str_eq(read_activity_tasks(other, "a", &rows[0], SIZE_MAX), "");
        ck_assert_str_eq(read_activity_tasks(other, "aa", NULL, SIZE_MAX), "");
        ck_assert_str_eq(read_activity_tasks(other, NULL, NULL, SIZE_MAX),
                         "A 70 #4/7 a 10 #3/7 a 10 #3/12 a 10 #9/7 a 30 #1/7 b 5 #2/7 ");
        ck_assert_str_eq(read_activity_tasks(other, NULL, &rows[1], SIZE_MAX), "a 30 #1/7 b 5 #2/7 ");
        ck_assert_int_eq(stat_of(other, "activity tasks"), 6);
}
END_TEST

START_TEST(tasks_are_taken_by_their_whole_key)
{
        struct gal_activity_task_row rows[] = { activity_task_row("a", 10, 1), activity_task_row("a", 20, 2) };
        struct gal_activity_task_row wrong[] = { rows[0], rows[0], rows[0], rows[0] };
        struct gal_batch batch = { .activity_tasks = rows, .activity_task_count = 2 };
        struct gal_batch taking = { .taken_activity_tasks = wrong, .taken_activity_task_count = 4 };
        const char *deleted[] = { "a" };

        wrong[0].activity = "b";
        wrong[1].scheduled_ms++;
        wrong[2].execution_id = uuid(2);
        wrong[3].scheduled_id++;
        commit(owner, &batch);
        commit(owner, &taking);
        /* What waits under a name goes on waiting when the activity is deleted. */
        commit(owner, &(struct gal_batch){ .deleted_activities = deleted, .deleted_activity_count = 1 });
        ck_assert_str_eq(read_activity_tasks(other, "a", NULL, SIZE_MAX), "a 10 #1/7 a 20 #2/7 ");
        taking = (struct gal_batch){ .taken_activity_tasks = rows, .taken_activity_task_count = 1 };
        commit(owner, &taking);
        commit(owner, &taking);
        ck_assert_str_eq(read_activity_tasks(other, "a", NULL, SIZE_MAX), "a 20 #2/7 ");
}
END_TEST

START_TEST(a_task_that_is_there_refuses_the_whole_batch)
{
        struct gal_activity_task_row rows[] = { activity_task_row("a", 10, 1), activity_task_row("a", 5, 2) };
        struct gal_chunk_row chunk = chunk_row(1, 1, "{}");
        struct gal_batch first = { .activity_tasks = rows, .activity_task_count = 1 };
        struct gal_batch second = { .activity_tasks = rows, .chunks = &chunk, .chunk_count = 1 };
        struct gal_activity_task_row turned[] = { rows[1], rows[0] };

        second.activity_tasks = turned;
        second.activity_task_count = 2;
        commit(owner, &first);
        ck_assert_int_eq(try_commit(owner, &second), GAL_ECONFLICT);
        ck_assert_str_eq(read_activity_tasks(other, "a", NULL, SIZE_MAX), "a 10 #1/7 ");
        ck_assert_uint_eq(count_chunks(other, slot_of(1), uuid(1)), 0);
}
END_TEST

START_TEST(queues_of_10000_tasks)
{
        enum { COUNT = 10000 };
        struct gal_activity_task_row *rows = gal_new_array(COUNT, struct gal_activity_task_row);
        struct gal_batch batch = { .activity_tasks = rows, .activity_task_count = COUNT };
        struct gal_batch taking = { .taken_activity_tasks = rows, .taken_activity_task_count = COUNT - 2 };

        for (unsigned i = 0; i < COUNT; i++)
                rows[i] = activity_task_row(i % 2 == 0 ? "a" : "b", i / 100, i);
        commit(owner, &batch);
        ck_assert_str_eq(read_activity_tasks(other, "b", &rows[9995], SIZE_MAX), "b 99 #9997/7 b 99 #9999/7 ");
        ck_assert_str_eq(read_activity_tasks(other, "a", NULL, 1), "a 0 #0/7 ");
        commit(owner, &taking);
        ck_assert_str_eq(read_activity_tasks(other, NULL, NULL, SIZE_MAX), "a 99 #9998/7 b 99 #9999/7 ");
        free(rows);
}
END_TEST

TCase *activity_tests(void)
{
        TCase *tests = tcase_create("activities");

        tcase_add_test(tests, activities);
        tcase_add_test(tests, tasks_come_oldest_first);
        tcase_add_test(tests, tasks_are_taken_by_their_whole_key);
        tcase_add_test(tests, a_task_that_is_there_refuses_the_whole_batch);
        tcase_add_test(tests, queues_of_10000_tasks);
        return tests;
}
