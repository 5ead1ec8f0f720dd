/*
 * test_fault.c: the decorator keeps to the contract while nothing fails (the suite), and fails in the ways that it
 * says.
 */
#include "store/fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance.h"
#include "store/memory.h"

static struct gal_store *place;

static void begin(void)
{
        place = gal_store_memory_create();
}

static struct gal_store *open_view(void)
{
        return gal_store_fault_create(gal_store_memory_attach(place), /* plan= */ NULL);
}

static void expire(void)
{
        gal_store_memory_expire(place);
}

static void end(void)
{
        gal_store_destroy(place);
}

/* Replaces the owner by one that fails according to a plan. */
static void own_with(const struct gal_fault_plan *plan)
{
        gal_store_destroy(owner);
        owner = gal_store_fault_create(gal_store_memory_attach(place), plan);
        ck_assert_int_eq(owner->ops->prepare(owner, false, NULL), GAL_OK);
}

static enum gal_status commit_chunk(uint64_t sequence)
{
        struct gal_chunk_row chunk = chunk_row(3, sequence, "x");
        struct gal_batch batch = { .chunks = &chunk, .chunk_count = 1 };

        return try_commit(owner, &batch);
}

static size_t chunks_there(void)
{
        return count_chunks(other, slot_of(3), uuid(3));
}

static const struct flavour {
        enum gal_fault fault;
        enum gal_status status;
        size_t chunks;
} flavours[] = {
        { GAL_FAULT_REFUSED, GAL_EIO, 0 },
        { GAL_FAULT_APPLIED, GAL_EIO, 1 },
        { GAL_FAULT_FENCED, GAL_EFENCED, 0 },
};

START_TEST(commits_fail_in_each_way)
{
        const struct flavour *flavour = &flavours[_i];

        gal_store_fault_set(owner, GAL_CALL_COMMIT, 1, flavour->fault);
        ck_assert_int_eq(commit_chunk(1), flavour->status);
        ck_assert_uint_eq(chunks_there(), flavour->chunks);
        ck_assert_int_eq(commit_chunk(2), GAL_EFENCED);
        ck_assert_int_eq(owner->ops->renew(owner, NULL), GAL_EFENCED);
        ck_assert_int_eq(try_acquire(other, "second", NULL),
                         flavour->fault == GAL_FAULT_FENCED ? GAL_OK : GAL_EBUSY);
        other->ops->release(other);
        acquire(owner, "owner");
        ck_assert_int_eq(commit_chunk(flavour->chunks + 1), GAL_OK);
        ck_assert_uint_eq(gal_store_fault_count(owner, flavour->fault), 1);
}
END_TEST

START_TEST(only_the_nth_call_fails)
{
        gal_store_fault_set(owner, GAL_CALL_COMMIT, 3, GAL_FAULT_REFUSED);
        ck_assert_int_eq(commit_chunk(1), GAL_OK);
        ck_assert_int_eq(owner->ops->renew(owner, NULL), GAL_OK);
        ck_assert_int_eq(commit_chunk(2), GAL_OK);
        ck_assert_int_eq(commit_chunk(3), GAL_EIO);
        acquire(owner, "owner");
        ck_assert_int_eq(commit_chunk(3), GAL_OK);
        ck_assert_uint_eq(chunks_there(), 3);
}
END_TEST

/* A commit that was given up may still come: before the next acquire returns, or never. */
START_TEST(late_commits_are_settled_by_acquire)
{
        unsigned before = 0, by_acquire = 0, never = 0;

        for (unsigned seed = 1; seed <= 60; seed++) {
                struct gal_fault_plan plan = { .seed = seed };
                size_t there = chunks_there();
                size_t then = there;

                own_with(&plan);
                acquire(owner, "owner");
                gal_store_fault_set(owner, GAL_CALL_COMMIT, 1, GAL_FAULT_LATE);
                ck_assert_int_eq(commit_chunk(there + 1), GAL_EIO);
                ck_assert_uint_eq(chunks_there(), there);
                for (unsigned i = 0; i < 3 && then == there; i++) {
                        read_runs(owner, 0, 1);
                        then = chunks_there();
                }
                before += then > there;
                acquire(owner, "owner");
                by_acquire += chunks_there() > then;
                never += chunks_there() == there;
                then = chunks_there();
                for (unsigned i = 0; i < 10; i++)
                        read_runs(owner, 0, 1);
                ck_assert_uint_eq(chunks_there(), then);
                ck_assert_int_eq(commit_chunk(then + 1), GAL_OK);
        }
        ck_assert_msg(before > 5 && by_acquire > 5 && never > 5, "%u %u %u", before, by_acquire, never);
}
END_TEST

static bool count_row(void *user, const struct gal_chunk_row *row)
{
        (void)row;
        (*(size_t *)user)++;
        return true;
}

START_TEST(reads_fail_part_of_the_way)
{
        struct gal_error error = { .code = GAL_OK };
        size_t seen = 0, most = 0;

        for (uint64_t i = 1; i <= 10; i++)
                ck_assert_int_eq(commit_chunk(i), GAL_OK);
        for (unsigned i = 0; i < 30; i++) {
                size_t count = 0;

                gal_store_fault_set(owner, GAL_CALL_READ, 1, GAL_FAULT_REFUSED);
                ck_assert_int_eq(owner->ops->read_chunks(owner, slot_of(3), uuid(3), 1, count_row, &count, &error),
                                 GAL_EIO);
                ck_assert_uint_lt(count, 10);
                seen += count > 0;
                most = count > most ? count : most;
        }
        ck_assert(seen > 5 && seen < 30 && most > 1);
        ck_assert_int_eq(error.code, GAL_EIO);
        ck_assert_int_eq(commit_chunk(11), GAL_OK); /* the lease is as it was */
        ck_assert_uint_eq(count_chunks(owner, slot_of(3), uuid(3)), 11);
}
END_TEST

START_TEST(acquire_and_renew_fail_too)
{
        gal_store_fault_set(owner, GAL_CALL_RENEW, 1, GAL_FAULT_REFUSED);
        ck_assert_int_eq(owner->ops->renew(owner, NULL), GAL_EIO);
        ck_assert_int_eq(commit_chunk(1), GAL_EFENCED);
        gal_store_fault_set(owner, GAL_CALL_ACQUIRE, 1, GAL_FAULT_APPLIED);
        ck_assert_int_eq(try_acquire(owner, "owner", NULL), GAL_EIO);
        ck_assert_int_eq(commit_chunk(1), GAL_EFENCED);
        ck_assert_int_eq(try_acquire(other, "second", NULL), GAL_EBUSY);
        acquire(owner, "owner");
        gal_store_fault_set(owner, GAL_CALL_RENEW, 1, GAL_FAULT_FENCED);
        ck_assert_int_eq(owner->ops->renew(owner, NULL), GAL_EFENCED);
        acquire(other, "second");
        ck_assert_int_eq(commit_chunk(1), GAL_EFENCED);
        ck_assert_uint_eq(chunks_there(), 0);
}
END_TEST

/* A client that does as the contract says: after a failure it acquires, and then reads what is there. */
static size_t run_client(const struct gal_fault_plan *plan, char trace[200])
{
        size_t acknowledged = 0, failures = 0;

        own_with(plan);
        for (size_t i = 0; i < 150; i++) {
                enum gal_status status = commit_chunk(acknowledged + 1);

                trace[i] = (char)('0' + status);
                if (status == GAL_OK) {
                        acknowledged++;
                        continue;
                }
                failures++;
                ck_assert(status == GAL_EIO || status == GAL_EFENCED);
                while (try_acquire(owner, "owner", NULL) != GAL_OK)
                        failures++;
                ck_assert_uint_ge(chunks_there(), acknowledged);
                ck_assert_uint_le(chunks_there(), acknowledged + 1);
                acknowledged = chunks_there();
        }
        ck_assert_uint_eq(chunks_there(), acknowledged);
        return failures;
}

START_TEST(a_careful_client_loses_nothing)
{
        struct gal_fault_plan plan = { .seed = (uint64_t)_i + 1 };
        char traces[2][200] = { "", "" };
        size_t failures;

        for (enum gal_fault kind = GAL_FAULT_REFUSED; kind < GAL_FAULT_KINDS; kind++) {
                plan.per_mille[GAL_CALL_COMMIT][kind] = 30;
                plan.per_mille[GAL_CALL_ACQUIRE][kind] = 50;
        }
        failures = run_client(&plan, traces[0]);
        ck_assert_uint_gt(failures, 3);
        end_test();
        begin_test();
        ck_assert_uint_eq(run_client(&plan, traces[1]), failures); /* the same again */
        ck_assert_str_eq(traces[0], traces[1]);
}
END_TEST

static Suite *failing_suite(void)
{
        Suite *suite = suite_create("failing stores");
        TCase *tests = tcase_create("failures");

        tcase_add_checked_fixture(tests, begin_test, end_test);
        tcase_add_loop_test(tests, commits_fail_in_each_way, 0, sizeof(flavours) / sizeof(flavours[0]));
        tcase_add_test(tests, only_the_nth_call_fails);
        tcase_add_test(tests, late_commits_are_settled_by_acquire);
        tcase_add_test(tests, reads_fail_part_of_the_way);
        tcase_add_test(tests, acquire_and_renew_fail_too);
        tcase_add_loop_test(tests, a_careful_client_loses_nothing, 0, 20);
        suite_add_tcase(suite, tests);
        return suite;
}

int main(void)
{
        static const struct backend fault = {
                .name = "fault", .begin = begin, .open = open_view, .expire = expire, .end = end
        };

        return run_conformance(&fault, failing_suite);
}
