/* What docker load reads: uncompressed layers, the config, manifest.json and, for old readers,
 * repositories. One platform only. */
#include "remote/archive_priv.h"

#include "blob/tree.h"
#include "fs/stream.h"

#include <fcntl.h>
#include <unistd.h>

enum { PIECE = 256 * 1024 };

struct docker_writing {
	const struct place_write *p;
	struct place_target *t;
	struct arena *a;
	struct image_manifest m;
	struct image_config config;
	struct str config_bytes;
	char (*ids)[DIGEST_HEX]; /* of the layers' contents */
};

/* ---- the image ---- */

static int read_bytes(struct docker_writing *w, const struct digest *d, size_t max, struct str *ret,
	struct err *err)
{
	CLEANUP(buf_done) struct buf bytes = BUF(max);
	if (blob_read(w->p->store, d, &bytes, err) < 0)
		return -1;
	*ret = arena_str(w->a, buf_str(&bytes));
	return 0;
}

/* Down from an index to the platform's manifest. */
static int find_manifest(struct docker_writing *w, struct err *err)
{
	struct image_descriptor d = w->p->what;
	struct image_platform want = w->p->platform ? *w->p->platform : image_platform_host();
	for (unsigned depth = 0; depth <= IMAGE_DEPTH_MAX; depth++) {
		struct str bytes;
		const struct image_descriptor *picked = NULL;
		if (read_bytes(w, &d.digest, IMAGE_MANIFEST_MAX, &bytes, err) < 0 ||
			image_manifest_parse(bytes, d.media_type, w->a, &w->m, err) < 0)
			return -1;
		if (w->m.kind == IMAGE_MANIFEST)
			return 0;
		if (image_index_pick(&w->m, &want, &picked, err) < 0)
			return -1;
		d = *picked;
	}
	return err_set(err, ERR_LIMIT, "indexes are nested deeper than %d", IMAGE_DEPTH_MAX);
}

static int read_image(struct docker_writing *w, struct err *err)
{
	if (find_manifest(w, err) < 0 ||
		read_bytes(w, &w->m.config.digest, IMAGE_CONFIG_MAX, &w->config_bytes, err) < 0 ||
		image_config_parse(w->config_bytes, w->a, &w->config, err) < 0 ||
		image_config_check(&w->config, w->m.n_items, err) < 0)
		return -1;
	w->ids = arena_alloc(w->a, w->m.n_items, DIGEST_HEX);
	for (size_t i = 0; i < w->m.n_items; i++)
		digest_hex(&w->config.diff_ids[i], w->ids[i], 0);
	return 0;
}

/* ---- layers ---- */

/* The layer's content into a file nobody sees, and its size: a tar header must know that first. */
static int inflate(struct docker_writing *w, size_t i, int to_fd, uint64_t *ret_size,
	struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	CLEANUP(mem_free) char *room = mem_new(PIECE, 1);
	CLEANUP(digester_free)
	struct digester *hash = digester_new(w->config.diff_ids[i].algorithm);
	if (blob_open(w->p->store, &w->m.items[i].digest, &fd, NULL, err) < 0)
		return -1;
	struct fs_source from = fs_source(fd);
	CLEANUP(inflater_free) struct inflater *inflater = inflater_new(&from.source, 0);
	*ret_size = 0;
	for (;;) {
		ssize_t n = source_read(inflater_source(inflater), room, PIECE, err);
		if (n < 0 || cancel_check(w->p->cancel, err) < 0)
			return -1;
		if (n == 0)
			break;
		digester_add(hash, room, (size_t)n);
		if (fs_write_fd(to_fd, room, (size_t)n, err) < 0)
			return -1;
		*ret_size += (uint64_t)n;
	}
	struct digest actual = digester_finish(hash);
	if (!digest_eq(&actual, &w->config.diff_ids[i]))
		return err_set(err, ERR_CORRUPT, "its content is not what the config says");
	return 0;
}

static int add_layer(struct docker_writing *w, size_t i, struct err *err)
{
	CLEANUP(fs_temp_done) struct fs_temp temp = FS_TEMP_NONE;
	char path[DIGEST_HEX + 16], text[DIGEST_TEXT];
	uint64_t size;
	int tmp_fd;
	for (size_t k = 0; k < i; k++)
		if (strcmp(w->ids[k], w->ids[i]) == 0)
			return 0; /* the same layer twice */
	snprintf(path, sizeof(path), "%s/layer.tar", w->ids[i]);
	if (store_dir(w->p->store, "tmp", &tmp_fd, err) < 0 || fs_temp_file(tmp_fd, &temp, err) < 0)
		return -1;
	if (inflate(w, i, temp.fd, &size, err) < 0)
		return err_wrap(err, "layer %s", digest_text(&w->m.items[i].digest, text));
	if (lseek(temp.fd, 0, SEEK_SET) < 0)
		return err_sys(err, "rewind a layer");
	return w->t->add_file(w->t, path, temp.fd, size, err);
}

/* ---- documents ---- */

static struct str familiar(struct docker_writing *w, struct image_ref ref)
{
	CLEANUP(buf_done) struct buf b = BUF(1024);
	ref.digest = (struct digest){0};
	image_ref_default_tag(&ref);
	image_ref_add_familiar(&b, &ref);
	return arena_str(w->a, buf_str(&b));
}

static int add_manifest(struct docker_writing *w, const char *config_name, struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(IMAGE_MANIFEST_MAX);
	struct json_out o;
	json_out_init(&o, &b, 0);
	json_array(&o);
	json_object(&o);
	json_key(&o, "Config");
	json_add_cstr(&o, config_name);
	json_key(&o, "RepoTags");
	json_array(&o);
	for (size_t i = 0; i < w->p->n_names; i++)
		json_add_str(&o, familiar(w, w->p->names[i]));
	json_end(&o);
	json_key(&o, "Layers");
	json_array(&o);
	for (size_t i = 0; i < w->m.n_items; i++)
		json_add_fmt(&o, "%s/layer.tar", w->ids[i]);
	json_end(&o);
	json_end(&o);
	json_end(&o);
	if (buf_check(&b, "manifest.json", err) < 0)
		return -1;
	return w->t->add_bytes(w->t, "manifest.json", buf_str(&b), err);
}

static bool is_same_repository(const struct image_ref *a, const struct image_ref *b)
{
	return str_eq(a->domain, b->domain) && str_eq(a->path, b->path);
}

/* The tags of names[i]'s repository, unless an earlier name was of it. */
static void add_repository(struct docker_writing *w, size_t i, struct json_out *o)
{
	const struct image_ref *names = w->p->names;
	for (size_t k = 0; k < i; k++)
		if (is_same_repository(&names[k], &names[i]))
			return;
	struct str name = familiar(w, names[i]);
	json_key_str(o, str_sub(name, 0, (size_t)str_rchr(name, ':')));
	json_object(o);
	for (size_t k = i; k < w->p->n_names; k++) {
		if (!is_same_repository(&names[k], &names[i]))
			continue;
		json_key_str(o, names[k].tag.n ? names[k].tag : S("latest"));
		json_add_cstr(o, w->ids[w->m.n_items - 1]);
	}
	json_end(o);
}

/* {"debian":{"12":"<last layer>"}} */
static int add_repositories(struct docker_writing *w, struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(IMAGE_MANIFEST_MAX);
	struct json_out o;
	if (!w->p->n_names || !w->m.n_items)
		return 0;
	json_out_init(&o, &b, 0);
	json_object(&o);
	for (size_t i = 0; i < w->p->n_names; i++)
		add_repository(w, i, &o);
	json_end(&o);
	if (buf_check(&b, "repositories", err) < 0)
		return -1;
	return w->t->add_bytes(w->t, "repositories", buf_str(&b), err);
}

int docker_archive_write(const struct place_write *p, struct place_target *t, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct docker_writing w = {.p = p, .t = t, .a = &a};
	char hex[DIGEST_HEX], config_name[DIGEST_HEX + 8];
	if (read_image(&w, err) < 0)
		return -1;
	for (size_t i = 0; i < w.m.n_items; i++)
		if (add_layer(&w, i, err) < 0)
			return -1;
	snprintf(config_name, sizeof(config_name), "%.120s.json",
		digest_hex(&w.m.config.digest, hex, 0));
	if (t->add_bytes(t, config_name, w.config_bytes, err) < 0 ||
		add_manifest(&w, config_name, err) < 0)
		return -1;
	return add_repositories(&w, err);
}
