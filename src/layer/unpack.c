/* A layer as a tree: whiteout names become what overlayfs understands, the rest is planted. */
#include "layer/plant_priv.h"

enum { COMPONENT_MAX = 255, PATH_ROOM = 4095 };

/* Takes the last name off; false when there is none. */
static bool go_up(struct buf *b)
{
	if (!b->n)
		return false;
	ssize_t slash = str_rchr(buf_str(b), '/');
	buf_cut(b, slash < 0 ? 0 : (size_t)slash);
	return true;
}

int clean_name(struct str path, struct buf *ret, struct err *err)
{
	struct str rest = path, name;
	size_t n_names = 0;
	while (str_cut(&rest, '/', &name)) {
		if (!name.n || str_is(name, "."))
			continue;
		if (str_is(name, "..")) {
			if (!go_up(ret))
				return err_set(err, ERR_INPUT, "leads out of the tree");
			n_names--;
			continue;
		}
		if (name.n > COMPONENT_MAX)
			return err_set(err, ERR_INPUT, "name of %zu bytes is too long", name.n);
		if (++n_names > LAYER_MAX_DEPTH)
			return err_set(err, ERR_LIMIT, "more than %d folders deep",
				LAYER_MAX_DEPTH);
		if (ret->n)
			buf_add_ch(ret, '/');
		buf_add(ret, name);
	}
	if (ret->n > PATH_ROOM)
		return err_set(err, ERR_LIMIT, "path of %zu bytes is too long", ret->n);
	return buf_check(ret, "path", err);
}

/* "a/.wh.b" -> "a/b". A name that is not one of a file cannot be deleted. */
static int whiteout(struct plant *p, struct buf *path, size_t at, struct err *err)
{
	struct str base = str_skip(buf_str(path), at), name = str_skip(base, 4);
	if (str_is(base, OPAQUE_NAME)) {
		buf_cut(path, at ? at - 1 : 0);
		return plant_opaque(p, buf_cstr(path), err);
	}
	if (str_starts(base, S(".wh..wh.")))
		return 0; /* what aufs kept for itself */
	if (!name.n || str_is(name, ".") || str_is(name, ".."))
		return err_set(err, ERR_INPUT, "whiteout of no name");
	CLEANUP(buf_done) struct buf target = BUF(TAR_NAME_MAX);
	buf_add(&target, str_sub(buf_str(path), 0, at));
	buf_add(&target, name);
	return plant_whiteout(p, buf_cstr(&target), err);
}

static int unpack_entry(struct plant *p, const struct tar_entry *e, struct window *content,
	struct feed *feed, struct err *err)
{
	CLEANUP(buf_done) struct buf path = BUF(TAR_NAME_MAX);
	if (clean_name(e->name, &path, err) < 0)
		return -1;
	ssize_t slash = str_rchr(buf_str(&path), '/');
	size_t at = slash < 0 ? 0 : (size_t)slash + 1;
	if (str_starts(str_skip(buf_str(&path), at), S(WHITEOUT_PREFIX)))
		return whiteout(p, &path, at, err);
	return plant_entry(p, buf_cstr(&path), e, content, feed, err);
}

static int unpack_all(const struct layer_unpack *u, struct plant *p, struct feed *feed,
	uint64_t *ret_n, struct err *err)
{
	CLEANUP(tar_reader_free) struct tar_reader *tar = tar_reader_new_window(feed_window(feed));
	struct tar_entry e;
	int got;
	while ((got = tar_next(tar, &e, err)) > 0) {
		if (cancel_check(u->cancel, err) < 0)
			return -1;
		if (++*ret_n > LAYER_MAX_ENTRIES)
			return err_set(err, ERR_LIMIT, "more than %d entries", LAYER_MAX_ENTRIES);
		if (unpack_entry(p, &e, tar_content(tar), feed, err) < 0)
			return files_has_failed(p->files)
				? -1
				: err_wrap(err, "'%.*s'", STR_ARG(tar_shown(e.name)));
	}
	return got;
}

int layer_unpack(const struct layer_unpack *u, struct layer_info *ret, struct err *err)
{
	struct plant_spec to = {.tree_fd = u->tree_fd,
		.lower_fds = u->lower_fds,
		.n_lowers = u->n_lowers,
		.pool = u->pool,
		.is_fresh = true};
	struct feed_spec from = {.blob = u->blob,
		.pool = u->pool,
		.max_bytes = u->max_bytes ? u->max_bytes : LAYER_MAX_BYTES,
		.n_holds = files_holds(u->pool),
		.on_progress = u->on_progress,
		.ctx = u->ctx};
	struct layer_info info = {0};
	CLEANUP(feed_free) struct feed *feed = feed_new(&from);
	CLEANUP(plant_done) struct plant plant = {0}; /* ends first: its files hold chunks */
	int rc = plant_init(&plant, &to, err);
	if (rc == 0)
		rc = unpack_all(u, &plant, feed, &info.n_entries, err);
	if (rc == 0)
		rc = plant_finish(&plant, err);
	if (rc == 0)
		rc = feed_finish(feed, &info, err);
	if (u->ret_needed_lowers)
		*u->ret_needed_lowers = plant.needed_lowers;
	if (rc == 0)
		*ret = info;
	return rc;
}

int layer_measure(struct source *blob, struct pool *pool, struct layer_info *ret, struct err *err)
{
	struct feed_spec from = {.blob = blob, .pool = pool, .max_bytes = LAYER_MAX_BYTES};
	struct layer_info info = {0};
	CLEANUP(feed_free) struct feed *feed = feed_new(&from);
	if (feed_finish(feed, &info, err) < 0)
		return -1;
	*ret = info;
	return 0;
}
