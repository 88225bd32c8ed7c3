/* test -- cmocka with the headers it wants, and a few shorter checks. */
#ifndef UNIT_TEST_H
#define UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/str.h"

/* The call returned 0; shows the error's words when not. fail_msg() does not return, and abort()
 * tells the compiler so. */
#define OK(call)                                                                                   \
	do {                                                                                       \
		if ((call) < 0) {                                                                  \
			fail_msg("%s: %s", #call, err.what);                                       \
			abort();                                                                   \
		}                                                                                  \
	} while (0)
/* The call failed with this kind. */
#define FAILS(expected_kind, call)                                                                 \
	do {                                                                                       \
		err = (struct err){0};                                                             \
		if ((call) >= 0)                                                                   \
			fail_msg("%s did not fail", #call);                                        \
		if (err.kind != (expected_kind))                                                   \
			fail_msg("%s: expected %s, got %s: %s", #call,                             \
				err_kind_name(expected_kind), err_kind_name(err.kind), err.what);  \
	} while (0)
#define STR_IS(s, cstr)                                                                            \
	do {                                                                                       \
		struct str str_is_ = (s);                                                          \
		if (!str_is(str_is_, (cstr)))                                                      \
			fail_msg("%s is '%.*s', expected '%s'", #s, STR_ARG(str_is_), (cstr));     \
	} while (0)

#endif
