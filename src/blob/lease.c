/* Leases: what a living process has put, found or kept stays until it ends.
 *
 * A process has a file in leases/ that it holds a flock on, so that kill -9 ends the lease too. Each
 * key is one record in it. Nothing is synced: what a lease protects against is another process, and
 * those do not outlive a power cut either.
 *
 *	finder                              collector (gc_sweep.c)
 *	lock "sweep" shared                 lock "sweep" exclusive
 *	write the key down                  read what was written down
 *	look whether the thing is there     take away what is neither reached nor written down
 *	unlock                              unlock
 *
 * So either the finder's key is seen, or the thing is gone before the finder looks.
 *
 * A file whose process has ended counts on until a collection begins after that (gc.c, invariant 3):
 * it is removed under the lock "gc", which a whole collection holds.
 *
 * A server would keep everything for ever that way. With lease_ns set, it begins a new file when the
 * present one is that old, and lets go of the one before: a key counts for lease_ns after it was last
 * asked for, at least, and twice that at most. */
#include "blob/blob_priv.h"

#include <fcntl.h>
#include <sys/random.h>

struct lease_key lease_of_digest(const struct digest *d)
{
	struct lease_key key = {
		.kind = d->algorithm == DIGEST_SHA512 ? LEASE_SHA512 : LEASE_SHA256};
	memcpy(key.name, d->bytes, sizeof(key.name));
	return key;
}

struct lease_key lease_of_tree(const char *name)
{
	struct lease_key key = {.kind = LEASE_TREE};
	memcpy(key.name, name, strnlen(name, sizeof(key.name)));
	return key;
}

int lease_begin(struct store *s, int *ret_lock_fd, struct err *err)
{
	int locks_fd;
	if (store_dir(s, "locks", &locks_fd, err) < 0)
		return -1;
	return fs_lock(locks_fd, LOCK_SWEEP, FS_SHARED, FS_WAIT, ret_lock_fd, err);
}

static int make_name(char room[40], struct err *err)
{
	uint64_t random;
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return err_sys(err, "getrandom");
	snprintf(room, 40, "%ld-%016llx", (long)getpid(), (unsigned long long)random);
	return 0;
}

/* Locked before anything is in it: a sweeper that is faster removes an empty file, and fs_lock makes
 * it again. */
static int open_file(struct store *s, struct lease_file *f, struct err *err)
{
	int leases_fd;
	CLEANUP(fd_close) int lock_fd = -1, fd = -1;
	char name[sizeof(f->name)];
	if (store_dir(s, "leases", &leases_fd, err) < 0 || make_name(name, err) < 0 ||
		fs_lock(leases_fd, name, FS_EXCLUSIVE, FS_WAIT, &lock_fd, err) < 0 ||
		fs_open(leases_fd, name, O_WRONLY | O_NOFOLLOW, 0, &fd, err) < 0)
		return -1;
	*f = (struct lease_file){.lock_fd = TAKE_FD(lock_fd), .fd = TAKE_FD(fd)};
	memcpy(f->name, name, sizeof(f->name));
	return 0;
}

static void let_go(struct lease_file *f)
{
	if (!f->name[0])
		return;
	close(f->fd);
	close(f->lock_fd);
	*f = (struct lease_file){0};
}

/* The keys held so far count as long as `before` does, and are asked for anew when found again. */
static int turn_over(struct store *s, struct err *err)
{
	struct leases *l = &s->leases;
	int64_t now = clock_monotonic(s->clock);
	if (l->now.name[0] && (!s->lease_ns || now - l->since_ns < s->lease_ns))
		return 0;
	struct lease_file fresh = {0};
	if (open_file(s, &fresh, err) < 0)
		return -1;
	let_go(&l->before);
	l->before = l->now;
	l->now = fresh;
	l->since_ns = now;
	map_done(&l->held, NULL);
	return 0;
}

static struct str key_text(const struct lease_key *key)
{
	return str_n(key, sizeof(*key));
}

int lease_add(struct store *s, const struct lease_key *key, struct err *err)
{
	struct leases *l = &s->leases;
	pthread_mutex_lock(&l->mutex);
	int rc = turn_over(s, err);
	if (rc == 0 && !map_has(&l->held, key_text(key))) {
		rc = fs_pwrite_fd(l->now.fd, key, sizeof(*key), l->now.n_bytes, err);
		if (rc == 0)
			l->now.n_bytes += sizeof(*key);
		else
			err_wrap(err, "lease");
	}
	pthread_mutex_unlock(&l->mutex);
	return rc;
}

void lease_found(struct store *s, const struct lease_key *key)
{
	pthread_mutex_lock(&s->leases.mutex);
	map_put(&s->leases.held, key_text(key), NULL);
	pthread_mutex_unlock(&s->leases.mutex);
}

bool lease_is_held(struct store *s, const struct lease_key *key)
{
	struct leases *l = &s->leases;
	pthread_mutex_lock(&l->mutex);
	bool is_fresh = !s->lease_ns || clock_monotonic(s->clock) - l->since_ns < s->lease_ns;
	bool is_held = is_fresh && map_has(&l->held, key_text(key));
	pthread_mutex_unlock(&l->mutex);
	return is_held;
}

/* Takes its own files away, unless a collection runs: then they still count. */
static void remove_files(struct store *s)
{
	CLEANUP(fd_close) int gc_fd = -1;
	int locks_fd, leases_fd;
	struct err ignored; /* a sweep does it later */
	if (!s->leases.now.name[0] || store_dir(s, "locks", &locks_fd, &ignored) < 0 ||
		store_dir(s, "leases", &leases_fd, &ignored) < 0 ||
		fs_lock(locks_fd, LOCK_GC, FS_SHARED, FS_TRY, &gc_fd, &ignored) < 0)
		return;
	(void)unlinkat(leases_fd, s->leases.now.name, 0);
	if (s->leases.before.name[0])
		(void)unlinkat(leases_fd, s->leases.before.name, 0);
}

void leases_done(struct store *s)
{
	remove_files(s);
	let_go(&s->leases.now);
	let_go(&s->leases.before);
	map_done(&s->leases.held, NULL);
}
