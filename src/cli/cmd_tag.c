#include "cli/cmd_list.h"

#include "local/local.h"

int cmd_tag(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	struct store *store;
	struct image_ref to;
	struct image_descriptor what;
	CLEANUP(session_done) struct session s = {0};
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	int rc = cmd_parse(self, g, NULL, 0, OPT_ANYWHERE, argc, argv, 2, -1, &args, &err);
	if (rc == 0)
		rc = session_init(&s, g, &err);
	if (rc == 0)
		rc = session_store(&s, &store, &err);
	if (rc == 0)
		rc = local_find_text(store, args.p[0], &s.arena, &what, NULL, &err);
	for (size_t i = 1; rc == 0 && i < args.n; i++) {
		rc = image_ref_parse(str_of(args.p[i]), &s.arena, &to, &err);
		if (rc == 0 && !digest_is_none(&to.digest))
			rc = err_set(&err, ERR_USAGE, "'%s': a name to give cannot have a digest",
				args.p[i]);
		if (rc == 0)
			rc = local_tag(store, &to, &what.digest, &err);
	}
	return rc < 0 ? exit_with(&err) : EXIT_OK;
}
