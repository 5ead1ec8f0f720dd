/*
 * value.c: arrays and objects of both forms.
 */
#include "expr/jsonata/value.h"

#include "base/json.h"
#include "base/limits.h"
#include "expr/jsonata/run.h"

/* From jansson. */

static struct jval wrap_integer(const struct jrun *run, json_int_t value)
{
        const json_int_t exact = (json_int_t)1 << 53;

        if (run->dialect == GAL_JSONATA_STATES && (value > exact || value < -exact))
                return (struct jval){ .tag = JT_NUMBER, .form = JF_LONG, .as.integer = value };
        return jval_number((double)value);
}

struct jval gal_jval_wrap(const struct jrun *run, json_t *json)
{
        if (json == NULL)
                return JUNDEFINED;
        switch (json_typeof(json)) {
        case JSON_OBJECT:
                return (struct jval){ .tag = JT_OBJECT, .form = JF_JSON, .as.json = json };
        case JSON_ARRAY:
                return (struct jval){ .tag = JT_ARRAY, .form = JF_JSON, .as.json = json };
        case JSON_STRING:
                return jval_text(json_string_value(json), json_string_length(json));
        case JSON_INTEGER:
                return wrap_integer(run, json_integer_value(json));
        case JSON_REAL:
                return jval_number(json_real_value(json));
        case JSON_TRUE:
                return jval_boolean(true);
        case JSON_FALSE:
                return jval_boolean(false);
        case JSON_NULL:
                break;
        }
        return JNULL;
}

/* Arrays. */

static uint64_t weight_of(struct jval value)
{
        switch (value.tag) {
        case JT_STRING:
                return value.len;
        case JT_ARRAY:
                return value.form == JF_OWN ? value.as.array->weight : 0;
        case JT_OBJECT:
                return value.form == JF_OWN ? value.as.object->weight : 0;
        default:
                return 0;
        }
}

uint32_t gal_jarray_count(struct jval array)
{
        return array.form == JF_JSON ? (uint32_t)json_array_size(array.as.json) : array.as.array->count;
}

struct jval gal_jarray_get(const struct jrun *run, struct jval array, uint32_t index)
{
        const struct jarray *own = array.as.array;

        if (array.form == JF_JSON)
                return gal_jval_wrap(run, json_array_get(array.as.json, index));
        return own->items != NULL ? own->items[index] : jval_number(own->first + index);
}

struct jarray *gal_jarray_new(struct jrun *run, uint32_t size, uint8_t flags)
{
        struct jarray *array = gal_jrun_new(run, struct jarray);

        array->flags = flags;
        if (size > 0)
                array->items = gal_jrun_alloc(run, (size_t)size * sizeof(struct jval));
        array->size = size;
        return array;
}

static void grow(struct jrun *run, struct jarray *array, size_t size)
{
        size_t old_bytes = (size_t)array->size * sizeof(struct jval);
        size_t bytes = size * sizeof(struct jval);
        struct jval *items;

        if (size > UINT32_MAX / 2)
                gal_jrun_fail_memory(run);
        if (array->size > 0 && (char *)array->items + old_bytes == run->at && bytes - old_bytes <= run->left) {
                run->at += bytes - old_bytes;
                run->left -= bytes - old_bytes;
                array->size = (uint32_t)size;
                return;
        }
        items = gal_jrun_alloc(run, bytes);
        if (array->count > 0)
                memcpy(items, array->items, array->count * sizeof(struct jval));
        array->items = items;
        array->size = (uint32_t)size;
}

/* A range becomes an array of elements when it has to hold something else. */
static void write_out(struct jrun *run, struct jarray *array)
{
        struct jval *items = gal_jrun_alloc(run, ((size_t)array->count + 1) * sizeof(struct jval));

        gal_jrun_step(run, array->count / 8);
        for (uint32_t i = 0; i < array->count; i++)
                items[i] = jval_number(array->first + i);
        array->items = items;
        array->size = array->count + 1;
}

void gal_jarray_push(struct jrun *run, struct jarray *array, struct jval value)
{
        if (array->items == NULL && array->count > 0)
                write_out(run, array);
        if (array->count == array->size)
                grow(run, array, array->size < 4 ? 4 : (size_t)array->size * 2);
        array->items[array->count++] = value;
        if (run->weight_max != 0) {
                array->weight += 8 + weight_of(value);
                gal_jrun_weigh(run, array->weight);
        }
}

void gal_jarray_extend(struct jrun *run, struct jarray *array, struct jval elements)
{
        uint32_t count = gal_jarray_count(elements);

        if (array->count == 0 && array->items == NULL && elements.form == JF_OWN &&
            elements.as.array->items == NULL) {
                array->count = count;
                array->first = elements.as.array->first;
                array->weight = elements.as.array->weight;
                return;
        }
        gal_jrun_step(run, count / 8);
        if (array->items == NULL && array->count > 0)
                write_out(run, array);
        if ((size_t)array->count + count > array->size)
                grow(run, array, (size_t)array->count + count);
        for (uint32_t i = 0; i < count; i++)
                gal_jarray_push(run, array, gal_jarray_get(run, elements, i));
}

struct jarray *gal_jarray_range(struct jrun *run, double first, uint32_t count)
{
        struct jarray *array = gal_jrun_new(run, struct jarray);

        array->count = count;
        array->first = first;
        array->weight = 8 * (uint64_t)count;
        gal_jrun_weigh(run, array->weight);
        return array;
}

struct jval gal_jarray_single(struct jrun *run, struct jval value, uint8_t flags)
{
        struct jarray *array = gal_jarray_new(run, 1, flags);

        gal_jarray_push(run, array, value);
        return jval_array(array);
}

struct jarray *gal_jarray_copy(struct jrun *run, struct jval array, uint8_t flags)
{
        struct jarray *copy = gal_jarray_new(run, 0, flags);

        gal_jarray_extend(run, copy, array);
        return copy;
}

/* Sequences. */

void gal_jseq_push_slow(struct jrun *run, struct jseq *seq, struct jval value)
{
        if (seq->array == NULL) {
                seq->array = gal_jarray_new(run, 8, JA_SEQUENCE);
                gal_jarray_push(run, seq->array, seq->single);
        }
        gal_jarray_push(run, seq->array, value);
        seq->count++;
}

void gal_jseq_extend(struct jrun *run, struct jseq *seq, struct jval elements)
{
        uint32_t count = gal_jarray_count(elements);

        gal_jrun_step(run, count / 8);
        for (uint32_t i = 0; i < count; i++)
                gal_jseq_push(run, seq, gal_jarray_get(run, elements, i));
}

struct jval gal_jseq_finish_array(struct jrun *run, struct jseq *seq)
{
        if (seq->array != NULL)
                return jval_array(seq->array);
        if (seq->count == 0)
                return jval_array(gal_jarray_new(run, 0, JA_SEQUENCE));
        return gal_jarray_single(run, seq->single, JA_SEQUENCE);
}

struct jval gal_jseq_finish(struct jrun *run, struct jseq *seq)
{
        if (seq->count == 0)
                return JUNDEFINED;
        if (seq->count == 1 && seq->single.tag != JT_ARRAY)
                return seq->single;
        return gal_jseq_finish_array(run, seq);
}

/* Objects. */

enum { INDEX_FROM = 12 }; /* members from which on a hash table pays */

static uint32_t hash_key(const char *key, uint32_t len)
{
        uint32_t hash = 2166136261u;

        for (uint32_t i = 0; i < len; i++)
                hash = (hash ^ (unsigned char)key[i]) * 16777619u;
        return hash;
}

static bool same_key(const struct jmember *member, const char *key, uint32_t len)
{
        return member->key_len == len && memcmp(member->key, key, len) == 0;
}

struct jobject *gal_jobject_new(struct jrun *run, uint32_t size)
{
        struct jobject *object = gal_jrun_new(run, struct jobject);

        if (size > 0)
                object->members = gal_jrun_alloc(run, (size_t)size * sizeof(struct jmember));
        object->size = size;
        return object;
}

struct jmember *gal_jobject_find(const struct jobject *object, const char *key, uint32_t key_len)
{
        if (object->index == NULL) {
                for (uint32_t i = 0; i < object->count; i++)
                        if (same_key(&object->members[i], key, key_len) &&
                            object->members[i].value.tag != JT_UNBOUND)
                                return &object->members[i];
                return NULL;
        }
        for (uint32_t at = hash_key(key, key_len) & (object->index_size - 1); object->index[at] != 0;
             at = (at + 1) & (object->index_size - 1)) {
                struct jmember *member = &object->members[object->index[at] - 1];

                if (same_key(member, key, key_len) && member->value.tag != JT_UNBOUND)
                        return member;
        }
        return NULL;
}

static void add_to_index(struct jobject *object, uint32_t number)
{
        const struct jmember *member = &object->members[number];
        uint32_t at = hash_key(member->key, member->key_len) & (object->index_size - 1);

        while (object->index[at] != 0)
                at = (at + 1) & (object->index_size - 1);
        object->index[at] = number + 1;
}

static void make_index(struct jrun *run, struct jobject *object, uint32_t size)
{
        object->index_size = size;
        object->index = gal_jrun_alloc(run, (size_t)size * sizeof(uint32_t));
        memset(object->index, 0, (size_t)size * sizeof(uint32_t));
        for (uint32_t i = 0; i < object->count; i++)
                if (object->members[i].value.tag != JT_UNBOUND)
                        add_to_index(object, i);
}

static void grow_object(struct jrun *run, struct jobject *object)
{
        uint32_t size = object->size < 4 ? 4 : object->size * 2;
        struct jmember *members;

        if (size > UINT32_MAX / 4)
                gal_jrun_fail_memory(run);
        members = gal_jrun_alloc(run, (size_t)size * sizeof(*members));
        if (object->count > 0)
                memcpy(members, object->members, object->count * sizeof(*members));
        object->members = members;
        object->size = size;
}

/*
 * JavaScript lists members that look like an array's index before the others, in their order; the reference lets
 * that be seen. Java, and so the Step Functions dialect, does not.
 */
static bool read_index(const char *key, uint32_t len, uint64_t *ret_index)
{
        uint64_t index = 0;

        if (len == 0 || len > 10 || (len > 1 && key[0] == '0'))
                return false;
        for (uint32_t i = 0; i < len; i++) {
                if (key[i] < '0' || key[i] > '9')
                        return false;
                index = index * 10 + (uint64_t)(key[i] - '0');
        }
        *ret_index = index;
        return index < UINT32_MAX;
}

static uint32_t place_of(const struct jrun *run, const struct jobject *object, const char *key, uint32_t len)
{
        uint64_t index, other;
        uint32_t place = 0;

        if (run->dialect != GAL_JSONATA_REFERENCE || len == 0 || key[0] > '9' || !read_index(key, len, &index))
                return object->count;
        while (place < object->count &&
               read_index(object->members[place].key, object->members[place].key_len, &other) && other < index)
                place++;
        return place;
}

static void insert(struct jrun *run, struct jobject *object, struct jmember member)
{
        uint32_t place = place_of(run, object, member.key, member.key_len);

        if (object->count == object->size)
                grow_object(run, object);
        if (place < object->count) {
                memmove(&object->members[place + 1], &object->members[place],
                        (object->count - place) * sizeof(struct jmember));
                gal_jrun_step(run, (object->count - place) / 16);
        }
        object->members[place] = member;
        object->count++;
        object->live++;
        if (object->index != NULL && place == object->count - 1 && 2 * object->count < object->index_size)
                add_to_index(object, place);
        else if (object->index != NULL)
                make_index(run, object,
                           4 * object->count >= object->index_size ? object->index_size * 2 : object->index_size);
        else if (object->count == INDEX_FROM)
                make_index(run, object, 4 * INDEX_FROM > 32 ? 64 : 32);
}

void gal_jobject_set(struct jrun *run, struct jobject *object, const char *key, uint32_t key_len, struct jval value)
{
        struct jmember *member = gal_jobject_find(object, key, key_len);

        if (run->weight_max != 0) {
                object->weight += 8 + key_len + weight_of(value);
                gal_jrun_weigh(run, object->weight);
        }
        if (member != NULL)
                member->value = value;
        else
                insert(run, object, (struct jmember){ key, key_len, value });
}

void gal_jobject_set_text(struct jrun *run, struct jobject *object, const char *key, struct jval value)
{
        gal_jobject_set(run, object, key, (uint32_t)strlen(key), value);
}

void gal_jobject_remove(struct jobject *object, const char *key, uint32_t key_len)
{
        struct jmember *member = gal_jobject_find(object, key, key_len);

        if (member == NULL)
                return;
        member->value.tag = JT_UNBOUND;
        object->live--;
}

struct jval gal_jobject_get(const struct jrun *run, struct jval object, const char *key, uint32_t key_len)
{
        const struct jmember *member;

        if (object.form == JF_JSON)
                return gal_jval_wrap(run, json_object_getn(object.as.json, key, key_len));
        member = gal_jobject_find(object.as.object, key, key_len);
        return member != NULL ? member->value : JUNDEFINED;
}

uint32_t gal_jobject_count(struct jval object)
{
        return object.form == JF_JSON ? (uint32_t)json_object_size(object.as.json) : object.as.object->live;
}

struct jwalk gal_jwalk_start(const struct jrun *run, struct jval object)
{
        struct jwalk walk = { .run = run, .object = object };

        if (object.form == JF_JSON)
                walk.at = json_object_iter(object.as.json);
        return walk;
}

bool gal_jwalk_next(struct jwalk *walk)
{
        struct jobject *own = walk->object.as.object;

        if (walk->object.form == JF_JSON) {
                if (walk->at == NULL)
                        return false;
                walk->key = json_object_iter_key(walk->at);
                walk->key_len = (uint32_t)json_object_iter_key_len(walk->at);
                walk->value = gal_jval_wrap(walk->run, json_object_iter_value(walk->at));
                walk->at = json_object_iter_next(walk->object.as.json, walk->at);
                return true;
        }
        while (walk->index < own->count && own->members[walk->index].value.tag == JT_UNBOUND)
                walk->index++;
        if (walk->index >= own->count)
                return false;
        walk->key = own->members[walk->index].key;
        walk->key_len = own->members[walk->index].key_len;
        walk->value = own->members[walk->index++].value;
        return true;
}

/* Equality. */

static bool equal(struct jrun *run, struct jval a, struct jval b, uint32_t depth);

static bool equal_arrays(struct jrun *run, struct jval a, struct jval b, uint32_t depth)
{
        uint32_t count = gal_jarray_count(a);

        if (count != gal_jarray_count(b))
                return false;
        for (uint32_t i = 0; i < count; i++)
                if (!equal(run, gal_jarray_get(run, a, i), gal_jarray_get(run, b, i), depth))
                        return false;
        return true;
}

static bool equal_objects(struct jrun *run, struct jval a, struct jval b, uint32_t depth)
{
        struct jwalk walk = gal_jwalk_start(run, a);

        if (gal_jobject_count(a) != gal_jobject_count(b))
                return false;
        while (gal_jwalk_next(&walk)) {
                struct jval other = gal_jobject_get(run, b, walk.key, walk.key_len);

                if (jval_is_undefined(other) || !equal(run, walk.value, other, depth))
                        return false;
        }
        return true;
}

/* An exact integer equals a double only when that is the same integer. */
static bool equal_numbers(struct jval a, struct jval b)
{
        double other;

        if (a.form == b.form)
                return a.form == JF_LONG ? a.as.integer == b.as.integer : a.as.number == b.as.number;
        other = a.form == JF_LONG ? b.as.number : a.as.number;
        return fabs(other) < 9223372036854775808.0 &&
               (int64_t)other == (a.form == JF_LONG ? a.as.integer : b.as.integer) && other == floor(other);
}

static bool equal(struct jrun *run, struct jval a, struct jval b, uint32_t depth)
{
        gal_jrun_step(run, 1);
        if (a.tag != b.tag)
                return false;
        if (depth > GAL_JSON_DEPTH_MAX)
                gal_jrun_fail_depth(run);
        switch ((enum jtag)a.tag) {
        case JT_UNDEFINED:
        case JT_NULL:
                return true;
        case JT_BOOLEAN:
                return a.as.boolean == b.as.boolean;
        case JT_NUMBER:
                return equal_numbers(a, b);
        case JT_STRING:
                return a.len == b.len && memcmp(a.as.text, b.as.text, a.len) == 0;
        case JT_ARRAY:
                return a.as.array == b.as.array || equal_arrays(run, a, b, depth + 1);
        case JT_OBJECT:
                return a.as.object == b.as.object || equal_objects(run, a, b, depth + 1);
        case JT_FUNCTION:
                return a.as.function == b.as.function;
        case JT_UNBOUND:
        case JT_CALL:
                break;
        }
        return false;
}

bool gal_jval_equal(struct jrun *run, struct jval a, struct jval b)
{
        return equal(run, a, b, 0);
}

/* Truth. */

static bool truth(struct jrun *run, struct jval value, uint32_t depth)
{
        switch ((enum jtag)value.tag) {
        case JT_BOOLEAN:
                return value.as.boolean;
        case JT_NUMBER:
                return jval_double(value) != 0;
        case JT_STRING:
                return value.len > 0;
        case JT_OBJECT:
                return gal_jobject_count(value) > 0;
        case JT_ARRAY:
                break;
        case JT_UNDEFINED:
        case JT_NULL:
        case JT_FUNCTION:
        case JT_UNBOUND:
        case JT_CALL:
                return false;
        }
        if (depth > GAL_JSON_DEPTH_MAX)
                gal_jrun_fail_depth(run);
        for (uint32_t i = 0, count = gal_jarray_count(value); i < count; i++) {
                gal_jrun_step(run, 1);
                if (truth(run, gal_jarray_get(run, value, i), depth + 1))
                        return true;
        }
        return false;
}

bool gal_jval_truth(struct jrun *run, struct jval value)
{
        return truth(run, value, 0);
}
