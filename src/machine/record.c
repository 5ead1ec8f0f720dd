/*
 * record.c: lists of records and their release.
 */
#include "machine/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

void gal_record_finish(struct gal_record *record)
{
        switch (gal_event_infos[record->type].shape) {
        case GAL_SHAPE_STARTED:
                gal_payload_unref(record->as.started.input);
                break;
        case GAL_SHAPE_OUTPUT:
                gal_payload_unref(record->as.output.output);
                break;
        case GAL_SHAPE_FAILURE:
                free(record->as.failure.error);
                free(record->as.failure.cause);
                break;
        case GAL_SHAPE_ENTERED:
                gal_payload_unref(record->as.entered.input);
                break;
        case GAL_SHAPE_EXITED:
                gal_payload_unref(record->as.exited.output);
                json_decref(record->as.exited.assigned);
                break;
        case GAL_SHAPE_SCHEDULED:
                gal_payload_unref(record->as.scheduled.input);
                free(record->as.scheduled.role_arn);
                free(record->as.scheduled.token);
                break;
        case GAL_SHAPE_TASK_STARTED:
                free(record->as.task_started.worker);
                break;
        case GAL_SHAPE_SUBMITTED:
                gal_payload_unref(record->as.submitted.output);
                break;
        case GAL_SHAPE_CHILDREN:
                gal_payload_unref(record->as.children.input);
                gal_payload_unref(record->as.children.items);
                break;
        case GAL_SHAPE_ITERATION:
                gal_payload_unref(record->as.iteration.input);
                break;
        case GAL_SHAPE_NONE:
        case GAL_SHAPE_DEADLINE:
        case GAL_SHAPE_RETRY:
                break;
        }
}

struct gal_record *gal_records_add(struct gal_records *records)
{
        struct gal_record *record;

        if (records->count == records->size) {
                records->size = records->size == 0 ? 16 : records->size * 2;
                records->items = gal_realloc(records->items, records->size, sizeof(*records->items));
        }
        record = &records->items[records->count++];
        memset(record, 0, sizeof(*record));
        return record;
}

void gal_records_clear(struct gal_records *records)
{
        for (size_t i = 0; i < records->count; i++)
                gal_record_finish(&records->items[i]);
        records->count = 0;
}

void gal_records_finish(struct gal_records *records)
{
        gal_records_clear(records);
        free(records->items);
        records->items = NULL;
        records->size = 0;
}
