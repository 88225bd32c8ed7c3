/* csv -- one record of comma-separated fields (RFC 4180), as docker's flags and actions use it.
 *
 * "type=local,dest=out" and `type=raw,"value=a,b"` are such records. A field may be quoted as a
 * whole; "" inside quotes is one quote.
 *
 * Owner: fields live in the arena. Errors: ERR_INPUT with the column in err->at.col.
 */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"

VEC_TYPE(str_vec, struct str);

/* Splits one record; a quote inside an unquoted field is an error, as in Go's encoding/csv. */
int csv_fields(struct str record, struct arena *a, struct str_vec *ret, struct err *err);

#endif
