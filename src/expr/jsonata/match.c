/*
 * match.c: functions that search: for a text, a regular expression, or whatever a function of the user's finds.
 *
 * A matcher is a function of a text that returns {match, start, end, groups, next}, `next` being a function for the
 * next match. A regular expression is one, and is not asked that way here unless someone looks at its matches.
 */
#include <math.h>

#include "base/utf8.h"
#include "expr/jsonata/library.h"
#include "expr/jsonata/regex.h"

/* One match after the other. */
struct matches {
        struct jrun *run;
        const struct jcall *call;
        struct jval text;
        struct jfunction *regex; /* NULL: a function of the user's */
        struct jval next;        /* its function for the next match */
        uint32_t from;           /* of a regex: where to go on, in bytes */

        /* The match at hand. */
        struct jval object; /* of a user's matcher */
        struct jval match;
        uint32_t start; /* bytes */
        uint32_t end;
        const size_t *offsets;
        uint32_t group_count;
        struct jval groups; /* of a user's matcher: an array */
};

/* The byte at which a UTF-16 position stands. */
static uint32_t byte_offset(struct jval text, double units)
{
        uint32_t at = 0;

        while (at < text.len && units >= 1) {
                size_t size = gal_utf8_sequence(text.as.text + at, text.len - at);

                units -= size == 4 ? 2 : 1;
                at += size == 0 ? 1 : (uint32_t)size;
        }
        return at;
}

static struct jval member(struct jrun *run, struct jval object, const char *key)
{
        return gal_jobject_get(run, object, key, (uint32_t)strlen(key));
}

static bool take_object(struct matches *matches, struct jval found)
{
        struct jrun *run = matches->run;
        struct jval start, end;

        /* Whatever JavaScript takes for false is the end of the matches. */
        if (jval_is_undefined(found) || found.tag == JT_NULL || (found.tag == JT_BOOLEAN && !found.as.boolean) ||
            (found.tag == JT_STRING && found.len == 0))
                return false;
        if (found.tag != JT_OBJECT)
                gal_jrun_fail(run, (struct jfault){ .code = "T1010" });
        start = member(run, found, "start");
        end = member(run, found, "end");
        matches->groups = member(run, found, "groups");
        matches->next = member(run, found, "next");
        if (start.tag != JT_NUMBER && end.tag != JT_NUMBER && matches->groups.tag != JT_ARRAY &&
            matches->next.tag != JT_FUNCTION)
                gal_jrun_fail(run, (struct jfault){ .code = "T1010" });
        matches->object = found;
        matches->match = member(run, found, "match");
        matches->start = start.tag == JT_NUMBER ? byte_offset(matches->text, jval_double(start)) : 0;
        matches->end = end.tag == JT_NUMBER ? byte_offset(matches->text, jval_double(end)) : matches->text.len;
        matches->group_count = matches->groups.tag == JT_ARRAY ? gal_jarray_count(matches->groups) : 0;
        return true;
}

static bool next_of_regex(struct matches *matches, bool is_first)
{
        struct jrun *run = matches->run;
        const size_t *offsets;
        uint32_t count;

        if (!is_first && matches->from >= matches->text.len)
                return false;
        if (!gal_jregex_match(run, matches->regex->as.regex.regex, matches->text.as.text, matches->text.len,
                              matches->from, &offsets, &count))
                return false;
        if (offsets[0] == offsets[1])
                gal_jrun_fail(run, (struct jfault){ .code = "D1004", .at = matches->regex->as.regex.node });
        matches->start = (uint32_t)offsets[0];
        matches->end = (uint32_t)offsets[1];
        matches->from = matches->end;
        matches->offsets = offsets;
        matches->group_count = count - 1;
        matches->match = jval_text(matches->text.as.text + offsets[0], offsets[1] - offsets[0]);
        return true;
}

static bool first_match(struct matches *matches, struct jrun *run, const struct jcall *call, struct jval text,
                        struct jval matcher)
{
        *matches = (struct matches){ .run = run, .call = call, .text = text };
        if (matcher.as.function->kind == JFN_REGEX) {
                matches->regex = matcher.as.function;
                return next_of_regex(matches, true);
        }
        return take_object(matches, gal_japply(run, matcher, &text, 1, JUNDEFINED, call->frame));
}

static bool next_match(struct matches *matches)
{
        if (matches->regex != NULL)
                return next_of_regex(matches, false);
        if (matches->next.tag != JT_FUNCTION)
                gal_jrun_fail(matches->run, (struct jfault){ .code = "T1006" });
        return take_object(matches,
                           gal_japply(matches->run, matches->next, NULL, 0, JUNDEFINED, matches->call->frame));
}

/* Undefined for a group that took no part. */
static struct jval group(const struct matches *matches, uint32_t index)
{
        const size_t *offsets = matches->offsets;

        if (index >= matches->group_count)
                return JUNDEFINED;
        if (matches->regex == NULL)
                return gal_jarray_get(matches->run, matches->groups, index);
        if (offsets[2 * index + 2] == SIZE_MAX)
                return JUNDEFINED;
        return jval_text(matches->text.as.text + offsets[2 * index + 2],
                         offsets[2 * index + 3] - offsets[2 * index + 2]);
}

static struct jval groups_of(const struct matches *matches)
{
        struct jarray *groups;

        if (matches->regex == NULL)
                return matches->groups;
        groups = gal_jarray_new(matches->run, matches->group_count, 0);
        for (uint32_t i = 0; i < matches->group_count; i++)
                gal_jarray_push(matches->run, groups, group(matches, i));
        return jval_array(groups);
}

/* More to come: `limit` is undefined or a number. */
static bool is_within(struct jval limit, uint32_t count)
{
        return jval_is_undefined(limit) || count < jval_double(limit);
}

static void check_limit(struct jrun *run, struct jval limit, const char *code)
{
        if (!jval_is_undefined(limit) && jval_double(limit) < 0)
                gal_jrun_fail(run, (struct jfault){ .code = code, .value = limit });
}

/* $match */

static double units_before(const struct matches *matches)
{
        struct jval start;

        if (matches->regex != NULL)
                return (double)gal_jsonata_units(matches->text.as.text, matches->start);
        start = member(matches->run, matches->object, "start");
        return start.tag == JT_NUMBER ? jval_double(start) : 0;
}

struct jval gal_jfn_match(struct jrun *run, const struct jcall *call)
{
        struct jval text = gal_jcall_argument(call, 0);
        struct jval limit = gal_jcall_argument(call, 2);
        struct jseq found = JSEQ_INIT;
        struct matches matches;
        bool more;

        if (jval_is_undefined(text))
                return text;
        check_limit(run, limit, "D3040");
        if (!is_within(limit, 0))
                return gal_jseq_finish_array(run, &found);
        more = first_match(&matches, run, call, text, gal_jcall_argument(call, 1));
        while (more && is_within(limit, found.count)) {
                struct jobject *object = gal_jobject_new(run, 3);

                gal_jobject_set_text(run, object, "match", matches.match);
                gal_jobject_set_text(run, object, "index", jval_number(units_before(&matches)));
                gal_jobject_set_text(run, object, "groups", groups_of(&matches));
                gal_jseq_push(run, &found, jval_object(object));
                more = next_match(&matches);
        }
        return gal_jseq_finish_array(run, &found);
}

struct jval gal_jfn_contains(struct jrun *run, const struct jcall *call)
{
        struct jval text = gal_jcall_argument(call, 0);
        struct jval token = gal_jcall_argument(call, 1);
        struct matches matches;

        if (jval_is_undefined(text) || jval_is_undefined(token))
                return JUNDEFINED;
        gal_jrun_step(run, text.len / 64);
        if (token.tag == JT_STRING)
                return jval_boolean(token.len == 0 ||
                                    memmem(text.as.text, text.len, token.as.text, token.len) != NULL);
        return jval_boolean(first_match(&matches, run, call, text, token));
}

/* $split */

static void split_characters(struct jrun *run, struct jarray *parts, struct jval text, struct jval limit)
{
        size_t size;

        for (uint32_t at = 0; at < text.len && is_within(limit, parts->count); at += (uint32_t)size) {
                size = gal_utf8_sequence(text.as.text + at, text.len - at);
                size = size == 0 ? (text.len - at < 3 ? text.len - at : 3) : size;
                gal_jarray_push(run, parts, jval_text(text.as.text + at, size));
        }
}

static void split_at_text(struct jrun *run, struct jarray *parts, struct jval text, struct jval token,
                          struct jval limit)
{
        const char *at = text.as.text;
        const char *end = text.as.text + text.len;
        const char *found;

        while (is_within(limit, parts->count)) {
                found = memmem(at, (size_t)(end - at), token.as.text, token.len);
                gal_jarray_push(run, parts, jval_text(at, (size_t)((found != NULL ? found : end) - at)));
                if (found == NULL)
                        break;
                at = found + token.len;
        }
}

static void split_at_matches(struct jrun *run, const struct jcall *call, struct jarray *parts, struct jval text,
                             struct jval limit)
{
        struct matches matches;
        bool more = first_match(&matches, run, call, text, gal_jcall_argument(call, 1));
        uint32_t start = 0;
        uint32_t count = 0;

        if (!more) {
                gal_jarray_push(run, parts, text);
                return;
        }
        for (; more && is_within(limit, count); count++) {
                uint32_t end = matches.start > start ? matches.start : start;

                gal_jarray_push(run, parts, jval_text(text.as.text + start, end - start));
                start = matches.end;
                more = next_match(&matches);
        }
        if (is_within(limit, count))
                gal_jarray_push(run, parts, jval_text(text.as.text + start, text.len - start));
}

struct jval gal_jfn_split(struct jrun *run, const struct jcall *call)
{
        struct jval text = gal_jcall_argument(call, 0);
        struct jval token = gal_jcall_argument(call, 1);
        struct jval limit = gal_jcall_argument(call, 2);
        struct jarray *parts;

        if (jval_is_undefined(text))
                return text;
        check_limit(run, limit, "D3020");
        parts = gal_jarray_new(run, 0, 0);
        if (!is_within(limit, 0))
                return jval_array(parts);
        gal_jrun_step(run, text.len / 16);
        if (token.tag == JT_FUNCTION) {
                split_at_matches(run, call, parts, text, limit);
                return jval_array(parts);
        }
        if (!jval_is_undefined(limit))
                limit = jval_number(trunc(jval_double(limit)));
        if (jval_is_undefined(token))
                gal_jarray_push(run, parts, text);
        else if (token.len == 0)
                split_characters(run, parts, text, limit);
        else
                split_at_text(run, parts, text, token, limit);
        return jval_array(parts);
}

/* $replace */

/* The number behind a $: as many digits as the number of groups has, one less if that group does not exist. */
static bool read_group_number(struct jval replacement, uint32_t at, uint32_t group_count, uint32_t *ret_number,
                              uint32_t *ret_digits)
{
        uint32_t digits_max = 1;
        uint32_t number = 0;
        uint32_t digits = 0;

        for (uint32_t n = group_count; n >= 10; n /= 10)
                digits_max++;
        while (digits < digits_max && at + digits < replacement.len && replacement.as.text[at + digits] >= '0' &&
               replacement.as.text[at + digits] <= '9') {
                number = number * 10 + (uint32_t)(replacement.as.text[at + digits] - '0');
                digits++;
        }
        if (digits > 1 && digits == digits_max && number > group_count) {
                number /= 10;
                digits--;
        }
        *ret_number = number;
        *ret_digits = digits;
        return digits > 0;
}

static uint32_t length_of_number(uint32_t number)
{
        uint32_t digits = 1;

        for (; number >= 10; number /= 10)
                digits++;
        return digits;
}

static void append_substitute(struct matches *matches, struct jtext *out, struct jval replacement)
{
        struct jrun *run = matches->run;
        uint32_t number, digits;

        for (uint32_t at = 0; at < replacement.len; at++) {
                char c = replacement.as.text[at];
                char next = at + 1 < replacement.len ? replacement.as.text[at + 1] : '\0';

                if (c != '$') {
                        gal_jtext_append_char(run, out, c);
                } else if (next == '$') {
                        gal_jtext_append_char(run, out, '$');
                        at++;
                } else if (next == '0') {
                        gal_jtext_append(run, out, matches->match.as.text, matches->match.len);
                        at++;
                } else if (read_group_number(replacement, at + 1, matches->group_count, &number, &digits)) {
                        struct jval part = number > 0 ? group(matches, number - 1) : JUNDEFINED;

                        if (part.tag == JT_STRING)
                                gal_jtext_append(run, out, part.as.text, part.len);
                        at += length_of_number(number);
                } else {
                        gal_jtext_append_char(run, out, '$');
                }
        }
}

/* The match as an object, for a function of the user's. */
static struct jval match_object(struct matches *matches)
{
        struct jrun *run = matches->run;
        struct jobject *object;

        if (matches->regex == NULL)
                return matches->object;
        object = gal_jobject_new(run, 5);
        gal_jobject_set_text(run, object, "match", matches->match);
        gal_jobject_set_text(run, object, "start", jval_number(units_before(matches)));
        gal_jobject_set_text(run, object, "end",
                             jval_number((double)gal_jsonata_units(matches->text.as.text, matches->end)));
        gal_jobject_set_text(run, object, "groups", groups_of(matches));
        return jval_object(object);
}

static void append_replacement(struct matches *matches, struct jtext *out, struct jval replacement)
{
        struct jrun *run = matches->run;
        struct jval argument, value;

        if (replacement.tag == JT_STRING) {
                append_substitute(matches, out, replacement);
                return;
        }
        argument = match_object(matches);
        value = gal_japply(run, replacement, &argument, 1, JUNDEFINED, matches->call->frame);
        if (value.tag != JT_STRING)
                gal_jrun_fail(run, (struct jfault){ .code = "D3012", .value = value });
        gal_jtext_append(run, out, value.as.text, value.len);
}

static struct jval replace_text(struct jrun *run, struct jval text, struct jval token, struct jval replacement,
                                struct jval limit)
{
        const char *at = text.as.text;
        const char *end = text.as.text + text.len;
        struct jtext out = JTEXT_INIT;
        const char *found;

        for (uint32_t count = 0; is_within(limit, count); count++) {
                found = memmem(at, (size_t)(end - at), token.as.text, token.len);
                if (found == NULL)
                        break;
                gal_jrun_step(run, 1);
                gal_jtext_append(run, &out, at, (size_t)(found - at));
                gal_jtext_append(run, &out, replacement.as.text, replacement.len);
                at = found + token.len;
        }
        gal_jtext_append(run, &out, at, (size_t)(end - at));
        return gal_jtext_finish(run, &out);
}

static struct jval replace_matches(struct jrun *run, const struct jcall *call, struct jval text,
                                   struct jval replacement, struct jval limit)
{
        struct matches matches;
        bool more = first_match(&matches, run, call, text, gal_jcall_argument(call, 1));
        struct jtext out = JTEXT_INIT;
        uint32_t at = 0;

        if (!more)
                return text;
        for (uint32_t count = 0; more && is_within(limit, count); count++) {
                uint32_t start = matches.start > at ? matches.start : at;
                uint32_t next = matches.start + (matches.match.tag == JT_STRING ? matches.match.len : 0);
                struct matches kept = matches;

                gal_jtext_append(run, &out, text.as.text + at, start - at);
                append_replacement(&kept, &out, replacement);
                at = next < text.len ? next : text.len;
                more = next_match(&matches);
        }
        gal_jtext_append(run, &out, text.as.text + at, text.len - at);
        return gal_jtext_finish(run, &out);
}

struct jval gal_jfn_replace(struct jrun *run, const struct jcall *call)
{
        struct jval text = gal_jcall_argument(call, 0);
        struct jval token = gal_jcall_argument(call, 1);
        struct jval replacement = gal_jcall_argument(call, 2);
        struct jval limit = gal_jcall_argument(call, 3);

        if (jval_is_undefined(text))
                return text;
        if (token.tag == JT_STRING && token.len == 0)
                gal_jrun_fail(run, (struct jfault){ .code = "D3010", .value = token });
        check_limit(run, limit, "D3011");
        if (jval_is_undefined(token) || !is_within(limit, 0))
                return text;
        if (jval_is_undefined(replacement))
                replacement = jval_text("undefined", 9);
        gal_jrun_step(run, text.len / 16);
        if (token.tag == JT_FUNCTION)
                return replace_matches(run, call, text, replacement, limit);
        if (replacement.tag != JT_STRING)
                gal_jrun_fail(run, (struct jfault){ .code = "D3012", .value = replacement });
        return replace_text(run, text, token, replacement, limit);
}
