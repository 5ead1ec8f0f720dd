/*
 * regex.c: patterns as JavaScript reads them, by PCRE2.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "expr/jsonata/regex.h"

#include <pcre2.h>

#include "base/limits.h"
#include "expr/jsonata/run.h"

struct jregex {
        struct jregex *next;
        pcre2_code *code;
        const char *pattern;
        uint32_t groups;
};

static uint32_t options_of(const char *flags)
{
        /* JavaScript: \u0041 is a character, [] matches nothing, a group that took no part matches the empty text,
         * $ is the very end. */
        uint32_t options = PCRE2_UTF | PCRE2_ALT_BSUX | PCRE2_ALLOW_EMPTY_CLASS | PCRE2_MATCH_UNSET_BACKREF |
                           PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;

        for (; *flags != '\0'; flags++)
                options |= *flags == 'i' ? PCRE2_CASELESS : PCRE2_MULTILINE;
        return options;
}

static pcre2_code *compile(const char *pattern, size_t len, uint32_t options, int *ret_code, PCRE2_SIZE *ret_where)
{
        pcre2_compile_context *context = pcre2_compile_context_create(NULL);
        pcre2_code *code;

        *ret_code = PCRE2_ERROR_HEAP_FAILED;
        if (context == NULL)
                return NULL;
        pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF);
        pcre2_set_max_pattern_length(context, GAL_JSONATA_SIZE_MAX);
        pcre2_set_parens_nest_limit(context, 100);
        code = pcre2_compile((PCRE2_SPTR)pattern, len, options, ret_code, ret_where, context);
        pcre2_compile_context_free(context);
        return code;
}

struct jregex *gal_jregex_compile(struct jparse *parse, struct jprogram *program, const struct jsyntax *syntax)
{
        struct jregex *regex = gal_jparse_alloc(parse, 1, sizeof(*regex));
        unsigned char text[128] = "";
        PCRE2_SIZE where = 0;
        size_t size = 0;
        int code = 0;

        regex->pattern = syntax->text;
        regex->code = compile(syntax->text, syntax->text_len, options_of(syntax->op), &code, &where);
        if (regex->code == NULL && (code == PCRE2_ERROR_HEAP_FAILED || code == PCRE2_ERROR_NOMEMORY))
                gal_jparse_out_of_memory(parse);
        if (regex->code == NULL) {
                pcre2_get_error_message(code, text, sizeof(text));
                gal_jparse_fail_value(parse, "S0303", syntax->start + 1 + where, syntax->end, syntax->text,
                                      syntax->text_len, (const char *)text,
                                      "Invalid regular expression: {{value}}");
        }
        regex->next = program->regexes;
        program->regexes = regex;
        pcre2_pattern_info(regex->code, PCRE2_INFO_SIZE, &size);
        pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &regex->groups);
        if (size > GAL_JSONATA_REGEX_SIZE_MAX)
                gal_jparse_limit(parse, syntax->start,
                                 "The regular expression is too large when its repetitions are written out");
        return regex;
}

void gal_jregex_destroy_all(struct jregex *regexes)
{
        for (; regexes != NULL; regexes = regexes->next)
                pcre2_code_free(regexes->code);
}

const char *gal_jregex_pattern(const struct jregex *regex)
{
        return regex->pattern;
}

static void need(struct jrun *run, const void *made)
{
        if (made != NULL)
                return;
        run->is_out_of_memory = true;
        longjmp(run->escape, 1);
}

static void prepare(struct jrun *run, const struct jregex *regex)
{
        if (run->match_context == NULL) {
                pcre2_match_context *context = pcre2_match_context_create(NULL);

                need(run, context);
                run->match_context = context;
                pcre2_set_match_limit(context, GAL_JSONATA_REGEX_STEPS_MAX);
                pcre2_set_heap_limit(context, GAL_JSONATA_REGEX_HEAP_KIB_MAX);
        }
        if (run->match_data != NULL && run->match_pairs > regex->groups)
                return;
        pcre2_match_data_free(run->match_data);
        run->match_data = NULL;
        run->match_data = pcre2_match_data_create(regex->groups + 1, NULL);
        need(run, run->match_data);
        run->match_pairs = regex->groups + 1;
}

const struct jregex *gal_jregex_make(struct jrun *run, struct jval pattern)
{
        struct jregex *regex = gal_jrun_new(run, struct jregex);
        PCRE2_SIZE where = 0;
        int code = 0;

        gal_jrun_step(run, pattern.len);
        regex->code = compile(pattern.as.text, pattern.len, options_of("i"), &code, &where);
        if (regex->code == NULL && (code == PCRE2_ERROR_HEAP_FAILED || code == PCRE2_ERROR_NOMEMORY))
                need(run, NULL);
        if (regex->code == NULL)
                gal_jrun_fail_memory(run); /* too large: nothing else can be wrong with what we make */
        regex->next = run->regexes;
        run->regexes = regex;
        pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &regex->groups);
        return regex;
}

/* Many tries at one text add up: each pays for the text that it may go through, and what it used of the matcher's
 * own counter is not known, so a try is never free. */
enum { STEPS_A_TRY = 16, BYTES_A_STEP = 64 };

bool gal_jregex_match(struct jrun *run, const struct jregex *regex, const char *text, size_t len, size_t from,
                      const size_t **ret_offsets, uint32_t *ret_count)
{
        int result;

        prepare(run, regex);
        gal_jrun_step(run, STEPS_A_TRY + (len - from) / BYTES_A_STEP);
        result = pcre2_match(regex->code, (PCRE2_SPTR)text, len, from, PCRE2_NO_UTF_CHECK, run->match_data,
                             run->match_context);
        if (result == PCRE2_ERROR_NOMATCH)
                return false;
        if (result < 0)
                gal_jrun_fail_steps(run);
        *ret_offsets = pcre2_get_ovector_pointer(run->match_data);
        *ret_count = regex->groups + 1;
        for (uint32_t i = (uint32_t)result; i <= regex->groups; i++)
                pcre2_get_ovector_pointer(run->match_data)[2 * i] = PCRE2_UNSET;
        return true;
}
