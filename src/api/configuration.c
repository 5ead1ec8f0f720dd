/*
 * configuration.c: what machines and activities are configured with. It is checked, kept as text that is the same
 * for what means the same, and given back; nothing here logs, traces or encrypts.
 *
 * Texts of refusals: recorded for the destinations of logs; the others are ours.
 */
#include "api/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"

#define OWNED_KEY "AWS_OWNED_KEY"
#define CUSTOMER_KEY "CUSTOMER_MANAGED_KMS_KEY"
#define REUSE_SECONDS_USUAL 300

static const json_t *member(const json_t *object, const char *name)
{
        const json_t *value = json_object_get(object, name);

        return json_is_null(value) ? NULL : value;
}

/* (transfer full) */
static char *text_of(const json_t *value)
{
        return gal_need(gal_json_text(value, NULL));
}

/* Logs. */

static bool refuse_logging(struct gal_action_call *call, const char *reason)
{
        gal_reply_fail(&call->reply, 400, "InvalidLoggingConfiguration", "Invalid Logging Configuration: %s",
                       reason);
        return false;
}

/* "arn:aws:logs:REGION:ACCOUNT:log-group:NAME:*" */
static bool is_log_group(const json_t *destination)
{
        const char *arn = json_string_value(member(member(destination, "cloudWatchLogsLogGroup"), "logGroupArn"));
        const char *group = arn == NULL || strncmp(arn, "arn:", 4) != 0 ? NULL : strstr(arn, ":log-group:");
        size_t len = arn == NULL ? 0 : strlen(arn);

        return group != NULL && len > 2 && strcmp(arn + len - 2, ":*") == 0;
}

static bool check_destinations(struct gal_action_call *call, const char *level, const json_t *destinations)
{
        size_t count = json_array_size(destinations);

        if (count > 1 || (count == 0 && strcmp(level, "OFF") != 0))
                return refuse_logging(call, "Must specify exactly one Log Destination.");
        if (count == 1 && !is_log_group(json_array_get(destinations, 0)))
                return refuse_logging(call,
                                      "The ARN of a Log Destination must be that of a log group, and end in :*");
        return true;
}

bool gal_configuration_read_logging(struct gal_action_call *call, char **ret_text)
{
        const json_t *given = member(call->request, "loggingConfiguration");
        const json_t *destinations = member(given, "destinations");
        const char *level = json_string_value(member(given, "level"));
        json_auto_t *kept = NULL;

        *ret_text = NULL;
        if (given == NULL)
                return true;
        if (level == NULL)
                level = "OFF";
        if (!check_destinations(call, level, destinations))
                return false;
        kept = json_pack("{s:s, s:b}", "level", level, "includeExecutionData",
                         json_is_true(member(given, "includeExecutionData")));
        gal_need(kept);
        if (destinations != NULL) /* also an empty list (recorded) */
                json_object_set(kept, "destinations", (json_t *)destinations);
        *ret_text = text_of(kept);
        return true;
}

char *gal_configuration_read_tracing(struct gal_action_call *call)
{
        const json_t *given = member(call->request, "tracingConfiguration");
        json_auto_t *kept = NULL;

        if (given == NULL)
                return NULL;
        kept = gal_need(json_pack("{s:b}", "enabled", json_is_true(member(given, "enabled"))));
        return text_of(kept);
}

/* Encryption. */

static bool refuse_encryption(struct gal_action_call *call, const char *reason)
{
        gal_reply_fail(&call->reply, 400, "InvalidEncryptionConfiguration",
                       "Invalid Encryption Configuration: '%s'", reason);
        return false;
}

bool gal_configuration_read_encryption(struct gal_action_call *call, char **ret_text)
{
        const json_t *given = member(call->request, "encryptionConfiguration");
        const char *type = json_string_value(member(given, "type"));
        const json_t *key = member(given, "kmsKeyId");
        const json_t *reuse = member(given, "kmsDataKeyReusePeriodSeconds");
        json_auto_t *kept = NULL;

        *ret_text = NULL;
        if (given == NULL)
                return true;
        if (strcmp(type, OWNED_KEY) == 0) {
                if (key != NULL)
                        return refuse_encryption(call, "kmsKeyId is for " CUSTOMER_KEY);
                *ret_text = gal_strdup(GAL_ENCRYPTION_USUAL);
                return true;
        }
        if (key == NULL)
                return refuse_encryption(call, CUSTOMER_KEY " needs a kmsKeyId");
        kept = json_pack("{s:I, s:O, s:s}", "kmsDataKeyReusePeriodSeconds",
                         reuse == NULL ? (json_int_t)REUSE_SECONDS_USUAL : json_integer_value(reuse), "kmsKeyId",
                         key, "type", CUSTOMER_KEY);
        *ret_text = text_of(gal_need(kept));
        return true;
}

/* Tags. */

bool gal_tags_read(struct gal_action_call *call, const char *name, struct gal_tag **ret_tags, size_t *ret_count)
{
        const json_t *list = member(call->request, name);
        const json_t *item;
        size_t i;

        *ret_count = json_array_size(list);
        *ret_tags = gal_new_array(*ret_count, struct gal_tag);
        json_array_foreach(list, i, item)
        {
                struct gal_tag *tag = &(*ret_tags)[i];

                tag->key = json_string_value(json_is_string(item) ? item : member(item, "key"));
                tag->value = json_string_value(member(item, "value"));
                if (tag->key == NULL) {
                        gal_reply_fail(&call->reply, 400, "ValidationException",
                                       "1 validation error detected: Value null at '%s.%zu.member.key' failed to "
                                       "satisfy constraint: Member must not be null",
                                       name, i + 1);
                        free(gal_take(*ret_tags));
                        return false;
                }
        }
        return true;
}
