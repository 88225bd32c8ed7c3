/* Where entries go: folders found or made, and what is in the way removed. */
#include "layer/plant_priv.h"

#include "fs/fs.h"
#include "layer/stack.h"

#include <fcntl.h>

/* "a/b" is the folder "a" and the name "b". */
static const char *split(const char *path, struct buf *ret_folder)
{
	const char *slash = strrchr(path, '/');
	buf_clear(ret_folder);
	if (slash)
		buf_add_bytes(ret_folder, path, (size_t)(slash - path));
	return slash ? slash + 1 : path;
}

/* ---- notes ---- */

struct note *note_of(struct plant *p, const char *path, uint64_t dev, uint64_t ino)
{
	struct note *n = map_get(&p->notes, str_of(path));
	if (!n) {
		n = ARENA_NEW(&p->arena, struct note);
		map_put(&p->notes, str_of(path), n);
	}
	if (n->dev != dev || n->ino != ino)
		*n = (struct note){.dev = dev, .ino = ino};
	return n;
}

void note_meta(struct plant *p, struct note *n, const struct meta *m)
{
	n->meta = *m;
	n->has_meta = true;
	if (!m->n_xattrs)
		return;
	struct tar_xattr *copy = ARENA_ARRAY(&p->arena, struct tar_xattr, m->n_xattrs);
	for (size_t i = 0; i < m->n_xattrs; i++)
		copy[i] = (struct tar_xattr){arena_str(&p->arena, m->xattrs[i].name),
			arena_str(&p->arena, m->xattrs[i].value)};
	n->meta.xattrs = copy;
}

static void forget_notes_below(struct plant *p, struct str path)
{
	MAP_EACH(&p->notes, e)
		if (str_starts(e->key, path) && (e->key.n == path.n || e->key.p[path.n] == '/'))
			memset(e->value, 0, sizeof(struct note));
}

/* ---- one spot ---- */

void spot_done(struct spot *s)
{
	folder_release(s->dir);
	buf_done(&s->path);
}

static void spot_init(struct spot *s, struct folder *held, const char *name)
{
	*s = (struct spot){held, name, BUF(2 * TAR_NAME_MAX)};
	buf_fmt(&s->path, "%s%s%s", held->real, held->real[0] ? "/" : "", name);
}

static int settle(struct plant *p, const struct spot *s, struct err *err)
{
	return files_is_pending(p->files, s->dir, s->name) ? files_settle(p->files, err) : 0;
}

int spot_look(struct plant *p, const struct spot *s, enum there *ret, struct err *err)
{
	struct stat st;
	if (settle(p, s, err) < 0)
		return -1;
	if (fstatat(s->dir->fd, s->name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		*ret = NOTHING;
		return errno == ENOENT ? 0 : err_sys(err, "stat");
	}
	*ret = S_ISDIR(st.st_mode) ? FOLDER : is_whiteout(&st) ? WHITEOUT : OTHER;
	return 0;
}

int spot_clear(struct plant *p, const struct spot *s, struct err *err)
{
	enum there there;
	if (spot_look(p, s, &there, err) < 0)
		return -1;
	if (there == NOTHING)
		return 0;
	if (files_settle(p->files, err) < 0)
		return -1;
	folders_forget(&p->folders); /* paths may lead elsewhere now */
	if (there == FOLDER)
		forget_notes_below(p, buf_str(&s->path));
	return fs_remove_tree(s->dir->fd, s->name, err);
}

/* What only hid something of the layers below hides all of it now: a folder in the place of a
 * whiteout is opaque. */
int spot_make_folder(struct plant *p, const struct spot *s, struct note **ret, struct err *err)
{
	struct stat st;
	enum there there = NOTHING;
	if (settle(p, s, err) < 0)
		return -1;
	if (mkdirat(s->dir->fd, s->name, 0700) < 0) {
		if (errno != EEXIST)
			return err_sys(err, "make folder");
		if (spot_look(p, s, &there, err) < 0)
			return -1;
		if (there != FOLDER && spot_clear(p, s, err) < 0)
			return -1;
		if (there != FOLDER && mkdirat(s->dir->fd, s->name, 0700) < 0)
			return err_sys(err, "make folder");
	}
	if (fstatat(s->dir->fd, s->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "stat");
	struct note *note = note_of(p, buf_cstr(&s->path), st.st_dev, st.st_ino);
	note->is_opaque |= there == WHITEOUT;
	*ret = note;
	return 0;
}

/* ---- folders on the way ---- */

/* What a folder that the layer does not bring looks like: as in the layers below, if there. */
static int implied_meta(struct plant *p, const char *path, struct meta *ret, struct err *err)
{
	struct stack lowers = {p->spec.lower_fds, p->spec.n_lowers};
	struct stack_place place;
	struct xattrs x;
	struct err not_there = {0};
	CLEANUP(fd_close) int fd = -1;
	*ret = (struct meta){.mode = 0755, .has_mtime = p->spec.is_fresh};
	p->needed_lowers = true; /* over other layers it may be another folder, or a symlink */
	if (!lowers.n)
		return 0;
	if (stack_find(&lowers, str_of(path), STACK_NO_FOLLOW, &p->arena, &place, &not_there) < 0 ||
		!S_ISDIR(place.st.st_mode))
		return 0;
	if (stack_open(&lowers, &place, O_RDONLY | O_DIRECTORY, &fd, err) < 0 ||
		xattrs_read(fd, false, &p->arena, &x, err) < 0)
		return -1;
	*ret = meta_of_stat(&place.st, &x);
	return 0;
}

/* Where path leads when the layers below are looked at too: symlinks may be theirs. */
static int resolve_in_lowers(struct plant *p, const char *path, struct buf *ret, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	size_t n = p->spec.n_lowers;
	int *fds = ARENA_ARRAY(&a, int, n + 1);
	struct stack all = {fds, n + 1};
	struct stack_place place;
	struct str rest;
	fds[0] = p->spec.tree_fd;
	memcpy(fds + 1, p->spec.lower_fds, n * sizeof(*fds));
	if (stack_find_deepest(&all, str_of(path), &a, &place, &rest, err) < 0) {
		err->kind = ERR_INPUT;
		return -1;
	}
	if (strcmp(place.path, ".") != 0)
		buf_add_cstr(ret, place.path);
	if (ret->n && rest.n)
		buf_add_ch(ret, '/');
	buf_add(ret, rest);
	p->needed_lowers |= !str_is(buf_str(ret), path);
	return 0;
}

/* Makes the last folder of a path; the one above it is there. */
static int make_implied(struct plant *p, const char *path, struct err *err)
{
	CLEANUP(buf_done) struct buf parent = BUF(TAR_NAME_MAX);
	CLEANUP(spot_done) struct spot s = {0};
	const char *name = split(path, &parent);
	enum there there;
	struct note *note;
	struct meta m;
	struct folder *dir = folders_open(&p->folders, buf_cstr(&parent));
	if (!dir)
		return err_sys(err, "open folder '%.200s'", buf_cstr(&parent));
	spot_init(&s, folder_hold(dir), name);
	if (spot_look(p, &s, &there, err) < 0)
		return -1;
	if (there == OTHER)
		return err_set(err, ERR_INPUT, "'%.200s' is not a folder", path);
	if (spot_make_folder(p, &s, &note, err) < 0 ||
		implied_meta(p, buf_cstr(&s.path), &m, err) < 0)
		return -1;
	note_meta(p, note, &m);
	return 0;
}

/* Makes what is missing of a folder's path. */
static int make_way(struct plant *p, const char *path, struct folder **ret, struct err *err)
{
	CLEANUP(buf_done) struct buf way = BUF(TAR_NAME_MAX), part = BUF(TAR_NAME_MAX);
	struct str rest, name;
	if (files_settle(p->files, err) < 0)
		return -1;
	if (p->spec.n_lowers && resolve_in_lowers(p, path, &way, err) < 0)
		return -1;
	if (!p->spec.n_lowers)
		buf_add_cstr(&way, path);
	rest = buf_str(&way);
	while (rest.n && str_cut(&rest, '/', &name)) {
		buf_fmt(&part, "%s%.*s", part.n ? "/" : "", STR_ARG(name));
		if (folders_open(&p->folders, buf_cstr(&part)))
			continue;
		if (errno != ENOENT && errno != ENOTDIR)
			return err_sys(err, "open folder '%.200s'", buf_cstr(&part));
		if (make_implied(p, buf_cstr(&part), err) < 0)
			return -1;
	}
	*ret = folders_open_as(&p->folders, buf_cstr(&way), path);
	return *ret ? 0 : err_sys(err, "open folder '%.200s'", path);
}

int spot_folder(struct plant *p, const char *path, struct folder **ret, struct err *err)
{
	struct folder *found = folders_open(&p->folders, path);
	if (!found && errno == ELOOP)
		return err_set(err, ERR_INPUT, "'%.200s' leads in circles", path);
	if (!found && errno != ENOENT && errno != ENOTDIR)
		return err_sys(err, "open folder '%.200s'", path);
	if (!found && make_way(p, path, &found, err) < 0)
		return -1;
	*ret = folder_hold(found);
	return 0;
}

int spot_find(struct plant *p, const char *path, struct spot *ret, struct err *err)
{
	CLEANUP(buf_done) struct buf parent = BUF(TAR_NAME_MAX);
	struct folder *dir;
	const char *name = split(path, &parent);
	if (spot_folder(p, buf_cstr(&parent), &dir, err) < 0)
		return -1;
	spot_init(ret, dir, name);
	return 0;
}
