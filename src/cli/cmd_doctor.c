#include "cli/cmd_list.h"

#include "container/doctor.h"
#include "json/json.h"
#include "proc/proc.h"

/* Adds what the container room does not ask about: programs that only some commands need. */
static void add_program(struct buf *b, struct json_out *o, bool is_json, const char *name,
	const char *needed_for)
{
	CLEANUP(buf_done) struct buf path = BUF(4096);
	struct err missing = {0};
	bool is_ok = proc_find(name, getenv("PATH"), &path, &missing) == 0;
	if (!is_json) {
		buf_fmt(b, "%s %-12s %s\n", is_ok ? "ok     " : "missing", name,
			is_ok ? buf_cstr(&path) : needed_for);
		if (!is_ok)
			buf_fmt(b, "        %-12s apt-get install %s\n", "", name);
		return;
	}
	json_object(o);
	json_key(o, "what");
	json_add_cstr(o, name);
	json_key(o, "ok");
	json_add_bool(o, is_ok);
	json_key(o, "needed");
	json_add_bool(o, false);
	json_key(o, "detail");
	json_add_cstr(o, is_ok ? buf_cstr(&path) : needed_for);
	json_key(o, "hint");
	if (is_ok)
		json_add_cstr(o, "");
	else
		json_add_fmt(o, "apt-get install %s", name);
	json_end(o);
}

static void add_finding(struct buf *b, struct json_out *o, bool is_json,
	const struct container_finding *f)
{
	if (!is_json) {
		buf_fmt(b, "%s %-12s %s\n",
			f->is_ok               ? "ok     "
				: f->is_needed ? "MISSING"
					       : "missing",
			f->what, f->detail);
		if (f->hint[0])
			buf_fmt(b, "        %-12s %s\n", "", f->hint);
		return;
	}
	json_object(o);
	json_key(o, "what");
	json_add_cstr(o, f->what);
	json_key(o, "ok");
	json_add_bool(o, f->is_ok);
	json_key(o, "needed");
	json_add_bool(o, f->is_needed);
	json_key(o, "detail");
	json_add_cstr(o, f->detail);
	json_key(o, "hint");
	json_add_cstr(o, f->hint);
	json_end(o);
}

static int examine(const struct cmd_globals *g, bool *ret_lacks, struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(64 * 1024);
	struct container_findings found = {0};
	struct json_out o;
	bool is_json = cmd_is_json(g);
	if (container_doctor(&found, err) < 0)
		return -1;
	json_out_init(&o, &b, 2);
	if (is_json)
		json_array(&o);
	for (size_t i = 0; i < found.n; i++) {
		add_finding(&b, &o, is_json, &found.p[i]);
		*ret_lacks |= !found.p[i].is_ok && found.p[i].is_needed;
	}
	add_program(&b, &o, is_json, "git", "commit times, git contexts, actions/checkout");
	if (is_json) {
		json_end(&o);
		buf_add_ch(&b, '\n');
	}
	return cmd_answer(&b, err);
}

int cmd_doctor(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	bool lacks = false;
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	int rc = cmd_parse(self, g, NULL, 0, OPT_ANYWHERE, argc, argv, 0, 0, &args, &err);
	if (rc == 0)
		rc = examine(g, &lacks, &err);
	if (rc < 0)
		return exit_with(&err);
	return lacks ? EXIT_REFUSED : EXIT_OK;
}
