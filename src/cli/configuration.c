/*
 * configuration.c: see configuration.h.
 */
#include "cli/configuration.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "cli/excerpt.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "tasks/functions.h"

static void complain(const char *path, const struct gal_error *error)
{
        gal_auto_free char *text = NULL;
        size_t len;

        gal_terminal_put(stderr, path, strlen(path));
        if (error->at.line > 0)
                fprintf(stderr, ":%u:%u", error->at.line, error->at.column);
        fputs(": error: ", stderr);
        gal_terminal_put(stderr, error->message, strlen(error->message));
        fputc('\n', stderr);
        if (error->at.line > 0 && gal_cli_read_file(path, GAL_CONFIG_SIZE_MAX, &text, &len))
                gal_excerpt_put(stderr, text, len, error->at);
}

bool gal_cli_load_functions(const char *given, const char *usual, struct gal_functions **ret_functions)
{
        const char *path = given != NULL ? given : usual;
        struct gal_error error = { .code = GAL_OK };

        if (given == NULL && access(path, F_OK) != 0)
                return true;
        if (gal_functions_load(path, ret_functions, &error) == GAL_OK)
                return true;
        complain(path, &error);
        return false;
}
