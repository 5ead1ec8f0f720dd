/*
 * clients.c: operations, each tried again until it is acknowledged or refused for good.
 *
 * Answers get lost and come late; a client that has waited long enough asks again, perhaps another process. The
 * trap in checking answers: a process that was succeeded answers from its own past, which was true then.
 */
#include "clients.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "db.h"
#include "generate.h"
#include "ledger.h"
#include "node.h"

#define MACHINES_MAX 3
#define PATIENCE_MS 3000
#define REPEATS_MAX 5

enum op_kind { OP_CREATE, OP_START, OP_STOP, OP_DELETE };

struct sim_op {
        struct sim_event event; /* the next attempt, or the end of patience */
        struct sim_clients *clients;
        enum op_kind kind;
        unsigned machine;
        unsigned definition;
        char *name;                  /* of a start or stop; NULL: unnamed, or whichever execution there is */
        char *arn;                   /* of a stop */
        char *input;                 /* of a start */
        struct sim_request *request; /* NULL: none that is waited for */
        unsigned node;
        bool is_done;
        unsigned repeats;      /* although it was acknowledged */
        char *acknowledged_id; /* of a start */
        char *former_id;       /* of the same start, 90 days before */
};

struct machine {
        char name[8];
        char *definitions[2];
};

struct sim_clients {
        struct sim *sim;
        struct machine machines[MACHINES_MAX];
        unsigned machine_count;
        bool may_delete;
        struct sim_op *ops;
        size_t op_count;
        size_t op_size;
        struct sim_request *requests;
        bool is_again; /* the names are used for the second time */
};

/* Requests. */

static void run_op(struct sim *sim, struct sim_event *event);

static void destroy_request(struct sim_request *request)
{
        struct sim_clients *clients = request->clients;

        sim_unschedule(clients->sim, &request->event);
        if (request->op->request == request)
                request->op->request = NULL;
        if (request->previous_of_all != NULL)
                request->previous_of_all->next_of_all = request->next_of_all;
        else
                clients->requests = request->next_of_all;
        if (request->next_of_all != NULL)
                request->next_of_all->previous_of_all = request->previous_of_all;
        free(request->code);
        free(request->arn);
        free(request->execution_id);
        free(request);
}

void sim_request_forget(struct sim_request *request)
{
        destroy_request(request);
}

static char *op_arn(const struct sim_op *op)
{
        if (op->arn != NULL)
                return gal_strdup(op->arn);
        return gal_format("arn:aws:states:" SIM_REGION ":" SIM_ACCOUNT ":execution:%s:%s",
                          op->clients->machines[op->machine].name, op->name);
}

static const char *op_definition(const struct sim_op *op)
{
        return op->clients->machines[op->machine].definitions[op->definition];
}

/* Answers against the ledger. */

static void check_started(struct sim *sim, struct sim_request *request, const char *arn)
{
        const struct sim_op *op = request->op;
        const struct sim_entry *entry = sim_ledger_find(sim->ledger, arn);
        const struct sim_machine *machine;

        if (entry == NULL) {
                sim_fail(sim, "the start of %s is acknowledged, and it is not written", arn);
                return;
        }
        request->execution_id = gal_strdup(entry->id);
        if (strcmp(entry->input, op->input) != 0)
                sim_fail(sim, "the start of %s is acknowledged for another input", arn);
        if (op->name != NULL && strcmp(entry->name, op->name) != 0)
                sim_fail(sim, "the start of %s is acknowledged as %s", op->name, arn);
        machine = sim_ledger_machine(sim->ledger, op->clients->machines[op->machine].name);
        if (machine != NULL && machine->written_ms < request->given_ms &&
            strcmp(machine->id, entry->machine_id) != 0)
                sim_fail(sim, "the start of %s is acknowledged with an execution of a deleted machine", arn);
        if (op->former_id != NULL && strcmp(op->former_id, entry->id) == 0)
                sim_fail(sim, "the start of %s is acknowledged 90 days later with the old execution", arn);
}

/* An execution of a deleted machine may have had the same ARN. */
static bool has_stopped(const struct sim *sim, const char *arn)
{
        for (const struct sim_entry *entry = sim_ledger_first(sim->ledger); entry != NULL; entry = entry->hh.next) {
                if (strcmp(entry->arn, arn) == 0 && !sim_entry_is_open(entry))
                        return true;
        }
        return false;
}

static void check_done(struct sim *sim, struct sim_request *request, const char *arn)
{
        const struct sim_op *op = request->op;
        const char *name = op->clients->machines[op->machine].name;
        const struct sim_machine *machine = sim_ledger_machine(sim->ledger, name);
        gal_auto_free char *own_arn = op->kind == OP_STOP ? op_arn(op) : NULL;

        switch (op->kind) {
        case OP_CREATE:
                if (machine == NULL)
                        sim_fail(sim, "machine %s is acknowledged, and it is not written", name);
                else if (strcmp(sim_ledger_definition(sim->ledger, machine), op_definition(op)) != 0)
                        sim_fail(sim, "machine %s is acknowledged with another definition", name);
                return;
        case OP_START:
                check_started(sim, request, arn);
                return;
        case OP_STOP:
                if (!has_stopped(sim, own_arn))
                        sim_fail(sim, "the stop of %s is acknowledged, and it is open", own_arn);
                return;
        case OP_DELETE:
                if (machine != NULL)
                        sim_fail(sim, "machine %s is said to be deleted, and it is there", name);
                return;
        }
}

/* And can be found by its ARN: a name that a caller chose is gone with its machine. */
static bool is_open(const struct sim *sim, const struct sim_entry *entry)
{
        const struct sim_machine *machine;

        if (entry == NULL || !sim_entry_is_open(entry) || entry->is_refused)
                return false;
        machine = sim_ledger_machine(sim->ledger, entry->machine_name);
        return machine == NULL ? strcmp(entry->name, entry->id) == 0 : strcmp(machine->id, entry->machine_id) == 0;
}

/* As above: an ARN may mean an execution of a deleted machine. */
static bool has_refused(const struct sim *sim, const char *arn)
{
        for (const struct sim_entry *entry = sim_ledger_first(sim->ledger); entry != NULL; entry = entry->hh.next) {
                if (strcmp(entry->arn, arn) == 0 && entry->is_refused)
                        return true;
        }
        return false;
}

/* A refusal must be true, too. */
static void check_refused(struct sim *sim, const struct sim_request *request, const char *code, const char *message)
{
        const struct sim_op *op = request->op;
        const char *name = op->clients->machines[op->machine].name;
        bool has_machine = sim_ledger_machine(sim->ledger, name) != NULL;
        gal_auto_free char *arn = op->name != NULL || op->arn != NULL ? op_arn(op) : NULL;
        const struct sim_entry *entry = arn == NULL ? NULL : sim_ledger_find(sim->ledger, arn);

        if (strcmp(code, "StateMachineDoesNotExist") == 0) {
                if (has_machine)
                        sim_fail(sim, "machine %s is there and said not to be", name);
        } else if (strcmp(code, "StateMachineAlreadyExists") == 0) {
                if (!has_machine)
                        sim_fail(sim, "machine %s is said to be there and is not written", name);
        } else if (strcmp(code, "ExecutionDoesNotExist") == 0) {
                if (is_open(sim, entry))
                        sim_fail(sim, "%s is open and said not to exist", arn);
        } else if (strcmp(code, "ValidationException") == 0) {
                if (!has_refused(sim, arn))
                        sim_fail(sim, "%s is said to stand still: %s", arn, message);
        } else if (strcmp(code, "ExecutionAlreadyExists") == 0) {
                if (entry == NULL)
                        sim_fail(sim, "%s is said to exist and is not written", arn);
                else if (is_open(sim, entry) && strcmp(entry->input, op->input) == 0)
                        sim_fail(sim, "%s is open with the same input, and its start is refused", arn);
        } else {
                sim_trace(sim, "definition: %s", op_definition(op));
                sim_fail(sim, "a request is refused with %s: %s", code, message);
        }
}

static bool is_retryable(const struct gal_answer *answer)
{
        return answer->status == GAL_EIO || answer->status == GAL_EBUSY;
}

static void answer_arrives(struct sim *sim, struct sim_event *event);

/* The engine says something. */
static void on_done(void *user, const struct gal_answer *answer)
{
        struct sim_request *request = user;
        struct sim *sim = request->clients->sim;
        struct sim_node *node = request->node;

        if (!sim_node_is_heard(node))
                return; /* it dies, and the request with it */
        if (request->was_answered)
                sim_fail(sim, "a request is answered twice");
        request->was_answered = true;
        sim_trace(sim, "node %u: answers %s", sim_node_index(node), answer->code == NULL ? "ok" : answer->code);
        request->is_retryable = is_retryable(answer);
        request->code = gal_strdup(answer->code);
        request->arn = gal_strdup(answer->arn);
        sim_node_remove_request(node, request);
        if (!request->is_retryable && !sim_node_is_superseded(node)) {
                if (answer->status == GAL_OK)
                        check_done(sim, request, answer->arn);
                else
                        check_refused(sim, request, answer->code, answer->message);
        }
        if (!sim_is_calm(sim) && sim_one_in(sim, 12))
                sim_schedule(sim, &request->event, answer_arrives, PATIENCE_MS + 1); /* too late for who asked */
        else
                sim_schedule(sim, &request->event, answer_arrives, (int64_t)sim_below(sim, 5));
}

/* What an answer means to who asked. */

static void try_again(struct sim *sim, struct sim_op *op)
{
        op->node = (op->node + 1) % (unsigned)sim->node_count;
        sim_schedule(sim, &op->event, run_op, 50 + (int64_t)sim_below(sim, 300));
}

static bool is_created(const struct sim_clients *clients, unsigned machine)
{
        return clients->ops[machine].is_done; /* the first operations create them, in order */
}

/* Now and then somebody has not seen that, and asks another process at once. */
static void note_started(struct sim *sim, struct sim_op *op, struct sim_request *request)
{
        if (op->acknowledged_id != NULL && !op->clients->may_delete && op->name != NULL &&
            strcmp(op->acknowledged_id, request->execution_id) != 0)
                sim_fail(sim, "the start of %s is acknowledged with two executions", op->name);
        free(op->acknowledged_id);
        op->acknowledged_id = gal_take(request->execution_id);
        if (op->name == NULL || op->repeats == REPEATS_MAX || !sim_one_in(sim, sim->is_contended ? 2 : 10))
                return;
        op->repeats++;
        op->is_done = false;
        op->node = (op->node + 1) % (unsigned)sim->node_count;
        sim_schedule(sim, &op->event, run_op, (int64_t)sim_below(sim, 30));
}

static void answer_arrives(struct sim *sim, struct sim_event *event)
{
        struct sim_request *request = gal_container_of(event, struct sim_request, event);
        struct sim_op *op = request->op;
        bool is_missing = request->code != NULL && strcmp(request->code, "StateMachineDoesNotExist") == 0;

        if (op->request != request) {
                destroy_request(request);
                return;
        }
        if (!request->was_answered || request->is_retryable ||
            (is_missing && !is_created(op->clients, op->machine))) {
                destroy_request(request);
                try_again(sim, op);
                return;
        }
        sim_unschedule(sim, &op->event);
        op->is_done = true;
        if (request->execution_id != NULL)
                note_started(sim, op, request);
        destroy_request(request);
}

static void give_to_engine(struct sim_request *request, struct gal_engine *engine)
{
        const struct sim_op *op = request->op;
        const char *name = op->clients->machines[op->machine].name;
        const char *definition = op_definition(op);
        struct gal_create_request create = { .name = name,
                                             .definition = definition,
                                             .definition_len = strlen(definition),
                                             .replace = op->definition > 0 };
        struct gal_start_request start = { .machine = name, .name = op->name };
        gal_auto_free char *arn = op->kind == OP_STOP ? op_arn(op) : NULL;

        switch (op->kind) {
        case OP_CREATE:
                gal_engine_create_machine(engine, &create, on_done, request);
                return;
        case OP_START:
                if (gal_payload_parse(op->input, strlen(op->input), &start.input, NULL) != GAL_OK)
                        gal_bug("an input that does not parse", 0);
                gal_engine_start(engine, &start, on_done, request);
                gal_payload_unref(start.input);
                return;
        case OP_STOP:
                gal_engine_stop(engine, arn, "Stopped", "by a client", on_done, request);
                return;
        case OP_DELETE:
                gal_engine_delete_machine(engine, name, on_done, request);
                return;
        }
}

static void request_arrives(struct sim *sim, struct sim_event *event)
{
        struct sim_request *request = gal_container_of(event, struct sim_request, event);
        struct sim_node *node = request->node;
        int64_t busy_ms = sim_node_is_up(node) ? sim_node_busy_ms(node) : 0;

        if (busy_ms > 0) {
                sim_schedule(sim, event, request_arrives, busy_ms);
                return;
        }
        if (!sim_node_is_up(node) || sim_node_engine(node) == NULL) {
                sim_schedule(sim, event, answer_arrives, (int64_t)sim_below(sim, 5)); /* not here, not now */
                return;
        }
        request->given_ms = sim->now_ms;
        sim_node_add_request(node, request);
        give_to_engine(request, sim_node_engine(node));
        sim_node_poke(node);
}

/* Whichever execution there is. */
static char *pick_arn(struct sim *sim)
{
        const struct sim_entry *entry = sim_ledger_first(sim->ledger);

        for (uint64_t i = sim_below(sim, sim_ledger_count(sim->ledger)); i > 0; i--)
                entry = entry->hh.next;
        return entry == NULL ? NULL : gal_strdup(entry->arn);
}

static void run_op(struct sim *sim, struct sim_event *event)
{
        struct sim_op *op = gal_container_of(event, struct sim_op, event);
        struct sim_clients *clients = op->clients;
        struct sim_request *request;

        if (op->kind == OP_STOP && op->name == NULL && op->arn == NULL) {
                op->arn = pick_arn(sim);
                if (op->arn == NULL) {
                        op->is_done = true;
                        return;
                }
        }
        request = gal_new(struct sim_request);

        if (op->request != NULL) /* out of patience */
                op->node = (op->node + 1) % (unsigned)sim->node_count;
        request->clients = clients;
        request->op = op;
        request->node = sim->nodes[op->node];
        request->next_of_all = clients->requests;
        if (clients->requests != NULL)
                clients->requests->previous_of_all = request;
        clients->requests = request;
        op->request = request;
        sim_schedule(sim, &request->event, request_arrives, (int64_t)sim_below(sim, 5));
        sim_schedule(sim, &op->event, run_op, PATIENCE_MS);
}

/* The plan of a run. */

static struct sim_op *add_op(struct sim_clients *clients, enum op_kind kind, unsigned machine)
{
        struct sim_op *op = &clients->ops[clients->op_count++];

        gal_assert(clients->op_count <= clients->op_size);
        op->clients = clients;
        op->kind = kind;
        op->machine = machine;
        op->node = (unsigned)sim_below(clients->sim, clients->sim->node_count);
        return op;
}

static void plan(struct sim_clients *clients, struct sim_op *op, int64_t within_ms)
{
        sim_schedule(clients->sim, &op->event, run_op, (int64_t)sim_below(clients->sim, (uint64_t)within_ms));
}

static void plan_start(struct sim_clients *clients, int64_t within_ms)
{
        struct sim *sim = clients->sim;
        struct sim_op *op = add_op(clients, OP_START, (unsigned)sim_below(sim, clients->machine_count));

        /* Few names and few inputs: some are started twice, with the same input or another. */
        if (sim->is_contended || !sim_one_in(sim, 3))
                op->name = gal_format("e%" PRIu64, sim_below(sim, sim->is_contended ? 6 : 12));
        op->input = generate_input(sim, sim_one_in(sim, 8) ? 1 : 0);
        plan(clients, op, within_ms);
}

static void plan_stop(struct sim_clients *clients, int64_t within_ms)
{
        struct sim *sim = clients->sim;
        struct sim_op *op = add_op(clients, OP_STOP, (unsigned)sim_below(sim, clients->machine_count));

        if (sim->is_contended || !sim_one_in(sim, 3))
                op->name = gal_format("e%" PRIu64, sim_below(sim, sim->is_contended ? 6 : 12));
        plan(clients, op, within_ms);
}

static void plan_change(struct sim_clients *clients, int64_t within_ms)
{
        struct sim *sim = clients->sim;
        unsigned machine = (unsigned)sim_below(sim, clients->machine_count);

        if (sim_one_in(sim, 2))
                plan(clients, add_op(clients, OP_DELETE, machine), within_ms);
        else {
                struct sim_op *op = add_op(clients, OP_CREATE, machine);

                op->definition = (unsigned)sim_below(sim, 2);
                plan(clients, op, within_ms);
        }
}

static void plan_all(struct sim_clients *clients)
{
        struct sim *sim = clients->sim;
        size_t starts = 4 + sim_below(sim, 12), stops = sim_below(sim, sim_one_in(sim, 4) ? 12 : 4);
        size_t changes = clients->may_delete ? 1 + sim_below(sim, 5) : 0;
        int64_t within_ms = 200 + (int64_t)sim_below(sim, sim_one_in(sim, 3) ? 60000 : 6000);

        if (sim->is_contended) {
                starts = 30;
                stops = 12;
                within_ms = 20000;
        }
        clients->op_size = clients->machine_count + starts + stops + changes;
        clients->ops = gal_new_array(clients->op_size, struct sim_op);
        for (unsigned i = 0; i < clients->machine_count; i++)
                plan(clients, add_op(clients, OP_CREATE, i), 20);
        for (size_t i = 0; i < starts; i++)
                plan_start(clients, within_ms);
        for (size_t i = 0; i < stops; i++)
                plan_stop(clients, within_ms + 5000);
        for (size_t i = 0; i < changes; i++)
                plan_change(clients, within_ms);
}

struct sim_clients *sim_clients_create(struct sim *sim)
{
        struct sim_clients *clients = gal_new(struct sim_clients);

        clients->sim = sim;
        clients->machine_count = 1 + (unsigned)sim_below(sim, MACHINES_MAX);
        clients->may_delete = sim_one_in(sim, 4);
        for (unsigned i = 0; i < clients->machine_count; i++) {
                clients->machines[i].name[0] = 'm';
                clients->machines[i].name[1] = (char)('0' + i);
                for (unsigned k = 0; k < 2; k++)
                        clients->machines[i].definitions[k] = generate_definition(sim);
        }
        plan_all(clients);
        return clients;
}

void sim_clients_destroy(struct sim_clients *clients)
{
        if (clients == NULL)
                return;
        while (clients->requests != NULL)
                destroy_request(clients->requests);
        for (size_t i = 0; i < clients->op_count; i++) {
                sim_unschedule(clients->sim, &clients->ops[i].event);
                free(clients->ops[i].name);
                free(clients->ops[i].arn);
                free(clients->ops[i].input);
                free(clients->ops[i].acknowledged_id);
                free(clients->ops[i].former_id);
        }
        free(clients->ops);
        for (unsigned i = 0; i < clients->machine_count; i++) {
                free(clients->machines[i].definitions[0]);
                free(clients->machines[i].definitions[1]);
        }
        free(clients);
}

/* The end. */

const char *sim_clients_waiting(const struct sim_clients *clients)
{
        static const char *const names[] = { "a create", "a start", "a stop", "a delete" };

        for (size_t i = 0; i < clients->op_count; i++) {
                if (!clients->ops[i].is_done)
                        return names[clients->ops[i].kind];
        }
        return NULL;
}

bool sim_clients_are_done(const struct sim_clients *clients)
{
        return sim_clients_waiting(clients) == NULL;
}

static void check_once(struct sim *sim, const struct sim_entry *entry)
{
        for (const struct sim_entry *other = sim_ledger_first(sim->ledger); other != NULL; other = other->hh.next) {
                if (other != entry && strcmp(other->name, entry->name) == 0 &&
                    strcmp(other->machine_id, entry->machine_id) == 0)
                        sim_fail(sim, "%s was started twice", entry->arn);
        }
}

void sim_clients_check(const struct sim_clients *clients)
{
        struct sim *sim = clients->sim;

        for (size_t i = 0; i < clients->op_count; i++) {
                const struct sim_op *op = &clients->ops[i];
                const struct sim_entry *entry;

                if (op->acknowledged_id == NULL)
                        continue;
                entry = sim_ledger_find_id(sim->ledger, op->acknowledged_id);
                if (entry == NULL)
                        sim_fail(sim, "execution %s was acknowledged and is gone", op->acknowledged_id);
                else if (op->name != NULL && !clients->is_again)
                        check_once(sim, entry);
        }
}

bool sim_clients_start_again(struct sim_clients *clients)
{
        bool is_any = false;

        if (clients->is_again || clients->may_delete)
                return false;
        for (size_t i = 0; i < clients->op_count; i++) {
                struct sim_op *op = &clients->ops[i];

                if (op->kind != OP_START || op->name == NULL || op->acknowledged_id == NULL)
                        continue;
                op->is_done = false;
                op->former_id = gal_take(op->acknowledged_id);
                is_any = true;
                plan(clients, op, 2000);
        }
        clients->is_again = is_any;
        return is_any;
}
