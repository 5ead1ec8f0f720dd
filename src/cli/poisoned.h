/*
 * poisoned.h: where the executions that ended the process are remembered (runtime/poisoned.h), and looking at them.
 */
#ifndef GAL_CLI_POISONED_H
#define GAL_CLI_POISONED_H

#include <stdbool.h>

#include "base/error.h"

/* Said in the help of the verbs that have the option. */
#define GAL_STATE_DIR_OPTION                                                                                       \
        {                                                                                                          \
                "state-dir", "DIR",                                                                                \
                        "for Postgres: where executions that ended the process are remembered; else "              \
                        "GALLIARD_STATE_DIR,\n                           STATE_DIRECTORY, "                        \
                        "XDG_STATE_HOME/galliard, ~/.local/state/galliard",                                        \
                        false                                                                                      \
        }

/*
 * FILE-poisoned beside an SQLite file; for Postgres a file of that database in the state directory, which is made
 * when it is not there. `state_dir` NULL: as the environment says. `ret_path` (transfer full) is NULL for a store
 * in memory. GAL_EIO.
 */
GAL_MUST_USE enum gal_status gal_cli_poisoned_path(const char *store_url, const char *state_dir, char **ret_path,
                                                   struct gal_error *error);

/* `store poisoned`. False: it could not be printed. GAL_EIO, GAL_ELIMIT. */
GAL_MUST_USE enum gal_status gal_cli_poisoned_list(const char *path, bool as_json, bool *ret_printed,
                                                   struct gal_error *error);

#endif
