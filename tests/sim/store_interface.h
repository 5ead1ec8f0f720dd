/*
 * store_interface.h: the one place here that knows what the store's headers are called.
 */
#ifndef GAL_TESTS_SIM_STORE_INTERFACE_H
#define GAL_TESTS_SIM_STORE_INTERFACE_H

#include "store/rows.h"
#include "store/store.h"

#endif
