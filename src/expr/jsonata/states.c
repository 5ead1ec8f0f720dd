/*
 * states.c: the functions that AWS Step Functions adds.
 */
#include <openssl/evp.h>

#include "base/id.h"
#include "base/json.h"
#include "expr/digest.h"
#include "expr/java.h"
#include "expr/jsonata/library.h"

/* Pieces of `size` elements; the last may be shorter. */
struct jval gal_jfn_partition(struct jrun *run, const struct jcall *call)
{
        struct jval array = gal_jcall_argument(call, 0);
        struct jval size = gal_jcall_argument(call, 1);
        struct jarray *pieces;
        struct jarray *piece = NULL;
        double wanted;

        if (jval_is_undefined(array) || jval_is_undefined(size))
                return JUNDEFINED;
        if (array.tag != JT_ARRAY)
                gal_jrun_fail(run,
                              (struct jfault){ .code = "T0412", .value = array, .index = 1, .type = "values" });
        wanted = trunc(jval_double(size));
        if (!(wanted >= 1) || gal_jarray_count(array) == 0)
                return JUNDEFINED;
        pieces = gal_jarray_new(run, 0, 0);
        for (uint32_t i = 0, count = gal_jarray_count(array); i < count; i++) {
                gal_jrun_step(run, 1);
                if (piece == NULL || piece->count >= wanted) {
                        piece = gal_jarray_new(run, 0, 0);
                        gal_jarray_push(run, pieces, jval_array(piece));
                }
                gal_jarray_push(run, piece, gal_jarray_get(run, array, i));
        }
        return jval_array(pieces);
}

/*
 * The service gathers the numbers in a list that grows by half and, while it grows, holds the old one and the new
 * one. Eight bytes an element: 360,145 numbers fit exactly, and one more does not, as was measured there.
 */
static void weigh_growth(struct jrun *run, uint64_t count)
{
        uint64_t room = 10;

        while (room < count) {
                uint64_t grown = room + room / 2;

                gal_jrun_weigh(run, 8 * (room + grown));
                room = grown;
        }
}

struct jval gal_jfn_range(struct jrun *run, const struct jcall *call)
{
        struct jval first = gal_jcall_argument(call, 0);
        struct jval last = gal_jcall_argument(call, 1);
        struct jval step = gal_jcall_argument(call, 2);
        struct jarray *numbers;
        double from, by, count;

        if (jval_is_undefined(first) || jval_is_undefined(last) || jval_is_undefined(step))
                return JUNDEFINED;
        from = jval_double(first);
        by = jval_double(step);
        count = floor((jval_double(last) - from) / by) + 1;
        if (by == 0 || !(count >= 1))
                return JUNDEFINED;
        if (count > UINT32_MAX / 4)
                gal_jrun_fail_memory(run);
        weigh_growth(run, (uint64_t)count);
        numbers = gal_jarray_new(run, (uint32_t)count, JA_SEQUENCE);
        gal_jrun_step(run, (uint64_t)count);
        for (uint32_t i = 0; i < count; i++)
                gal_jarray_push(run, numbers, jval_number(from + i * by));
        return jval_array(numbers);
}

_Noreturn static void fail_text(struct jrun *run, const char *message)
{
        gal_jrun_fail(run, (struct jfault){ .code = "D3137", .message = message, .message_len = strlen(message) });
}

struct jval gal_jfn_hash(struct jrun *run, const struct jcall *call)
{
        static const char hex[] = "0123456789abcdef";
        struct jval text = gal_jcall_argument(call, 0);
        struct jval algorithm = gal_jcall_argument(call, 1);
        unsigned char bytes[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        const EVP_MD *digest;
        char *out;

        if (jval_is_undefined(text) || jval_is_undefined(algorithm))
                return JUNDEFINED;
        digest = gal_digest_find(algorithm.as.text, algorithm.len);
        if (digest == NULL)
                fail_text(run, "Unknown hash algorithm: it must be one of MD5, SHA-1, SHA-256, SHA-384, SHA-512");
        gal_jrun_step(run, text.len / 4);
        if (EVP_Digest(text.as.text, text.len, bytes, &size, digest, NULL) != 1)
                fail_text(run, "The hash algorithm is not available");
        out = gal_jrun_alloc(run, 2 * (size_t)size);
        for (unsigned i = 0; i < size; i++) {
                out[2 * i] = hex[bytes[i] >> 4];
                out[2 * i + 1] = hex[bytes[i] & 15];
        }
        return jval_text(out, 2 * (size_t)size);
}

/* A seed is an integer of Java's; a fraction is cut off. */
static int64_t seed_of(struct jval number)
{
        double value = trunc(jval_double(number));

        if (number.form == JF_LONG)
                return number.as.integer;
        if (isnan(value))
                return 0;
        if (value >= 9223372036854775807.0)
                return INT64_MAX;
        return value <= -9223372036854775808.0 ? INT64_MIN : (int64_t)value;
}

struct jval gal_jfn_seeded_random(struct jrun *run, const struct jcall *call)
{
        struct jval seed = gal_jcall_argument(call, 0);
        struct gal_java_random random;

        if (jval_is_undefined(seed))
                return gal_jfn_random(run, call);
        random = gal_java_random_seeded(seed_of(seed));
        return jval_number(gal_java_random_unit(&random));
}

struct jval gal_jfn_uuid(struct jrun *run, const struct jcall *call)
{
        char *text = gal_jrun_alloc(run, GAL_UUID_SIZE);

        (void)call;
        gal_uuid4_format(gal_jrun_random(run), text);
        return jval_text(text, strlen(text));
}

struct jval gal_jfn_parse(struct jrun *run, const struct jcall *call)
{
        struct jval text = gal_jcall_argument(call, 0);
        struct jowned *owned;
        enum gal_status status;

        if (jval_is_undefined(text))
                return text;
        gal_jrun_step(run, text.len / 4);
        owned = gal_jrun_new(run, struct jowned);
        status = gal_json_read(text.as.text, text.len, &owned->json, NULL);
        if (status == GAL_ENOMEM) {
                run->is_out_of_memory = true;
                longjmp(run->escape, 1);
        }
        if (status != GAL_OK)
                fail_text(run, "Invalid JSON");
        owned->next = run->owned;
        run->owned = owned;
        return gal_jval_wrap(run, owned->json);
}
