/* build: the flags of docker buildx build, turned into a build_spec. */
#include "cli/cmd_list.h"

#include "build/build.h"
#include "cli/build_flags.h"
#include "json/json.h"

static int answer(struct session *s, const struct build_flags *f, const struct build_result *r,
	struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(64 * 1024);
	char manifest[DIGEST_TEXT], config[DIGEST_TEXT];
	digest_text(&r->manifest.digest, manifest);
	digest_text(&r->config, config);
	if (build_flags_take_stdout(f)) /* the image itself is on stdout */
		return 0;
	if (cmd_is_json(s->g)) {
		struct json_out o;
		json_out_init(&o, &b, 0);
		json_object(&o);
		json_key(&o, "digest");
		json_add_cstr(&o, manifest);
		json_key(&o, "id");
		json_add_cstr(&o, config);
		json_key(&o, "tags");
		json_array(&o);
		for (size_t i = 0; i < f->tags.n; i++)
			json_add_cstr(&o, f->tags.p[i]);
		json_end(&o);
		json_key(&o, "steps");
		json_add_u64(&o, r->n_steps);
		json_key(&o, "cached");
		json_add_u64(&o, r->n_cached);
		json_key(&o, "seconds");
		json_add_real(&o, (double)(r->took_ns / 1000) / 1e6);
		json_end(&o);
		buf_add_ch(&b, '\n');
	} else {
		buf_fmt(&b, "%s\n", manifest);
	}
	return cmd_answer(&b, err);
}

static int write_files(const struct build_flags *f, const struct build_result *r, struct err *err)
{
	return build_flags_write_files(f, r, err);
}

static int run(struct session *s, struct build_flags *f, struct err *err)
{
	struct build_spec spec;
	struct build_result result;
	char took[CLOCK_TEXT];
	if (build_flags_spec(f, s, &spec, err) < 0 || build_run(&spec, &s->arena, &result, err) < 0)
		return -1;
	clock_human_duration(result.took_ns, took);
	event_note(session_events(s), S(""), EVENT_NOTICE, NULL,
		"built in %s, %zu of %zu steps cached", took, result.n_cached, result.n_steps);
	session_end_progress(s);
	return write_files(f, &result, err) < 0 ? -1 : answer(s, f, &result, err);
}

static int print(struct session *s, struct build_flags *f, struct err *err)
{
	CLEANUP(buf_done) struct buf out = BUF(64 * 1024 * 1024);
	struct build_spec spec;
	if (build_flags_spec(f, s, &spec, err) < 0 || build_print(&spec, &out, err) < 0)
		return -1;
	return cmd_answer(&out, err);
}

/* 1 = there were findings. */
static int check(struct session *s, struct build_flags *f, struct err *err)
{
	CLEANUP(buf_done) struct buf out = BUF(16 * 1024 * 1024);
	struct build_spec spec;
	size_t n = 0;
	if (build_flags_spec(f, s, &spec, err) < 0 ||
		build_check(&spec, cmd_is_json(s->g), &out, &n, err) < 0 ||
		cmd_answer(&out, err) < 0)
		return -1;
	return n > 0;
}

static int list_context(const struct build_flags *f, struct cmd_globals *g, struct err *err)
{
	CLEANUP(buf_done) struct buf out = BUF(256 * 1024 * 1024), json = BUF(512 * 1024 * 1024);
	if (build_list_context(f->list_context, f->file, &out, err) < 0)
		return -1;
	if (!cmd_is_json(g))
		return cmd_answer(&out, err);
	struct str rest = buf_str(&out), line;
	struct json_out o;
	json_out_init(&o, &json, 0);
	json_array(&o);
	while (str_line(&rest, &line))
		json_add_str(&o, line);
	json_end(&o);
	buf_add_ch(&json, '\n');
	return cmd_answer(&json, err);
}

int cmd_build(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	CLEANUP(build_flags_done) struct build_flags f = {0};
	CLEANUP(session_done) struct session s = {0};
	int rc = build_flags_parse(&f, self, g, argc, argv, &err);
	if (rc == 0 && f.list_context) {
		rc = list_context(&f, g, &err);
		return rc < 0 ? exit_with(&err) : EXIT_OK;
	}
	if (rc == 0)
		rc = session_init(&s, g, &err);
	if (rc != 0)
		return rc < 0 ? exit_with(&err) : EXIT_OK;
	if (f.is_check)
		rc = check(&s, &f, &err);
	else
		rc = f.is_print ? print(&s, &f, &err) : run(&s, &f, &err);
	if (rc < 0) {
		session_end_progress(&s);
		return exit_with(&err);
	}
	return rc > 0 ? EXIT_REFUSED : EXIT_OK;
}
