/*
 * writer.c: a queue in, a queue out, one mutex, a few threads. The loop is woken for answers. Nobody is woken while
 * the mutex is held: he would go to sleep again at once.
 */
#include "runtime/writer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "net/loop.h"

/* More than any store takes. */
#define THREADS_MAX 16

struct job {
        struct job *next;
        struct gal_commit *commit; /* NULL: purge */
        const struct gal_batch *batch;
        gal_writer_purged purged;
        void *purge_user;
        struct gal_writer_purge purge;
        int64_t elapsed_ns; /* of a commit */
        enum gal_status status;
        struct gal_error error;
};

struct queue {
        struct job *first;
        struct job **last;
};

struct gal_writer {
        struct gal_store *store;
        struct gal_writer_callbacks callbacks;
        struct gal_wakeup *wakeup;
        pthread_t threads[THREADS_MAX];
        size_t thread_count;
        pthread_mutex_t mutex; /* of what follows */
        pthread_cond_t changed;
        struct queue todo;
        struct queue done;
        struct gal_histogram commit_seconds; /* of the loop's thread */
        bool is_ending;
};

static void init_queue(struct queue *queue)
{
        queue->first = NULL;
        queue->last = &queue->first;
}

static void push(struct queue *queue, struct job *job)
{
        job->next = NULL;
        *queue->last = job;
        queue->last = &job->next;
}

static struct job *pop(struct queue *queue)
{
        struct job *job = queue->first;

        if (job == NULL)
                return NULL;
        queue->first = job->next;
        if (queue->first == NULL)
                queue->last = &queue->first;
        return job;
}

/* (transfer full) NULL: there is nothing more to do, ever. */
static struct job *wait_for_job(struct gal_writer *writer)
{
        struct job *job;

        pthread_mutex_lock(&writer->mutex);
        while ((job = pop(&writer->todo)) == NULL && !writer->is_ending)
                pthread_cond_wait(&writer->changed, &writer->mutex);
        pthread_mutex_unlock(&writer->mutex);
        return job;
}

static int64_t clock_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t clock_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void work_commit(struct gal_writer *writer, struct job *job)
{
        int64_t since_ns = clock_ns();

        job->status = writer->store->ops->commit(writer->store, job->batch, &job->error);
        job->elapsed_ns = clock_ns() - since_ns;
}

static void work_purge(struct gal_writer *writer, struct job *job)
{
        struct gal_writer_purge *purge = &job->purge;
        int64_t since_ms = clock_ms();

        job->status = writer->store->ops->purge(writer->store, purge->closed_before_ms, purge->names_by_ms,
                                                purge->limit, &purge->removed, &job->error);
        purge->elapsed_ms = clock_ms() - since_ms;
}

static void work(struct gal_writer *writer, struct job *job)
{
        if (job->commit != NULL)
                work_commit(writer, job);
        else
                work_purge(writer, job);
}

static void *run_thread(void *user)
{
        struct gal_writer *writer = user;
        struct job *job;

        while ((job = wait_for_job(writer)) != NULL) {
                work(writer, job);
                pthread_mutex_lock(&writer->mutex);
                push(&writer->done, job);
                pthread_mutex_unlock(&writer->mutex);
                gal_wakeup_send(writer->wakeup);
        }
        return NULL;
}

/* In the loop. A callback may queue the next job. */
static void deliver(void *user)
{
        struct gal_writer *writer = user;

        for (;;) {
                struct job *job;

                pthread_mutex_lock(&writer->mutex);
                job = pop(&writer->done);
                pthread_mutex_unlock(&writer->mutex);
                if (job == NULL)
                        return;
                if (job->commit != NULL)
                        gal_histogram_add(&writer->commit_seconds, job->elapsed_ns);
                if (job->commit != NULL)
                        writer->callbacks.committed(writer->callbacks.user, job->commit, job->status,
                                                    job->error.message);
                else
                        job->purged(job->purge_user, job->status, &job->purge, job->error.message);
                free(job);
        }
}

static void end_threads(struct gal_writer *writer)
{
        pthread_mutex_lock(&writer->mutex);
        writer->is_ending = true;
        pthread_mutex_unlock(&writer->mutex);
        pthread_cond_broadcast(&writer->changed);
        for (size_t i = 0; i < writer->thread_count; i++)
                pthread_join(writer->threads[i], NULL);
}

static enum gal_status start_threads(struct gal_writer *writer, struct gal_error *error)
{
        size_t count = writer->store->ops->commits_max;

        gal_assert(count > 0 && count <= THREADS_MAX);
        while (writer->thread_count < count) {
                int failed = pthread_create(&writer->threads[writer->thread_count], NULL, run_thread, writer);

                if (failed != 0)
                        return gal_fail(error, GAL_EIO, GAL_NOWHERE, "cannot start a thread: %s", strerror(failed));
                writer->thread_count++;
        }
        return GAL_OK;
}

enum gal_status gal_writer_create(struct gal_loop *loop, struct gal_store *store,
                                  const struct gal_writer_callbacks *callbacks, struct gal_writer **ret_writer,
                                  struct gal_error *error)
{
        struct gal_writer *writer = gal_new(struct gal_writer);
        enum gal_status status;

        writer->store = store;
        writer->callbacks = *callbacks;
        init_queue(&writer->todo);
        init_queue(&writer->done);
        pthread_mutex_init(&writer->mutex, NULL);
        pthread_cond_init(&writer->changed, NULL);
        status = gal_wakeup_create(loop, deliver, writer, &writer->wakeup, error);
        if (status == GAL_OK)
                status = start_threads(writer, error);
        if (status == GAL_OK)
                *ret_writer = writer;
        else
                gal_writer_destroy(writer);
        return status;
}

void gal_writer_destroy(struct gal_writer *writer)
{
        if (writer == NULL)
                return;
        end_threads(writer);
        deliver(writer);
        gal_wakeup_destroy(writer->wakeup);
        pthread_cond_destroy(&writer->changed);
        pthread_mutex_destroy(&writer->mutex);
        free(writer);
}

static void add_job(struct gal_writer *writer, struct job *job)
{
        pthread_mutex_lock(&writer->mutex);
        gal_assert(!writer->is_ending);
        push(&writer->todo, job);
        pthread_mutex_unlock(&writer->mutex);
        pthread_cond_signal(&writer->changed);
}

const struct gal_histogram *gal_writer_commit_seconds(const struct gal_writer *writer)
{
        return &writer->commit_seconds;
}

void gal_writer_commit(struct gal_writer *writer, struct gal_commit *commit, const struct gal_batch *batch)
{
        struct job *job = gal_new(struct job);

        gal_assert(commit != NULL);
        job->commit = commit;
        job->batch = batch;
        add_job(writer, job);
}

void gal_writer_purge(struct gal_writer *writer, const struct gal_writer_purge *purge, gal_writer_purged done,
                      void *user)
{
        struct job *job = gal_new(struct job);

        job->purged = done;
        job->purge_user = user;
        job->purge = *purge;
        job->purge.removed = 0;
        add_job(writer, job);
}
