/*
 * run.c: the memory of an evaluation, and the only way out of it in the middle.
 */
#include "expr/jsonata/run.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/limits.h"

struct jregion_block {
        struct jregion_block *older;
        size_t size;
        _Alignas(16) char data[];
};

enum { BLOCK_SIZE_MIN = 16384, BLOCK_SIZE_MAX = 1024 * 1024 };

void *gal_jrun_alloc_slow(struct jrun *run, size_t size)
{
        size_t room = run->block_size == 0 ? BLOCK_SIZE_MIN : run->block_size * 2;
        struct jregion_block *block;

        if (room > BLOCK_SIZE_MAX)
                room = BLOCK_SIZE_MAX;
        run->block_size = room;
        if (room < size)
                room = size;
        if (room > run->memory_left && size <= run->memory_left)
                room = run->memory_left;
        if (room > run->memory_left)
                gal_jrun_fail_memory(run);
        run->memory_left -= room;
        block = malloc(sizeof(*block) + room);
        if (block == NULL) {
                run->is_out_of_memory = true;
                longjmp(run->escape, 1);
        }
        block->older = run->blocks;
        block->size = room;
        run->blocks = block;
        run->at = block->data + size;
        run->left = room - size;
        return block->data;
}

void gal_jrun_free_blocks(struct jrun *run)
{
        struct jregion_block *older;

        for (struct jregion_block *block = run->blocks; block != NULL; block = older) {
                older = block->older;
                free(block);
        }
}

/* Text. */

char *gal_jtext_room_slow(struct jrun *run, struct jtext *text, size_t more)
{
        size_t wanted = text->len + more;
        char *grown;

        if (wanted > UINT32_MAX / 2)
                gal_jrun_fail_memory(run);
        gal_jrun_weigh(run, wanted);
        /* The last piece of the region: it grows where it is. */
        if (text->data != NULL && text->data + text->size == run->at) {
                size_t extra = (wanted - text->size + (text->size < 64 ? 64 : text->size) + 7) & ~(size_t)7;

                if (extra <= run->left) {
                        run->at += extra;
                        run->left -= extra;
                        text->size += extra;
                        return text->data + text->len;
                }
        }
        wanted = (wanted < 32 ? 64 : wanted * 2) & ~(size_t)7;
        grown = gal_jrun_alloc(run, wanted);
        if (text->len > 0)
                memcpy(grown, text->data, text->len);
        text->data = grown;
        text->size = wanted;
        return grown + text->len;
}

struct jval gal_jtext_finish(struct jrun *run, struct jtext *text)
{
        size_t used = (text->len + 7) & ~(size_t)7;

        gal_jrun_weigh(run, text->len);
        /* Gives back what the text does not need, when nothing came behind it. */
        if (text->data != NULL && text->data + text->size == run->at) {
                run->left += text->size - used;
                run->at -= text->size - used;
        }
        return jval_text(text->data != NULL ? text->data : "", text->len);
}

struct jval gal_jval_copy_text(struct jrun *run, const char *text, size_t len)
{
        struct jtext copy = JTEXT_INIT;

        gal_jtext_append(run, &copy, text, len);
        return gal_jtext_finish(run, &copy);
}

struct jval gal_jval_concat(struct jrun *run, struct jval a, struct jval b)
{
        size_t len = (size_t)a.len + b.len;
        size_t used = ((size_t)a.len + 7) & ~(size_t)7;
        char *room;

        if (a.len == 0)
                return b;
        if (b.len == 0)
                return a;
        if (len > UINT32_MAX / 2)
                gal_jrun_fail_memory(run);
        gal_jrun_weigh(run, len);
        /* Whoever else has `a` sees its own length, and not what comes behind. */
        if (a.as.text + used == run->at && ((len + 7) & ~(size_t)7) - used <= run->left) {
                room = run->at - used;
                memcpy(room + a.len, b.as.text, b.len);
                run->left -= ((len + 7) & ~(size_t)7) - used;
                run->at += ((len + 7) & ~(size_t)7) - used;
                return jval_text(room, len);
        }
        room = gal_jrun_alloc(run, len);
        memcpy(room, a.as.text, a.len);
        memcpy(room + a.len, b.as.text, b.len);
        return jval_text(room, len);
}

/* Frames. */

enum { FREE_FRAME_KINDS = sizeof(((struct jrun *)0)->free_frames) / sizeof(struct jframe *) };

struct jframe *gal_jframe_new(struct jrun *run, const struct jscope *scope, struct jframe *parent)
{
        uint32_t count = scope->count;
        struct jframe *frame;

        if (count < FREE_FRAME_KINDS && run->free_frames[count] != NULL) {
                frame = run->free_frames[count];
                run->free_frames[count] = frame->parent;
        } else {
                frame = gal_jrun_alloc(run, sizeof(*frame) + count * sizeof(struct jval));
        }
        frame->parent = parent;
        frame->scope = scope;
        frame->bindings = NULL;
        for (uint32_t i = 0; i < count; i++)
                frame->slots[i].tag = JT_UNBOUND;
        return frame;
}

void gal_jframe_release(struct jrun *run, struct jframe *frame)
{
        uint32_t count = frame->scope->count;

        if (frame->scope->is_captured || run->program->uses_eval || count >= FREE_FRAME_KINDS)
                return;
        frame->parent = run->free_frames[count];
        run->free_frames[count] = frame;
}

struct jframe *gal_jframe_tuple(struct jrun *run, const struct jscope *scope, struct jframe *parent,
                                const struct jbinding *bindings)
{
        struct jframe *frame = gal_jframe_new(run, scope, parent);

        frame->bindings = bindings;
        return frame;
}

/* Failures. */

static void put_value(struct jrun *run, struct gal_buffer *out, struct jval value)
{
        if (jval_is_undefined(value))
                gal_buffer_append_text(out, "undefined");
        else
                gal_jval_describe(run, out, value);
}

static void put_hole(struct jrun *run, struct gal_buffer *out, const struct jfault *fault, const char *name,
                     size_t len)
{
        if (len == 5 && memcmp(name, "value", 5) == 0)
                put_value(run, out, fault->value);
        else if (len == 6 && memcmp(name, "value2", 6) == 0)
                put_value(run, out, fault->value2);
        else if (len == 5 && memcmp(name, "index", 5) == 0)
                gal_buffer_append_uint(out, fault->index);
        else if (len == 4 && memcmp(name, "type", 4) == 0)
                gal_json_write_string(out, fault->type, strlen(fault->type));
        else if (len == 7 && memcmp(name, "message", 7) == 0)
                gal_buffer_append(out, fault->message, fault->message_len);
        else if (len == 8 && memcmp(name, "rawtoken", 8) == 0)
                gal_buffer_append(out, fault->token, fault->token_len);
        else if (fault->token_len > 0)
                gal_json_write_string(out, fault->token, fault->token_len);
        else
                gal_buffer_append_text(out, "undefined"); /* a function without a name */
}

static void put_message(struct jrun *run, struct gal_buffer *out, const struct jfault *fault)
{
        const char *message = gal_jmessage(fault->code);
        const char *open;

        while ((open = strstr(message, "{{")) != NULL) {
                const char *close = strstr(open, "}}");

                gal_buffer_append(out, message, (size_t)(open - message));
                put_hole(run, out, fault, open + 2, (size_t)(close - open) - 2);
                message = close + 2;
        }
        gal_buffer_append_text(out, message);
}

static void fill_token(const struct jrun *run, struct jfault *fault)
{
        const struct jnode *function;

        if (fault->token != NULL) {
                if (fault->token_len == 0)
                        fault->token_len = strlen(fault->token);
                return;
        }
        fault->token = "";
        function = run->caller != NULL ? run->caller->items[0] : NULL;
        if (function != NULL && function->kind == JN_VARIABLE && !function->is_parent) {
                fault->token = function->as.reference.name;
                fault->token_len = function->as.reference.name_len;
        }
}

static void put_place(const struct jrun *run, const struct jfault *fault)
{
        struct gal_jsonata_error *error = run->error;
        const struct jnode *shown = fault->at != NULL ? fault->at : run->caller;
        const struct jnode *told = run->outer_caller != NULL ? run->outer_caller : shown;
        const struct jprogram *program = run->program;

        error->has_position = told != NULL && told->end <= program->len && shown->start <= program->len;
        if (!error->has_position)
                return;
        error->position = gal_jsonata_units(program->text, told->end);
        error->at = gal_position_find(program->text, program->len, shown->start);
}

void gal_jrun_fail(struct jrun *run, struct jfault fault)
{
        struct gal_jsonata_error *error = run->error;

        if (error != NULL) {
                strcpy(error->code, fault.code);
                gal_buffer_clear(&error->message);
                gal_buffer_clear(&error->token);
                fill_token(run, &fault);
                put_message(run, &error->message, &fault);
                gal_buffer_append(&error->token, fault.token, fault.token_len);
                gal_jsonata_mend(error->message.data, error->message.len);
                gal_jsonata_mend(error->token.data, error->token.len);
                put_place(run, &fault);
        }
        longjmp(run->escape, 1);
}

static void put_bound(struct jrun *run, const char *code, const char *message, const char *states_message)
{
        bool is_states = run->dialect == GAL_JSONATA_STATES;

        if (run->error == NULL)
                return;
        strcpy(run->error->code, is_states ? "" : code);
        gal_buffer_clear(&run->error->message);
        gal_buffer_clear(&run->error->token);
        gal_buffer_append_text(&run->error->message, is_states ? states_message : message);
        put_place(run, &(struct jfault){ .code = code });
}

void gal_jrun_fail_memory(struct jrun *run)
{
        put_bound(run, "U1001", "Out of memory: the expression holds more than an evaluation may",
                  "Expression evaluation memory limit exceeded: Check for excessive memory usage");
        longjmp(run->escape, 1);
}

void gal_jrun_fail_depth(struct jrun *run)
{
        put_bound(run, "U1001",
                  "Stack overflow error: Check for non-terminating recursive function. Consider rewriting as "
                  "tail-recursive.",
                  "Stack overflow error: Check for non-terminating recursive function. Consider rewriting as "
                  "tail-recursive");
        longjmp(run->escape, 1);
}

void gal_jrun_fail_steps(struct jrun *run)
{
        put_bound(run, "U1001", "Expression evaluation timeout: Check for infinite loop",
                  "Expression evaluation timeout: Check for infinite loop");
        longjmp(run->escape, 1);
}

struct gal_random *gal_jrun_random(struct jrun *run)
{
        return run->environment->random != NULL ? run->environment->random : &run->fallback_random;
}

/* Code given to $eval. */

static void message_of(struct jrun *run, struct gal_jsonata_error *error, struct jval *ret_message)
{
        size_t len = error->message.len;
        char *text = gal_jrun_alloc(run, len + 1);

        if (len > 0)
                memcpy(text, error->message.data, len);
        gal_jsonata_error_finish(error);
        *ret_message = jval_text(text, len);
}

static void add_globals(struct jrun *run, const struct jprogram *program)
{
        uint32_t count = run->global_count + program->global_count;
        struct jval *grown = gal_jrun_alloc(run, count * sizeof(*grown));

        if (run->global_count > 0)
                memcpy(grown, run->globals, run->global_count * sizeof(*grown));
        for (uint32_t i = run->global_count; i < count; i++)
                grown[i].tag = JT_UNBOUND;
        run->globals = grown;
        run->global_count = count;
}

const struct jprogram *gal_jrun_compile(struct jrun *run, const char *text, size_t len, struct jval *ret_message)
{
        struct gal_jsonata_error error = GAL_JSONATA_ERROR_INIT;
        struct jowned *owned = gal_jrun_new(run, struct jowned);
        enum gal_status status;

        owned->program = calloc(1, sizeof(struct jprogram));
        if (owned->program == NULL) {
                run->is_out_of_memory = true;
                longjmp(run->escape, 1);
        }
        owned->next = run->owned;
        run->owned = owned;
        owned->program->global_base = run->global_count;
        status = gal_jprogram_make(owned->program, text, len, run->dialect, &error);
        if (status == GAL_OK) {
                gal_jsonata_error_finish(&error);
                add_globals(run, owned->program);
                return owned->program;
        }
        if (status == GAL_ENOMEM) {
                gal_jsonata_error_finish(&error);
                run->is_out_of_memory = true;
                longjmp(run->escape, 1);
        }
        message_of(run, &error, ret_message);
        return NULL;
}

bool gal_jrun_try(struct jrun *run, const struct jprogram *program, struct jval input, struct jframe *frame,
                  struct jval *ret_value, struct jval *ret_message)
{
        struct gal_jsonata_error error = GAL_JSONATA_ERROR_INIT;
        struct jrun kept = *run; /* what a failure leaves in the middle, and where the next one goes */
        struct jframe *inner;
        volatile bool ok = false; /* set behind setjmp() */

        run->error = &error;
        if (setjmp(run->escape) == 0) {
                inner = gal_jframe_new(run, program->root_scope, frame);
                *ret_value = gal_jeval(run, program->root, input, inner);
                ok = true;
        }
        memcpy(&run->escape, &kept.escape, sizeof(run->escape));
        run->error = kept.error;
        run->depth = kept.depth;
        run->calls = kept.calls;
        run->caller = kept.caller;
        run->outer_caller = kept.outer_caller;
        if (run->is_out_of_memory) {
                gal_jsonata_error_finish(&error);
                longjmp(run->escape, 1);
        }
        if (!ok)
                message_of(run, &error, ret_message);
        gal_jsonata_error_finish(&error);
        return ok;
}
