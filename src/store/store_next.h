/* store_next.h: the name until the engine used it. */
#include "store/store.h"
