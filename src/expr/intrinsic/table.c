/*
 * table.c: the intrinsic functions, by name.
 */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "expr/intrinsic/call.h"

static const struct call_function functions[] = {
        { "States.Array", 0, GAL_INTRINSIC_ARGUMENTS_MAX, "*", gal_intrinsic_array },
        { "States.ArrayContains", 2, 2, "a*", gal_intrinsic_array_contains },
        { "States.ArrayGetItem", 2, 2, "an", gal_intrinsic_array_get_item },
        { "States.ArrayLength", 1, 1, "a", gal_intrinsic_array_length },
        { "States.ArrayPartition", 2, 2, "an", gal_intrinsic_array_partition },
        { "States.ArrayRange", 3, 3, "nnn", gal_intrinsic_array_range },
        { "States.ArrayUnique", 1, 1, "a", gal_intrinsic_array_unique },
        { "States.Base64Decode", 1, 1, "s", gal_intrinsic_base64_decode },
        { "States.Base64Encode", 1, 1, "s", gal_intrinsic_base64_encode },
        { "States.Format", 1, GAL_INTRINSIC_ARGUMENTS_MAX, "s*", gal_intrinsic_format },
        { "States.Hash", 2, 2, "*s", gal_intrinsic_hash },
        { "States.JsonMerge", 3, 3, "oob", gal_intrinsic_json_merge },
        { "States.JsonToString", 1, 1, "*", gal_intrinsic_json_to_string },
        { "States.MathAdd", 2, 2, "nn", gal_intrinsic_math_add },
        { "States.MathRandom", 2, 3, "nnn", gal_intrinsic_math_random },
        { "States.StringSplit", 2, 2, "ss", gal_intrinsic_string_split },
        { "States.StringToJson", 1, 1, "s", gal_intrinsic_string_to_json },
        { "States.UUID", 0, 0, "", gal_intrinsic_uuid },
};

const struct call_function *gal_intrinsic_functions(size_t *ret_count)
{
        *ret_count = sizeof(functions) / sizeof(functions[0]);
        return functions;
}

struct slice {
        const char *text;
        size_t len;
};

static int compare_names(const void *key, const void *element)
{
        const struct slice *slice = key;
        const char *name = ((const struct call_function *)element)->name;
        int order = strncmp(slice->text, name, slice->len);

        return order != 0 ? order : -(name[slice->len] != '\0');
}

const struct call_function *gal_intrinsic_find(const char *name, size_t len)
{
        struct slice slice = { name, len };

        return bsearch(&slice, functions, sizeof(functions) / sizeof(functions[0]), sizeof(functions[0]),
                       compare_names);
}
