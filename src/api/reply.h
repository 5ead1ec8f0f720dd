/*
 * reply.h: building the answers of actions, member by member.
 */
#ifndef GAL_API_REPLY_H
#define GAL_API_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "api/api.h"
#include "base/buffer.h"

struct gal_reply {
        struct gal_buffer text;
        bool first;             /* no member at this place yet */
        const char *detail_key; /* of an error: a member beside its message; NULL: none */
        const char *detail;
        gal_api_done done;
        void *user;
};

void gal_reply_begin(struct gal_reply *reply, gal_api_done done, void *user);     /* opens the object */
void gal_reply_text(struct gal_reply *reply, const char *key, const char *value); /* nothing when NULL */
void gal_reply_int(struct gal_reply *reply, const char *key, int64_t value);
void gal_reply_time(struct gal_reply *reply, const char *key, int64_t ms); /* epoch seconds, three decimals */
void gal_reply_bool(struct gal_reply *reply, const char *key, bool value);
void gal_reply_raw(struct gal_reply *reply, const char *key, const char *json);
void gal_reply_open(struct gal_reply *reply, const char *key,
                    char bracket); /* '[' or '{'; key NULL inside a list */
void gal_reply_close(struct gal_reply *reply, char bracket);
void gal_reply_item(struct gal_reply *reply, const char *json, size_t len); /* of a list */
/* Closes the object and sends it with status 200. */
void gal_reply_send(struct gal_reply *reply);
/* Sends an error instead; what was built is dropped. `status` is the HTTP status, 400 unless it is ours. */
void gal_reply_fail(struct gal_reply *reply, int status, const char *type, const char *format, ...)
        GAL_PRINTF(4, 5);
/* The same with a message that may hold U+0000. */
void gal_reply_refuse(struct gal_reply *reply, int status, const char *type, const char *message, size_t len);
/* The next error has one more member. `value` is borrowed until then; nothing when it is NULL. */
void gal_reply_detail(struct gal_reply *reply, const char *key, const char *value);

#endif
