/*
 * conf_lease.c: one owner at a time; who has lost the lease writes nothing, whatever it believes.
 */
#include <stdlib.h>
#include <string.h>

#include "conformance.h"

static struct gal_chunk_row chunk;

static struct gal_batch *one_chunk(unsigned execution, uint64_t sequence)
{
        static struct gal_batch batch;

        chunk = chunk_row(execution, sequence, "x");
        batch = (struct gal_batch){ .chunks = &chunk, .chunk_count = 1 };
        return &batch;
}

static size_t chunks_of(unsigned execution)
{
        return count_chunks(other, slot_of(execution), uuid(execution));
}

/*
 * A former owner learns of its loss from the lease or, where its connections were ended, from them; from then on it
 * is told what is the matter. Nothing of what it tries is written either way.
 */
static void assert_fenced(struct gal_store *store, const struct gal_batch *batch)
{
        enum gal_status status = try_commit(store, batch);

        ck_assert(status == GAL_EFENCED || status == GAL_EIO);
        ck_assert_int_eq(try_commit(store, batch), GAL_EFENCED);
}

START_TEST(who_does_not_own_the_store_writes_nothing)
{
        size_t removed = 77;

        owner->ops->release(owner);
        ck_assert_int_eq(try_commit(owner, one_chunk(3, 1)), GAL_EFENCED);
        ck_assert_int_eq(try_commit(other, one_chunk(3, 1)), GAL_EFENCED);
        ck_assert_int_eq(other->ops->renew(other, NULL), GAL_EFENCED);
        ck_assert_int_eq(other->ops->purge(other, INT64_MAX, INT64_MAX, 10, &removed, NULL), GAL_EFENCED);
        ck_assert_uint_eq(removed, 77);
        ck_assert_uint_eq(chunks_of(3), 0);
}
END_TEST

START_TEST(a_second_one_is_told_who_owns_it)
{
        struct gal_error error = { .code = GAL_OK };

        ck_assert_int_eq(try_acquire(other, "second", &error), GAL_EBUSY);
        ck_assert_int_eq(error.code, GAL_EBUSY);
        ck_assert_str_ne(error.message, "");
        ck_assert_int_eq(try_commit(other, one_chunk(3, 1)), GAL_EFENCED);
        commit(owner, one_chunk(3, 1));
        ck_assert_int_eq(owner->ops->renew(owner, NULL), GAL_OK);
        commit(owner, one_chunk(3, 2));
}
END_TEST

static void assert_owner(struct gal_store *store, const char *address)
{
        char *told = store->ops->owner(store);

        if (address == NULL)
                ck_assert_ptr_null(told);
        else
                ck_assert_str_eq(told, address);
        free(told);
}

START_TEST(the_owner_has_an_address)
{
        assert_owner(owner, "owner");
        assert_owner(other, "owner");
        owner->ops->release(owner);
        assert_owner(owner, NULL);
        assert_owner(other, NULL);
        acquire(other, "http://[::1]:8083/grüße?a=%20");
        assert_owner(owner, "http://[::1]:8083/grüße?a=%20");
        gal_store_destroy(other);
        other = backend->open();
        assert_owner(owner, NULL);
}
END_TEST

START_TEST(a_released_store_is_free)
{
        commit(owner, one_chunk(3, 1));
        owner->ops->release(owner);
        acquire(other, "second");
        commit(other, one_chunk(3, 2));
        owner->ops->release(owner); /* it has nothing to release */
        commit(other, one_chunk(3, 3));
        ck_assert_int_eq(try_commit(owner, one_chunk(3, 4)), GAL_EFENCED);
        ck_assert_uint_eq(chunks_of(3), 3);
}
END_TEST

START_TEST(a_destroyed_owner_leaves_the_store_free)
{
        gal_store_destroy(owner);
        acquire(other, "second");
        commit(other, one_chunk(3, 1));
        owner = backend->open();
        ck_assert_int_eq(owner->ops->prepare(owner, false, NULL), GAL_OK);
        ck_assert_int_eq(try_acquire(owner, "third", NULL), GAL_EBUSY);
}
END_TEST

START_TEST(a_new_owner_fences_the_former_one)
{
        struct full_batch {
                struct gal_machine_row machine;
                struct gal_run_row run;
        } rows = { machine_row(1), run_row(3, 5) };
        struct gal_batch batch = {
                .machines = &rows.machine, .machine_count = 1, .runs = &rows.run, .run_count = 1
        };
        size_t removed = 77;

        commit(owner, one_chunk(3, 1));
        backend->expire();
        acquire(other, "second");
        assert_fenced(owner, one_chunk(3, 2));
        ck_assert_int_eq(try_commit(owner, &batch), GAL_EFENCED);
        ck_assert_int_eq(owner->ops->renew(owner, NULL), GAL_EFENCED);
        ck_assert_int_eq(owner->ops->purge(owner, INT64_MAX, INT64_MAX, 10, &removed, NULL), GAL_EFENCED);
        ck_assert_uint_eq(chunks_of(3), 1);
        ck_assert_str_eq(read_machines(other, NULL), "");
        ck_assert_str_eq(read_runs(other, INT64_MAX, SIZE_MAX), "");
        assert_owner(owner, "second");
        owner->ops->release(owner); /* not its own any more */
        commit(other, one_chunk(3, 2));
        ck_assert_int_eq(other->ops->renew(other, NULL), GAL_OK);
}
END_TEST

START_TEST(a_former_owner_can_come_back)
{
        backend->expire();
        acquire(other, "second");
        ck_assert_int_eq(try_acquire(owner, "owner", NULL), GAL_EBUSY);
        ck_assert_int_eq(try_commit(owner, one_chunk(3, 1)), GAL_EFENCED);
        backend->expire();
        acquire(owner, "owner");
        commit(owner, one_chunk(3, 1));
        assert_fenced(other, one_chunk(3, 2));
        ck_assert_uint_eq(chunks_of(3), 1);
}
END_TEST

START_TEST(the_owner_may_acquire_again)
{
        commit(owner, one_chunk(3, 1));
        acquire(owner, "elsewhere");
        assert_owner(other, "elsewhere");
        commit(owner, one_chunk(3, 2));
        ck_assert_int_eq(owner->ops->renew(owner, NULL), GAL_OK);
        ck_assert_int_eq(try_acquire(other, "second", NULL), GAL_EBUSY);
        owner->ops->release(owner);
        acquire(other, "second");
        ck_assert_int_eq(try_commit(owner, one_chunk(3, 3)), GAL_EFENCED);
}
END_TEST

START_TEST(owners_take_turns)
{
        for (uint64_t i = 1; i <= 20; i++) {
                struct gal_store *store = i % 2 == 0 ? owner : other;
                struct gal_store *former = i % 2 == 0 ? other : owner;

                backend->expire();
                acquire(store, "turn");
                assert_fenced(former, one_chunk(3, i));
                commit(store, one_chunk(3, i));
        }
        ck_assert_uint_eq(chunks_of(3), 20);
}
END_TEST

TCase *lease_tests(void)
{
        TCase *tests = tcase_create("lease");

        tcase_add_test(tests, who_does_not_own_the_store_writes_nothing);
        tcase_add_test(tests, a_second_one_is_told_who_owns_it);
        tcase_add_test(tests, the_owner_has_an_address);
        tcase_add_test(tests, a_released_store_is_free);
        tcase_add_test(tests, a_destroyed_owner_leaves_the_store_free);
        tcase_add_test(tests, a_new_owner_fences_the_former_one);
        tcase_add_test(tests, a_former_owner_can_come_back);
        tcase_add_test(tests, the_owner_may_acquire_again);
        tcase_add_test(tests, owners_take_turns);
        return tests;
}
