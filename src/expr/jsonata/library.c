/*
 * library.c: the table of functions.
 */
#include "expr/jsonata/library.h"

static const struct jbuiltin builtins[] = {
        { "sum", "<a<n>:n>", 1, JIN_BOTH, gal_jfn_sum },
        { "count", "<a:n>", 1, JIN_BOTH, gal_jfn_count },
        { "max", "<a<n>:n>", 1, JIN_BOTH, gal_jfn_max },
        { "min", "<a<n>:n>", 1, JIN_BOTH, gal_jfn_min },
        { "average", "<a<n>:n>", 1, JIN_BOTH, gal_jfn_average },
        { "string", "<x-b?:s>", 1, JIN_BOTH, gal_jfn_string },
        { "substring", "<s-nn?:s>", 3, JIN_BOTH, gal_jfn_substring },
        { "substringBefore", "<s-s:s>", 2, JIN_BOTH, gal_jfn_substring_before },
        { "substringAfter", "<s-s:s>", 2, JIN_BOTH, gal_jfn_substring_after },
        { "lowercase", "<s-:s>", 1, JIN_BOTH, gal_jfn_lowercase },
        { "uppercase", "<s-:s>", 1, JIN_BOTH, gal_jfn_uppercase },
        { "length", "<s-:n>", 1, JIN_BOTH, gal_jfn_length },
        { "trim", "<s-:s>", 1, JIN_BOTH, gal_jfn_trim },
        { "pad", "<s-ns?:s>", 3, JIN_BOTH, gal_jfn_pad },
        { "match", "<s-f<s:o>n?:a<o>>", 3, JIN_BOTH, gal_jfn_match },
        { "contains", "<s-(sf):b>", 2, JIN_BOTH, gal_jfn_contains },
        { "replace", "<s-(sf)(sf)n?:s>", 4, JIN_BOTH, gal_jfn_replace },
        { "split", "<s-(sf)n?:a<s>>", 3, JIN_BOTH, gal_jfn_split },
        { "join", "<a<s>s?:s>", 2, JIN_BOTH, gal_jfn_join },
        { "formatNumber", "<n-so?:s>", 3, JIN_BOTH, gal_jfn_format_number },
        { "formatBase", "<n-n?:s>", 2, JIN_BOTH, gal_jfn_format_base },
        { "formatInteger", "<n-s:s>", 2, JIN_BOTH, gal_jfn_format_integer },
        { "parseInteger", "<s-s:n>", 2, JIN_BOTH, gal_jfn_parse_integer },
        { "number", "<(nsb)-:n>", 1, JIN_BOTH, gal_jfn_number },
        { "floor", "<n-:n>", 1, JIN_BOTH, gal_jfn_floor },
        { "ceil", "<n-:n>", 1, JIN_BOTH, gal_jfn_ceil },
        { "round", "<n-n?:n>", 2, JIN_BOTH, gal_jfn_round },
        { "abs", "<n-:n>", 1, JIN_BOTH, gal_jfn_abs },
        { "sqrt", "<n-:n>", 1, JIN_BOTH, gal_jfn_sqrt },
        { "power", "<n-n:n>", 2, JIN_BOTH, gal_jfn_power },
        { "random", "<:n>", 0, JIN_REFERENCE, gal_jfn_random },
        { "boolean", "<x-:b>", 1, JIN_BOTH, gal_jfn_boolean },
        { "not", "<x-:b>", 1, JIN_BOTH, gal_jfn_not },
        { "map", "<af>", 2, JIN_BOTH, gal_jfn_map },
        { "zip", "<a+>", 0, JIN_BOTH, gal_jfn_zip },
        { "filter", "<af>", 2, JIN_BOTH, gal_jfn_filter },
        { "single", "<af?>", 2, JIN_BOTH, gal_jfn_single },
        { "reduce", "<afj?:j>", 3, JIN_BOTH, gal_jfn_reduce },
        { "sift", "<o-f?:o>", 2, JIN_BOTH, gal_jfn_sift },
        { "keys", "<x-:a<s>>", 1, JIN_BOTH, gal_jfn_keys },
        { "lookup", "<x-s:x>", 2, JIN_BOTH, gal_jfn_lookup },
        { "append", "<xx:a>", 2, JIN_BOTH, gal_jfn_append },
        { "exists", "<x:b>", 1, JIN_BOTH, gal_jfn_exists },
        { "spread", "<x-:a<o>>", 1, JIN_BOTH, gal_jfn_spread },
        { "merge", "<a<o>:o>", 1, JIN_BOTH, gal_jfn_merge },
        { "reverse", "<a:a>", 1, JIN_BOTH, gal_jfn_reverse },
        { "each", "<o-f:a>", 2, JIN_BOTH, gal_jfn_each },
        { "error", "<s?:x>", 1, JIN_BOTH, gal_jfn_error },
        { "assert", "<bs?:x>", 2, JIN_BOTH, gal_jfn_assert },
        { "type", "<x:s>", 1, JIN_BOTH, gal_jfn_type },
        { "sort", "<af?:a>", 2, JIN_BOTH, gal_jfn_sort },
        { "shuffle", "<a:a>", 1, JIN_BOTH, gal_jfn_shuffle },
        { "distinct", "<x:x>", 1, JIN_BOTH, gal_jfn_distinct },
        { "base64encode", "<s-:s>", 1, JIN_BOTH, gal_jfn_base64_encode },
        { "base64decode", "<s-:s>", 1, JIN_BOTH, gal_jfn_base64_decode },
        { "encodeUrlComponent", "<s-:s>", 1, JIN_BOTH, gal_jfn_encode_url_component },
        { "encodeUrl", "<s-:s>", 1, JIN_BOTH, gal_jfn_encode_url },
        { "decodeUrlComponent", "<s-:s>", 1, JIN_BOTH, gal_jfn_decode_url_component },
        { "decodeUrl", "<s-:s>", 1, JIN_BOTH, gal_jfn_decode_url },
        { "eval", "<sx?:x>", 2, JIN_REFERENCE, gal_jfn_eval },
        { "toMillis", "<s-s?:n>", 2, JIN_BOTH, gal_jfn_to_millis },
        { "fromMillis", "<n-s?s?:s>", 3, JIN_BOTH, gal_jfn_from_millis },
        { "clone", "<(oa)-:o>", 1, JIN_BOTH, gal_jfn_clone },
        { "now", "<s?s?:s>", 2, JIN_BOTH, gal_jfn_now },
        { "millis", "<:n>", 0, JIN_BOTH, gal_jfn_millis },
        /* What AWS Step Functions adds. */
        { "partition", "<xn?:a<a>>", 2, JIN_STATES, gal_jfn_partition },
        { "range", "<nnn?:a<n>>", 3, JIN_STATES, gal_jfn_range },
        { "hash", "<s-s?:s>", 2, JIN_STATES, gal_jfn_hash },
        { "random", "<n?:n>", 1, JIN_STATES, gal_jfn_seeded_random },
        { "uuid", "<:s>", 0, JIN_STATES, gal_jfn_uuid },
        { "parse", "<s?:x>", 1, JIN_STATES, gal_jfn_parse },
};

const struct jbuiltin *gal_jlibrary_find(const char *name, size_t len, enum gal_jsonata_dialect dialect)
{
        uint8_t bit = dialect == GAL_JSONATA_STATES ? JIN_STATES : JIN_REFERENCE;

        for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++)
                if (builtins[i].dialects & bit && strlen(builtins[i].name) == len &&
                    memcmp(builtins[i].name, name, len) == 0)
                        return &builtins[i];
        return NULL;
}
