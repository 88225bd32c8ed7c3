/* A tree, entry by entry.
 *
 * A stack of levels, one for each folder from the root down to where we are. A level has read its
 * names whole and gives them out in order; a folder is given out first and entered next. Everything
 * is opened by one name in its parent's fd, never followed, so nothing leads out of the tree.
 *
 * 1. Only the OPEN_LEVELS deepest levels keep their fd. Coming back to one without, it is opened
 *    again from the root without symlinks and must be the same folder.
 * 2. In a level whiteouts come first (OCI layer.md: "before sibling entries"), then the rest, both
 *    sorted by bytes.
 */
#include "layer/layer_priv.h"

#include "base/clock.h"
#include "digest/digest.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

enum { OPEN_LEVELS = 128, RECORD_BYTES = 64 * 1024, LINK_ROOM = 4096 };

struct name {
	const char *text;
	unsigned char type; /* DT_* */
	bool is_whiteout;
};

struct level {
	int fd; /* -1 = closed for now */
	dev_t dev;
	ino_t ino;
	size_t path_n; /* of the folder, with its '/' */
	struct arena arena;
	VEC(struct name) names;
	size_t next;
};

struct walk {
	bool is_upper;
	int tree_fd; /* borrowed */
	bool is_started;
	VEC(struct level) levels;
	struct buf path;    /* of the entry given out last */
	struct arena arena; /* of its xattrs */
	int fd;             /* of its content */
	uint64_t n_entries;
	char *records;
	char link[LINK_ROOM];
	/* The folder given out last, to be entered; and whether its opaque mark still comes. */
	int entering_fd;
	struct stat entering;
	bool is_opaque_due;
	/* Where the entry given out last is. */
	int given_in_fd;
	const char *given_name;
};

struct walk *walk_new(int tree_fd, bool is_upper)
{
	struct walk *w = NEW(struct walk);
	w->is_upper = is_upper;
	w->tree_fd = tree_fd;
	w->path = BUF(TAR_NAME_MAX);
	w->records = mem_resize(NULL, RECORD_BYTES, 1);
	w->fd = w->entering_fd = -1;
	return w;
}

static void level_done(struct level *l)
{
	fd_close_at_end(&l->fd);
	arena_done(&l->arena);
	vec_done(&l->names);
}

void walk_free(struct walk *w)
{
	if (!w)
		return;
	VEC_EACH(&w->levels, l)
		level_done(l);
	vec_done(&w->levels);
	buf_done(&w->path);
	arena_done(&w->arena);
	fd_close(w->fd);
	fd_close(w->entering_fd);
	free(w->records);
	free(w);
}

/* ---- the names of a folder ---- */

static int add_name(struct walk *w, struct level *l, const struct dirent64 *d, struct err *err)
{
	struct stat st;
	struct name name = {arena_cstr(&l->arena, str_of(d->d_name)), d->d_type, false};
	bool may_be_whiteout = w->is_upper && d->d_type == DT_CHR;
	if (++w->n_entries > LAYER_MAX_ENTRIES)
		return err_set(err, ERR_LIMIT, "more than %d entries", LAYER_MAX_ENTRIES);
	if (d->d_type == DT_UNKNOWN || may_be_whiteout) {
		if (fstatat(l->fd, name.text, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return err_sys(err, "stat '%s'", name.text);
		name.type = IFTODT(st.st_mode);
		name.is_whiteout = w->is_upper && is_whiteout(&st);
	}
	vec_push(&l->names, name);
	return 0;
}

static int by_rank_and_name(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	if (x->is_whiteout != y->is_whiteout)
		return x->is_whiteout ? -1 : 1;
	return strcmp(x->text, y->text);
}

static int read_names(struct walk *w, struct level *l, struct err *err)
{
	ssize_t n;
	while ((n = getdents64(l->fd, w->records, RECORD_BYTES)) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *d = (const struct dirent64 *)(w->records + at);
			at += d->d_reclen;
			bool is_dots = strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0;
			if (!is_dots && d->d_type != DT_SOCK && add_name(w, l, d, err) < 0)
				return -1;
		}
	}
	if (n < 0)
		return err_sys(err, "read folder");
	vec_sort(&l->names, by_rank_and_name);
	return 0;
}

/* ---- down and up ---- */

static int push_level(struct walk *w, int *take_fd, const struct stat *st, struct err *err)
{
	if (w->levels.n == LAYER_MAX_DEPTH)
		return err_set(err, ERR_LIMIT, "more than %d folders deep", LAYER_MAX_DEPTH);
	if (w->levels.n >= OPEN_LEVELS)
		fd_close_at_end(&w->levels.p[w->levels.n - OPEN_LEVELS].fd);
	vec_push(&w->levels,
		((struct level){.fd = TAKE_FD(*take_fd),
			.dev = st->st_dev,
			.ino = st->st_ino,
			.path_n = w->path.n}));
	return read_names(w, vec_last(&w->levels), err);
}

static int open_again(struct walk *w, struct level *l, struct err *err)
{
	struct stat st;
	struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
	buf_cut(&w->path, l->path_n);
	const char *path = w->path.n ? buf_cstr(&w->path) : ".";
	l->fd = (int)syscall(SYS_openat2, w->tree_fd, path, &how, sizeof(how));
	if (l->fd < 0 || fstat(l->fd, &st) < 0)
		return err_sys(err, "open folder");
	if (st.st_dev != l->dev || st.st_ino != l->ino)
		return err_set(err, ERR_CONFLICT, "was replaced while it was read");
	return 0;
}

static void pop_level(struct walk *w)
{
	level_done(vec_last(&w->levels));
	w->levels.n--;
}

/* ---- one entry ---- */

/* Opens to read, without marking it as read: O_NOATIME is allowed to the owner only. */
static int open_name(int dir_fd, const char *name, int flags)
{
	flags |= O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	int fd = openat(dir_fd, name, flags | O_NOATIME);
	return fd < 0 && errno == EPERM ? openat(dir_fd, name, flags) : fd;
}

static int fill_file(struct walk *w, const struct level *l, const char *name, struct walk_entry *e,
	struct err *err)
{
	w->fd = open_name(l->fd, name, 0);
	if (w->fd < 0 || fstat(w->fd, &e->st) < 0)
		return err_sys(err, "open");
	if (!S_ISREG(e->st.st_mode))
		return err_set(err, ERR_CONFLICT, "was replaced while it was read");
	e->type = TAR_FILE;
	e->fd = w->fd;
	return xattrs_read(w->fd, w->is_upper, &w->arena, &e->xattrs, err);
}

static int fill_folder(struct walk *w, const struct level *l, const char *name,
	struct walk_entry *e, struct err *err)
{
	w->entering_fd = open_name(l->fd, name, O_DIRECTORY);
	if (w->entering_fd < 0 || fstat(w->entering_fd, &e->st) < 0)
		return err_sys(err, "open folder");
	w->entering = e->st;
	e->type = TAR_DIR;
	if (xattrs_read(w->entering_fd, w->is_upper, &w->arena, &e->xattrs, err) < 0)
		return -1;
	buf_add_ch(&w->path, '/');
	w->is_opaque_due = e->xattrs.is_opaque;
	return 0;
}

static int fill_symlink(struct walk *w, const struct level *l, const char *name,
	struct walk_entry *e, struct err *err)
{
	ssize_t n = readlinkat(l->fd, name, w->link, sizeof(w->link));
	if (n < 0)
		return err_sys(err, "read symlink");
	e->type = TAR_SYMLINK;
	e->link = str_n(w->link, (size_t)n);
	return 0;
}

static int fill_other(struct walk *w, const struct level *l, const struct name *name,
	struct walk_entry *e, struct err *err)
{
	if (fstatat(l->fd, name->text, &e->st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "stat");
	switch (e->st.st_mode & S_IFMT) {
	case S_IFLNK: return fill_symlink(w, l, name->text, e, err);
	case S_IFIFO: e->type = TAR_FIFO; return 0;
	case S_IFCHR: e->type = TAR_CHAR; return 0;
	case S_IFBLK: e->type = TAR_BLOCKDEV; return 0;
	default: return err_set(err, ERR_CONFLICT, "was replaced while it was read");
	}
}

/* A deletion has no owner and no time of its own: those of the device are the machine's. */
static void fill_whiteout(struct walk_entry *e)
{
	e->type = TAR_FILE;
	e->st = (struct stat){.st_mode = S_IFREG | 0600, .st_nlink = 1};
}

static int fill(struct walk *w, const struct level *l, const struct name *name,
	struct walk_entry *e, struct err *err)
{
	*e = (struct walk_entry){.fd = -1, .link = S("")};
	if (name->is_whiteout) {
		fill_whiteout(e);
		return 0;
	}
	if (strncmp(name->text, WHITEOUT_PREFIX, 4) == 0)
		return err_set(err, ERR_INPUT,
			"cannot be in a layer: such a name means a deletion");
	switch (name->type) {
	case DT_REG: return fill_file(w, l, name->text, e, err);
	case DT_DIR: return fill_folder(w, l, name->text, e, err);
	default: return fill_other(w, l, name, e, err);
	}
}

/* As long as can be unpacked again; a folder's '/' still fits behind it. */
static int check_path(const struct walk *w, struct err *err)
{
	if (w->path.is_over || w->path.n >= PATH_MAX)
		return err_set(err, ERR_LIMIT, "path of more than %d bytes", PATH_MAX - 1);
	return 0;
}

static int give(struct walk *w, struct level *l, struct walk_entry *ret, struct err *err)
{
	const struct name *name = &l->names.p[l->next++];
	buf_cut(&w->path, l->path_n);
	w->given_in_fd = l->fd;
	w->given_name = name->text;
	if (name->is_whiteout)
		buf_add(&w->path, S(WHITEOUT_PREFIX));
	buf_add_cstr(&w->path, name->text);
	if (check_path(w, err) < 0 || fill(w, l, name, ret, err) < 0)
		return err_wrap(err, "'%.200s'", buf_cstr(&w->path));
	ret->name = buf_str(&w->path);
	return 1;
}

/* The mark of an opaque folder is its first entry. */
static int give_opaque(struct walk *w, struct walk_entry *ret, struct err *err)
{
	w->is_opaque_due = false;
	buf_add(&w->path, S(OPAQUE_NAME));
	fill_whiteout(ret);
	ret->fd = -1;
	ret->link = S("");
	ret->xattrs = (struct xattrs){0};
	ret->name = buf_str(&w->path);
	return check_path(w, err) < 0 ? -1 : 1;
}

static int start(struct walk *w, struct err *err)
{
	struct xattrs x;
	w->is_started = true;
	w->entering_fd = open_name(w->tree_fd, ".", O_DIRECTORY);
	if (w->entering_fd < 0 || fstat(w->entering_fd, &w->entering) < 0)
		return err_sys(err, "open the tree");
	if (xattrs_read(w->entering_fd, w->is_upper, &w->arena, &x, err) < 0)
		return -1;
	w->is_opaque_due = x.is_opaque;
	return 0;
}

static int enter(struct walk *w, struct err *err)
{
	if (push_level(w, &w->entering_fd, &w->entering, err) < 0)
		return err_wrap(err, "'%.200s'", buf_cstr(&w->path));
	return 0;
}

/* The deepest level with a name left, its fd open; NULL = none. */
static int find_level(struct walk *w, struct level **ret, struct err *err)
{
	while (w->levels.n && vec_last(&w->levels)->next == vec_last(&w->levels)->names.n)
		pop_level(w);
	*ret = w->levels.n ? vec_last(&w->levels) : NULL;
	if (*ret && (*ret)->fd < 0 && open_again(w, *ret, err) < 0)
		return err_wrap(err, "'%.200s'", buf_cstr(&w->path));
	return 0;
}

int walk_next(struct walk *w, struct walk_entry *ret, struct err *err)
{
	struct level *l;
	fd_close_at_end(&w->fd);
	arena_done(&w->arena);
	if (!w->is_started && start(w, err) < 0)
		return -1;
	if (w->entering_fd >= 0 && enter(w, err) < 0)
		return -1;
	if (w->is_opaque_due)
		return give_opaque(w, ret, err);
	if (find_level(w, &l, err) < 0)
		return -1;
	return l ? give(w, l, ret, err) : 0;
}

int walk_set_time(struct walk *w, int64_t ns, struct err *err)
{
	struct timespec t = {ns / CLOCK_SECOND, (long)(ns % CLOCK_SECOND)};
	const struct timespec times[2] = {t, t};
	if (utimensat(w->given_in_fd, w->given_name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "set time");
	return 0;
}
