/*
 * field.h: which field may stand where, in which query language, with what kind of value. One table (field.c) that
 * the checks and a completeness test read.
 */
#ifndef GAL_DEFINITION_FIELD_H
#define GAL_DEFINITION_FIELD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "definition/place.h"
#include "definition/program.h"

struct gal_compiler;

/* The objects that have fields. The states come first, in the order of GAL_STATE_KINDS. */
enum gal_holder {
        GAL_HOLDER_PASS = GAL_STATE_PASS,
        GAL_HOLDER_TASK = GAL_STATE_TASK,
        GAL_HOLDER_CHOICE = GAL_STATE_CHOICE,
        GAL_HOLDER_WAIT = GAL_STATE_WAIT,
        GAL_HOLDER_SUCCEED = GAL_STATE_SUCCEED,
        GAL_HOLDER_FAIL = GAL_STATE_FAIL,
        GAL_HOLDER_PARALLEL = GAL_STATE_PARALLEL,
        GAL_HOLDER_MAP = GAL_STATE_MAP,
        GAL_HOLDER_MACHINE,
        GAL_HOLDER_BRANCH,
        GAL_HOLDER_PROCESSOR, /* ItemProcessor and Iterator */
        GAL_HOLDER_PROCESSOR_CONFIG,
        GAL_HOLDER_RETRIER,
        GAL_HOLDER_CATCHER,
        GAL_HOLDER_RULE,    /* of Choices */
        GAL_HOLDER_SUBRULE, /* of And, Or, Not */
        GAL_HOLDER_READER,
        GAL_HOLDER_READER_CONFIG,
        GAL_HOLDER_BATCHER,
        GAL_HOLDER_WRITER,
        GAL_HOLDER_WRITER_CONFIG,
        GAL_HOLDER_COUNT,
};

enum gal_field_languages { GAL_BOTH, GAL_JSONPATH_ONLY, GAL_JSONATA_ONLY };

enum gal_field_type {
        GAL_FIELD_ANY,
        GAL_FIELD_STRING,
        GAL_FIELD_STRING_OR_NULL,
        GAL_FIELD_INTEGER, /* `min` to `max` */
        GAL_FIELD_NUMBER,  /* `min` to `max` */
        GAL_FIELD_BOOLEAN,
        GAL_FIELD_OBJECT,
        GAL_FIELD_ARRAY,
        GAL_FIELD_LIST, /* an array with at least one element */
};

struct gal_field {
        const char *name;
        size_t len;
        uint32_t on;       /* bits of enum gal_holder */
        uint32_t required; /* likewise */
        enum gal_field_languages languages;
        enum gal_field_type type;
        bool expression;           /* a JSONata state may give a "{% %}" string in its place */
        const char *const *values; /* of a string, NULL-terminated; NULL: any */
        double min, max;
};

/* (transfer none) For the completeness test. */
const struct gal_field *gal_fields(size_t *ret_count);
/* (transfer none) NULL: no field of any object is called so. Comparison operators are not in this table. */
const struct gal_field *gal_field_find(const char *name, size_t len);

/*
 * Checks an object against the table: required fields, unknown fields, fields of the other language, types, ranges,
 * values, and those of which there may be only one.
 *   state   the place that messages about the language name; `place` itself for a state
 */
void gal_check_fields(struct gal_compiler *compiler, enum gal_holder holder, enum gal_query_language language,
                      const struct gal_place *state, const struct gal_place *place, const json_t *object);
/* Whether the value is of the field's type; reports when it is not. */
bool gal_check_type(struct gal_compiler *compiler, enum gal_field_type type, const struct gal_place *place,
                    const json_t *value);

#endif
