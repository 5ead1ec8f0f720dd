/*
 * page.c: pages of a listing, and their tokens.
 */
#include "api/internal.h"

#include <stdlib.h>

#include "api/token.h"
#include "base/alloc.h"

/* maxResults, where it is 0 or not given; the model bounds it. */
#define RESULTS_DEFAULT 100

size_t gal_action_limit(const struct gal_action_call *call)
{
        json_int_t value = json_integer_value(json_object_get(call->request, "maxResults"));

        return value > 0 ? (size_t)value : RESULTS_DEFAULT;
}

bool gal_page_open(struct gal_action_call *call, struct gal_page *page)
{
        const char *token = gal_action_text(call, "nextToken");

        page->limit = gal_action_limit(call);
        page->position = token == NULL ? NULL : gal_token_position(token, page->question, page->question_count);
        if (token == NULL || page->position != NULL)
                return true;
        gal_reply_fail(&call->reply, 400, "InvalidToken", "Invalid Token: 'Invalid token'");
        return false;
}

void gal_page_reply_token(struct gal_action_call *call, const struct gal_page *page, const char *position)
{
        gal_auto_free char *token = gal_token_make(page->question, page->question_count, position);

        gal_reply_text(&call->reply, "nextToken", token);
}
