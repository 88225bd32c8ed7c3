#include "cli/cmd_list.h"

#include "dockerfile/dockerfile.h"
#include "fs/fs.h"

#include <fcntl.h>

static int parse_file(const char *path, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf text = BUF(DOCKERFILE_MAX_BYTES), out = BUF(256 * 1024 * 1024);
	struct dockerfile d;
	int rc = strcmp(path, "-") == 0 ? fs_read_fd(STDIN_FILENO, &text, err)
					: fs_read_file(AT_FDCWD, path, &text, err);
	if (rc < 0)
		return -1;
	if (dockerfile_parse(buf_str(&text), &a, &d, err) < 0)
		return err_in_file(err, path);
	dockerfile_dump(&d, &out);
	buf_add_ch(&out, '\n');
	if (buf_check(&out, "parsed Dockerfile", err) < 0)
		return -1;
	return cmd_answer(&out, err);
}

static int parse(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	int rc = cmd_parse(self, g, NULL, 0, OPT_ANYWHERE, argc, argv, 1, 1, &args, &err);
	if (rc == 0)
		rc = parse_file(args.p[0], &err);
	return rc < 0 ? exit_with(&err) : EXIT_OK;
}

int cmd_dockerfile(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	static const struct cmd subs[] = {
		{"dockerfile parse", parse, "FILE", "the instructions of a Dockerfile as JSON",
			NULL},
	};
	return cmd_sub(self, g, subs, ARRAY_LEN(subs), argc, argv);
}
