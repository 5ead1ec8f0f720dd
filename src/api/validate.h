/*
 * validate.h: holds a request to the shape of its action, before anything else looks at it.
 *
 * Faults are reported in the service's words: a wrong JSON type is a SerializationException, everything that the
 * model's bounds refuse is one ValidationException with all faults in it. Members that the shape does not have are
 * ignored, null counts as absent. Sensitive values are not repeated.
 *
 * What the model does not say is left to the actions: characters of names (InvalidName), forms of ARNs
 * (InvalidArn), payloads that are no JSON. No member needs an exception from the model:
 * tests/unit/api/test_recorded.c holds that against every call that was recorded from the service.
 */
#ifndef GAL_API_VALIDATE_H
#define GAL_API_VALIDATE_H

#include <jansson.h>

#include "api/shape.h"
#include "base/buffer.h"

/* Compiled once, immutable after that: threads may share it. */
struct gal_validator;

struct gal_validator *gal_validator_create(void);
void gal_validator_destroy(struct gal_validator *validator); /* accepts NULL */

struct gal_refusal {
        const char *type;          /* the error's name; NULL: the request was fine */
        struct gal_buffer message; /* may hold U+0000, as values do */
};

#define GAL_REFUSAL_INIT ((struct gal_refusal){ NULL, GAL_BUFFER_INIT })

/*
 * True when the request (a JSON object) fits. Otherwise `ret_refusal` says why: release it with
 * gal_refusal_finish(). Its message is at most a few times as long as the request.
 */
bool gal_validate_request(const struct gal_validator *validator, const struct gal_shape *shape,
                          const json_t *request, struct gal_refusal *ret_refusal);
void gal_refusal_finish(struct gal_refusal *refusal);

#endif
