/*
 * forward.h: hands requests that write to the process that owns the store, and its answers back.
 *
 * Over the owner's socket where that is on this machine, else over HTTP, signed with a key that is kept in the
 * store. The bodies go as they came: the owner reads them as it would have read them itself.
 */
#ifndef GAL_SERVER_FORWARD_H
#define GAL_SERVER_FORWARD_H

#include <stddef.h>

#include "api/api.h"

struct gal_forwarder;
struct gal_runtime;

/* `runtime` is borrowed and must live longer. */
GAL_MUST_USE enum gal_status gal_forwarder_create(struct gal_runtime *runtime, struct gal_forwarder **ret_forwarder,
                                                  struct gal_error *error);
/* What is under way is answered with 503. Accepts NULL. */
void gal_forwarder_destroy(struct gal_forwarder *forwarder);

/* As gal_api_call(); `done` is never called before this returns, but for an owner that is not to be found. */
struct gal_api_wait *gal_forward_call(struct gal_forwarder *forwarder, const char *action, const char *body,
                                      size_t len, gal_api_done done, void *user);

#endif
