#include "cli/cmd_list.h"

#include "expr/expr.h"
#include "fs/fs.h"

#include <fcntl.h>

enum { CONTEXT_MAX = 16 * 1024 * 1024 };

static int evaluate(const char *text, const char *context_file, int *ret_is_error, struct err *err)
{
	CLEANUP(buf_done) struct buf context = BUF(CONTEXT_MAX), answer = BUF(64 * 1024 * 1024);
	if (context_file && fs_read_file(AT_FDCWD, context_file, &context, err) < 0)
		return -1;
	*ret_is_error = expr_answer(str_of(text), buf_str(&context), NULL, 0, &answer, err);
	if (*ret_is_error < 0)
		return context_file ? err_in_file(err, context_file) : -1;
	buf_add_ch(&answer, '\n');
	return cmd_answer(&answer, err);
}

int cmd_expr(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	const char *context = NULL;
	int is_error = 0;
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	const struct opt own[] = {
		{"context", 0, OPT_TEXT, &context, "FILE",
			"JSON object of contexts: github, env, …"},
	};
	int rc = cmd_parse(self, g, own, ARRAY_LEN(own), OPT_ANYWHERE, argc, argv, 1, 1, &args,
		&err);
	if (rc == 0)
		rc = evaluate(args.p[0], context, &is_error, &err);
	if (rc < 0)
		return exit_with(&err);
	return is_error ? EXIT_REFUSED : EXIT_OK;
}
