/*
 * query.c: rows to what people ask for.
 */
#include "engine/query.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arn.h"
#include "base/slot.h"
#include "definition/program.h"
#include "journal/journal.h"
#include "machine/history.h"

bool gal_execution_arn_parse(const char *text, struct gal_execution_arn *ret_arn)
{
        static const char prefix[] = "execution:";
        struct gal_arn arn;
        const char *machine, *separator;
        size_t machine_len;

        if (!gal_arn_parse(text, strlen(text), &arn) || !gal_slice_is(arn.service, "states") ||
            arn.resource.len <= sizeof(prefix) || memcmp(arn.resource.data, prefix, sizeof(prefix) - 1) != 0)
                return false;
        machine = arn.resource.data + sizeof(prefix) - 1;
        separator = strchr(machine, ':');
        if (separator == NULL || separator == machine || separator[1] == '\0' || strchr(separator + 1, ':') != NULL)
                return false;
        machine_len = (size_t)(separator - machine);
        ret_arn->machine_name = gal_strndup(machine, machine_len);
        ret_arn->name = gal_strdup(separator + 1);
        ret_arn->machine_arn =
                gal_format("%.*sstateMachine:%s", (int)(arn.resource.data - text), text, ret_arn->machine_name);
        return true;
}

void gal_execution_arn_finish(struct gal_execution_arn *arn)
{
        free(arn->machine_name);
        free(arn->name);
        free(arn->machine_arn);
}

/*
 * From an ARN to the id: a name that a caller chose stands in the table of names, a generated one is the id. The
 * machine is the one that has the name now; only when there is none, a deleted one: a machine that was deleted and
 * made again does not show the executions of the former one.
 */
struct lookup {
        struct gal_store *store;
        const struct gal_execution_arn *arn;
        char *machine_id; /* of the machine that is looked at; NULL: there is none of that name */
        char *execution_id;
        enum gal_status status; /* of what was read within a reading */
        struct gal_error *error;
        void (*found)(void *user, const struct gal_execution_row *row);
        void *user;
        bool was_found;
};

static bool note_machine(void *user, const struct gal_machine_row *row)
{
        struct lookup *lookup = user;

        lookup->machine_id = gal_strdup(row->machine_id);
        return false;
}

static bool note_name(void *user, const struct gal_name_row *row)
{
        struct lookup *lookup = user;

        free(lookup->execution_id);
        lookup->execution_id = gal_strdup(row->execution_id);
        return false;
}

static bool show_execution(void *user, const struct gal_execution_row *row)
{
        struct lookup *lookup = user;

        if (strcmp(row->name, lookup->arn->name) != 0 ||
            strcmp(row->machine_name, lookup->arn->machine_name) != 0 ||
            strcmp(row->machine_id, lookup->machine_id) != 0)
                return false;
        lookup->was_found = true;
        lookup->found(lookup->user, row);
        return false;
}

static enum gal_status look_at_machine(struct lookup *lookup)
{
        const struct gal_execution_arn *arn = lookup->arn;
        struct gal_store *store = lookup->store;
        enum gal_status status;

        free(gal_take(lookup->execution_id));
        status = store->ops->find_name(store, lookup->machine_id, arn->name, note_name, lookup, lookup->error);
        if (status != GAL_OK)
                return status;
        return store->ops->read_execution(store, gal_slot(arn->machine_name, arn->name),
                                          lookup->execution_id != NULL ? lookup->execution_id : arn->name,
                                          show_execution, lookup, lookup->error);
}

static bool look_at_deleted(void *user, const struct gal_machine_row *row)
{
        struct lookup *lookup = user;

        free(lookup->machine_id);
        lookup->machine_id = gal_strdup(row->machine_id);
        lookup->status = look_at_machine(lookup);
        return lookup->status == GAL_OK && !lookup->was_found;
}

static enum gal_status find_execution(struct lookup *lookup)
{
        struct gal_store *store = lookup->store;
        enum gal_status status =
                store->ops->read_machines(store, lookup->arn->machine_name, note_machine, lookup, lookup->error);

        if (status != GAL_OK)
                return status;
        if (lookup->machine_id != NULL)
                return look_at_machine(lookup);
        status = store->ops->read_deleted_machines(store, lookup->arn->machine_name, look_at_deleted, lookup,
                                                   lookup->error);
        return status == GAL_OK ? lookup->status : status;
}

enum gal_status gal_query_execution(struct gal_store *store, const char *execution_arn,
                                    void (*found)(void *user, const struct gal_execution_row *row), void *user,
                                    struct gal_error *error)
{
        struct gal_execution_arn arn;
        struct lookup lookup = { .store = store, .arn = &arn, .found = found, .user = user, .error = error };
        enum gal_status status;

        if (!gal_execution_arn_parse(execution_arn, &arn))
                return gal_fail(error, GAL_EINVALID, GAL_NOWHERE, "Invalid Arn: '%s'", execution_arn);
        status = find_execution(&lookup);
        free(lookup.machine_id);
        free(lookup.execution_id);
        gal_execution_arn_finish(&arn);
        if (status == GAL_OK && !lookup.was_found)
                status = gal_fail(error, GAL_ENOTFOUND, GAL_NOWHERE, "Execution Does Not Exist: '%s'",
                                  execution_arn);
        return status;
}

/* Definitions. */

struct definition {
        char *text;
        char *role_arn;
};

static bool note_revision(void *user, const struct gal_revision_row *row)
{
        struct definition *definition = user;

        definition->text = gal_strdup(row->definition);
        definition->role_arn = gal_strdup(row->role_arn);
        return false;
}

enum gal_status gal_query_definition(struct gal_store *store, const char *revision_id, char **ret_definition,
                                     char **ret_role_arn, struct gal_error *error)
{
        struct definition definition = { NULL, NULL };
        enum gal_status status = store->ops->read_revision(store, revision_id, note_revision, &definition, error);

        if (status == GAL_OK && definition.text == NULL)
                status = gal_fail(error, GAL_ENOTFOUND, GAL_NOWHERE, "the store has no revision %s", revision_id);
        if (status != GAL_OK) {
                free(definition.text);
                free(definition.role_arn);
                return status;
        }
        *ret_definition = definition.text;
        *ret_role_arn = definition.role_arn;
        return GAL_OK;
}

/* Histories. */

struct history {
        const struct gal_history_query *query;
        void (*event)(void *user, uint64_t id, const char *text, size_t len);
        void *user;
        char *execution_id;
        char *revision_id;
        uint32_t slot;
        struct gal_execution *execution; /* holds the names that events show; nothing is applied to it */
        struct gal_records records;      /* of one chunk */
        struct gal_journal_source *source;
        struct gal_buffer text;
        size_t shown;
        size_t size;
        bool more;
        enum gal_status status;
        struct gal_error *error;
};

static void note_execution(void *user, const struct gal_execution_row *row)
{
        struct history *history = user;

        history->execution_id = gal_strdup(row->execution_id);
        history->revision_id = gal_strdup(row->revision_id);
        history->slot = row->slot;
}

static bool is_wanted(const struct gal_history_query *query, const struct gal_record *record)
{
        if (gal_event_is_internal(record->type))
                return false;
        if (query->after_id == 0)
                return true;
        return query->reverse ? record->id < query->after_id : record->id > query->after_id;
}

/* False: the limit is reached and there is more. */
static bool show_record(struct history *history, const struct gal_record *record)
{
        struct gal_history_options options = { .omit_data = history->query->omit_data };

        if (!is_wanted(history->query, record))
                return true;
        if (history->query->limit != 0 && history->shown == history->query->limit) {
                history->more = true;
                return false;
        }
        gal_buffer_clear(&history->text);
        gal_history_write(&history->text, history->execution, record, &options);
        history->size += history->text.len;
        if (history->query->size_max != 0 && history->shown > 0 && history->size > history->query->size_max) {
                history->more = true;
                return false;
        }
        history->event(history->user, record->id, history->text.data, history->text.len);
        history->shown++;
        return true;
}

static bool show_chunk(void *user, const struct gal_chunk_row *row)
{
        struct history *history = user;
        bool reverse = history->query->reverse;

        gal_records_clear(&history->records);
        history->status = gal_journal_decode(row->body, row->body_len, history->execution->program, history->source,
                                             &history->records, history->error);
        if (history->status != GAL_OK)
                return false;
        for (size_t i = 0; i < history->records.count; i++) {
                size_t at = reverse ? history->records.count - 1 - i : i;

                if (!show_record(history, &history->records.items[at]))
                        return false;
        }
        return true;
}

static bool note_sequence(void *user, const struct gal_chunk_row *row)
{
        *(uint64_t *)user = row->sequence;
        return false;
}

/* The chunk with the first event that is wanted; 0: there is none. */
static enum gal_status find_first_chunk(struct gal_store *store, const struct history *history,
                                        uint64_t *ret_sequence)
{
        const struct gal_history_query *query = history->query;

        if (query->after_id == 0) {
                *ret_sequence = query->reverse ? UINT64_MAX : 1;
                return GAL_OK;
        }
        *ret_sequence = 0;
        return store->ops->read_chunk_of_event(store, history->slot, history->execution_id,
                                               query->reverse ? query->after_id - 1 : query->after_id + 1,
                                               note_sequence, ret_sequence, history->error);
}

static enum gal_status load_program(struct gal_store *store, struct history *history)
{
        struct gal_identity identity = { .execution_arn = history->query->execution_arn };
        struct gal_diagnostics diagnostics = { 0 };
        gal_auto_free char *definition = NULL, *role_arn = NULL;
        struct gal_program *program;
        enum gal_status status =
                gal_query_definition(store, history->revision_id, &definition, &role_arn, history->error);

        if (status != GAL_OK)
                return status;
        status = gal_program_compile(definition, strlen(definition), NULL, &diagnostics, &program);
        gal_diagnostics_finish(&diagnostics);
        if (status != GAL_OK)
                return gal_fail(history->error, status, GAL_NOWHERE,
                                "revision %s does not compile with this release", history->revision_id);
        identity.role_arn = role_arn;
        history->execution = gal_execution_create(program, &identity);
        gal_program_unref(program);
        return GAL_OK;
}

/* A page costs what it shows: nothing before its first chunk is read, nor what comes after its last event. */
static enum gal_status read_history(struct gal_store *store, struct history *history)
{
        enum gal_status status = load_program(store, history);
        uint64_t sequence = 0;

        history->source = gal_journal_source_create(store, history->slot, history->execution_id, /* owner= */ 0);
        if (status == GAL_OK)
                status = find_first_chunk(store, history, &sequence);
        if (status != GAL_OK || sequence == 0)
                return status;
        if (history->query->reverse)
                status = store->ops->read_chunks_back(store, history->slot, history->execution_id, sequence,
                                                      show_chunk, history, history->error);
        else
                status = store->ops->read_chunks(store, history->slot, history->execution_id, sequence, show_chunk,
                                                 history, history->error);
        return status == GAL_OK ? history->status : status;
}

enum gal_status gal_query_history(struct gal_store *store, const struct gal_history_query *query,
                                  void (*event)(void *user, uint64_t id, const char *text, size_t len), void *user,
                                  bool *ret_more, struct gal_error *error)
{
        struct history history = {
                .query = query, .event = event, .user = user, .text = GAL_BUFFER_INIT, .error = error
        };
        enum gal_status status = gal_query_execution(store, query->execution_arn, note_execution, &history, error);

        if (status == GAL_OK)
                status = read_history(store, &history);
        free(history.execution_id);
        free(history.revision_id);
        gal_execution_destroy(history.execution);
        gal_records_finish(&history.records);
        gal_journal_source_destroy(history.source);
        gal_buffer_finish(&history.text);
        if (status == GAL_OK && ret_more != NULL)
                *ret_more = history.more;
        return status;
}
