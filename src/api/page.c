/*
 * page.c: pages of a listing, and their tokens.
 */
#include "api/internal.h"

#include <stdlib.h>

#include "api/token.h"
#include "base/alloc.h"

#define RESULTS_DEFAULT 100
#define RESULTS_MAX 1000

/* 0 and absent mean the default. False after a refusal. */
static bool max_results(struct gal_action_call *call, size_t *ret_limit)
{
        json_int_t value = json_integer_value(json_object_get(call->request, "maxResults"));

        *ret_limit = value > 0 ? (size_t)value : RESULTS_DEFAULT;
        if (value >= 0 && value <= RESULTS_MAX)
                return true;
        gal_reply_fail(&call->reply, 400, "ValidationException",
                       "1 validation error detected: Value '%lld' at 'maxResults' failed to satisfy constraint: "
                       "Member must have value %s than or equal to %d",
                       (long long)value, value < 0 ? "greater" : "less", value < 0 ? 0 : RESULTS_MAX);
        return false;
}

bool gal_page_open(struct gal_action_call *call, struct gal_page *page)
{
        const char *token = gal_action_text(call, "nextToken");

        if (!max_results(call, &page->limit))
                return false;
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
