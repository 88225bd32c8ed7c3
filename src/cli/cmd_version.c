#include "cli/cmd_list.h"

int cmd_version(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	CLEANUP(buf_done) struct buf b = BUF(1024);
	int rc = cmd_parse(self, g, NULL, 0, OPT_ANYWHERE, argc, argv, 0, 0, &args, &err);
	if (rc == 0) {
		buf_fmt(&b, cmd_is_json(g) ? "{\"version\":\"%s\"}\n" : "knarr %s\n",
			KNARR_VERSION);
		rc = cmd_answer(&b, &err);
	}
	return rc < 0 ? exit_with(&err) : EXIT_OK;
}
