/*
 * migration.h: the numbered steps of a schema, made into C by schemas/sql/embed.py.
 *
 * The first one makes the tables in an empty database. Version n is what the n-th one leaves behind.
 */
#ifndef GAL_STORE_MIGRATION_H
#define GAL_STORE_MIGRATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

struct gal_migration {
        const char *name; /* "0001-first" */
        const char *sql;
};

struct gal_migrations {
        const struct gal_migration *items;
        size_t count; /* the version that this program knows */
};

extern const struct gal_migrations gal_sqlite_migrations;
extern const struct gal_migrations gal_postgres_migrations;

/*
 * Whether a store of version `found` (0: empty) may be used or brought up to date; the steps from `found` on are
 * then to be run. GAL_EINVALID: it is newer than this program, or older and `migrate` is false. `what` names the
 * store.
 */
GAL_MUST_USE enum gal_status gal_migrations_check(const struct gal_migrations *migrations, int64_t found,
                                                  bool migrate, const char *what, struct gal_error *error);

/* For tests: a program that knows other versions. */
GAL_MUST_USE enum gal_status gal_store_sqlite_open_with(const char *path, const struct gal_migrations *migrations,
                                                        struct gal_store **ret_store, struct gal_error *error);
GAL_MUST_USE enum gal_status gal_store_postgres_open_with(const char *conninfo,
                                                          const struct gal_migrations *migrations,
                                                          struct gal_store **ret_store, struct gal_error *error);

#endif
