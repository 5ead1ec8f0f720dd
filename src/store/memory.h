/*
 * memory.h: the model store, and what tests and the simulator do to it that no host would.
 */
#ifndef GAL_STORE_MEMORY_H
#define GAL_STORE_MEMORY_H

#include "store/store.h"

/* (transfer full) Another process's view of the same rows, which live until the last view is destroyed. */
struct gal_store *gal_store_memory_attach(struct gal_store *store);
/* The owner's lease has ended by the clock: the next one who asks becomes the owner. */
void gal_store_memory_expire(struct gal_store *store);

#endif
