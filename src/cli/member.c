/*
 * member.c: see member.h.
 */
#include "cli/member.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arn.h"
#include "base/buffer.h"

/* Shorter ones are names, descriptions and the like. */
#define LONG_TEXT_MIN 32768

static const struct gal_member_word words[] = {
        { "cause", NULL, NULL, GAL_WORD_VALUE, NULL, "the cause, for people" },
        { "clientToken", NULL, NULL, GAL_WORD_VALUE, "TOKEN",
          "the same one again within 15 minutes is answered the same" },
        { "context", NULL, NULL, GAL_WORD_JSON_TEXT, NULL, "the context object, where the state is mocked" },
        { "description", NULL, NULL, GAL_WORD_VALUE, "TEXT", "a description, for people" },
        { "encryptionConfiguration", NULL, "encryption", GAL_WORD_VALUE, NULL,
          "{\"type\": ..., \"kmsKeyId\": ...}, kept and shown" },
        { "error", NULL, NULL, GAL_WORD_VALUE, "NAME", "the error's name" },
        { "error", "StopExecution", NULL, GAL_WORD_VALUE, "NAME", "the error that the execution ends with" },
        { "includeExecutionData", "GetExecutionHistory", "no-data", GAL_WORD_OFF, NULL,
          "leave out inputs and outputs" },
        { "includedData", NULL, NULL, GAL_WORD_VALUE, "DATA",
          "METADATA_ONLY leaves out inputs, outputs and definitions" },
        { "input", NULL, NULL, GAL_WORD_JSON_TEXT, NULL, "the execution's input; {} when it is not given" },
        { "input", "TestState", NULL, GAL_WORD_JSON_TEXT, NULL, "the state's input; {} when it is not given" },
        { "inspectionLevel", NULL, "level", GAL_WORD_VALUE, "LEVEL", "how much of the data flow is shown" },
        { "loggingConfiguration", NULL, "logging", GAL_WORD_VALUE, NULL,
          "{\"level\": ..., \"destinations\": [...]}, kept and shown" },
        { "mapRunArn", "ListExecutions", "map-run", GAL_WORD_MAP_RUN, "MACHINE/LABEL:ID",
          "those of a map run, in place of NAME" },
        { "maxConcurrency", NULL, NULL, GAL_WORD_VALUE, NULL, "how many items at once; 0: no limit" },
        { "maxResults", "ValidateStateMachineDefinition", "max", GAL_WORD_VALUE, NULL, "at most so many" },
        { "mock", NULL, NULL, GAL_WORD_VALUE, NULL, "what the state gets in place of calling: {\"result\": TEXT}" },
        { "name", "StartExecution", NULL, GAL_WORD_VALUE, "NAME",
          "the execution's name; starting it twice starts it once" },
        { "name", "StartSyncExecution", NULL, GAL_WORD_VALUE, "NAME", "the execution's name" },
        { "publish", NULL, NULL, GAL_WORD_VALUE, NULL, "publish a version as well" },
        { "redriveFilter", NULL, "redriven", GAL_WORD_VALUE, "FILTER", "only those that were redriven, or not" },
        { "revealSecrets", NULL, NULL, GAL_WORD_VALUE, NULL, "show secrets in what is inspected" },
        { "reverseOrder", NULL, "reverse", GAL_WORD_VALUE, NULL, "the last event first" },
        { "revisionId", NULL, "revision", GAL_WORD_VALUE, "ID", "only if the state machine is at this revision" },
        { "roleArn", NULL, "role", GAL_WORD_VALUE, "ARN", "the machine's role; nothing here looks at it" },
        { "severity", NULL, NULL, GAL_WORD_VALUE, "SEVERITY", "the least severe ones that are listed" },
        { "stateConfiguration", NULL, NULL, GAL_WORD_VALUE, NULL, "{\"retrierRetryCount\": ...} and its like" },
        { "stateName", NULL, "state", GAL_WORD_VALUE, "NAME", "which state of a whole definition" },
        { "statusFilter", NULL, "status", GAL_WORD_VALUE, "STATUS", "only those in this status" },
        { "tags", NULL, NULL, GAL_WORD_TAGS, "KEY=VALUE,...", "its tags, or JSON as in the API" },
        { "toleratedFailureCount", NULL, NULL, GAL_WORD_VALUE, NULL, "how many items may fail" },
        { "toleratedFailurePercentage", NULL, NULL, GAL_WORD_VALUE, NULL, "how many of a hundred items may fail" },
        { "traceHeader", NULL, NULL, GAL_WORD_VALUE, "TEXT", "the X-Ray header that is passed on" },
        { "tracingConfiguration", NULL, "tracing", GAL_WORD_VALUE, NULL, "{\"enabled\": true}, kept and shown" },
        { "type", NULL, NULL, GAL_WORD_VALUE, "TYPE", "STANDARD when it is not given" },
        { "variables", NULL, NULL, GAL_WORD_JSON_TEXT, NULL, "an object: the workflow's variables" },
        { "versionDescription", NULL, NULL, GAL_WORD_VALUE, "TEXT", "of the version that --publish makes" },
        { "workerName", NULL, "worker", GAL_WORD_VALUE, "NAME", "who you are, for the history" },
};

const struct gal_member_word *gal_member_word_find(const char *action, const char *member)
{
        static const struct gal_member_word plain = { .member = "" };
        const struct gal_member_word *found = &plain;

        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
                if (strcmp(words[i].member, member) != 0)
                        continue;
                if (words[i].action != NULL && strcmp(words[i].action, action) == 0)
                        return &words[i];
                if (words[i].action == NULL)
                        found = &words[i];
        }
        return found;
}

/* (transfer full) "workerName" as "worker-name". */
static char *dash(const char *member)
{
        struct gal_buffer text = GAL_BUFFER_INIT;

        for (; *member != '\0'; member++) {
                if (isupper((unsigned char)*member))
                        gal_buffer_append_char(&text, '-');
                gal_buffer_append_char(&text, (char)tolower((unsigned char)*member));
        }
        return gal_buffer_take(&text, NULL);
}

bool gal_member_is_long_text(const struct gal_shape *shape)
{
        return shape->type == GAL_SHAPE_STRING && shape->max >= LONG_TEXT_MIN && shape->max != INT64_MAX;
}

/* NULL: a switch. */
static const char *label_of(const struct gal_shape *shape, const struct gal_member_word *word)
{
        if (word->word == GAL_WORD_OFF || shape->type == GAL_SHAPE_BOOLEAN)
                return NULL;
        if (word->label != NULL)
                return word->label;
        if (word->word == GAL_WORD_JSON_TEXT)
                return "JSON|@FILE|-";
        switch (shape->type) {
        case GAL_SHAPE_INTEGER:
        case GAL_SHAPE_LONG:
        case GAL_SHAPE_FLOAT:
        case GAL_SHAPE_TIMESTAMP:
                return "N";
        case GAL_SHAPE_STRING:
                return gal_member_is_long_text(shape) ? "TEXT|@FILE" : "TEXT";
        case GAL_SHAPE_BOOLEAN:
        case GAL_SHAPE_LIST:
        case GAL_SHAPE_MAP:
        case GAL_SHAPE_STRUCTURE:
                break;
        }
        return "JSON|@FILE|-";
}

/* (transfer full) With what the value may be. */
static char *help_of(const struct gal_shape *shape, const struct gal_member_word *word)
{
        struct gal_buffer text = GAL_BUFFER_INIT;

        gal_buffer_append_text(&text, word->help != NULL ? word->help : "as in the API");
        for (size_t i = 0; shape->values != NULL && shape->values[i] != NULL; i++) {
                const char *between = i == 0 ? ": " : shape->values[i + 1] == NULL ? " or " : ", ";

                gal_buffer_append_format(&text, "%s%s", between, shape->values[i]);
        }
        return gal_buffer_take(&text, NULL);
}

void gal_member_option_make(const char *action, const struct gal_shape_member *member,
                            struct gal_option *ret_option)
{
        const struct gal_member_word *word = gal_member_word_find(action, member->name);
        char *dashed = dash(member->name);

        *ret_option = (struct gal_option){ .value = label_of(member->shape, word),
                                           .help = help_of(member->shape, word),
                                           .choices = member->shape->values };
        ret_option->name = word->option != NULL ? gal_strdup(word->option) : dashed;
        if (word->option == NULL)
                return;
        if (word->word == GAL_WORD_OFF) /* the other way round: no other name */
                free(dashed);
        else
                ret_option->alias = dashed;
}

char *gal_member_option_name(const char *action, const char *member)
{
        const struct gal_member_word *word = gal_member_word_find(action, member);

        return word->option != NULL ? gal_strdup(word->option) : dash(member);
}

void gal_member_option_finish(struct gal_option *option)
{
        free((char *)option->name);
        free((char *)option->help);
        free((char *)option->alias);
}

char *gal_member_short_arn(const char *text)
{
        static const char *const executions[] = { "execution:", "express:" };
        struct gal_arn arn;
        const char *colon, *rest;
        char *word;

        if (!gal_arn_parse(text, strlen(text), &arn) || (colon = strchr(arn.resource.data, ':')) == NULL)
                return gal_strdup(text);
        word = gal_strdup(colon + 1);
        for (size_t i = 0; i < sizeof(executions) / sizeof(executions[0]); i++) {
                rest = strncmp(arn.resource.data, executions[i], strlen(executions[i])) == 0 ? strchr(word, ':')
                                                                                             : NULL;
                if (rest != NULL)
                        word[rest - word] = '/';
        }
        return word;
}
