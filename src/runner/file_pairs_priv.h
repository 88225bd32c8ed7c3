/* file_pairs -- what steps write to GITHUB_ENV, GITHUB_OUTPUT and GITHUB_STATE.
 *
 *	NAME=value
 *	NAME<<DELIMITER
 *	lines
 *	DELIMITER
 *
 * Whichever of = and << comes first in a line counts. Lines end with \n only; a \r is part of them.
 *
 * Errors: ERR_INPUT in GitHub's words; pairs before the fault have been told.
 */
#ifndef RUNNER_FILE_PAIRS_PRIV_H
#define RUNNER_FILE_PAIRS_PRIV_H

#include "base/err.h"
#include "base/str.h"

int file_pairs(struct str text,
	int (*tell)(void *ctx, struct str name, struct str value, struct err *err), void *ctx,
	struct err *err);

#endif
