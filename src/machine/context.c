/*
 * context.c: the Context Object ($$), and the scope of expressions in a frame.
 *
 * Made at first use, since most expressions never look at it. Order and members: reference asl, section 6.
 */
#include "machine/turn.h"

#include <string.h>

#include "base/alloc.h"
#include "base/timestamp.h"

static json_t *string_value(const char *text)
{
        return text == NULL ? gal_need(json_null()) : gal_need(json_string_nocheck(text));
}

static json_t *time_value(int64_t ms)
{
        char text[GAL_TIMESTAMP_SIZE];
        size_t len = gal_timestamp_format(ms, text);

        return gal_need(json_stringn_nocheck(text, len));
}

static void set(json_t *object, const char *key, json_t *value)
{
        if (json_object_set_new_nocheck(object, key, value) != 0)
                gal_need(NULL);
}

static json_t *execution_part(const struct gal_execution *execution)
{
        json_t *part = gal_need(json_object());

        set(part, "Id", string_value(execution->execution_arn));
        set(part, "Input", json_incref(execution->input->value));
        set(part, "Name", string_value(execution->execution_name));
        set(part, "RoleArn", string_value(execution->role_arn));
        set(part, "StartTime", time_value(execution->started_ms));
        set(part, "RedriveCount", gal_need(json_integer(0)));
        return part;
}

static json_t *state_part(const struct gal_turn_scope *scope)
{
        const struct gal_state *state = gal_turn_state(scope->turn, scope->frame);
        json_t *part = gal_need(json_object());

        set(part, "Name", string_value(state->name));
        set(part, "EnteredTime", time_value(scope->frame->entered_ms));
        switch (state->kind) {
        case GAL_STATE_TASK:
        case GAL_STATE_PARALLEL:
        case GAL_STATE_MAP:
                set(part, "RetryCount", gal_need(json_integer(scope->frame->retry_count)));
                break;
        case GAL_STATE_PASS:
        case GAL_STATE_CHOICE:
        case GAL_STATE_WAIT:
        case GAL_STATE_SUCCEED:
        case GAL_STATE_FAIL:
                break;
        }
        return part;
}

static json_t *map_part(uint32_t index, json_t *value)
{
        json_t *item = gal_need(json_object());
        json_t *part = gal_need(json_object());

        set(item, "Index", gal_need(json_integer(index)));
        set(item, "Value", json_incref(value));
        set(item, "Source", string_value("STATE_DATA")); /* an inline Map has its items from nowhere else */
        set(part, "Item", item);
        return part;
}

/* The innermost iteration that the frame runs in. */
static json_t *enclosing_item(const struct gal_frame *frame)
{
        for (; frame->parent != NULL; frame = frame->parent) {
                const struct gal_payload *items = frame->parent->children.items;

                if (items != NULL)
                        return map_part(frame->index, json_array_get(items->value, frame->index));
        }
        return NULL;
}

static json_t *machine_part(const struct gal_execution *execution)
{
        json_t *part = gal_need(json_object());

        set(part, "Id", string_value(execution->machine_arn));
        set(part, "Name", string_value(execution->machine_name));
        return part;
}

static json_t *make_context(void *user)
{
        struct gal_turn_scope *scope = user;
        json_t *map;

        if (scope->context != NULL)
                return scope->context;
        scope->context = gal_need(json_object());
        set(scope->context, "Execution", execution_part(scope->turn->execution));
        set(scope->context, "StateMachine", machine_part(scope->turn->execution));
        set(scope->context, "State", state_part(scope));
        if (scope->token != NULL) {
                json_t *task = gal_need(json_object());

                set(task, "Token", string_value(scope->token));
                set(scope->context, "Task", task);
        }
        map = scope->item != NULL ? map_part(scope->item_index, scope->item) : enclosing_item(scope->frame);
        if (map != NULL)
                set(scope->context, "Map", map);
        return scope->context;
}

static json_t *look_up_variable(void *user, const char *name)
{
        const struct gal_turn_scope *scope = user;

        return gal_frame_variable(scope->frame, name);
}

void gal_turn_scope_init(struct gal_turn_scope *scope, struct gal_turn *turn, struct gal_frame *frame,
                         json_t *input)
{
        memset(scope, 0, sizeof(*scope));
        scope->turn = turn;
        scope->frame = frame;
        scope->scope.input = input;
        scope->scope.context = make_context;
        scope->scope.variable = look_up_variable;
        scope->scope.user = scope;
        scope->scope.random = &turn->env->random;
        scope->scope.now_ms = turn->env->now_ms;
        scope->budget = GAL_BUDGET_INIT;
        scope->scope.budget = &scope->budget;
}

void gal_turn_scope_finish(struct gal_turn_scope *scope)
{
        scope->turn->visits += GAL_PATH_VISITS_MAX - scope->budget.visits_left;
        json_decref(scope->context);
        scope->context = NULL;
}
