/*
 * migration.c: which steps a database needs.
 */
#include "store/migration.h"

enum gal_status gal_migrations_check(const struct gal_migrations *migrations, int64_t found, bool migrate,
                                     const char *what, struct gal_error *error)
{
        int64_t known = (int64_t)migrations->count;

        if (found < 0 || found > known)
                return gal_fail(
                        error, GAL_EINVALID, GAL_NOWHERE,
                        "%s has schema %lld, and this program knows schemas up to %lld; use the program that "
                        "wrote it, or a newer one",
                        what, (long long)found, (long long)known);
        if (found > 0 && found < known && !migrate)
                return gal_fail(error, GAL_EINVALID, GAL_NOWHERE,
                                "%s has schema %lld, and this program needs schema %lld; stop what uses it, make a "
                                "backup, and run `galliard store migrate`",
                                what, (long long)found, (long long)known);
        return GAL_OK;
}
