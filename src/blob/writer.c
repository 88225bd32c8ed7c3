/* A blob on its way: a temporary file in tmp/ that is hashed while it is written.
 *
 *	write ... -> note the size -> fsync -> [lease, rename] -> fsync folder -> committed
 *
 * Nobody sees the name before the bytes are on the disk, and blob_commit does not return before the
 * name is. With several blobs each step is done for all before the next begins, so the promise is the
 * same for every one of them, and the disk is waited for twice, not twice per blob.
 *
 * A name that exists is replaced: its bytes should be the same, and where they are not (damage that
 * nobody noticed yet) they are now. */
#include "blob/blob_priv.h"

#include <fcntl.h>

/* The disk may start on what is written, so that the fsync at the end finds little to do. */
enum { WRITE_OUT_BYTES = 8 * 1024 * 1024 };

struct blob_writer {
	struct sink sink; /* first */
	struct store *store;
	struct fs_temp temp;
	int placed_fd; /* of the blob that it became */
	struct digester *hash;
	enum digest_algorithm algorithm;
	bool is_trusted;
	uint64_t n_bytes, n_out;
};

static int sink_to_writer(struct sink *s, const void *p, size_t n, struct err *err)
{
	return blob_write((struct blob_writer *)s, p, n, err);
}

int blob_create(struct store *s, enum digest_algorithm a, struct blob_writer **ret, struct err *err)
{
	int tmp_fd;
	CLEANUP(blob_writer_free) struct blob_writer *w = NEW(struct blob_writer);
	*w = (struct blob_writer){.sink = {sink_to_writer},
		.store = s,
		.temp = FS_TEMP_NONE,
		.placed_fd = -1,
		.algorithm = a};
	if (store_dir(s, "tmp", &tmp_fd, err) < 0 || fs_temp_file(tmp_fd, &w->temp, err) < 0)
		return -1;
	w->hash = digester_new(a);
	*ret = TAKE(w);
	return 0;
}

void blob_writer_free(struct blob_writer *w)
{
	if (!w)
		return;
	fs_temp_done(&w->temp);
	fd_close(w->placed_fd);
	digester_free(w->hash);
	free(w);
}

struct sink *blob_writer_sink(struct blob_writer *w)
{
	return &w->sink;
}

void blob_trust_digest(struct blob_writer *w)
{
	w->is_trusted = true;
}

uint64_t blob_writer_bytes(const struct blob_writer *w)
{
	return w->n_bytes;
}

int blob_write(struct blob_writer *w, const void *p, size_t n, struct err *err)
{
	if (n > BLOB_MAX_BYTES - w->n_bytes)
		return err_set(err, ERR_LIMIT, "a blob is larger than %llu bytes",
			(unsigned long long)BLOB_MAX_BYTES);
	if (fs_write_fd(w->temp.fd, p, n, err) < 0)
		return err_wrap(err, "blob");
	if (!w->is_trusted)
		digester_add(w->hash, p, n);
	w->n_bytes += n;
	if (w->n_bytes - w->n_out >= WRITE_OUT_BYTES) {
		(void)sync_file_range(w->temp.fd, (off_t)w->n_out, (off_t)(w->n_bytes - w->n_out),
			SYNC_FILE_RANGE_WRITE); /* only a hint */
		w->n_out = w->n_bytes;
	}
	return 0;
}

/* ---- committing ---- */

static int check_digest(struct blob_commit *c, struct err *err)
{
	struct blob_writer *w = c->writer;
	if (w->is_trusted) {
		assert(c->expected);
		c->digest = *c->expected;
	} else {
		c->digest = digester_finish(w->hash);
	}
	c->size = w->n_bytes;
	return c->expected ? digest_differs(c->expected, &c->digest, err) : 0;
}

static int seal_and_sync(struct blob_commit *c, size_t n, struct err *err)
{
	CLEANUP(mem_free) int *fds = mem_new(n, sizeof(*fds));
	for (size_t i = 0; i < n; i++) {
		fds[i] = c[i].writer->temp.fd;
		if (blob_seal(fds[i], c[i].size, err) < 0)
			return -1;
		blob_protect(fds[i]);
	}
	return sync_all(fds, n, err);
}

static int place_one(struct blob_commit *c, struct err *err)
{
	struct blob_writer *w = c->writer;
	struct lease_key key = lease_of_digest(&c->digest);
	if (lease_add(w->store, &key, err) < 0 ||
		blob_place(w->store, w->temp.dir_fd, w->temp.name, &c->digest, err) < 0)
		return -1;
	w->placed_fd = w->temp.fd;
	w->temp = FS_TEMP_NONE;
	return 0;
}

static int place(struct blob_commit *c, size_t n, struct err *err)
{
	CLEANUP(fd_close) int lock_fd = -1;
	if (lease_begin(c->writer->store, &lock_fd, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (place_one(&c[i], err) < 0)
			return -1;
	return 0;
}

/* The names are on the disk after this. Only then others may rely on what they find. */
static int sync_folders(struct store *s, const struct blob_commit *c, size_t n, struct err *err)
{
	CLEANUP(mem_free) int *fds = mem_new(n, sizeof(*fds));
	size_t n_open = 0;
	int rc = 0;
	for (; rc == 0 && n_open < n; n_open += rc == 0) {
		char folder[BLOB_PATH];
		rc = fs_open(s->root_fd, blob_folder(&c[n_open].digest, folder),
			O_RDONLY | O_DIRECTORY, 0, &fds[n_open], err);
	}
	if (rc == 0)
		rc = sync_all(fds, n, err);
	for (size_t i = 0; i < n_open; i++)
		close(fds[i]);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct lease_key key = lease_of_digest(&c[i].digest);
		blob_name_synced(c[i].writer->placed_fd);
		lease_found(s, &key);
	}
	return rc;
}

int blob_commit_all(struct blob_commit *c, size_t n, struct err *err)
{
	if (!n)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (check_digest(&c[i], err) < 0)
			return -1;
	if (seal_and_sync(c, n, err) < 0 || place(c, n, err) < 0)
		return err_wrap(err, "store a blob");
	return sync_folders(c->writer->store, c, n, err);
}

int blob_commit(struct blob_writer *w, const struct digest *expected, struct digest *ret,
	uint64_t *ret_size, struct err *err)
{
	struct blob_commit c = {.writer = w, .expected = expected};
	if (blob_commit_all(&c, 1, err) < 0)
		return -1;
	if (ret)
		*ret = c.digest;
	if (ret_size)
		*ret_size = c.size;
	return 0;
}

int blob_put(struct store *s, struct str bytes, struct digest *ret, struct err *err)
{
	CLEANUP(blob_writer_free) struct blob_writer *w = NULL;
	struct digest d = digest_of(bytes);
	/* Stored already and undamaged: two fsyncs less. */
	CLEANUP(buf_done) struct buf there = BUF(bytes.n);
	struct err ignored;
	if (blob_keep(s, &d, &ignored) == 0 && blob_read(s, &d, &there, &ignored) == 0) {
		*ret = d;
		return 0;
	}
	if (blob_create(s, DIGEST_SHA256, &w, err) < 0 || blob_write(w, bytes.p, bytes.n, err) < 0)
		return -1;
	blob_trust_digest(w);
	return blob_commit(w, &d, ret, NULL, err);
}
