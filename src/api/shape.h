/*
 * shape.h: the actions of the API and the shapes of their requests and answers, as constants.
 *
 * Made at build time from schemas/api/states.json, which tools/api-shapes takes out of the service model. Shapes
 * do not contain themselves, so walks over them end.
 */
#ifndef GAL_API_SHAPE_H
#define GAL_API_SHAPE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum gal_shape_type {
        GAL_SHAPE_BOOLEAN,
        GAL_SHAPE_INTEGER, /* 32 bits */
        GAL_SHAPE_LONG,    /* 64 bits */
        GAL_SHAPE_FLOAT,
        GAL_SHAPE_TIMESTAMP, /* seconds since 1970, a number */
        GAL_SHAPE_STRING,
        GAL_SHAPE_LIST,
        GAL_SHAPE_MAP,
        GAL_SHAPE_STRUCTURE,
};

struct gal_shape;

struct gal_shape_member {
        const char *name;
        const struct gal_shape *shape;
        bool required;
};

struct gal_shape {
        const char *name;
        enum gal_shape_type type;
        bool sensitive;            /* what it holds is shown to nobody but whom it is for: no message, no log */
        bool in_bytes;             /* `min` and `max` count bytes of UTF-8, not characters */
        int pattern;               /* into gal_shape_patterns; -1: none */
        int64_t min;               /* of the number, or of the length of a string or a list; INT64_MIN: none */
        int64_t max;               /* INT64_MAX: none */
        const char *const *values; /* of an enumeration, up to a NULL; NULL: any string */
        const char *value_set;     /* the same as the service prints them: "[A, B]" */
        const struct gal_shape_member *members; /* of a structure, in the order in which faults are reported */
        size_t member_count;
        const struct gal_shape *key;  /* of a map */
        const struct gal_shape *item; /* of a list or a map */
};

struct gal_shape_pattern {
        const char *text; /* as the service prints it */
        const char *pcre; /* the same for PCRE2; the whole string must match */
};

struct gal_action_shape {
        const char *name;
        const struct gal_shape *request;
        const struct gal_shape *response;
        const struct gal_shape *const *errors; /* those that it has of its own, up to a NULL */
        const char *host_prefix;               /* what SDKs put before the host's name; NULL: nothing */
        bool idempotent;
};

extern const struct gal_action_shape gal_action_shapes[]; /* sorted by name */
extern const size_t gal_action_shape_count;
extern const struct gal_shape_pattern gal_shape_patterns[];
extern const size_t gal_shape_pattern_count;

/* (transfer none) NULL: there is no such action. */
const struct gal_action_shape *gal_action_shape_find(const char *name);
/* (transfer none) NULL: the structure has no such member. */
const struct gal_shape_member *gal_shape_member_find(const struct gal_shape *shape, const char *name);

/* Whether the value alone, not what it holds, has the JSON type of the shape. */
bool gal_shape_type_fits(const struct gal_shape *shape, const json_t *value);
/* "a string", "a list", ... */
const char *gal_shape_type_name(const struct gal_shape *shape);

/*
 * Checks an answer of ours: required members are there, types and enumerated values are right, and nothing is in it
 * that the shape does not have. A null counts as absent. Fails with GAL_EINVALID; `error->path` is the place.
 */
GAL_MUST_USE enum gal_status gal_shape_check_reply(const struct gal_shape *shape, const json_t *reply,
                                                   struct gal_error *error);
/* Whether an action may answer with that error: one of its own, or one that every action has. */
bool gal_action_has_error(const struct gal_action_shape *action, const char *name);

#endif
