/* Trees on disk:
 *
 *	trees/<name>/fs/      the content
 *	trees/<name>/boot     a symlink whose target is no path but a word: the boot id of the machine
 *	                      when the tree was published, or "synced"
 *
 *	  filling (tmp/.tmp-…)  ──publish: rename──►  boot = this boot  ──tree_sync──►  boot = "synced"
 *	                                                    │ machine boots again           │
 *	                                                    ▼                               ▼
 *	                                             not there (replaced or collected)    still whole
 *
 * Reading a symlink is one system call and cannot be half written. "synced" is written only after
 * syncfs returned, so whichever of the two a crash leaves behind is true. Where the boot id cannot be
 * read, publishing syncs at once. */
#include "blob/tree.h"

#include "blob/blob_priv.h"

#include <fcntl.h>

#define SYNCED "synced"
enum { BOOT_ID = 40 };

static int check_name(const char *name, struct err *err)
{
	size_t n = 0;
	while (ch_is_alnum(name[n]) || (n && strchr("-_.", name[n]) && name[n]))
		n++;
	if (n && n < TREE_NAME && !name[n])
		return 0;
	return err_set(err, ERR_INPUT, "'%.80s' is not the name of a tree", name);
}

/* "" when it cannot be known. */
static void read_boot_id(char ret[BOOT_ID])
{
	CLEANUP(buf_done) struct buf text = BUF(4096);
	struct err ignored;
	ret[0] = '\0';
	if (fs_read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id", &text, &ignored) == 0)
		snprintf(ret, BOOT_ID, "%.*s", STR_ARG(str_trim(buf_str(&text))));
}

static void boot_id(struct store *s, char ret[BOOT_ID])
{
	pthread_mutex_lock(&s->mutex);
	if (!s->boot_id[0])
		read_boot_id(s->boot_id);
	memcpy(ret, s->boot_id, BOOT_ID);
	pthread_mutex_unlock(&s->mutex);
}

enum tree_state { TREE_NOT_THERE, TREE_LEFT_OVER, TREE_OF_THIS_BOOT, TREE_SYNCED };

/* boot: path of the symlink, from dir_fd. */
static int read_state(struct store *s, int dir_fd, const char *boot, enum tree_state *ret,
	struct err *err)
{
	char word[BOOT_ID], now[BOOT_ID];
	ssize_t n = readlinkat(dir_fd, boot, word, sizeof(word) - 1);
	if (n < 0 && errno != ENOENT && errno != EINVAL)
		return err_sys(err, "read '%s'", boot);
	*ret = TREE_LEFT_OVER;
	if (n <= 0)
		return 0;
	word[n] = '\0';
	boot_id(s, now);
	if (strcmp(word, SYNCED) == 0)
		*ret = TREE_SYNCED;
	else if (now[0] && strcmp(word, now) == 0)
		*ret = TREE_OF_THIS_BOOT;
	return 0;
}

static int tree_state(struct store *s, int trees_fd, const char *name, enum tree_state *ret,
	struct err *err)
{
	char boot[TREE_NAME + 8];
	snprintf(boot, sizeof(boot), "%s/boot", name);
	if (read_state(s, trees_fd, boot, ret, err) < 0)
		return -1;
	if (*ret == TREE_LEFT_OVER && faccessat(trees_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		*ret = TREE_NOT_THERE;
	return 0;
}

int tree_is_whole(struct store *s, const char *name, struct err *err)
{
	int trees_fd;
	enum tree_state state;
	if (store_dir(s, "trees", &trees_fd, err) < 0 ||
		tree_state(s, trees_fd, name, &state, err) < 0)
		return -1;
	return state >= TREE_OF_THIS_BOOT;
}

/* ---- finding ---- */

/* 1 = whole and kept, 0 = not there. */
static int find(struct store *s, const char *name, struct err *err)
{
	CLEANUP(fd_close) int lock_fd = -1;
	if (check_name(name, err) < 0)
		return -1;
	int whole = tree_is_whole(s, name, err);
	struct lease_key key = lease_of_tree(name);
	if (whole <= 0 || lease_is_held(s, &key))
		return whole;
	if (lease_begin(s, &lock_fd, err) < 0 || lease_add(s, &key, err) < 0)
		return -1;
	whole = tree_is_whole(s, name, err);
	if (whole > 0)
		lease_found(s, &key);
	return whole;
}

static int must_find(struct store *s, const char *name, struct err *err)
{
	int found = find(s, name, err);
	if (found == 0)
		return err_set(err, ERR_NOT_FOUND, "tree '%s' is not here", name);
	return found < 0 ? -1 : 0;
}

bool tree_exists(struct store *s, const char *name)
{
	struct err ignored;
	return find(s, name, &ignored) > 0;
}

int tree_path(struct store *s, const char *name, struct buf *ret, struct err *err)
{
	if (must_find(s, name, err) < 0)
		return -1;
	buf_fmt(ret, "trees/%s/fs", name);
	return buf_check(ret, "path of a tree", err);
}

int tree_open(struct store *s, const char *name, int *ret_fd, struct err *err)
{
	char path[TREE_NAME + 16];
	if (must_find(s, name, err) < 0)
		return -1;
	snprintf(path, sizeof(path), "trees/%s/fs", name);
	return fs_open(s->root_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, ret_fd, err);
}

/* ---- making ---- */

static int lock_name(struct store *s, const char *name, int *ret_fd, struct err *err)
{
	char file[TREE_NAME + 8];
	int locks_fd;
	snprintf(file, sizeof(file), "tree-%s", name);
	if (store_dir(s, "locks", &locks_fd, err) < 0)
		return -1;
	return fs_lock(locks_fd, file, FS_EXCLUSIVE, FS_WAIT, ret_fd, err);
}

/* Whoever waits for the lock finds that it was removed and takes a new one (fs_lock). */
static void unlock_name(struct store *s, const char *name, int *lock_fd)
{
	char file[TREE_NAME + 8];
	int locks_fd;
	struct err ignored;
	if (*lock_fd < 0)
		return;
	snprintf(file, sizeof(file), "tree-%s", name);
	if (store_dir(s, "locks", &locks_fd, &ignored) == 0)
		(void)unlinkat(locks_fd, file, 0);
	close(*lock_fd);
	*lock_fd = -1;
}

static int make_folders(struct tree_writer *w, struct err *err)
{
	if (mkdirat(w->temp.fd, "fs", 0755) < 0 || mkdirat(w->temp.fd, "work", 0700) < 0 ||
		fchmodat(w->temp.fd, "fs", 0755, 0) < 0)
		return err_sys(err, "make a tree");
	return fs_open(w->temp.fd, "fs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &w->fd, err);
}

int tree_begin_unnamed(struct store *s, struct tree_writer *ret, struct err *err)
{
	CLEANUP(tree_writer_done) struct tree_writer w = TREE_WRITER_NONE;
	int tmp_fd;
	w.store = s;
	if (store_dir(s, "tmp", &tmp_fd, err) < 0 || fs_temp_dir(tmp_fd, &w.temp, err) < 0 ||
		make_folders(&w, err) < 0)
		return -1;
	*ret = w;
	w = TREE_WRITER_NONE;
	return 0;
}

int tree_begin(struct store *s, const char *name, struct tree_writer *ret, struct err *err)
{
	CLEANUP(fd_close) int lock_fd = -1;
	*ret = TREE_WRITER_NONE;
	int found = find(s, name, err);
	if (found != 0)
		return found;
	if (lock_name(s, name, &lock_fd, err) < 0)
		return -1;
	found = find(s, name, err);
	if (found == 0 && tree_begin_unnamed(s, ret, err) < 0)
		found = -1;
	if (found != 0) {
		unlock_name(s, name, &lock_fd);
		return found;
	}
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	ret->lock_fd = TAKE_FD(lock_fd);
	return 0;
}

int tree_writer_path(const struct tree_writer *w, struct buf *ret, struct buf *ret_work,
	struct err *err)
{
	buf_fmt(ret, "tmp/%s/fs", w->temp.name);
	buf_fmt(ret_work, "tmp/%s/work", w->temp.name);
	return buf_check(ret, "path of a tree", err) < 0
		? -1
		: buf_check(ret_work, "path of a tree", err);
}

void tree_writer_done(struct tree_writer *w)
{
	if (!w->store)
		return;
	fd_close(w->fd);
	fs_temp_done(&w->temp);
	unlock_name(w->store, w->name, &w->lock_fd);
	*w = TREE_WRITER_NONE;
}

/* ---- publishing ---- */

/* The last thing before the tree gets its name. */
static int stamp(struct tree_writer *w, struct err *err)
{
	char word[BOOT_ID];
	boot_id(w->store, word);
	if (!word[0]) {
		if (syncfs(w->temp.fd) < 0)
			return err_sys(err, "sync a tree");
		snprintf(word, sizeof(word), SYNCED);
	}
	if (fs_remove_tree(w->temp.fd, "work", err) < 0)
		return -1;
	return symlinkat(word, w->temp.fd, "boot") < 0 ? err_sys(err, "stamp a tree") : 0;
}

/* What a crash left under the name goes aside; nobody uses it, for nobody finds it whole. */
static int clear_name(struct store *s, int trees_fd, const char *name, struct err *err)
{
	enum tree_state state;
	if (tree_state(s, trees_fd, name, &state, err) < 0)
		return -1;
	return state == TREE_LEFT_OVER ? fs_remove_tree(trees_fd, name, err) : 0;
}

static int place(struct tree_writer *w, const char *name, struct err *err)
{
	CLEANUP(fd_close) int lock_fd = -1;
	struct lease_key key = lease_of_tree(name);
	int trees_fd;
	if (store_dir(w->store, "trees", &trees_fd, err) < 0 ||
		clear_name(w->store, trees_fd, name, err) < 0 ||
		lease_begin(w->store, &lock_fd, err) < 0 || lease_add(w->store, &key, err) < 0)
		return -1;
	struct err why = {0};
	int rc = fs_publish(&w->temp, trees_fd, name, FS_NO_SYNC, &why);
	if (rc < 0 && why.kind != ERR_CONFLICT) {
		*err = why;
		return -1;
	}
	lease_found(w->store, &key); /* made by us, or by somebody who was faster */
	return 0;
}

int tree_publish(struct tree_writer *w, const char *name, struct err *err)
{
	CLEANUP(fd_close) int lock_fd = -1;
	if (!name)
		name = w->name;
	bool is_other = strcmp(name, w->name) != 0;
	if (check_name(name, err) < 0 || stamp(w, err) < 0 ||
		(is_other && lock_name(w->store, name, &lock_fd, err) < 0))
		return -1;
	int rc = place(w, name, err);
	unlock_name(w->store, name, &lock_fd);
	if (rc < 0)
		return -1;
	tree_writer_done(w);
	return 0;
}

/* ---- afterwards ---- */

/* Trees waiting for the disk, each held by an fd: whatever happens to its name meanwhile, it is this
 * tree that the sync reached, and this one that is marked. */
enum { SYNC_AT_ONCE = 64 };
struct waiting {
	int fds[SYNC_AT_ONCE];
	size_t n;
};

static void waiting_done(struct waiting *w)
{
	while (w->n)
		close(w->fds[--w->n]);
}
CLEANUP_VAL(waiting_done, struct waiting);

static int add_waiting(struct store *s, int trees_fd, const char *name, struct waiting *w,
	struct err *err)
{
	enum tree_state state;
	CLEANUP(fd_close) int fd = -1;
	if (fs_open(trees_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &fd, err) < 0)
		return err->kind == ERR_NOT_FOUND ? 0 : -1;
	if (read_state(s, fd, "boot", &state, err) < 0)
		return -1;
	if (state == TREE_OF_THIS_BOOT)
		w->fds[w->n++] = TAKE_FD(fd);
	return 0;
}

static int sync_waiting(int trees_fd, const struct waiting *w, struct err *err)
{
	if (w->n && syncfs(trees_fd) < 0)
		return err_sys(err, "sync the trees");
	for (size_t i = 0; i < w->n; i++) {
		(void)unlinkat(w->fds[i], ".boot", 0); /* of somebody who was killed here */
		if (symlinkat(SYNCED, w->fds[i], ".boot") < 0 ||
			renameat(w->fds[i], ".boot", w->fds[i], "boot") < 0)
			if (errno != ENOENT && errno != EEXIST)
				return err_sys(err, "mark a tree");
	}
	return (int)w->n;
}

int tree_sync(struct store *s, struct err *err)
{
	CLEANUP(fs_entries_done) struct fs_entries all = {0};
	int trees_fd, total = 0;
	if (store_dir(s, "trees", &trees_fd, err) < 0 || fs_list(trees_fd, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.n;) {
		CLEANUP(waiting_done) struct waiting w = {.n = 0};
		for (; i < all.n && w.n < SYNC_AT_ONCE; i++)
			if (add_waiting(s, trees_fd, all.p[i].name, &w, err) < 0)
				return -1;
		int n = sync_waiting(trees_fd, &w, err);
		if (n < 0)
			return -1;
		total += n;
	}
	return total;
}
