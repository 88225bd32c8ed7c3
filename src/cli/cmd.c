#include "cli/cmd.h"

#include "cli/exit.h"

const struct cmd *cmd_find(struct str name)
{
	for (size_t i = 0; i < cmd_count; i++)
		if (str_is(name, cmd_table[i].name))
			return &cmd_table[i];
	return NULL;
}

bool cmd_is_json(const struct cmd_globals *g)
{
	return g->format && strcmp(g->format, "json") == 0;
}

int cmd_answer(const struct buf *b, struct err *err)
{
	if (b->n && fwrite(b->p, 1, b->n, stdout) != b->n)
		return err_sys(err, "write to stdout");
	if (fflush(stdout) != 0)
		return err_sys(err, "write to stdout");
	return 0;
}

static int show_help(const struct cmd *self, const struct opt *opts, size_t n_own, size_t n,
	struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(64 * 1024);
	buf_fmt(&b, "usage: knarr %s %s\n\n%s\n", self->name, self->args ? self->args : "",
		self->summary ? self->summary : "");
	if (self->details)
		buf_fmt(&b, "\n%s\n", self->details);
	if (n_own)
		buf_add(&b, S("\noptions:\n"));
	opt_add_help(&b, opts, n_own);
	buf_add(&b, S("\nfor every command:\n"));
	opt_add_help(&b, opts + n_own, n - n_own);
	return cmd_answer(&b, err) < 0 ? -1 : 1;
}

static int check_counts(const struct cmd *self, size_t n, int min, int max, struct err *err)
{
	if (min >= 0 && n < (size_t)min)
		err_set(err, ERR_USAGE, "'%s' needs %s%d argument%s, got %zu", self->name,
			max == min ? "" : "at least ", min, min == 1 ? "" : "s", n);
	else if (max >= 0 && n > (size_t)max)
		err_set(err, ERR_USAGE, "'%s' takes at most %d argument%s, got %zu", self->name,
			max, max == 1 ? "" : "s", n);
	else
		return 0;
	return err_hint(err, "usage: knarr %s %s", self->name, self->args ? self->args : "");
}

void cmd_global_opts(struct cmd_globals *g, struct opt ret[CMD_GLOBALS])
{
	const struct opt opts[CMD_GLOBALS] = {
		{"root", 0, OPT_TEXT, &g->root, "DIR", "folder of the store"},
		{"config", 0, OPT_TEXT, &g->config, "FILE", "settings file (registries: …)"},
		{"format", 0, OPT_TEXT, &g->format, "text|json", "form of the answer"},
		{"progress", 0, OPT_TEXT, &g->progress, "MODE", "auto, tty, plain, json or none"},
		{"quiet", 'q', OPT_FLAG, &g->is_quiet, NULL, "only the answer, no progress"},
		{"help", 'h', OPT_FLAG, &g->wants_help, NULL, "this text"},
	};
	memcpy(ret, opts, sizeof(opts));
}

int cmd_parse(const struct cmd *self, struct cmd_globals *g, const struct opt *own, size_t n_own,
	enum opt_order order, int argc, char **argv, int min, int max, struct cstr_vec *ret_args,
	struct err *err)
{
	struct opt shared[CMD_GLOBALS];
	struct opt all[96];
	size_t n = 0;
	cmd_global_opts(g, shared);
	for (size_t i = 0; i < n_own; i++)
		all[n++] = own[i];
	for (size_t i = 0; i < ARRAY_LEN(shared); i++) {
		all[n] = shared[i];
		for (size_t k = 0; k < n_own; k++) /* a command's own letter wins: run -h HOST */
			if (own[k].letter == all[n].letter)
				all[n].letter = 0;
		n++;
	}
	if (opt_parse(all, n, order, argc, argv, ret_args, err) < 0)
		return err->hint[0]
			? -1
			: err_hint(err, "knarr %s --help shows what there is", self->name);
	if (g->wants_help)
		return show_help(self, all, n_own, n, err);
	if (g->format && strcmp(g->format, "text") != 0 && strcmp(g->format, "json") != 0)
		return err_set(err, ERR_USAGE, "unknown format '%s': expected text or json",
			g->format);
	return check_counts(self, ret_args->n, min, max, err);
}

static int sub_help(const struct cmd *self, const struct cmd *subs, size_t n)
{
	struct err err = {0};
	CLEANUP(buf_done) struct buf b = BUF(64 * 1024);
	buf_fmt(&b, "usage: knarr %s COMMAND …\n\n%s\n\n", self->name,
		self->summary ? self->summary : "");
	for (size_t i = 0; i < n; i++)
		buf_fmt(&b, "  %-24s %s\n", subs[i].name, subs[i].summary ? subs[i].summary : "");
	return cmd_answer(&b, &err) < 0 ? exit_with(&err) : EXIT_OK;
}

int cmd_sub(const struct cmd *self, struct cmd_globals *g, const struct cmd *subs, size_t n,
	int argc, char **argv)
{
	struct err err = {0};
	const char *names[16];
	size_t skip = strlen(self->name) + 1; /* subs are named "image ls" */
	for (size_t i = 0; i < n && i < ARRAY_LEN(names); i++)
		names[i] = subs[i].name + skip;
	if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
		return sub_help(self, subs, n);
	for (size_t i = 0; argc >= 2 && i < n; i++)
		if (strcmp(argv[1], names[i]) == 0)
			return subs[i].run(&subs[i], g, argc - 1, argv + 1);
	if (argc < 2) {
		err_set(&err, ERR_USAGE, "'%s' needs a command", self->name);
		err_hint(&err, "knarr %s --help lists them", self->name);
	} else {
		const char *near = opt_nearest(str_of(argv[1]), names, n);
		err_set(&err, ERR_USAGE, "unknown command '%s %s'", self->name, argv[1]);
		if (near)
			err_hint(&err, "did you mean knarr %s %s?", self->name, near);
		else
			err_hint(&err, "knarr %s --help lists them", self->name);
	}
	return exit_with(&err);
}
