#include "cli/cmd_list.h"

#include "cli/image_files.h"
#include "json/json.h"
#include "local/local.h"

/* Every tag of the same repository here, for --all-tags. */
static int all_tags(struct store *store, const struct image_ref *ref, struct arena *a,
	struct image_ref **ret, size_t *ret_n, struct err *err)
{
	CLEANUP(buf_done) struct buf repository = BUF(512);
	struct tag_rows rows = {0};
	local_add_repository(&repository, ref);
	if (tag_list(store, buf_str(&repository), S(""), 0, a, &rows, err) < 0)
		return -1;
	*ret = ARENA_ARRAY(a, struct image_ref, rows.n);
	*ret_n = rows.n;
	for (size_t i = 0; i < rows.n; i++) {
		(*ret)[i] = *ref;
		(*ret)[i].tag = rows.p[i].tag;
	}
	vec_done(&rows);
	return *ret_n ? 0
		      : err_set(err, ERR_NOT_FOUND, "'%s' has no tag here",
				buf_cstr(&repository) + strlen("local:"));
}

static int answer(struct session *s, const struct image_ref *refs, size_t n,
	const struct digest *digest, struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(1024 * 1024), name = BUF(1024);
	char text[DIGEST_TEXT];
	struct json_out o;
	digest_text(digest, text);
	json_out_init(&o, &b, 0);
	if (cmd_is_json(s->g)) {
		json_object(&o);
		json_key(&o, "digest");
		json_add_cstr(&o, text);
		json_key(&o, "names");
		json_array(&o);
	}
	for (size_t i = 0; i < n; i++) {
		buf_clear(&name);
		image_ref_add(&name, &refs[i]);
		if (cmd_is_json(s->g))
			json_add_str(&o, buf_str(&name));
		else
			buf_fmt(&b, "%s@%s\n", buf_cstr(&name), text);
	}
	if (cmd_is_json(s->g)) {
		json_end(&o);
		json_end(&o);
		buf_add_ch(&b, '\n');
	}
	return cmd_answer(&b, err);
}

static int push(struct session *s, const char *from, const char *to, bool is_all, uint64_t chunk,
	struct err *err)
{
	struct store *store;
	struct remote *remote;
	struct image_ref ref, *refs = &ref;
	struct image_descriptor what;
	size_t n = 1;
	if (session_store(s, &store, err) < 0 || session_remote(s, &remote, err) < 0)
		return -1;
	if (is_all) {
		if (image_ref_parse(str_of(from), &s->arena, &ref, err) < 0)
			return -1;
		struct image_ref base = ref;
		if (all_tags(store, &base, &s->arena, &refs, &n, err) < 0)
			return -1;
	} else {
		if (local_find_text(store, from, &s->arena, &what, NULL, err) < 0 ||
			image_ref_parse(str_of(to ? to : from), &s->arena, &ref, err) < 0)
			return -1;
		image_ref_default_tag(&ref);
	}
	for (size_t i = 0; i < n; i++) {
		if (is_all && local_find(store, &refs[i], &s->arena, &what, err) < 0)
			return -1;
		struct remote_push p = {.store = store,
			.what = what,
			.names = &refs[i],
			.n_names = 1,
			.chunk_bytes = chunk};
		if (remote_push(remote, &p, err) < 0 ||
			answer(s, &refs[i], 1, &what.digest, err) < 0)
			return -1;
	}
	return 0;
}

/* push NAME oci:FOLDER and the like: 1 = done so, 0 = TO is a name. */
static int push_to_place(struct session *s, const char *from, const char *to, struct err *err)
{
	struct place place;
	struct store *store;
	struct image_ref ref;
	struct image_descriptor what;
	int is_place = to ? place_parse(str_of(to), &s->arena, &place, err) : 0;
	if (is_place <= 0)
		return is_place;
	if (session_store(s, &store, err) < 0 ||
		local_find_text(store, from, &s->arena, &what, &ref, err) < 0)
		return -1;
	image_ref_default_tag(&ref);
	if (image_write_place(s, &what, &ref, &place, err) < 0)
		return -1;
	return answer(s, &ref, 1, &what.digest, err) < 0 ? -1 : 1;
}

int cmd_push(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	bool is_all = false;
	uint64_t chunk = 0;
	CLEANUP(session_done) struct session s = {0};
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	const struct opt own[] = {
		{"all-tags", 'a', OPT_FLAG, &is_all, NULL, "push every tag of the repository"},
		{"chunk-size", 0, OPT_BYTES, &chunk, "BYTES", "upload in chunks instead of whole"},
	};
	int rc = cmd_parse(self, g, own, ARRAY_LEN(own), OPT_ANYWHERE, argc, argv, 1, 2, &args,
		&err);
	if (rc == 0)
		rc = session_init(&s, g, &err);
	if (rc == 0)
		rc = push_to_place(&s, args.p[0], args.n > 1 ? args.p[1] : NULL, &err);
	if (rc == 0)
		rc = push(&s, args.p[0], args.n > 1 ? args.p[1] : NULL, is_all, chunk, &err);
	return rc < 0 ? exit_with(&err) : EXIT_OK;
}
