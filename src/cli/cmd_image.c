/* image ls, inspect, rm, history, import, export, ref, check: images of this machine. */
#include "cli/cmd_list.h"

#include "base/num.h"
#include "cli/image_files.h"
#include "fs/fs.h"
#include "image/check.h"
#include "json/json.h"
#include "local/local.h"

#include <fcntl.h>

enum { ANSWER_MAX = 64 * 1024 * 1024 };

static void add_time(struct json_out *o, const char *key, int64_t ns)
{
	char text[CLOCK_TEXT];
	clock_rfc3339(ns, text);
	json_key(o, key);
	json_add_cstr(o, text);
}

/* ---- ls ---- */

struct listed {
	struct local_image image;
	struct digest id;
	uint64_t bytes;
	int64_t created_ns;
};

static int describe(struct session *s, struct store *store, const struct local_image *i,
	struct listed *ret, struct err *err)
{
	struct local_documents d;
	*ret = (struct listed){.image = *i};
	if (local_read(store, &i->descriptor, NULL, &s->arena, &d, err) < 0)
		return -1;
	ret->id = d.manifest.config.digest;
	ret->created_ns = d.config.created_ns;
	for (size_t k = 0; k < d.manifest.n_items; k++)
		ret->bytes += d.manifest.items[k].size;
	return 0;
}

static void add_listed_json(struct json_out *o, const struct listed *l)
{
	CLEANUP(buf_done) struct buf name = BUF(1024);
	char text[DIGEST_TEXT];
	image_ref_add(&name, &l->image.ref);
	json_object(o);
	json_key(o, "name");
	json_add_str(o, buf_str(&name));
	json_key(o, "id");
	json_add_cstr(o, digest_text(&l->id, text));
	json_key(o, "digest");
	json_add_cstr(o, digest_text(&l->image.descriptor.digest, text));
	json_key(o, "size");
	json_add_u64(o, l->bytes);
	add_time(o, "created", l->created_ns);
	json_end(o);
}

static void add_listed_text(struct buf *b, const struct listed *l)
{
	CLEANUP(buf_done) struct buf name = BUF(1024);
	char id[DIGEST_HEX], size[24], created[CLOCK_TEXT];
	struct image_ref ref = l->image.ref;
	struct str tag = ref.tag;
	ref.tag = S("");
	image_ref_add_familiar(&name, &ref);
	num_human_bytes(l->bytes, size, sizeof(size));
	clock_rfc3339(l->created_ns, created);
	buf_fmt(b, "%-48s %-20.*s %.12s   %-10.10s %10s\n", buf_cstr(&name), STR_ARG(tag),
		digest_hex(&l->id, id, 12), created, size);
}

static int list_images(struct session *s, struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(ANSWER_MAX);
	struct local_images images = {0};
	struct store *store;
	struct json_out o;
	if (session_store(s, &store, err) < 0)
		return -1;
	int rc = local_list(store, &s->arena, &images, err);
	json_out_init(&o, &b, 2);
	if (cmd_is_json(s->g))
		json_array(&o);
	else if (!s->g->is_quiet)
		buf_fmt(&b, "%-48s %-20s %-14s %-10s %10s\n", "NAME", "TAG", "IMAGE ID", "CREATED",
			"SIZE");
	for (size_t i = 0; rc == 0 && i < images.n; i++) {
		struct listed l;
		char text[DIGEST_TEXT];
		struct err damaged = {0};
		if (describe(s, store, &images.p[i], &l, &damaged) < 0) {
			event_note(session_events(s), S(""), EVENT_WARNING, NULL, "%s",
				damaged.what);
			continue;
		}
		if (cmd_is_json(s->g))
			add_listed_json(&o, &l);
		else if (s->g->is_quiet)
			buf_fmt(&b, "%s\n", digest_text(&l.id, text));
		else
			add_listed_text(&b, &l);
	}
	if (cmd_is_json(s->g)) {
		json_end(&o);
		buf_add_ch(&b, '\n');
	}
	vec_done(&images);
	return rc < 0 ? -1 : cmd_answer(&b, err);
}

static int image_ls(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	CLEANUP(session_done) struct session s = {0};
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	int rc = cmd_parse(self, g, NULL, 0, OPT_ANYWHERE, argc, argv, 0, 0, &args, &err);
	if (rc == 0)
		rc = session_init(&s, g, &err);
	if (rc == 0)
		rc = list_images(&s, &err);
	return rc < 0 ? exit_with(&err) : EXIT_OK;
}

/* ---- inspect, history ---- */

static int find(struct session *s, const char *name, struct local_documents *ret, struct err *err)
{
	struct image_descriptor found;
	struct store *store;
	if (session_store(s, &store, err) < 0 ||
		local_find_text(store, name, &s->arena, &found, NULL, err) < 0)
		return -1;
	return local_read(store, &found, NULL, &s->arena, ret, err);
}

static void add_documents(struct json_out *o, const char *name, const struct local_documents *d)
{
	char text[DIGEST_TEXT];
	json_object(o);
	json_key(o, "name");
	json_add_cstr(o, name);
	json_key(o, "digest");
	json_add_cstr(o, digest_text(&d->manifest_descriptor.digest, text));
	json_key(o, "id");
	json_add_cstr(o, digest_text(&d->manifest.config.digest, text));
	json_key(o, "manifest");
	json_add_raw(o, d->manifest_bytes);
	json_key(o, "image");
	json_add_raw(o, d->config_bytes);
	json_end(o);
}

static int inspect(struct session *s, const struct cstr_vec *names, struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(ANSWER_MAX);
	struct json_out o;
	json_out_init(&o, &b, 2);
	json_array(&o);
	for (size_t i = 0; i < names->n; i++) {
		struct local_documents d;
		if (find(s, names->p[i], &d, err) < 0)
			return -1;
		add_documents(&o, names->p[i], &d);
	}
	json_end(&o);
	buf_add_ch(&b, '\n');
	return cmd_answer(&b, err);
}

static int image_inspect(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	CLEANUP(session_done) struct session s = {0};
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	int rc = cmd_parse(self, g, NULL, 0, OPT_ANYWHERE, argc, argv, 1, -1, &args, &err);
	if (rc == 0)
		rc = session_init(&s, g, &err);
	if (rc == 0)
		rc = inspect(&s, &args, &err);
	return rc < 0 ? exit_with(&err) : EXIT_OK;
}

static void add_history_json(struct json_out *o, const struct image_history *h, uint64_t bytes)
{
	json_object(o);
	if (h->has_created)
		add_time(o, "created", h->created_ns);
	json_key(o, "created_by");
	json_add_str(o, h->created_by);
	json_key(o, "size");
	json_add_u64(o, bytes);
	json_key(o, "empty_layer");
	json_add_bool(o, h->is_empty_layer);
	json_end(o);
}

static int history(struct session *s, const char *name, struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(ANSWER_MAX);
	struct local_documents d;
	struct json_out o;
	if (find(s, name, &d, err) < 0)
		return -1;
	json_out_init(&o, &b, 2);
	if (cmd_is_json(s->g))
		json_array(&o);
	size_t layer = 0;
	for (size_t i = 0; i < d.config.n_history; i++) {
		const struct image_history *h = &d.config.history[i];
		uint64_t bytes = !h->is_empty_layer && layer < d.manifest.n_items
			? d.manifest.items[layer++].size
			: 0;
		char size[24];
		num_human_bytes(bytes, size, sizeof(size));
		if (cmd_is_json(s->g))
			add_history_json(&o, h, bytes);
		else
			buf_fmt(&b, "%10s  %.*s\n", size, STR_ARG(str_sub(h->created_by, 0, 160)));
	}
	if (cmd_is_json(s->g)) {
		json_end(&o);
		buf_add_ch(&b, '\n');
	}
	return cmd_answer(&b, err);
}

static int image_history(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	CLEANUP(session_done) struct session s = {0};
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	int rc = cmd_parse(self, g, NULL, 0, OPT_ANYWHERE, argc, argv, 1, 1, &args, &err);
	if (rc == 0)
		rc = session_init(&s, g, &err);
	if (rc == 0)
		rc = history(&s, args.p[0], &err);
	return rc < 0 ? exit_with(&err) : EXIT_OK;
}

/* ---- rm ---- */

/* A name loses that name; an id loses every name the image has. */
static int remove_image(struct session *s, const char *text, struct err *err)
{
	struct local_images images = {0};
	struct image_descriptor found;
	struct image_ref ref;
	struct store *store;
	if (session_store(s, &store, err) < 0 ||
		local_find_text(store, text, &s->arena, &found, &ref, err) < 0)
		return -1;
	if (ref.domain.n)
		return local_untag(store, &ref, err);
	int rc = local_list(store, &s->arena, &images, err);
	for (size_t i = 0; rc == 0 && i < images.n; i++)
		if (digest_eq(&images.p[i].descriptor.digest, &found.digest))
			rc = local_untag(store, &images.p[i].ref, err);
	vec_done(&images);
	return rc;
}

/* What went, also when a later one failed. */
static int answer_removed(const struct cmd_globals *g, const struct cstr_vec *names, size_t n,
	struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(ANSWER_MAX);
	struct json_out o;
	json_out_init(&o, &b, 0);
	if (cmd_is_json(g)) {
		json_object(&o);
		json_key(&o, "untagged");
		json_array(&o);
	}
	for (size_t i = 0; i < n; i++) {
		if (cmd_is_json(g))
			json_add_cstr(&o, names->p[i]);
		else
			buf_fmt(&b, "Untagged: %s\n", names->p[i]);
	}
	if (cmd_is_json(g)) {
		json_end(&o);
		json_end(&o);
		buf_add_ch(&b, '\n');
	}
	return cmd_answer(&b, err);
}

static int image_rm(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	CLEANUP(session_done) struct session s = {0};
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	int rc = cmd_parse(self, g, NULL, 0, OPT_ANYWHERE, argc, argv, 1, -1, &args, &err);
	if (rc == 0)
		rc = session_init(&s, g, &err);
	if (rc > 0)
		return EXIT_OK;
	size_t n = 0;
	while (rc == 0 && n < args.n && (rc = remove_image(&s, args.p[n], &err)) == 0)
		n++;
	struct err mute = {0};
	if (n && answer_removed(g, &args, n, &mute) < 0 && rc == 0) {
		err = mute;
		rc = -1;
	}
	return rc < 0 ? exit_with(&err) : EXIT_OK;
}

/* ---- ref, check ---- */

static int image_ref(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	CLEANUP(buf_done) struct buf b = BUF(64 * 1024);
	int rc = cmd_parse(self, g, NULL, 0, OPT_ANYWHERE, argc, argv, 1, 1, &args, &err);
	if (rc == 0)
		rc = image_ref_show(str_of(args.p[0]), &b, &err);
	if (rc == 0 && b.n) {
		buf_add_ch(&b, '\n');
		rc = cmd_answer(&b, &err);
	}
	return rc < 0 ? exit_with(&err) : EXIT_OK;
}

/* Hands out a layout's files for the check. */
static int each_piece(void *ctx, const char *path,
	int (*take)(void *take_ctx, struct str piece, struct err *err), void *take_ctx,
	struct err *err)
{
	enum { PIECE = 256 * 1024 };
	const int *dir_fd = ctx;
	CLEANUP(fd_close) int fd = -1;
	CLEANUP(mem_free) char *room = mem_new(1, PIECE);
	ssize_t n;
	if (fs_open_in(*dir_fd, path, O_RDONLY, 0, &fd, err) < 0)
		return -1;
	while ((n = read(fd, room, PIECE)) > 0)
		if (take(take_ctx, str_n(room, (size_t)n), err) < 0)
			return -1;
	return n < 0 ? err_sys(err, "read '%s'", path) : 0;
}

static int check_file(const char *path, struct buf *ret, struct err *err)
{
	CLEANUP(buf_done) struct buf text = BUF(IMAGE_CONFIG_MAX);
	CLEANUP(fd_close) int fd = -1;
	struct stat st;
	if (fs_open(AT_FDCWD, path, O_RDONLY, 0, &fd, err) < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return err_sys(err, "stat '%s'", path);
	if (S_ISDIR(st.st_mode))
		return image_check_layout(&(struct image_files){each_piece, &fd}, ret, err);
	if (fs_read_fd(fd, &text, err) < 0)
		return err_wrap(err, "'%s'", path);
	return image_check(buf_str(&text), ret, err);
}

static int image_check_cmd(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	CLEANUP(buf_done) struct buf b = BUF(ANSWER_MAX);
	int rc = cmd_parse(self, g, NULL, 0, OPT_ANYWHERE, argc, argv, 1, 1, &args, &err);
	if (rc > 0)
		return EXIT_OK;
	int found = rc == 0 ? check_file(args.p[0], &b, &err) : -1;
	if (found >= 0) {
		buf_add_ch(&b, '\n');
		rc = cmd_answer(&b, &err);
	}
	if (found < 0 || rc < 0)
		return exit_with(&err);
	return found ? EXIT_REFUSED : EXIT_OK;
}

int cmd_image(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	static const struct cmd subs[] = {
		{"image ls", image_ls, "", "images of this machine", NULL},
		{"image inspect", image_inspect, "NAME…", "manifest and config as JSON", NULL},
		{"image history", image_history, "NAME", "how it was made, with sizes", NULL},
		{"image rm", image_rm, "NAME…", "take a name away; gc frees the space", NULL},
		{"image import", image_import, "FILE|- NAME",
			"an archive of files, an OCI layout or docker archive becomes an image",
			NULL},
		{"image export", image_export, "NAME FILE|-",
			"write an image as oci-archive, docker-archive or OCI layout", NULL},
		{"image ref", image_ref, "NAME", "the parts of a name", NULL},
		{"image check", image_check_cmd, "FILE|FOLDER",
			"what is wrong with a manifest, index, config or OCI layout", NULL},
	};
	return cmd_sub(self, g, subs, ARRAY_LEN(subs), argc, argv);
}
