/*
 * value.h: values during an evaluation. Sixteen bytes, passed by value; what they point at lives in the run's
 * region.
 *
 * Data from outside is not converted: an array or object may be jansson's own, looked into when asked. Strings are
 * UTF-8 with a length; a lone surrogate, which an expression can make, is three bytes of the same scheme and
 * becomes U+FFFD on the way out.
 *
 * A *sequence* is what JSONata calls the result of a path: an array with a flag, which an evaluation unwraps when
 * it has one element and drops when it has none. Within this room a sequence of one element that is no array may
 * also be the bare element, and an empty one "undefined".
 */
#ifndef GAL_EXPR_JSONATA_VALUE_H
#define GAL_EXPR_JSONATA_VALUE_H

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct jrun;
struct jfunction;

enum jtag {
        JT_UNDEFINED,
        JT_NULL,
        JT_BOOLEAN,
        JT_NUMBER,
        JT_STRING,
        JT_ARRAY,
        JT_OBJECT,
        JT_FUNCTION,
        JT_UNBOUND, /* of a variable's slot: nothing has been assigned yet */
        JT_CALL,    /* a call in tail position that its caller is to make: run->tail */
};

/* How the payload is kept. */
enum jform {
        JF_OWN,  /* an array or object of ours; any scalar */
        JF_JSON, /* jansson's array or object */
        JF_LONG, /* a number: an exact integer past 2^53 (Step Functions dialect) */
};

struct jval {
        uint8_t tag;  /* enum jtag */
        uint8_t form; /* enum jform */
        uint32_t len; /* bytes of a string */
        union {
                bool boolean;
                double number;
                int64_t integer;
                const char *text; /* no terminator */
                json_t *json;     /* borrowed from the input */
                struct jarray *array;
                struct jobject *object;
                struct jfunction *function;
        } as;
};

enum {
        JA_SEQUENCE = 1, /* the result of a path or of a function that works like one */
        JA_KEEP = 2,     /* a sequence that stays an array with one element */
        JA_CONS = 4,     /* made by [...]: steps do not flatten it */
        JA_OUTER = 8,    /* wraps an input that is an array */
        JA_TUPLES = 16,  /* of a path with @, # or %: elements are tuples */
};

struct jarray {
        uint32_t count;
        uint32_t size;      /* elements that `items` has room for; 0 with items NULL: a range */
        uint8_t flags;      /* JA_... */
        bool has_room;      /* nobody else uses what `items` has behind `count` */
        struct jval *items; /* NULL with count > 0: the integers from `first` on */
        double first;
        uint64_t weight; /* bytes that it holds, by the Step Functions dialect's reckoning */
};

struct jmember {
        const char *key;
        uint32_t key_len;
        struct jval value; /* JT_UNBOUND: removed */
};

struct jobject {
        uint32_t count; /* of `members`, removed ones included */
        uint32_t live;
        uint32_t size;
        struct jmember *members;
        uint32_t *index; /* hash table of member numbers + 1, once there are many; NULL before */
        uint32_t index_size;
        uint64_t weight;
};

#define JUNDEFINED ((struct jval){ .tag = JT_UNDEFINED })
#define JNULL ((struct jval){ .tag = JT_NULL })

static inline struct jval jval_boolean(bool value)
{
        return (struct jval){ .tag = JT_BOOLEAN, .as.boolean = value };
}

static inline struct jval jval_number(double value)
{
        return (struct jval){ .tag = JT_NUMBER, .as.number = value };
}

static inline struct jval jval_text(const char *text, size_t len)
{
        return (struct jval){ .tag = JT_STRING, .len = (uint32_t)len, .as.text = text };
}

static inline struct jval jval_array(struct jarray *array)
{
        return (struct jval){ .tag = JT_ARRAY, .as.array = array };
}

static inline struct jval jval_object(struct jobject *object)
{
        return (struct jval){ .tag = JT_OBJECT, .as.object = object };
}

static inline struct jval jval_function(struct jfunction *function)
{
        return (struct jval){ .tag = JT_FUNCTION, .as.function = function };
}

static inline bool jval_is_undefined(struct jval value)
{
        return value.tag == JT_UNDEFINED;
}

static inline double jval_double(struct jval number)
{
        return number.form == JF_LONG ? (double)number.as.integer : number.as.number;
}

static inline uint8_t jval_flags(struct jval value)
{
        return value.tag == JT_ARRAY && value.form == JF_OWN ? value.as.array->flags : 0;
}

/* What jansson holds, as a value; nothing is copied. */
struct jval gal_jval_wrap(const struct jrun *run, json_t *json);

/* Arrays. */
uint32_t gal_jarray_count(struct jval array);
struct jval gal_jarray_get(const struct jrun *run, struct jval array, uint32_t index); /* index < count */
struct jarray *gal_jarray_new(struct jrun *run, uint32_t size, uint8_t flags);
void gal_jarray_push(struct jrun *run, struct jarray *array, struct jval value);
/* Pushes each element of an array. */
void gal_jarray_extend(struct jrun *run, struct jarray *array, struct jval elements);
struct jarray *gal_jarray_range(struct jrun *run, double first, uint32_t count);
/* A sequence of this one element. */
struct jval gal_jarray_single(struct jrun *run, struct jval value, uint8_t flags);
/* An array of ours with the same elements that nobody else has. */
struct jarray *gal_jarray_copy(struct jrun *run, struct jval array, uint8_t flags);

/*
 * Gathers a sequence: one element costs nothing. gal_jseq_finish() gives "undefined" for none and the bare element
 * for one that is no array.
 */
struct jseq {
        uint32_t count;
        struct jval single; /* of count 1, without an array yet */
        struct jarray *array;
};

#define JSEQ_INIT ((struct jseq){ 0, { .tag = JT_UNDEFINED }, NULL })

void gal_jseq_push_slow(struct jrun *run, struct jseq *seq, struct jval value);

static inline void gal_jseq_push(struct jrun *run, struct jseq *seq, struct jval value)
{
        if (seq->count == 0) {
                seq->single = value;
                seq->count = 1;
        } else {
                gal_jseq_push_slow(run, seq, value);
        }
}

void gal_jseq_extend(struct jrun *run, struct jseq *seq, struct jval elements);
struct jval gal_jseq_finish(struct jrun *run, struct jseq *seq);
/* The same, always as an array with the sequence flag. */
struct jval gal_jseq_finish_array(struct jrun *run, struct jseq *seq);

/* Objects. */
struct jobject *gal_jobject_new(struct jrun *run, uint32_t size);
/* Undefined when there is no such member. */
struct jval gal_jobject_get(const struct jrun *run, struct jval object, const char *key, uint32_t key_len);
/* Sets or replaces; the key's bytes are borrowed for the run. */
void gal_jobject_set(struct jrun *run, struct jobject *object, const char *key, uint32_t key_len,
                     struct jval value);
void gal_jobject_set_text(struct jrun *run, struct jobject *object, const char *key, struct jval value);
void gal_jobject_remove(struct jobject *object, const char *key, uint32_t key_len);
struct jmember *gal_jobject_find(const struct jobject *object, const char *key, uint32_t key_len);
uint32_t gal_jobject_count(struct jval object);

/* Walks the members of either form; what is visited must not be changed meanwhile. */
struct jwalk {
        const struct jrun *run;
        struct jval object;
        void *at; /* jansson's iterator */
        uint32_t index;
        const char *key; /* of the member that gal_jwalk_next() has come to */
        uint32_t key_len;
        struct jval value;
};

struct jwalk gal_jwalk_start(const struct jrun *run, struct jval object);
bool gal_jwalk_next(struct jwalk *walk);

/* JSON's notion of equality: 1 = 1.0, the order of members does not matter, functions equal themselves. */
bool gal_jval_equal(struct jrun *run, struct jval a, struct jval b);
/* What it counts for as a condition; undefined is false. */
bool gal_jval_truth(struct jrun *run, struct jval value);

#endif
