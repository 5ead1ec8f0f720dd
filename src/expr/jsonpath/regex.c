/*
 * regex.c: `=~ /pattern/flags`, as Java's Matcher.matches() does it: the whole text must match.
 *
 * A pattern is untrusted and may backtrack for ever. Time alone would not be deterministic, so every item that the
 * matcher tries (a callout of PCRE2) spends a visit of the evaluation's budget.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "expr/jsonpath/path.h"

struct path_regex {
        struct path_regex *next;
        pcre2_code *code;
};

/* Java's flag characters that mean something here; `d` and `u` change nothing that PCRE2 does otherwise. */
static bool read_flags(const char *flags, size_t len, uint32_t *options)
{
        for (size_t i = 0; i < len; i++) {
                switch (flags[i]) {
                case 'i':
                        *options |= PCRE2_CASELESS;
                        break;
                case 'm':
                        *options |= PCRE2_MULTILINE;
                        break;
                case 's':
                        *options |= PCRE2_DOTALL;
                        break;
                case 'x':
                        *options |= PCRE2_EXTENDED;
                        break;
                case 'U':
                        *options |= PCRE2_UCP;
                        break;
                case 'd':
                case 'u':
                        break;
                default:
                        return false;
                }
        }
        return true;
}

static enum gal_status refuse(int code, size_t offset, struct gal_error *error)
{
        unsigned char text[128];

        if (code == PCRE2_ERROR_HEAP_FAILED || code == PCRE2_ERROR_NOMEMORY)
                return gal_fail(error, GAL_ENOMEM, GAL_NOWHERE, "out of memory");
        pcre2_get_error_message(code, text, sizeof(text));
        return gal_fail(error, GAL_ESYNTAX, (struct gal_position){ offset, 0, 0 }, "%s", (char *)text);
}

enum gal_status gal_path_regex_compile(struct gal_path *path, const char *pattern, size_t len, const char *flags,
                                       size_t flags_len, struct path_regex **ret_regex, struct gal_error *error,
                                       size_t offset)
{
        uint32_t options =
                PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_AUTO_CALLOUT | PCRE2_NEVER_BACKSLASH_C;
        struct path_regex *regex;
        PCRE2_SIZE where = 0;
        size_t size = 0;
        int code = 0;

        if (!read_flags(flags, flags_len, &options))
                return gal_fail(error, GAL_ESYNTAX, (struct gal_position){ offset + len, 0, 0 },
                                "unknown flag of a regular expression");
        regex = gal_arena_alloc(&path->arena, 1, sizeof(*regex));
        if (regex == NULL)
                return gal_fail(error, GAL_ENOMEM, GAL_NOWHERE, "out of memory");
        regex->code = pcre2_compile((PCRE2_SPTR)pattern, len, options, &code, &where, NULL);
        if (regex->code == NULL)
                return refuse(code, offset + where, error);
        regex->next = path->regexes;
        path->regexes = regex;
        if (pcre2_pattern_info(regex->code, PCRE2_INFO_SIZE, &size) != 0 || size > GAL_PATH_REGEX_SIZE_MAX)
                return gal_fail(error, GAL_ELIMIT, (struct gal_position){ offset, 0, 0 },
                                "the regular expression is too large when its repetitions are written out");
        *ret_regex = regex;
        return GAL_OK;
}

void gal_path_regex_destroy_all(struct path_regex *regexes)
{
        for (; regexes != NULL; regexes = regexes->next)
                pcre2_code_free(regexes->code);
}

/* An item such as `.*` runs over the whole subject without a callout, so long subjects cost more an item. */
enum { BYTES_A_VISIT = 256 };

static int spend_item(pcre2_callout_block *block, void *user)
{
        struct path_evaluation *evaluation = user;

        return gal_path_spend(evaluation, 1 + block->subject_length / BYTES_A_VISIT) ? 0 : PCRE2_ERROR_CALLOUT;
}

bool gal_path_regex_matches(struct path_evaluation *evaluation, const struct path_regex *regex, const char *text,
                            size_t len)
{
        pcre2_match_data *data = gal_need(pcre2_match_data_create(1, NULL));
        pcre2_match_context *context = gal_need(pcre2_match_context_create(NULL));
        int result;

        pcre2_set_callout(context, spend_item, evaluation);
        pcre2_set_match_limit(context, GAL_PATH_REGEX_STEPS_MAX);
        pcre2_set_heap_limit(context, GAL_PATH_REGEX_HEAP_KIB_MAX);
        result = pcre2_match(regex->code, (PCRE2_SPTR)text, len, 0, 0, data, context);
        pcre2_match_context_free(context);
        pcre2_match_data_free(data);
        if (result == PCRE2_ERROR_MATCHLIMIT || result == PCRE2_ERROR_HEAPLIMIT || result == PCRE2_ERROR_DEPTHLIMIT)
                evaluation->status = GAL_ELIMIT;
        return result >= 0;
}
