/* Uploads: a session is one file, uploads/<id>-<repository's hash>.
 *
 * Its length is the offset; nothing else is kept about it, so nothing can contradict it. Whoever
 * works on it holds a flock on it, which ends with the process. The hash of what came so far is kept
 * in memory between two connections and made anew from the file by another process.
 *
 *	          upload_begin                upload_open        upload_write, upload_sync
 *	 (none) ──────────────► idle (unlocked) ─────────► open (locked) ─┐
 *	    ▲                      ▲    │                    │    ▲       │
 *	    │  upload_cancel, gc   │    │ upload_close, kill │    └───────┘
 *	    └──────────────────────┴────┘◄───────────────────┤
 *	    ▲                                                │ upload_finish
 *	    └────────────────────────────────────────────────┘ (the file is a blob now, or was wrong)
 *
 * A file that was renamed to a blob while somebody waited for its lock is nobody's session any more:
 * the name is looked at again once the lock is held. */
#include "blob/blob_priv.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>

enum { UPLOAD_FILE = UPLOAD_ID + 1 + 16, RECOUNT_EVERY = 64, STATES_MAX = 4096 };
enum { WRITE_OUT_BYTES = 8 * 1024 * 1024 };

struct upload {
	struct store *store;
	int dir_fd, fd;
	char name[UPLOAD_FILE + 1];
	char *repository;
	struct digester *hash;
	uint64_t n_bytes, n_synced, n_out;
	bool is_over; /* finished, or found wrong: the session is gone */
};

static bool is_id(struct str id)
{
	for (size_t i = 0; i < id.n; i++)
		if (ch_hex(id.p[i]) < 0)
			return false;
	return id.n == UPLOAD_ID - 1;
}

static void file_name(struct str repository, struct str id, char room[UPLOAD_FILE + 1])
{
	struct digest d = digest_of(repository);
	char hex[DIGEST_HEX];
	snprintf(room, UPLOAD_FILE + 1, "%.32s-%.16s", id.p, digest_hex(&d, hex, 16));
}

/* ---- beginning ---- */

static int count_sessions(struct store *s, int dir_fd, struct err *err)
{
	CLEANUP(fs_entries_done) struct fs_entries all = {0};
	bool is_due;
	pthread_mutex_lock(&s->uploads.mutex);
	is_due = s->uploads.n_begun++ % RECOUNT_EVERY == 0;
	pthread_mutex_unlock(&s->uploads.mutex);
	if (!is_due)
		return 0;
	if (fs_list(dir_fd, &all, err) < 0)
		return -1;
	if (all.n < BLOB_MAX_UPLOADS)
		return 0;
	err_set(err, ERR_LIMIT, "more than %d uploads are unfinished", BLOB_MAX_UPLOADS);
	return err_hint(err, "knarr gc removes those that nobody continues");
}

int upload_begin(struct store *s, struct str repository, char ret_id[UPLOAD_ID], struct err *err)
{
	uint8_t random[(UPLOAD_ID - 1) / 2];
	char id[UPLOAD_ID], name[UPLOAD_FILE + 1];
	CLEANUP(fd_close) int fd = -1;
	int dir_fd;
	if (store_dir(s, "uploads", &dir_fd, err) < 0 || count_sessions(s, dir_fd, err) < 0)
		return -1;
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return err_sys(err, "getrandom");
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(id + 2 * i, 3, "%02x", random[i]);
	file_name(repository, str_of(id), name);
	if (fs_open(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600, &fd, err) < 0)
		return err_wrap(err, "upload");
	memcpy(ret_id, id, sizeof(id));
	return 0;
}

/* ---- the hash between connections ---- */

static void state_free(struct upload_state *state)
{
	if (state)
		digester_free(state->hash);
	free(state);
}

static void put_state(struct upload *u)
{
	struct upload_states *all = &u->store->uploads;
	struct upload_state *state = NEW(struct upload_state);
	*state = (struct upload_state){TAKE(u->hash), u->n_bytes};
	pthread_mutex_lock(&all->mutex);
	if (all->by_id.count < STATES_MAX)
		state = map_put(&all->by_id, str_of(u->name), state);
	pthread_mutex_unlock(&all->mutex);
	state_free(state); /* an older one, or this one when there are too many */
}

/* Takes the state if it is of this very length; else there is none, and none is kept. */
static void take_state(struct upload *u)
{
	struct upload_states *all = &u->store->uploads;
	pthread_mutex_lock(&all->mutex);
	struct upload_state *state = map_remove(&all->by_id, str_of(u->name));
	pthread_mutex_unlock(&all->mutex);
	if (state && state->offset == u->n_bytes)
		u->hash = TAKE(state->hash);
	state_free(state);
}

static int hash_from_file(struct upload *u, enum digest_algorithm a, struct err *err)
{
	enum { READ_BYTES = 256 * 1024 };
	CLEANUP(mem_free) char *room = mem_new(READ_BYTES, 1);
	digester_free(u->hash);
	u->hash = digester_new(a);
	for (uint64_t at = 0; at < u->n_bytes;) {
		ssize_t n = pread(u->fd, room, READ_BYTES, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? err_sys(err, "read an upload")
				     : err_set(err, ERR_CORRUPT, "an upload became shorter");
		digester_add(u->hash, room, (size_t)n);
		at += (uint64_t)n;
	}
	return 0;
}

/* ---- opening and closing ---- */

static int unknown(struct err *err)
{
	return err_set(err, ERR_NOT_FOUND, "no such upload");
}

/* The file, locked and still a session. */
static int lock_session(int dir_fd, const char *name, int *ret_fd, struct stat *ret,
	struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	struct stat named;
	if (fs_open(dir_fd, name, O_RDWR | O_NOFOLLOW, 0, &fd, err) < 0)
		return err->kind == ERR_NOT_FOUND ? unknown(err) : -1;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK
			? err_set(err, ERR_CONFLICT, "the upload is being written to")
			: err_sys(err, "lock an upload");
	if (fstat(fd, ret) < 0)
		return err_sys(err, "stat an upload");
	if (fstatat(dir_fd, name, &named, AT_SYMLINK_NOFOLLOW) < 0 || named.st_ino != ret->st_ino)
		return unknown(err);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int upload_open(struct store *s, struct str repository, struct str id, struct upload **ret,
	struct err *err)
{
	CLEANUP(upload_close) struct upload *u = NULL;
	struct stat st;
	int dir_fd, fd;
	char name[UPLOAD_FILE + 1];
	if (!is_id(id))
		return unknown(err);
	file_name(repository, id, name);
	if (store_dir(s, "uploads", &dir_fd, err) < 0 ||
		lock_session(dir_fd, name, &fd, &st, err) < 0)
		return -1;
	u = NEW(struct upload);
	*u = (struct upload){.store = s, .dir_fd = dir_fd, .fd = fd};
	u->n_bytes = u->n_synced = u->n_out = (uint64_t)st.st_size;
	memcpy(u->name, name, sizeof(name));
	u->repository = mem_new(repository.n + 1, 1);
	memcpy(u->repository, repository.p, repository.n);
	take_state(u);
	if (!u->hash && hash_from_file(u, DIGEST_SHA256, err) < 0)
		return -1;
	*ret = TAKE(u);
	return 0;
}

void upload_close(struct upload *u)
{
	struct err ignored; /* the offset is the file's length, whatever that is by then */
	if (!u)
		return;
	if (!u->is_over)
		(void)upload_sync(u, &ignored);
	if (!u->is_over && u->hash)
		put_state(u); /* before the lock goes */
	fd_close(u->fd);
	digester_free(u->hash);
	free(u->repository);
	free(u);
}

uint64_t upload_offset(const struct upload *u)
{
	return u->n_bytes;
}

/* ---- writing ---- */

/* After a failure the file is as long as what was hashed, or there is no hash any more. */
static int undo_write(struct upload *u)
{
	if (ftruncate(u->fd, (off_t)u->n_bytes) < 0) {
		digester_free(u->hash);
		u->hash = NULL;
	}
	return -1;
}

int upload_write(struct upload *u, const void *p, size_t n, struct err *err)
{
	if (n > BLOB_MAX_BYTES - u->n_bytes)
		return err_set(err, ERR_LIMIT, "a blob is larger than %llu bytes",
			(unsigned long long)BLOB_MAX_BYTES);
	if (!u->hash && hash_from_file(u, DIGEST_SHA256, err) < 0)
		return -1;
	if (fs_pwrite_fd(u->fd, p, n, u->n_bytes, err) < 0) {
		err_wrap(err, "upload");
		return undo_write(u);
	}
	digester_add(u->hash, p, n);
	u->n_bytes += n;
	if (u->n_bytes - u->n_out >= WRITE_OUT_BYTES) {
		(void)sync_file_range(u->fd, (off_t)u->n_out, (off_t)(u->n_bytes - u->n_out),
			SYNC_FILE_RANGE_WRITE); /* only a hint */
		u->n_out = u->n_bytes;
	}
	return 0;
}

int upload_sync(struct upload *u, struct err *err)
{
	if (u->n_synced == u->n_bytes)
		return 0;
	int fds[] = {u->fd, u->dir_fd};
	bool is_new = u->n_synced == 0; /* the name may not be on the disk yet either */
	if (sync_all(fds, is_new ? 2 : 1, err) < 0)
		return err_wrap(err, "upload");
	u->n_synced = u->n_bytes;
	return 0;
}

/* ---- ending ---- */

static int check_content(struct upload *u, const struct digest *expected, struct err *err)
{
	if (!u->hash || expected->algorithm != DIGEST_SHA256)
		if (hash_from_file(u, expected->algorithm, err) < 0)
			return -1;
	struct digest actual = digester_finish(u->hash);
	digester_free(u->hash);
	u->hash = NULL;
	if (digest_differs(expected, &actual, err) == 0)
		return 0;
	(void)unlinkat(u->dir_fd, u->name, 0); /* else it goes by age */
	u->is_over = true;
	return -1;
}

static int become_blob(struct upload *u, const struct digest *d, struct err *err)
{
	struct lease_key key = lease_of_digest(d);
	char folder[BLOB_PATH];
	CLEANUP(fd_close) int lock_fd = -1;
	if (lease_begin(u->store, &lock_fd, err) < 0 || lease_add(u->store, &key, err) < 0 ||
		blob_place(u->store, u->dir_fd, u->name, d, err) < 0)
		return -1;
	u->is_over = true;
	blob_protect(u->fd);
	if (fs_fsync_dir(u->store->root_fd, blob_folder(d, folder), err) < 0)
		return -1;
	blob_name_synced(u->fd);
	lease_found(u->store, &key);
	return 0;
}

int upload_finish(struct upload *u, const struct digest *expected, struct err *err)
{
	if (digest_is_none(expected))
		return err_set(err, ERR_INPUT, "an upload ends with a digest");
	if (u->is_over)
		return unknown(err);
	if (check_content(u, expected, err) < 0 || blob_seal(u->fd, u->n_bytes, err) < 0 ||
		fs_fsync(u->fd, err) < 0 || become_blob(u, expected, err) < 0)
		return -1;
	return link_add(u->store, str_of(u->repository), expected, err);
}

int upload_cancel(struct store *s, struct str repository, struct str id, struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	struct stat st;
	int dir_fd;
	char name[UPLOAD_FILE + 1];
	if (!is_id(id))
		return unknown(err);
	file_name(repository, id, name);
	if (store_dir(s, "uploads", &dir_fd, err) < 0 ||
		lock_session(dir_fd, name, &fd, &st, err) < 0)
		return -1;
	if (unlinkat(dir_fd, name, 0) < 0)
		return err_sys(err, "remove an upload");
	pthread_mutex_lock(&s->uploads.mutex);
	struct upload_state *state = map_remove(&s->uploads.by_id, str_of(name));
	pthread_mutex_unlock(&s->uploads.mutex);
	state_free(state);
	return 0;
}
