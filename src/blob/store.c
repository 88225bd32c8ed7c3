#include "blob/blob_priv.h"

#include <fcntl.h>
#include <sys/mman.h>

static const char *const migrations[] = {
	"CREATE TABLE repository (name TEXT PRIMARY KEY);"
	"CREATE TABLE link (repository TEXT NOT NULL, digest TEXT NOT NULL,"
	" is_manifest INTEGER NOT NULL, added_ns BIGINT NOT NULL,"
	" PRIMARY KEY (repository, digest));"
	"CREATE INDEX link_by_digest ON link (digest);"
	"CREATE TABLE manifest (digest TEXT PRIMARY KEY, media_type TEXT NOT NULL,"
	" size BIGINT NOT NULL, subject TEXT NOT NULL, artifact_type TEXT NOT NULL,"
	" annotations TEXT NOT NULL);"
	"CREATE INDEX manifest_by_subject ON manifest (subject) WHERE subject <> '';"
	"CREATE TABLE manifest_child (manifest TEXT NOT NULL, child TEXT NOT NULL,"
	" PRIMARY KEY (manifest, child));"
	"CREATE INDEX manifest_child_by_child ON manifest_child (child);"
	"CREATE TABLE tag (repository TEXT NOT NULL, tag TEXT NOT NULL, digest TEXT NOT NULL,"
	" moved_ns BIGINT NOT NULL, position BIGINT NOT NULL, PRIMARY KEY (repository, tag));"
	"CREATE INDEX tag_by_digest ON tag (digest);"
	"CREATE TABLE layer (digest TEXT PRIMARY KEY, diff_id TEXT NOT NULL,"
	" media_type TEXT NOT NULL, blob_bytes BIGINT NOT NULL, tar_bytes BIGINT NOT NULL,"
	" tree TEXT NOT NULL);"
	"CREATE INDEX layer_by_diff_id ON layer (diff_id);"
	"CREATE INDEX layer_by_tree ON layer (tree);",
};

static int open_root(struct store *s, const char *root, struct err *err)
{
	if (fs_open(AT_FDCWD, root, O_RDONLY | O_DIRECTORY, 0, &s->root_fd, err) < 0) {
		if (err->kind != ERR_NOT_FOUND)
			return -1;
		if (fs_mkdirs(AT_FDCWD, root, 0700, err) < 0 ||
			fs_open(AT_FDCWD, root, O_RDONLY | O_DIRECTORY, 0, &s->root_fd, err) < 0)
			return -1;
	}
	s->root = realpath(root, NULL);
	return s->root ? 0 : err_sys(err, "find '%s'", root);
}

/* The file has always been this long, so a mapping of it never ends early. */
static int open_generation(struct store *s, struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	struct stat st;
	if (fs_open(s->root_fd, "generation", O_RDWR | O_CREAT | O_NOFOLLOW, 0600, &fd, err) < 0)
		return -1;
	if (fstat(fd, &st) < 0 ||
		(st.st_size < (off_t)sizeof(*s->generation) &&
			ftruncate(fd, sizeof(*s->generation)) < 0))
		return err_sys(err, "prepare 'generation'");
	void *p = mmap(NULL, sizeof(*s->generation), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return err_sys(err, "map 'generation'");
	s->generation = p;
	return 0;
}

static int open_index(struct store *s, struct err *err)
{
	CLEANUP(buf_done) struct buf path = BUF(PATH_MAX);
	buf_fmt(&path, "%s/index.db", s->root);
	if (buf_check(&path, "path of the store", err) < 0 ||
		db_open(buf_cstr(&path), DB_DURABLE, &s->db, err) < 0)
		return -1;
	return db_migrate(s->db, "blob", migrations, ARRAY_LEN(migrations), err);
}

int store_open(const struct store_spec *spec, struct store **ret, struct err *err)
{
	CLEANUP(store_free) struct store *s = NEW(struct store);
	s->root_fd = -1;
	s->clock = spec->clock ? spec->clock : clock_system();
	s->lease_ns = spec->lease_ns;
	pthread_mutex_init(&s->mutex, NULL);
	pthread_mutex_init(&s->leases.mutex, NULL);
	pthread_mutex_init(&s->uploads.mutex, NULL);
	if (open_root(s, spec->root, err) < 0 || open_generation(s, err) < 0 ||
		open_index(s, err) < 0)
		return err_wrap(err, "store '%s'", spec->root);
	*ret = TAKE(s);
	return 0;
}

static void free_state(void *p)
{
	struct upload_state *state = p;
	digester_free(state->hash);
	free(state);
}

void store_free(struct store *s)
{
	if (!s)
		return;
	leases_done(s);
	map_done(&s->uploads.by_id, free_state);
	MAP_EACH(&s->dirs, e)
		close((int)(uintptr_t)e->value - 1);
	map_done(&s->dirs, NULL);
	db_close(s->db);
	if (s->generation)
		munmap(s->generation, sizeof(*s->generation));
	fd_close(s->root_fd);
	pthread_mutex_destroy(&s->mutex);
	pthread_mutex_destroy(&s->leases.mutex);
	pthread_mutex_destroy(&s->uploads.mutex);
	free(s->root);
	free(s);
}

const char *store_root(const struct store *s)
{
	return s->root;
}

int store_root_fd(const struct store *s)
{
	return s->root_fd;
}

struct db *store_db(struct store *s)
{
	return s->db;
}

const struct clock *store_clock(const struct store *s)
{
	return s->clock;
}

static int open_dir(struct store *s, const char *name, int *ret_fd, struct err *err)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
	struct err missing = {0};
	if (fs_open(s->root_fd, name, flags, 0, ret_fd, &missing) == 0)
		return 0;
	if (missing.kind != ERR_NOT_FOUND) {
		*err = missing;
		return -1;
	}
	if (fs_mkdirs(s->root_fd, name, 0700, err) < 0 || fs_fsync_dir(s->root_fd, ".", err) < 0)
		return -1;
	return fs_open(s->root_fd, name, flags, 0, ret_fd, err);
}

int store_dir(struct store *s, const char *name, int *ret_fd, struct err *err)
{
	int rc = 0, fd = -1;
	pthread_mutex_lock(&s->mutex);
	void *known = map_get(&s->dirs, str_of(name));
	if (known) {
		fd = (int)(uintptr_t)known - 1;
	} else {
		rc = open_dir(s, name, &fd, err);
		if (rc == 0)
			map_put(&s->dirs, str_of(name), (void *)(uintptr_t)(fd + 1));
	}
	pthread_mutex_unlock(&s->mutex);
	if (rc == 0)
		*ret_fd = fd;
	return rc;
}

/* ---- the generation ----
 *
 * A writer holds the database's one write lock from store_begin on. It counts `begun` up before its
 * rows can become visible and sets `ended` to it afterwards:
 *
 *	reader:  g = generation; ask the database; keep the answer under g
 *	later:   generation == g ? the kept answer : ask again
 *
 * A reader that asks between the two sees begun != ended and keeps nothing, so an answer kept under
 * g never is older than the commit that made g. A writer that is killed in between leaves them
 * different (readers keep nothing), until the next writer makes them the same again. */

uint64_t store_generation(const struct store *s)
{
	uint64_t ended = atomic_load_explicit(&s->generation->ended, memory_order_acquire);
	uint64_t begun = atomic_load_explicit(&s->generation->begun, memory_order_acquire);
	return begun == ended ? begun + 1 : 0;
}

/* While the write lock is held `begun` is ours. */
static uint64_t my_generation(const struct store *s)
{
	return atomic_load(&s->generation->begun);
}

/* The next writer may have been faster: `ended` never goes back. */
static void end_generation(struct store *s, uint64_t mine)
{
	uint64_t ended = atomic_load(&s->generation->ended);
	while (ended < mine && !atomic_compare_exchange_weak(&s->generation->ended, &ended, mine))
		;
}

int store_begin(struct store *s, struct err *err)
{
	if (db_begin(s->db, err) < 0)
		return -1;
	atomic_fetch_add(&s->generation->begun, 1);
	return 0;
}

int store_commit(struct store *s, struct err *err)
{
	uint64_t mine = my_generation(s);
	int rc = db_commit(s->db, err);
	if (rc < 0)
		db_rollback(s->db);
	end_generation(s, mine);
	return rc;
}

void store_rollback(struct store *s)
{
	uint64_t mine = my_generation(s);
	db_rollback(s->db);
	end_generation(s, mine);
}

int store_end(struct store *s, int rc, struct err *err)
{
	if (rc < 0) {
		store_rollback(s);
		return -1;
	}
	return store_commit(s, err) < 0 ? -1 : rc;
}
