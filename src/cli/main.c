/* main -- finds the command. */
#include "cli/cmd.h"

#include <signal.h>

static int help(void)
{
	struct err err = {0};
	CLEANUP(buf_done) struct buf b = BUF(64 * 1024);
	buf_add_cstr(&b,
		"knarr -- from a merge to a healthy, revertible deployment\n\n"
		"usage: knarr [--root DIR] [--config FILE] [--format json] COMMAND …\n\n");
	for (size_t i = 0; i < cmd_count; i++)
		if (cmd_table[i].summary)
			buf_fmt(&b, "  %-12s %s\n", cmd_table[i].name, cmd_table[i].summary);
	buf_add_cstr(&b, "\nknarr COMMAND --help tells more.\n");
	return cmd_answer(&b, &err) < 0 ? exit_with(&err) : EXIT_OK;
}

static int unknown(const char *word)
{
	struct err err = {0};
	const char *names[64];
	for (size_t i = 0; i < cmd_count && i < ARRAY_LEN(names); i++)
		names[i] = cmd_table[i].name;
	const char *near = opt_nearest(str_of(word), names, cmd_count);
	err_set(&err, ERR_USAGE, "unknown command '%s'", word);
	if (near)
		err_hint(&err, "did you mean knarr %s?", near);
	else
		err_hint(&err, "knarr --help lists them");
	return exit_with(&err);
}

/* Global options before the command's name; gives the position of the name. */
static int leading_options(struct cmd_globals *g, bool *ret_version, int argc, char **argv,
	struct err *err)
{
	CLEANUP(cstr_vec_done) struct cstr_vec rest = {0};
	struct opt opts[CMD_GLOBALS + 1];
	cmd_global_opts(g, opts);
	opts[CMD_GLOBALS] = (struct opt){"version", 'v', OPT_FLAG, ret_version, NULL, NULL};
	if (opt_parse(opts, ARRAY_LEN(opts), OPT_STOP_AT_FIRST, argc, argv, &rest, err) < 0)
		return err->hint[0] ? -1 : err_hint(err, "knarr --help lists what there is");
	return argc - (int)rest.n;
}

int main(int argc, char **argv)
{
	struct cmd_globals g = {0};
	struct err err = {0};
	bool wants_version = false;
	char version[] = "version", *version_argv[] = {version, NULL};
	(void)signal(SIGCHLD, SIG_DFL); /* ignored, children's ends would be lost */
	int at = leading_options(&g, &wants_version, argc, argv, &err);
	if (at < 0)
		return exit_with(&err);
	if (wants_version) {
		argc = 1;
		argv = version_argv;
		at = 0;
	}
	if (g.wants_help || at >= argc || strcmp(argv[at], "help") == 0)
		return help();
	const struct cmd *cmd = cmd_find(str_of(argv[at]));
	return cmd ? cmd->run(cmd, &g, argc - at, argv + at) : unknown(argv[at]);
}
