/* Cases named parse-* give the nodes as `knarr dockerfile parse` shows them, cases named check-* the
 * findings. should-fail-* of either kind end in the error. */
#include "../golden.h"

#include "dockerfile/check.h"

static void show_error(struct err *err, struct buf *out)
{
	char line[1200];
	err_in_file(err, "Dockerfile");
	err_line(err, line, sizeof(line));
	buf_fmt(out, "%s\n", line);
	if (err->hint[0])
		buf_fmt(out, "hint: %s\n", err->hint);
}

static bool is_ignored(void *context, struct str path)
{
	return str_has(path, S("ignored"));
}

static bool is_image_name(void *context, struct str name)
{
	return !str_ends(name, S(":"));
}

static int show_findings(const struct dockerfile *d, struct arena *a, struct buf *out,
	struct err *err)
{
	struct scope_platform here = {S("linux/amd64"), S("linux"), S(""), S("amd64"), S("")};
	struct scope_spec scope = {.build = here, .target = here};
	struct check_spec spec = {
		.scope = &scope, .is_ignored = is_ignored, .is_image_name = is_image_name};
	struct check_report report;
	int rc = dockerfile_check(d, &spec, a, &report, err);
	for (size_t i = 0; i < report.n; i++) {
		const struct finding *f = &report.p[i];
		buf_fmt(out, "%u:%u-%u %s: %.*s\n", f->at.line, f->at.col, f->end_line, f->rule,
			STR_ARG(f->detail));
	}
	if (report.fails)
		buf_add_cstr(out, "fails\n");
	return rc;
}

static void parse_and_show(const struct golden *g, struct buf *out)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct dockerfile d;
	struct err err = {0};
	struct str name = str_of(g->name);
	int rc = dockerfile_parse(g->in, &a, &d, &err);
	if (rc == 0 && str_has(name, S("parse-"))) {
		dockerfile_dump(&d, out);
		buf_add_ch(out, '\n');
	} else if (rc == 0) {
		rc = show_findings(&d, &a, out, &err);
	}
	if (rc < 0)
		show_error(&err, out);
	if ((rc < 0) != str_starts(name, S("should-fail-")))
		fail_msg("%s: %s", g->name, buf_cstr(out));
}

static void dockerfile_golden(void **state)
{
	golden_run("dockerfile", parse_and_show);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(dockerfile_golden)};
	return cmocka_run_group_tests_name("dockerfile/golden", tests, NULL, NULL);
}
