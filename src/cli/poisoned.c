/*
 * poisoned.c: see poisoned.h.
 */
#include "cli/poisoned.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/limits.h"
#include "cli/client.h"
#include "cli/show.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "runtime/poisoned.h"

/* Of what people can read of the database in a file's name. */
#define READABLE_MAX 100

/* The place. */

/* (transfer full) Nothing in the environment says where: the system's place for root, the user's own otherwise. */
static char *usual_directory(void)
{
        const char *home = getenv("HOME");

        if (geteuid() != 0 && home != NULL && home[0] == '/')
                return gal_format("%s/.local/state/galliard", home);
        return gal_strdup("/var/lib/galliard");
}

/* (transfer full) */
static char *state_directory(const char *given)
{
        const char *own = getenv("GALLIARD_STATE_DIR");
        const char *systemd = getenv("STATE_DIRECTORY"); /* several are separated by colons */
        const char *xdg = getenv("XDG_STATE_HOME");

        if (given != NULL)
                return gal_strdup(given);
        if (own != NULL && own[0] != '\0')
                return gal_strdup(own);
        if (systemd != NULL && systemd[0] == '/')
                return gal_strndup(systemd, strcspn(systemd, ":"));
        if (xdg != NULL && xdg[0] == '/')
                return gal_format("%s/galliard", xdg);
        return usual_directory();
}

static enum gal_status make_directories(const char *directory, struct gal_error *error)
{
        gal_auto_free char *path = gal_strdup(directory);

        for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                (void)!mkdir(path, 0755); /* what is missing in the end is reported by the last one */
                *slash = '/';
        }
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
                return gal_fail(error, GAL_EIO, GAL_NOWHERE,
                                "cannot make the state directory %s: %s; name another one with --state-dir or "
                                "GALLIARD_STATE_DIR",
                                directory, strerror(errno));
        return GAL_OK;
}

/* (transfer full) The URL without who comes with which password: whoever it is, it is the same database. */
static char *without_user(const char *url)
{
        const char *scheme = strstr(url, "://"), *rest = scheme == NULL ? url : scheme + 3;
        size_t host_len = strcspn(rest, "/?");
        const char *at = memrchr(rest, '@', host_len);
        const char *begin = at == NULL ? rest : at + 1;
        const char *secret = strstr(begin, "password=");

        if (secret == NULL)
                return gal_strdup(begin);
        return gal_format("%.*s%s", (int)(secret - begin), begin, secret + strcspn(secret, "&"));
}

/* (transfer full) For people the host and the database; a number, so that no two are the same. */
static char *database_name(const char *url)
{
        gal_auto_free char *place = without_user(url);
        size_t readable = strcspn(place, "?");
        uint64_t hash = 14695981039346656037u; /* FNV-1a */

        for (const char *c = place; *c != '\0'; c++)
                hash = (hash ^ (unsigned char)*c) * 1099511628211u;
        readable = readable > READABLE_MAX ? READABLE_MAX : readable;
        for (size_t i = 0; i < readable; i++) {
                if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-", place[i]) == NULL)
                        place[i] = '_';
        }
        return gal_format("%.*s-%016" PRIx64, (int)readable, place, hash);
}

enum gal_status gal_cli_poisoned_path(const char *store_url, const char *state_dir, char **ret_path,
                                      struct gal_error *error)
{
        gal_auto_free char *directory = NULL;
        gal_auto_free char *name = NULL;
        const char *file;
        enum gal_status status;

        *ret_path = NULL;
        if (store_url == NULL || strncmp(store_url, "memory:", 7) == 0)
                return GAL_OK;
        file = gal_client_file(store_url);
        if (file != NULL) {
                *ret_path = gal_format("%s-poisoned", file);
                return GAL_OK;
        }
        directory = state_directory(state_dir);
        status = make_directories(directory, error);
        if (status != GAL_OK)
                return status;
        name = database_name(store_url);
        *ret_path = gal_format("%s/%s-poisoned", directory, name);
        return GAL_OK;
}

/* The list. */

static json_t *make_entry(const struct gal_poisoned *poisoned)
{
        return gal_need(json_pack("{s:s, s:s?, s:i, s:b, s:s}", "id", poisoned->id, "executionArn", poisoned->arn,
                                  "count", (int)poisoned->count, "standsStill", poisoned->count >= GAL_POISONED_MAX,
                                  "fault", poisoned->what));
}

static void add_entry(void *user, const struct gal_poisoned *poisoned)
{
        json_array_append_new(user, make_entry(poisoned));
}

static void print_entry(const json_t *entry)
{
        const char *arn = json_string_value(json_object_get(entry, "executionArn"));
        const char *name = arn != NULL ? arn : json_string_value(json_object_get(entry, "id"));
        const char *fault = json_string_value(json_object_get(entry, "fault"));

        printf("%s  %3lld times  ",
               json_is_true(json_object_get(entry, "standsStill")) ? "stands still" : "runs        ",
               (long long)json_integer_value(json_object_get(entry, "count")));
        gal_terminal_put(stdout, name, strlen(name));
        fputs(": ", stdout);
        gal_terminal_put(stdout, fault, strlen(fault));
        putchar('\n');
}

enum gal_status gal_cli_poisoned_list(const char *path, bool as_json, bool *ret_printed, struct gal_error *error)
{
        json_auto_t *list = gal_need(json_array());
        json_auto_t *answer = NULL;
        enum gal_status status = gal_poisoned_read(path, add_entry, list, error);
        const json_t *entry;
        size_t i;

        if (status != GAL_OK)
                return status;
        if (as_json) {
                answer = gal_need(json_pack("{s:O}", "poisoned", list));
                *ret_printed = gal_show_json(answer);
                return GAL_OK;
        }
        json_array_foreach(list, i, entry) print_entry(entry);
        *ret_printed = gal_cli_flush(stdout);
        return GAL_OK;
}
