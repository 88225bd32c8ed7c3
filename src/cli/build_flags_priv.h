/* build_flags_priv -- comma-separated records, "type=local,dest=out", and the flags made of them. */
#ifndef CLI_BUILD_FLAGS_PRIV_H
#define CLI_BUILD_FLAGS_PRIV_H

#include "cli/build_flags.h"

/* ---- records (build_record.c) ---- */

struct field {
	struct str key, value; /* value.p NULL: there was no "=" */
};
VEC_TYPE(fields, struct field);
/* Free ret with vec_done, also after a failure. */
int field_list(const char *text, struct arena *a, struct fields *ret, struct err *err);
int field_unknown(const struct field *f, const char *known, struct err *err);
int field_truth(const struct field *f, bool *ret, struct err *err);
int field_compression(const struct field *f, enum compression *ret, struct err *err);

/* ---- --cache-from and --cache-to (build_flags_cache.c) ---- */

int build_flags_caches(struct build_flags *f, struct build_spec *s, struct err *err);

#endif
