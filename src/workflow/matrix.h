/* matrix -- the combinations a strategy stands for.
 *
 *	workflow_eval(job->strategy.matrix, env, &a, &value, &err)
 *	matrix_expand(&value, S("test"), &a, &combinations, &err)
 *
 * Every vector is combined with every other, the first changing slowest; exclude takes combinations
 * away; include adds values to the combinations it matches, or becomes one itself.
 *
 * Threads: any. Errors: ERR_INPUT in GitHub's words, ERR_LIMIT (more than WORKFLOW_MAX_JOBS).
 */
#ifndef WORKFLOW_MATRIX_H
#define WORKFLOW_MATRIX_H

#include "workflow/workflow.h"

struct matrix_combination {
	struct expr_value values; /* the matrix context: an object */
	struct str name;          /* "test (linux, 12)", at most 100 characters */
	struct str suffix;        /* "(linux, 12)", or empty */
};
VEC_TYPE(matrix_combination_vec, struct matrix_combination);

int matrix_expand(const struct expr_value *matrix, struct str job_name, struct arena *a,
	struct matrix_combination_vec *ret, struct err *err);

#endif
