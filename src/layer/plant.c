/* Entries into a tree: the spot is found, what is there gives way, the entry is made with owner, mode,
 * times and xattrs. Folders get theirs at the end. */
#include "layer/plant_priv.h"

#include "fs/fs.h"
#include "layer/stack.h"

#include <fcntl.h>

int plant_init(struct plant *p, const struct plant_spec *spec, struct err *err)
{
	struct rights rights;
	if (rights_read(spec->tree_fd, &rights, err) < 0)
		return -1;
	if (!spec->is_fresh) { /* setgid folders, default ACLs */
		rights.is_owner_free = false;
		rights.umask = 0777;
	}
	*p = (struct plant){.spec = *spec, .rights = rights, .folders.root_fd = spec->tree_fd};
	p->files = files_new(spec->pool, &p->rights);
	return 0;
}

void plant_done(struct plant *p)
{
	files_free(p->files);
	folders_done(&p->folders);
	map_done(&p->notes, NULL);
	arena_done(&p->arena);
}

static int plant_folder(struct plant *p, const struct spot *s, const struct meta *m,
	struct err *err)
{
	struct note *note;
	if (spot_make_folder(p, s, &note, err) < 0)
		return -1;
	note_meta(p, note, m);
	return 0;
}

static int plant_root(struct plant *p, const struct tar_entry *e, const struct meta *m,
	struct err *err)
{
	if (e->type != TAR_DIR)
		return err_set(err, ERR_INPUT, "the root is not a folder");
	struct folder *root = folders_open(&p->folders, "");
	if (!root)
		return err_sys(err, "open the tree");
	note_meta(p, note_of(p, "", root->dev, root->ino), m);
	return 0;
}

static int plant_symlink(struct plant *p, const struct spot *s, const struct tar_entry *e,
	const struct meta *m, struct err *err)
{
	CLEANUP(buf_done) struct buf target = BUF(TAR_NAME_MAX);
	buf_add(&target, e->link);
	if (spot_clear(p, s, err) < 0)
		return -1;
	if (symlinkat(buf_cstr(&target), s->dir->fd, s->name) < 0)
		return err_sys(err, "make symlink");
	return meta_apply_name(s->dir->fd, s->name, TAR_SYMLINK, m, &p->rights, err);
}

static int plant_special(struct plant *p, const struct spot *s, const struct tar_entry *e,
	const struct meta *m, struct err *err)
{
	mode_t kind = e->type == TAR_CHAR ? S_IFCHR : e->type == TAR_BLOCKDEV ? S_IFBLK : S_IFIFO;
	dev_t device = kind == S_IFIFO ? 0 : makedev(e->dev_major, e->dev_minor);
	if (kind != S_IFIFO && !p->rights.is_root)
		return err_set(err, ERR_DENIED, "only root can make a device");
	if (spot_clear(p, s, err) < 0)
		return -1;
	if (mknodat(s->dir->fd, s->name, kind | 0600, device) < 0)
		return err_sys(err, "make device");
	return meta_apply_name(s->dir->fd, s->name, e->type, m, &p->rights, err);
}

/* The file a hard link names is in a layer below: this layer gets a copy of its own. */
static int copy_from_lowers(struct plant *p, const struct spot *s, const char *target,
	struct err *err)
{
	struct stack lowers = {p->spec.lower_fds, p->spec.n_lowers};
	struct stack_place place;
	struct xattrs x;
	uint64_t n;
	CLEANUP(fd_close) int from = -1;
	CLEANUP(fd_close) int to = -1;
	if (stack_find(&lowers, str_of(target), STACK_NO_FOLLOW, &p->arena, &place, err) < 0) {
		err->kind = ERR_INPUT;
		return -1;
	}
	if (!S_ISREG(place.st.st_mode))
		return err_set(err, ERR_INPUT, "'%.200s' in the layers below is no plain file",
			target);
	if (stack_open(&lowers, &place, O_RDONLY, &from, err) < 0 ||
		xattrs_read(from, false, &p->arena, &x, err) < 0)
		return -1;
	struct meta m = meta_of_stat(&place.st, &x);
	to = openat(s->dir->fd, s->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		m.mode & 0777);
	if (to < 0)
		return err_sys(err, "create");
	return fs_copy_fd(from, to, &n, err) < 0 ? -1 : meta_apply_file(to, &m, &p->rights, err);
}

/* -1 with errno. */
static int link_to(const struct folder *dir, const char *name, const struct spot *s)
{
	if (!dir) {
		errno = ENOENT;
		return -1;
	}
	return linkat(dir->fd, name, s->dir->fd, s->name, 0);
}

static int plant_hardlink(struct plant *p, const struct spot *s, const struct tar_entry *e,
	struct err *err)
{
	CLEANUP(buf_done) struct buf target = BUF(TAR_NAME_MAX), parent = BUF(TAR_NAME_MAX);
	if (clean_name(e->link, &target, err) < 0)
		return err_wrap(err, "hard link to '%.*s'", STR_ARG(tar_shown(e->link)));
	const char *path = buf_cstr(&target), *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	buf_add_bytes(&parent, path, slash ? (size_t)(slash - path) : 0);
	struct folder *found = folders_open(&p->folders, buf_cstr(&parent));
	CLEANUP(folder_release) struct folder *dir = found ? folder_hold(found) : NULL;
	if (dir && dir->ino == s->dir->ino && strcmp(name, s->name) == 0)
		return err_set(err, ERR_INPUT, "hard link to itself");
	if (dir && files_is_pending(p->files, dir, name) && files_settle(p->files, err) < 0)
		return -1;
	if (spot_clear(p, s, err) < 0)
		return -1;
	if (link_to(dir, name, s) == 0)
		return 0;
	if (errno == EPERM)
		return err_set(err, ERR_INPUT, "hard link to '%.200s', a folder", path);
	if (errno != ENOENT)
		return err_sys(err, "link to '%.200s'", path);
	p->needed_lowers = true;
	if (!p->spec.n_lowers)
		return err_set(err, ERR_INPUT, "hard link to '%.200s', which is not there", path);
	return copy_from_lowers(p, s, path, err);
}

int plant_entry(struct plant *p, const char *path, const struct tar_entry *e,
	struct window *content, struct feed *feed, struct err *err)
{
	CLEANUP(spot_done) struct spot s = {0};
	struct meta m;
	if (meta_of_entry(e, &m, err) < 0)
		return -1;
	if (!path[0])
		return plant_root(p, e, &m, err);
	if (spot_find(p, path, &s, err) < 0)
		return -1;
	switch (e->type) {
	case TAR_DIR: return plant_folder(p, &s, &m, err);
	case TAR_SYMLINK: return plant_symlink(p, &s, e, &m, err);
	case TAR_HARDLINK: return plant_hardlink(p, &s, e, err);
	case TAR_FILE: break;
	default: return plant_special(p, &s, e, &m, err);
	}
	if (spot_clear(p, &s, err) < 0)
		return -1;
	return files_add(p->files, s.dir, s.name, &m, e, content, feed, err);
}

/* ---- what is gone ---- */

/* A whiteout is about the layers below only: what this layer brings stays, a folder cut off from
 * them. */
int plant_whiteout(struct plant *p, const char *path, struct err *err)
{
	CLEANUP(spot_done) struct spot s = {0};
	enum there there;
	if (spot_find(p, path, &s, err) < 0 || spot_look(p, &s, &there, err) < 0)
		return -1;
	if (there == FOLDER)
		return plant_opaque(p, path, err);
	if (there == NOTHING && mknodat(s.dir->fd, s.name, S_IFCHR, makedev(0, 0)) < 0)
		return err_sys(err, "make whiteout");
	return 0;
}

int plant_opaque(struct plant *p, const char *path, struct err *err)
{
	CLEANUP(folder_release) struct folder *dir = NULL;
	if (spot_folder(p, path, &dir, err) < 0)
		return -1;
	note_of(p, dir->real, dir->dev, dir->ino)->is_opaque = true;
	return 0;
}

/* ---- the end ---- */

/* Nothing below the root of an opaque layer shows. overlayfs does not look at that mark there, so each
 * name below gets a whiteout. */
static int hide_lower_roots(struct plant *p, struct err *err)
{
	struct stack lowers = {p->spec.lower_fds, p->spec.n_lowers};
	struct stack_place root;
	struct stat st;
	char **names;
	size_t n;
	const struct note *note = map_get(&p->notes, S(""));
	if (!note || !note->is_opaque)
		return 0;
	p->needed_lowers = true;
	if (!lowers.n)
		return 0;
	if (stack_find(&lowers, S(""), STACK_FOLLOW, &p->arena, &root, err) < 0 ||
		stack_list(&lowers, &root, &p->arena, &names, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (fstatat(p->spec.tree_fd, names[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		if (mknodat(p->spec.tree_fd, names[i], S_IFCHR, makedev(0, 0)) < 0)
			return err_sys(err, "make whiteout '%s'", names[i]);
	}
	return 0;
}

static int apply_note(struct plant *p, const char *path, const struct note *n, struct err *err)
{
	struct stat st;
	CLEANUP(fd_close) int fd = folder_open_real(p->spec.tree_fd, path, O_RDONLY);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "open folder");
	if (st.st_dev != n->dev || st.st_ino != n->ino)
		return err_set(err, ERR_CONFLICT, "was replaced by somebody else");
	if (n->is_opaque && opaque_set(fd, &p->rights, err) < 0)
		return -1;
	return n->has_meta ? meta_apply_folder(fd, &n->meta, &p->rights, err) : 0;
}

/* The deepest first, so that a folder's own mode does not keep us out of those in it. */
int plant_finish(struct plant *p, struct err *err)
{
	if (files_settle(p->files, err) < 0)
		return -1;
	folders_forget(&p->folders);
	if (hide_lower_roots(p, err) < 0)
		return -1;
	for (size_t i = p->notes.n; i-- > 0;) {
		const struct map_entry *e = &p->notes.p[i];
		const struct note *n = e->value;
		if (n->ino && apply_note(p, e->key.p, n, err) < 0)
			return err_wrap(err, "'%.200s'", e->key.p);
	}
	return 0;
}
