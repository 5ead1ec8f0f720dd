/*
 * children.c: Parallel and Map: fan-out, the end of a branch or iteration, fan-in.
 */
#include "machine/turn.h"

#include "base/alloc.h"
#include "base/limits.h"

/* What is recorded has to be something that can be written. */
static bool check_size(struct gal_turn *turn, struct gal_frame *frame, struct gal_payload *input)
{
        if (!gal_payload_exceeds(input, GAL_PAYLOAD_SIZE_MAX))
                return true;
        gal_turn_fail_size(turn, frame, "provided parameters");
        return false;
}

static void emit_parallel_started(struct gal_turn *turn, struct gal_frame *frame, struct gal_payload *input)
{
        struct gal_record *record =
                gal_turn_begin(turn, GAL_EVENT_PARALLEL_STATE_STARTED, frame->place, frame->previous_id);

        if (record == NULL)
                return;
        record->as.children.input = gal_payload_ref(input);
        gal_turn_end(turn, record);
}

static void start_parallel(struct gal_turn *turn, struct gal_frame *frame)
{
        struct gal_payload *input;

        if (!gal_turn_effective_input(turn, frame, &input))
                return;
        if (check_size(turn, frame, input))
                emit_parallel_started(turn, frame, input);
        gal_payload_unref(input);
}

static struct gal_payload *select_item(struct gal_turn *turn, struct gal_frame *frame, uint32_t index)
{
        const struct gal_map *map = &gal_turn_state(turn, frame)->as.map;
        json_t *item = json_array_get(frame->children.items->value, index);
        struct gal_failure failure = GAL_FAILURE_INIT;
        struct gal_turn_scope scope;
        json_t *value = NULL;
        enum gal_status status;

        if (map->item_selector == NULL)
                return gal_payload_create(item);
        gal_turn_scope_init(&scope, turn, frame, frame->children.input->value);
        scope.item = item;
        scope.item_index = index;
        status = gal_template_evaluate(map->item_selector, &scope.scope, &value, &failure);
        gal_turn_scope_finish(&scope);
        if (status == GAL_OK)
                return gal_payload_new(value);
        gal_turn_fail_evaluation(turn, frame, &failure);
        return NULL;
}

/* The next item in order. False: the turn has failed. */
static bool start_iteration(struct gal_turn *turn, struct gal_frame *frame, uint64_t link)
{
        uint32_t index = frame->children.started;
        struct gal_payload *input = select_item(turn, frame, index);
        struct gal_record *record;

        if (input == NULL)
                return false;
        if (!check_size(turn, frame, input)) {
                gal_payload_unref(input);
                return false;
        }
        record = gal_turn_begin(turn, GAL_EVENT_MAP_ITERATION_STARTED, gal_execution_next_place(turn->execution),
                                link);
        if (record == NULL) {
                gal_payload_unref(input);
                return false;
        }
        record->as.iteration.index = index;
        record->as.iteration.parent = frame->place;
        record->state = frame->state;
        record->as.iteration.input = input;
        gal_turn_end(turn, record);
        return true;
}

static void gather_results(struct gal_turn *turn, struct gal_frame *frame)
{
        enum gal_event_type type =
                frame->children.items != NULL ? GAL_EVENT_MAP_STATE_SUCCEEDED : GAL_EVENT_PARALLEL_STATE_SUCCEEDED;
        json_t *results;
        struct gal_payload *payload;

        if (!gal_turn_emit(turn, type, frame, frame->previous_id))
                return;
        results = gal_need(json_array());
        for (uint32_t i = 0; i < frame->children.count; i++)
                json_array_append(results, frame->children.results[i]->value);
        payload = gal_payload_new(results);
        gal_turn_finish(turn, frame, payload);
        gal_payload_unref(payload);
}

static void emit_map_started(struct gal_turn *turn, struct gal_frame *frame, struct gal_payload *input,
                             struct gal_payload *items, int64_t concurrency)
{
        struct gal_record *record =
                gal_turn_begin(turn, GAL_EVENT_MAP_STATE_STARTED, frame->place, frame->previous_id);

        if (record == NULL)
                return;
        record->as.children.input = gal_payload_ref(input);
        record->as.children.items = gal_payload_ref(items);
        record->as.children.concurrency = concurrency == 0 || concurrency > GAL_MAP_CONCURRENCY_MAX
                                                  ? GAL_MAP_CONCURRENCY_MAX
                                                  : (uint32_t)concurrency;
        gal_turn_end(turn, record);
}

/* A reference path is shown without the first `$` of `$$` (measured, section 15). */
static const char *shown_path(const struct gal_path_field *field)
{
        if (field->setting != GAL_PATH_GIVEN)
                return "$";
        return gal_path_text(field->path) + (gal_path_root(field->path) == GAL_PATH_CONTEXT);
}

static void run_map(struct gal_turn *turn, struct gal_frame *frame, struct gal_payload *input)
{
        const struct gal_map *map = &gal_turn_state(turn, frame)->as.map;
        struct gal_payload *items;
        int64_t concurrency;

        if (!gal_turn_number(turn, frame, &map->max_concurrency, "MaxConcurrencyPath", input->value, 0, 0,
                             &concurrency))
                return;
        if (!gal_turn_path(turn, frame, &map->items_path, input, &items))
                return;
        if (items != input && gal_payload_exceeds(items, GAL_MAP_ITEMS_SIZE_MAX)) {
                gal_payload_unref(items);
                gal_turn_fail_size(turn, frame, "provided parameters");
                return;
        }
        if (!json_is_array(items->value)) {
                gal_payload_unref(items);
                gal_turn_fail_runtime(turn, frame, "Reference path \"%s\" must point to array.",
                                      shown_path(&map->items_path));
                return;
        }
        emit_map_started(turn, frame, input, items, concurrency);
        gal_payload_unref(items);
        if (gal_turn_is_over(turn))
                return;
        if (frame->children.count == 0) {
                gather_results(turn, frame);
                return;
        }
        while (frame->children.started < frame->children.count &&
               frame->children.started < frame->children.concurrency) {
                if (!start_iteration(turn, frame, frame->previous_id))
                        return;
        }
}

static void start_map(struct gal_turn *turn, struct gal_frame *frame)
{
        const struct gal_state *state = gal_turn_state(turn, frame);
        struct gal_payload *input;

        if (state->as.map.distributed) {
                gal_turn_fail_runtime(turn, frame,
                                      "This release of Galliard does not run a Map with \"Mode\": \"DISTRIBUTED\" "
                                      "yet; use \"INLINE\".");
                return;
        }
        if (!gal_turn_path(turn, frame, &state->input_path, frame->input, &input))
                return;
        if (check_size(turn, frame, input))
                run_map(turn, frame, input);
        gal_payload_unref(input);
}

void gal_children_start(struct gal_turn *turn, struct gal_frame *frame)
{
        if (gal_turn_state(turn, frame)->kind == GAL_STATE_MAP)
                start_map(turn, frame);
        else
                start_parallel(turn, frame);
}

static void succeed_execution(struct gal_turn *turn, struct gal_frame *frame)
{
        struct gal_record *record =
                gal_turn_begin(turn, GAL_EVENT_EXECUTION_SUCCEEDED, frame->place, frame->previous_id);

        if (record == NULL)
                return;
        record->as.output.output = gal_payload_ref(frame->input);
        gal_turn_end(turn, record);
        gal_turn_effect(turn, GAL_EFFECT_FINISH, NULL, 0, NULL);
}

/* A later iteration takes the slot and the link of the one that it follows. */
void gal_frame_ended(struct gal_turn *turn, struct gal_frame *frame)
{
        struct gal_frame *parent = frame->parent;
        uint64_t link = frame->previous_id;

        if (parent == NULL) {
                succeed_execution(turn, frame);
                return;
        }
        if (!gal_turn_emit(turn,
                           parent->children.items != NULL ? GAL_EVENT_MAP_ITERATION_SUCCEEDED
                                                          : GAL_EVENT_BRANCH_ENDED,
                           frame, link))
                return;
        if (parent->children.started < parent->children.count)
                start_iteration(turn, parent, link);
        else if (parent->children.ended == parent->children.count)
                gather_results(turn, parent);
}
