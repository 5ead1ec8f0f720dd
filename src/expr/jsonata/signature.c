/*
 * signature.c: reading signatures, and holding arguments against them.
 */
#include "expr/jsonata/signature.h"

#include <string.h>

#include "expr/jsonata/run.h"

enum { PARAMETERS_MAX = 64 };

/* Reading. */

static uint8_t type_of_letter(char c)
{
        switch (c) {
        case 's':
                return JTYPE_STRING;
        case 'n':
                return JTYPE_NUMBER;
        case 'b':
                return JTYPE_BOOLEAN;
        case 'l':
                return JTYPE_NULL;
        case 'o':
                return JTYPE_OBJECT;
        case 'a':
                return JTYPE_ARRAY;
        case 'f':
                return JTYPE_FUNCTION;
        case 'u':
                return JTYPE_BOOLEAN | JTYPE_NUMBER | JTYPE_STRING | JTYPE_NULL;
        case 'j':
                return JTYPE_ANY & ~JTYPE_FUNCTION;
        case 'x':
                return JTYPE_ANY;
        default:
                return 0;
        }
}

struct reader {
        struct jparse *parse;
        const char *text;
        size_t len;
        size_t at;
        size_t start; /* in the expression */
        struct jsignature *signature;
};

_Noreturn static void fail(struct reader *reader, const char *code, size_t offset, const char *value,
                           const char *message)
{
        size_t at = reader->start + offset;

        gal_jparse_fail_value(reader->parse, code, at, at, NULL, 0, value, message);
}

static size_t find_closing(const struct reader *reader, size_t at, char open, char close)
{
        int depth = 1;

        for (at++; at < reader->len && depth > 0; at++) {
                if (reader->text[at] == close)
                        depth--;
                else if (reader->text[at] == open)
                        depth++;
        }
        return depth == 0 ? at - 1 : reader->len;
}

static struct jparameter *add_parameter(struct reader *reader)
{
        struct jsignature *signature = reader->signature;

        if (signature->count == PARAMETERS_MAX)
                gal_jparse_limit(reader->parse, reader->start, "The signature has too many parameters");
        return &signature->parameters[signature->count++];
}

static void read_choice(struct reader *reader)
{
        size_t end = find_closing(reader, reader->at, '(', ')');
        struct jparameter *parameter = add_parameter(reader);

        parameter->types = JTYPE_MISSING;
        for (size_t i = reader->at + 1; i < end; i++) {
                if (reader->text[i] == '<')
                        fail(reader, "S0402", reader->at,
                             gal_arena_copy(reader->parse->arena, reader->text + reader->at + 1,
                                            end - reader->at - 1),
                             "Choice groups containing parameterized types are not supported");
                parameter->types |= type_of_letter(reader->text[i]);
        }
        reader->at = end;
}

static void read_subtype(struct reader *reader, struct jparameter *parameter)
{
        size_t end = find_closing(reader, reader->at, '<', '>');

        if (parameter == NULL || !(parameter->is_array || parameter->types == JTYPE_FUNCTION))
                fail(reader, "S0401", reader->at, "",
                     "Type parameters can only be applied to functions and arrays");
        if (parameter->is_array && end > reader->at + 1) {
                parameter->element = reader->text[reader->at + 1];
                parameter->subtype = reader->text + reader->at + 1;
                parameter->subtype_len = (uint32_t)(end - reader->at - 1);
        }
        reader->at = end;
}

static void read_letter(struct reader *reader, char c)
{
        struct jparameter *parameter = add_parameter(reader);

        if (c == 'a') {
                parameter->types = JTYPE_ANY;
                parameter->is_array = true;
        } else if (c == 'f') {
                parameter->types = JTYPE_FUNCTION;
        } else {
                parameter->types = type_of_letter(c) | JTYPE_MISSING;
        }
}

static void read_symbol(struct reader *reader)
{
        struct jsignature *signature = reader->signature;
        struct jparameter *last = signature->count > 0 ? &signature->parameters[signature->count - 1] : NULL;
        char c = reader->text[reader->at];

        if (c == '(')
                read_choice(reader);
        else if (c == '<')
                read_subtype(reader, last);
        else if (type_of_letter(c) != 0)
                read_letter(reader, c);
        else if (last != NULL && c == '-')
                last->from_context = last->is_optional = true;
        else if (last != NULL && c == '?')
                last->is_optional = true;
        else if (last != NULL && c == '+')
                last->is_repeated = true;
}

struct jsignature *gal_jsignature_parse(struct jparse *parse, const char *text, size_t len, size_t start)
{
        struct reader reader = { .parse = parse, .text = text, .len = len, .at = 1, .start = start };
        struct jsignature *signature = gal_jparse_alloc(parse, 1, sizeof(*signature));

        reader.signature = signature;
        signature->parameters =
                gal_jparse_alloc(parse, len < PARAMETERS_MAX ? len + 1 : PARAMETERS_MAX, sizeof(struct jparameter));
        for (; reader.at < len && text[reader.at] != ':'; reader.at++)
                read_symbol(&reader);
        return signature;
}

/* Matching. */

static uint8_t type_of(struct jval value)
{
        static const uint8_t types[] = {
                [JT_UNDEFINED] = JTYPE_MISSING, [JT_NULL] = JTYPE_NULL,         [JT_BOOLEAN] = JTYPE_BOOLEAN,
                [JT_NUMBER] = JTYPE_NUMBER,     [JT_STRING] = JTYPE_STRING,     [JT_ARRAY] = JTYPE_ARRAY,
                [JT_OBJECT] = JTYPE_OBJECT,     [JT_FUNCTION] = JTYPE_FUNCTION,
        };

        return value.tag <= JT_FUNCTION ? types[value.tag] : JTYPE_MISSING;
}

struct match {
        struct jrun *run;
        const struct jsignature *signature;
        const struct jval *arguments;
        uint32_t count;
        uint32_t taken[PARAMETERS_MAX]; /* arguments that each parameter takes */
};

static bool fits(const struct match *match, uint32_t parameter, uint32_t argument)
{
        return argument < match->count &&
               match->signature->parameters[parameter].types & type_of(match->arguments[argument]);
}

/* As a regular expression: each parameter takes as much as it can, and gives back what those behind it need. */
static bool match_from(struct match *match, uint32_t parameter, uint32_t argument)
{
        const struct jparameter *this = &match->signature->parameters[parameter];
        uint32_t least = this->is_optional ? 0 : 1;
        uint32_t most = 0;

        if (parameter == match->signature->count)
                return argument == match->count;
        gal_jrun_step(match->run, 1);
        while (fits(match, parameter, argument + most) && (this->is_repeated || most == 0))
                most++;
        for (uint32_t take = most + 1; take-- > least;) {
                match->taken[parameter] = take;
                if (match_from(match, parameter + 1, argument + take))
                        return true;
        }
        return false;
}

/* Longest beginning of the parameters that fits, as the reference looks for the culprit: without going back. */
_Noreturn static void fail_match(struct match *match)
{
        uint32_t good = 0;

        for (uint32_t parameter = 0; parameter < match->signature->count; parameter++) {
                const struct jparameter *this = &match->signature->parameters[parameter];
                uint32_t take = 0;

                while (fits(match, parameter, good + take) && (this->is_repeated || take == 0))
                        take++;
                if (take == 0 && !this->is_optional)
                        break;
                good += take;
        }
        gal_jrun_fail(match->run,
                      (struct jfault){ .code = "T0410",
                                       .value = good < match->count ? match->arguments[good] : JUNDEFINED,
                                       .index = good + 1 });
}

static const char *element_name(char element)
{
        switch (element) {
        case 'a':
                return "arrays";
        case 'b':
                return "booleans";
        case 'f':
                return "functions";
        case 'n':
                return "numbers";
        case 'o':
                return "objects";
        case 's':
                return "strings";
        default:
                return "undefined";
        }
}

static bool has_elements(struct match *match, const struct jparameter *parameter, struct jval value)
{
        uint8_t wanted = type_of_letter(parameter->element);
        uint32_t count;

        if (parameter->element == '\0')
                return true;
        if (value.tag != JT_ARRAY)
                return parameter->subtype_len == 1 && type_of(value) == wanted;
        count = gal_jarray_count(value);
        if (value.form == JF_OWN && value.as.array->items == NULL)
                return count == 0 || wanted == JTYPE_NUMBER;
        gal_jrun_step(match->run, count / 8);
        for (uint32_t i = 0; i < count; i++)
                if (type_of(gal_jarray_get(match->run, value, i)) != wanted)
                        return false;
        return true;
}

static struct jval take_argument(struct match *match, const struct jparameter *parameter, uint32_t index)
{
        struct jval value = match->arguments[index];

        if (!parameter->is_array || jval_is_undefined(value))
                return value;
        if (!has_elements(match, parameter, value))
                gal_jrun_fail(match->run, (struct jfault){ .code = "T0412",
                                                           .value = value,
                                                           .index = index + 1,
                                                           .type = element_name(parameter->element) });
        return value.tag == JT_ARRAY ? value : gal_jarray_single(match->run, value, 0);
}

static struct jval take_context(struct match *match, const struct jparameter *parameter, struct jval context,
                                uint32_t index)
{
        if (!(parameter->types & type_of(context)))
                gal_jrun_fail(match->run, (struct jfault){ .code = "T0411", .value = context, .index = index + 1 });
        return context;
}

const struct jval *gal_jsignature_check(struct jrun *run, const struct jsignature *signature,
                                        const struct jval *arguments, uint32_t count, struct jval context,
                                        uint32_t *ret_count)
{
        struct match match = { .run = run, .signature = signature, .arguments = arguments, .count = count };
        struct jval *checked = gal_jrun_alloc(run, ((size_t)count + signature->count) * sizeof(*checked));
        uint32_t argument = 0;

        *ret_count = 0;
        if (!match_from(&match, 0, 0))
                fail_match(&match);
        for (uint32_t i = 0; i < signature->count; i++) {
                const struct jparameter *parameter = &signature->parameters[i];

                if (match.taken[i] == 0 && parameter->from_context)
                        checked[(*ret_count)++] = take_context(&match, parameter, context, argument);
                else if (match.taken[i] == 0)
                        checked[(*ret_count)++] = argument < count ? arguments[argument++] : JUNDEFINED;
                for (uint32_t n = 0; n < match.taken[i]; n++)
                        checked[(*ret_count)++] = take_argument(&match, parameter, argument++);
                if (*ret_count >= count + signature->count)
                        break;
        }
        return checked;
}
