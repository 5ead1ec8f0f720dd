/*
 * reply.c: JSON text, written in order.
 */
#include "api/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"

static void put_key(struct gal_reply *reply, const char *key)
{
        if (!reply->first)
                gal_buffer_append_char(&reply->text, ',');
        reply->first = false;
        if (key == NULL)
                return;
        gal_json_write_string(&reply->text, key, strlen(key));
        gal_buffer_append_char(&reply->text, ':');
}

void gal_reply_begin(struct gal_reply *reply, gal_api_done done, void *user)
{
        gal_buffer_init(&reply->text, /* size_max= */ 0);
        reply->done = done;
        reply->user = user;
        reply->first = true;
        gal_reply_detail(reply, NULL, NULL);
        gal_buffer_append_char(&reply->text, '{');
}

void gal_reply_text(struct gal_reply *reply, const char *key, const char *value)
{
        if (value == NULL)
                return;
        put_key(reply, key);
        gal_json_write_string(&reply->text, value, strlen(value));
}

void gal_reply_bool(struct gal_reply *reply, const char *key, bool value)
{
        gal_reply_raw(reply, key, value ? "true" : "false");
}

void gal_reply_int(struct gal_reply *reply, const char *key, int64_t value)
{
        put_key(reply, key);
        gal_buffer_append_int(&reply->text, value);
}

void gal_reply_time(struct gal_reply *reply, const char *key, int64_t ms)
{
        put_key(reply, key);
        gal_buffer_append_int(&reply->text, ms / 1000);
        gal_buffer_append_format(&reply->text, ".%03d", (int)(ms % 1000));
}

void gal_reply_raw(struct gal_reply *reply, const char *key, const char *json)
{
        put_key(reply, key);
        gal_buffer_append_text(&reply->text, json);
}

void gal_reply_open(struct gal_reply *reply, const char *key, char bracket)
{
        put_key(reply, key);
        gal_buffer_append_char(&reply->text, bracket);
        reply->first = true;
}

void gal_reply_close(struct gal_reply *reply, char bracket)
{
        gal_buffer_append_char(&reply->text, bracket);
        reply->first = false;
}

void gal_reply_item(struct gal_reply *reply, const char *json, size_t len)
{
        put_key(reply, NULL);
        gal_buffer_append(&reply->text, json, len);
}

void gal_reply_send(struct gal_reply *reply)
{
        gal_buffer_append_char(&reply->text, '}');
        gal_need(reply->text.status == GAL_OK ? reply->text.data : NULL);
        reply->done(reply->user, 200, reply->text.data, reply->text.len);
        gal_buffer_finish(&reply->text);
}

void gal_reply_detail(struct gal_reply *reply, const char *key, const char *value)
{
        reply->detail_key = value == NULL ? NULL : key;
        reply->detail = value;
}

void gal_reply_refuse(struct gal_reply *reply, int status, const char *type, const char *message, size_t len)
{
        gal_buffer_clear(&reply->text);
        gal_buffer_append_char(&reply->text, '{');
        reply->first = true;
        gal_reply_text(reply, "__type", type);
        put_key(reply, "message");
        gal_json_write_string(&reply->text, message, len);
        if (reply->detail_key != NULL)
                gal_reply_text(reply, reply->detail_key, reply->detail);
        gal_buffer_append_char(&reply->text, '}');
        gal_need(reply->text.status == GAL_OK ? reply->text.data : NULL);
        reply->done(reply->user, status, reply->text.data, reply->text.len);
        gal_buffer_finish(&reply->text);
}

void gal_reply_fail(struct gal_reply *reply, int status, const char *type, const char *format, ...)
{
        char *message = NULL;
        va_list args;

        va_start(args, format);
        if (vasprintf(&message, format, args) < 0)
                message = NULL;
        va_end(args);
        gal_reply_refuse(reply, status, type, gal_need(message), strlen(message));
        free(message);
}
