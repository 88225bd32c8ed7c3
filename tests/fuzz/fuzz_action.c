#include "workflow/action.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(workflow_problems_done) struct workflow_problems problems = {0};
	struct action *out;
	struct expr_value v;
	struct err err = {0};
	int rc = action_parse(str_n(data, size), S("action.yml"), &a, &out, &problems, &err);
	assert((rc < 0) == (problems.n_errors > 0));
	if (rc < 0)
		return 0;
	assert(out->pre_if && out->post_if);
	(void)workflow_eval(out->args, &(struct expr_env){.max_bytes = 1 << 20}, &a, &v, &err);
	return 0;
}
