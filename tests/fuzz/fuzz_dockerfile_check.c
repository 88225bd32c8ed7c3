#include "dockerfile/check.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int know_image(void *context, struct str name, struct str platform, struct check_image *ret,
	struct err *err)
{
	static const struct str env[] = {S("HOME=/root")}, triggers[] = {S("ENV trigger=$q")};
	*ret = (struct check_image){
		.env = env, .n_env = 1, .triggers = triggers, .n_triggers = str_has(name, S("t"))};
	return 0;
}

static bool is_about(void *context, struct str path)
{
	return path.n % 2;
}

/* Instructions, variables and findings of any text: an end within the limits, and words for it. The
 * first byte chooses what is given. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(vars_done) struct vars given = {.arena = &a};
	struct scope_platform here = {S("linux/amd64"), S("linux"), S(""), S("amd64"), S("")};
	struct scope_spec scope = {.given = &given, .build = here, .target = here};
	struct check_spec spec = {.scope = &scope,
		.image = know_image,
		.is_ignored = is_about,
		.is_image_name = data[0] & 1 ? is_about : NULL};
	struct check_report report;
	struct dockerfile d;
	struct err err = {0};
	vars_set(&given, S("A"), S("given"));
	if (data[0] & 2)
		scope.target_stage = S("a");
	if (dockerfile_parse(str_n(data + 1, size - 1), &a, &d, &err) < 0)
		return 0;
	if (dockerfile_check(&d, &spec, &a, &report, &err) < 0) {
		assert(err.kind == ERR_INPUT || err.kind == ERR_LIMIT || err.kind == ERR_NOT_FOUND);
		assert(err.what[0]);
		assert(err.at.line > 0 || err.kind == ERR_NOT_FOUND);
	}
	for (size_t i = 0; i < report.n; i++) {
		assert(report.p[i].at.line > 0 && report.p[i].at.col > 0);
		assert(i == 0 || report.p[i].at.line >= report.p[i - 1].at.line);
	}
	return 0;
}
