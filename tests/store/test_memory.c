/*
 * test_memory.c: the suite on the model store.
 */
#include "conformance.h"
#include "store/memory.h"

/* Holds the rows while a test closes its own views. */
static struct gal_store *place;

static void begin(void)
{
        place = gal_store_memory_create();
}

static struct gal_store *open_view(void)
{
        return gal_store_memory_attach(place);
}

static void expire(void)
{
        gal_store_memory_expire(place);
}

static void end(void)
{
        gal_store_destroy(place);
}

int main(void)
{
        static const struct backend memory = {
                .name = "memory", .begin = begin, .open = open_view, .expire = expire, .end = end
        };

        return run_conformance(&memory, /* more= */ NULL);
}
