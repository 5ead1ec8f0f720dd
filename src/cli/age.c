/*
 * age.c: see age.h.
 */
#include "cli/age.h"

#include <stdlib.h>
#include <string.h>

#define AGE_MS_MAX (10000ll * 366 * 86400 * 1000)

bool gal_cli_parse_age(const char *text, int64_t *ret_ms)
{
        static const struct {
                char unit;
                int64_t ms;
        } units[] = { { 's', 1000 }, { 'm', 60000 }, { 'h', 3600000 }, { 'd', 86400000 } };
        char *end;
        long long count = strtoll(text, &end, 10);

        if (text[0] < '0' || text[0] > '9')
                return false;
        if (strcmp(text, "0") == 0) {
                *ret_ms = 0;
                return true;
        }
        for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
                if (units[i].unit != end[0] || end[1] != '\0')
                        continue;
                *ret_ms = count * (count <= AGE_MS_MAX / units[i].ms ? units[i].ms : 0);
                return count <= AGE_MS_MAX / units[i].ms;
        }
        return false;
}
