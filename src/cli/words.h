/*
 * words.h: words of the command line as values of requests.
 */
#ifndef GAL_CLI_WORDS_H
#define GAL_CLI_WORDS_H

#include <jansson.h>
#include <stddef.h>

struct gal_ask;
struct gal_shape;

/* How a word of the command line becomes the member's value. */
enum gal_word {
        GAL_WORD_VALUE,      /* as its shape says: text, a number, one of an enumeration, JSON for what has parts */
        GAL_WORD_OFF,        /* a switch that makes the boolean false */
        GAL_WORD_MACHINE,    /* NAME[:VERSION|:ALIAS], for its ARN; so are those that follow */
        GAL_WORD_EXECUTION,  /* MACHINE/NAME */
        GAL_WORD_ACTIVITY,   /* NAME */
        GAL_WORD_MAP_RUN,    /* MACHINE/LABEL:ID */
        GAL_WORD_RESOURCE,   /* NAME of a state machine, or activity:NAME */
        GAL_WORD_QUALIFIED,  /* NAME:VERSION or NAME:ALIAS, never NAME alone */
        GAL_WORD_ALIAS_NAME, /* ALIAS of NAME:ALIAS */
        GAL_WORD_ROUTES,     /* the remaining words, VERSION[=WEIGHT], of the machine in the first operand */
        GAL_WORD_TAGS,       /* KEY=VALUE: the remaining words, or with commas between; or JSON */
        GAL_WORD_KEYS,       /* the remaining words */
        GAL_WORD_CHECKED,    /* FILE: a definition, whose faults are shown here with their places */
        GAL_WORD_FILE,       /* FILE */
        GAL_WORD_JSON_TEXT,  /* JSON|@FILE|-: the member is a text that must be JSON */
        GAL_WORD_TOKEN,      /* TOKEN|@FILE|-: a text without the line break behind it */
};

struct gal_words {
        enum gal_word word;
        const char *name; /* of the option or operand, for messages */
        const char *const *items;
        size_t count; /* more than one only where the form takes the remaining words */
};

/* (transfer full) NULL after a message. What is not UTF-8 becomes a null, which the action refuses. */
json_t *gal_words_read(struct gal_ask *ask, const struct gal_shape *shape, const struct gal_words *words);

#endif
