/* Workflow files and what running them says: tests/golden/runner/<case>.in, .out.
 *
 *	# event: workflow_dispatch	first lines: how it is run
 *	# input: name=value		... secret, var, job, dry-run
 *	name: …				the workflow
 *	=== greet/action.yml		further files of the repository
 *
 * The answer is what every node told, nodes by name, then the commands that were asked for, then the
 * JSON; paths of this run are written as ROOT and REPO, the commit as SHA.
 */
#include "rig.h"

#include "../golden.h"

enum { PAIRS_MAX = 16 };

struct settings {
	struct runner_pair inputs[PAIRS_MAX], secrets[PAIRS_MAX], vars[PAIRS_MAX];
	size_t n_inputs, n_secrets, n_vars;
};

static void add_pair(struct rig *r, struct str text, struct runner_pair *list, size_t *n)
{
	struct str name = {0};
	assert_true(*n < PAIRS_MAX && str_cut(&text, '=', &name) && text.p);
	list[(*n)++] = (struct runner_pair){arena_cstr(&r->a, name), arena_cstr(&r->a, text)};
}

static void take_setting(struct rig *r, struct settings *s, struct str key, struct str value)
{
	if (str_is(key, "event"))
		r->spec.event = arena_cstr(&r->a, value);
	else if (str_is(key, "job"))
		r->spec.job = arena_cstr(&r->a, value);
	else if (str_is(key, "dry-run"))
		r->spec.is_dry_run = true;
	else if (str_is(key, "debug"))
		r->spec.is_debug = true;
	else if (str_is(key, "input"))
		add_pair(r, value, s->inputs, &s->n_inputs);
	else if (str_is(key, "secret"))
		add_pair(r, value, s->secrets, &s->n_secrets);
	else if (str_is(key, "var"))
		add_pair(r, value, s->vars, &s->n_vars);
	else
		fail_msg("unknown setting '%.*s'", STR_ARG(key));
}

static struct str read_settings(struct rig *r, struct settings *s, struct str text)
{
	struct str rest = text, line, key;
	while (str_line(&rest, &line) && str_starts(line, S("# "))) {
		line = str_skip(line, 2);
		(void)str_cut(&line, ':', &key);
		take_setting(r, s, key, str_trim(line));
		text = rest;
	}
	r->spec.inputs = s->inputs;
	r->spec.n_inputs = s->n_inputs;
	r->spec.secrets = s->secrets;
	r->spec.n_secrets = s->n_secrets;
	r->spec.vars = s->vars;
	r->spec.n_vars = s->n_vars;
	return text;
}

static void write_files(struct rig *r, struct str text)
{
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	const char *path = ".github/workflows/w.yml";
	struct str line;
	while (str_line(&text, &line)) {
		if (!str_starts(line, S("=== "))) {
			buf_fmt(&b, "%.*s\n", STR_ARG(line));
			continue;
		}
		rig_file(r, path, buf_cstr(&b));
		buf_clear(&b);
		path = arena_cstr(&r->a, str_skip(line, 4));
	}
	rig_file(r, path, buf_cstr(&b));
}

/* ---- the answer ---- */

static void replace(struct buf *b, const char *what, const char *with)
{
	CLEANUP(buf_done) struct buf old = *b;
	struct str rest = buf_str(&old);
	ssize_t at;
	*b = BUF(old.max);
	while (what[0] && (at = str_find(rest, str_of(what))) >= 0) {
		buf_add(b, str_sub(rest, 0, (size_t)at));
		buf_add_cstr(b, with);
		rest = str_skip(rest, (size_t)at + strlen(what));
	}
	buf_add(b, rest);
}

static int by_key(const void *a, const void *b)
{
	return str_cmp((*(struct map_entry *const *)a)->key, (*(struct map_entry *const *)b)->key);
}

static void write_nodes(struct rig *r, struct buf *out)
{
	VEC(struct map_entry *) nodes = {0};
	MAP_EACH(&r->nodes, e)
		vec_push(&nodes, e);
	vec_sort(&nodes, by_key);
	VEC_EACH(&nodes, e) {
		struct buf *b = (*e)->value;
		rig_begin_line(b);
		buf_fmt(out, "--- %.*s\n", STR_ARG((*e)->key));
		buf_add(out, buf_str(b));
	}
	vec_done(&nodes);
}

static void write_answer(struct rig *r, struct buf *out)
{
	struct json_out o;
	write_nodes(r, out);
	if (r->commands.n) {
		buf_add_cstr(out, "--- commands\n");
		buf_add(out, buf_str(&r->commands));
	}
	buf_add_cstr(out, "--- answer\n");
	json_out_init(&o, out, 1);
	runner_write_json(&r->answer, &o);
	buf_add_ch(out, '\n');
}

static void answer(const struct golden *g, struct buf *out)
{
	CLEANUP(rig_done) struct rig r;
	struct settings s = {0};
	struct err err = {0};
	char line[1200];
	rig_init(&r);
	write_files(&r, read_settings(&r, &s, g->in));
	if (rig_try(&r, &err) < 0) {
		write_nodes(&r, out);
		err_line(&err, line, sizeof(line));
		buf_fmt(out, "error: %s\n", line);
		if (err.hint[0])
			buf_fmt(out, "hint: %s\n", err.hint);
	} else {
		write_answer(&r, out);
	}
	struct str sha = script_says(&r.dir, "git -C repo rev-parse HEAD");
	replace(out, arena_cstr(&r.a, sha), "SHA");
	replace(out, arena_cstr(&r.a, str_sub(sha, 0, 7)), "SHORT");
	replace(out, "linux/amd64", "PLATFORM");
	replace(out, "linux/arm64", "PLATFORM");
	replace(out, r.root, "ROOT");
	replace(out, r.repo, "REPO");
	rig_left_nothing(&r);
}

static void workflows_give_what_they_should(void **state)
{
	rig_need_root();
	golden_run("runner", answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(workflows_give_what_they_should)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
