#include "cli/cmd_list.h"

int cmd_version(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	int rc = cmd_parse(self, g, NULL, 0, OPT_ANYWHERE, argc, argv, 0, 0, &args, &err);
	if (rc < 0)
		return exit_with(&err);
	if (rc == 0)
		printf(cmd_is_json(g) ? "{\"version\":\"%s\"}\n" : "knarr %s\n", KNARR_VERSION);
	return EXIT_OK;
}
