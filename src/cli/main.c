/* main -- finds the command. */
#include "cli/cmd.h"

#include "base/clock.h"

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
static int leading_options(struct cmd_globals *g, int argc, char **argv, struct err *err)
{
	static const char *const names[] = {"--root", "--config", "--format", "--progress"};
	const char **into[] = {&g->root, &g->config, &g->format, &g->progress};
	int at = 1;
	while (at < argc && argv[at][0] == '-') {
		size_t i = 0, n;
		for (; i < ARRAY_LEN(names); i++) {
			n = strlen(names[i]);
			if (strncmp(argv[at], names[i], n) == 0 &&
				(argv[at][n] == '\0' || argv[at][n] == '='))
				break;
		}
		if (i == ARRAY_LEN(names))
			break;
		if (argv[at][n] == '=')
			*into[i] = argv[at] + n + 1;
		else if (++at >= argc)
			return err_set(err, ERR_USAGE, "option '%s' needs a value", names[i]);
		else
			*into[i] = argv[at];
		at++;
	}
	return at;
}

int main(int argc, char **argv)
{
	struct cmd_globals g = {0};
	struct err err = {0};
	char version[] = "version";
	(void)signal(SIGCHLD, SIG_DFL); /* ignored, children's ends would be lost */
	int at = leading_options(&g, argc, argv, &err);
	if (at < 0)
		return exit_with(&err);
	if (at >= argc || strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0 ||
		strcmp(argv[at], "help") == 0)
		return help();
	if (strcmp(argv[at], "--version") == 0 || strcmp(argv[at], "-v") == 0)
		argv[at] = version;
	const struct cmd *cmd = cmd_find(str_of(argv[at]));
	return cmd ? cmd->run(cmd, &g, argc - at, argv + at) : unknown(argv[at]);
}
