/* copy: an image from one place to another. Names are of registries; local:NAME is an image of this
 * machine; oci:, oci-archive: and docker-archive: are files. */
#include "cli/cmd_list.h"

#include "cli/image_files.h"
#include "json/json.h"
#include "local/local.h"

enum end_kind { END_REGISTRY, END_HERE, END_FILE };

/* One end of a copy. */
struct end {
	enum end_kind kind;
	const char *text; /* without prefix */
	struct image_ref ref;
	struct place place;
};

static int parse_end(struct session *s, const char *text, struct end *ret, struct err *err)
{
	struct str t = str_of(text);
	*ret = (struct end){.text = text};
	int is_place = place_parse(t, &s->arena, &ret->place, err);
	if (is_place < 0)
		return -1;
	if (is_place) {
		ret->kind = END_FILE;
		return 0;
	}
	if (str_starts(t, S("local:"))) {
		ret->kind = END_HERE;
		ret->text = text + strlen("local:");
	} else if (str_starts(t, S("docker://"))) {
		ret->text = text + strlen("docker://");
	}
	if (image_ref_parse(str_of(ret->text), &s->arena, &ret->ref, err) < 0)
		return -1;
	image_ref_default_tag(&ret->ref);
	return 0;
}

/* Brings the image into the store; a file's has the name of `to` from the start. */
static int fetch(struct session *s, const struct end *from, const struct end *to,
	const struct image_platform *platform, bool is_all, struct image_descriptor *ret,
	struct err *err)
{
	struct store *store;
	struct remote *remote;
	if (from->kind == END_FILE)
		return image_read_place(s, &from->place, to->kind == END_HERE ? to->text : NULL,
			is_all ? NULL : platform, ret, err);
	if (session_store(s, &store, err) < 0)
		return -1;
	if (from->kind == END_HERE)
		return local_find(store, &from->ref, &s->arena, ret, err);
	struct remote_pull pull = {
		.store = store,
		.name = &from->ref,
		.platform = platform,
		.is_all_platforms = is_all,
	};
	struct image_descriptor manifest;
	if (session_remote(s, &remote, err) < 0 ||
		remote_pull(remote, &pull, &s->arena, ret, &manifest, err) < 0)
		return -1;
	if (!is_all)
		*ret = manifest;
	return 0;
}

static int deliver(struct session *s, const struct end *to, const struct end *from,
	const struct image_descriptor *what, struct err *err)
{
	struct store *store;
	struct remote *remote;
	if (to->kind == END_FILE)
		return image_write_place(s, what, from->kind == END_FILE ? NULL : &from->ref,
			&to->place, err);
	if (session_store(s, &store, err) < 0)
		return -1;
	if (to->kind == END_HERE)
		return local_tag(store, &to->ref, &what->digest, err);
	struct remote_push push = {.store = store, .what = *what, .names = &to->ref, .n_names = 1};
	return session_remote(s, &remote, err) < 0 ? -1 : remote_push(remote, &push, err);
}

static int copy(struct session *s, const struct end *from, const struct end *to,
	const struct image_platform *platform, bool is_all, struct image_descriptor *ret,
	struct err *err)
{
	struct store *store;
	struct remote *remote;
	if (from->kind != END_REGISTRY || to->kind != END_REGISTRY)
		return fetch(s, from, to, platform, is_all, ret, err) < 0
			? -1
			: deliver(s, to, from, ret, err);
	if (session_store(s, &store, err) < 0 || session_remote(s, &remote, err) < 0)
		return -1;
	return remote_copy(remote, &from->ref, &to->ref, platform, is_all, store, ret, &s->arena,
		err);
}

static int answer(const struct cmd_globals *g, const struct image_descriptor *d, struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(1024);
	char text[DIGEST_TEXT];
	digest_text(&d->digest, text);
	buf_fmt(&b, cmd_is_json(g) ? "{\"digest\":\"%s\"}\n" : "%s\n", text);
	return cmd_answer(&b, err);
}

int cmd_copy(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	const char *platform = NULL;
	bool is_all = false;
	struct image_platform want;
	struct image_descriptor done;
	struct end from, to;
	CLEANUP(session_done) struct session s = {0};
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	const struct opt own[] = {
		{"platform", 0, OPT_TEXT, &platform, "OS/ARCH", "take this platform from an index"},
		{"all-platforms", 'a', OPT_FLAG, &is_all, NULL, "keep the whole index"},
	};
	int rc = cmd_parse(self, g, own, ARRAY_LEN(own), OPT_ANYWHERE, argc, argv, 2, 2, &args,
		&err);
	if (rc > 0)
		return EXIT_OK;
	if (rc == 0)
		rc = session_init(&s, g, &err);
	if (rc == 0 && platform)
		rc = image_platform_parse(str_of(platform), &s.arena, &want, &err);
	if (rc == 0)
		rc = parse_end(&s, args.p[0], &from, &err);
	if (rc == 0)
		rc = parse_end(&s, args.p[1], &to, &err);
	if (rc == 0)
		rc = copy(&s, &from, &to, platform ? &want : NULL, is_all, &done, &err);
	session_end_progress(&s);
	if (rc == 0)
		rc = answer(g, &done, &err);
	return rc < 0 ? exit_with(&err) : EXIT_OK;
}
