/* A tree as a layer: entries of the walk become headers and content in the press. */
#include "layer/layer_priv.h"

#include "base/clock.h"
#include "base/map.h"
#include "base/num.h"

struct packing {
	const struct layer_pack *p;
	struct press *press;
	struct walk *walk;
	struct buf header; /* of one entry: its length decides where it goes */
	struct map links;  /* "device:inode" -> name, of files that have several */
	struct arena names;
	uint64_t n_entries;
};

static void packing_done(struct packing *k)
{
	press_free(k->press);
	walk_free(k->walk);
	buf_done(&k->header);
	map_done(&k->links, NULL);
	arena_done(&k->names);
}
CLEANUP_VAL(packing_done, struct packing);

/* A file seen before under another name becomes a hard link to that. */
static void find_link(struct packing *k, struct walk_entry *e)
{
	uint64_t id[2] = {e->st.st_dev, e->st.st_ino};
	if (e->type != TAR_FILE || e->st.st_nlink < 2)
		return;
	struct str key = str_n(id, sizeof(id));
	const char *first = map_get(&k->links, key);
	if (first) {
		e->type = TAR_HARDLINK;
		e->link = str_of(first);
		e->xattrs = (struct xattrs){0};
	} else {
		map_put(&k->links, key, arena_cstr(&k->names, e->name));
	}
}

static int find_time(struct packing *k, const struct stat *st, int64_t *ret, struct err *err)
{
	*ret = st->st_mtim.tv_sec * CLOCK_SECOND + st->st_mtim.tv_nsec;
	if (*ret <= k->p->times.latest_ns)
		return 0;
	*ret = k->p->times.replace_ns;
	return k->p->sets_times ? walk_set_time(k->walk, *ret, err) : 0;
}

static int make_header(struct packing *k, const struct walk_entry *e, struct err *err)
{
	struct tar_entry t = {
		.type = e->type,
		.name = e->name,
		.link = e->link,
		.mode = e->st.st_mode & 07777,
		.uid = e->st.st_uid,
		.gid = e->st.st_gid,
		.size = e->type == TAR_FILE ? (uint64_t)e->st.st_size : 0,
		.dev_major = major(e->st.st_rdev),
		.dev_minor = minor(e->st.st_rdev),
		.xattrs = e->xattrs.p,
		.n_xattrs = e->xattrs.n,
	};
	buf_clear(&k->header);
	if (find_time(k, &e->st, &t.mtime_ns, err) < 0)
		return -1;
	return tar_add_header(&k->header, &t, err);
}

/* Whether a new member starts with this entry: docs/formats/layer.md, "Members". */
static bool cuts_before(const struct packing *k, struct str name, uint64_t n_entry)
{
	size_t n = press_member(k->press)->n;
	return n + n_entry > MEMBER_MOST || (n >= MEMBER_LEAST && press_name_cuts(name));
}

static int add_content(struct packing *k, const struct walk_entry *e, struct err *err)
{
	struct content c;
	content_init(&c, e->fd, &e->st);
	while (c.at < c.size) {
		size_t n = num_min(c.size - c.at, MEMBER_PIECE);
		struct buf *member = press_member(k->press);
		char *room = buf_room(member, n);
		if (!room || content_read(&c, room, n, err) < 0)
			return room ? -1 : buf_check(member, "member", err);
		buf_added(member, n);
		if (c.at < c.size && press_cut(k->press, err) < 0)
			return -1;
		if (cancel_check(k->p->cancel, err) < 0)
			return -1;
	}
	struct buf *member = press_member(k->press);
	size_t padding = tar_padding(c.size);
	memset(buf_room(member, padding), 0, padding);
	buf_added(member, padding);
	return 0;
}

static int pack_entry(struct packing *k, struct walk_entry *e, struct err *err)
{
	find_link(k, e);
	if (make_header(k, e, err) < 0)
		return -1;
	bool has_content = e->type == TAR_FILE && e->st.st_size > 0;
	uint64_t n = k->header.n + (has_content ? (uint64_t)e->st.st_size : 0);
	bool is_long = has_content && e->st.st_size > MEMBER_PIECE;
	if ((is_long || cuts_before(k, e->name, n)) && press_cut(k->press, err) < 0)
		return -1;
	buf_add(press_member(k->press), buf_str(&k->header));
	k->n_entries++;
	return has_content ? add_content(k, e, err) : 0;
}

static int pack_all(struct packing *k, struct err *err)
{
	struct walk_entry e;
	int got;
	while ((got = walk_next(k->walk, &e, err)) > 0) {
		if (cancel_check(k->p->cancel, err) < 0)
			return -1;
		if (pack_entry(k, &e, err) < 0)
			return err_wrap(err, "'%.*s'", STR_ARG(tar_shown(e.name)));
	}
	return got;
}

int layer_pack(const struct layer_pack *p, struct layer_info *ret, struct err *err)
{
	CLEANUP(packing_done)
	struct packing k = {
		.p = p,
		.press = press_new(p),
		.walk = walk_new(p->tree_fd, p->is_overlay_upper),
		.header = BUF(2 * TAR_PAX_MAX),
	};
	struct layer_info info = {0};
	if (pack_all(&k, err) < 0)
		return -1;
	tar_add_end(press_member(k.press));
	if (press_finish(k.press, &info, err) < 0)
		return -1;
	info.n_entries = k.n_entries;
	*ret = info;
	return 0;
}
