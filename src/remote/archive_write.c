/* Tars: an OCI layout in one, or docker's. */
#include "remote/archive_priv.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_BYTES = 256 * 1024 };

struct tar_target {
	struct place_target target;
	int fd;
	const struct cancel *cancel;
	struct buf head;
};

static int write_header(struct tar_target *t, const char *path, enum tar_type type, uint64_t size,
	struct err *err)
{
	struct tar_entry e = {.type = type,
		.name = str_of(path),
		.mode = type == TAR_DIR ? 0755 : 0644,
		.size = size};
	buf_clear(&t->head);
	if (cancel_check(t->cancel, err) < 0 || tar_add_header(&t->head, &e, err) < 0)
		return -1;
	return fs_write_fd(t->fd, t->head.p, t->head.n, err);
}

static int write_padding(struct tar_target *t, uint64_t size, struct err *err)
{
	static const char zeros[TAR_BLOCK];
	return fs_write_fd(t->fd, zeros, tar_padding(size), err);
}

static int tar_add_bytes(struct place_target *target, const char *path, struct str bytes,
	struct err *err)
{
	struct tar_target *t = (struct tar_target *)target;
	if (write_header(t, path, TAR_FILE, bytes.n, err) < 0 ||
		fs_write_fd(t->fd, bytes.p, bytes.n, err) < 0)
		return -1;
	return write_padding(t, bytes.n, err);
}

/* By our own hands, for the target may be a pipe. */
static int copy_exactly(int from, int to, uint64_t size, const struct cancel *c, struct err *err)
{
	CLEANUP(mem_free) char *room = mem_new(COPY_BYTES, 1);
	while (size) {
		ssize_t n = read(from, room, size < COPY_BYTES ? (size_t)size : COPY_BYTES);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "read a blob");
		if (n == 0)
			return err_set(err, ERR_CORRUPT, "a blob became shorter");
		if (cancel_check(c, err) < 0 || fs_write_fd(to, room, (size_t)n, err) < 0)
			return -1;
		size -= (uint64_t)n;
	}
	return 0;
}

static int tar_add_file(struct place_target *target, const char *path, int fd, uint64_t size,
	struct err *err)
{
	struct tar_target *t = (struct tar_target *)target;
	if (write_header(t, path, TAR_FILE, size, err) < 0 ||
		copy_exactly(fd, t->fd, size, t->cancel, err) < 0)
		return -1;
	return write_padding(t, size, err);
}

static int write_oci(const struct place_write *p, struct tar_target *t, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf index = BUF(IMAGE_MANIFEST_MAX);
	struct outgoing out = {.store = p->store, .a = &a};
	int rc = outgoing_collect(&out, &p->what, err);
	if (rc == 0) {
		layout_add_index(&index, NULL, &out.documents.p[out.documents.n - 1].d, p->names,
			p->n_names, p->to->reference);
		rc = buf_check(&index, "index.json", err);
	}
	if (rc == 0 &&
		(tar_add_bytes(&t->target, "oci-layout", S(LAYOUT_VERSION), err) < 0 ||
			tar_add_bytes(&t->target, "index.json", buf_str(&index), err) < 0 ||
			write_header(t, "blobs/", TAR_DIR, 0, err) < 0 ||
			write_header(t, "blobs/sha256/", TAR_DIR, 0, err) < 0))
		rc = -1;
	if (rc == 0)
		rc = layout_add_blobs(&out, &t->target, err);
	outgoing_done(&out);
	return rc;
}

static int write_to(const struct place_write *p, int fd, struct err *err)
{
	struct tar_target t = {{tar_add_bytes, tar_add_file}, fd, p->cancel, BUF(TAR_PAX_MAX)};
	int rc = p->to->kind == PLACE_OCI_ARCHIVE ? write_oci(p, &t, err)
						  : docker_archive_write(p, &t.target, err);
	if (rc == 0) {
		buf_clear(&t.head);
		tar_add_end(&t.head);
		rc = fs_write_fd(fd, t.head.p, t.head.n, err);
	}
	buf_done(&t.head);
	return rc;
}

/* Into a temporary file beside it, so that nobody finds half an archive. */
static int write_file(const struct place_write *p, struct str path, struct err *err)
{
	CLEANUP(fs_temp_done) struct fs_temp temp = FS_TEMP_NONE;
	CLEANUP(fd_close) int folder_fd = -1;
	CLEANUP(buf_done) struct buf folder = BUF(PATH_MAX), name = BUF(PATH_MAX);
	buf_add(&folder, path_dir(path));
	buf_add(&name, path_base(path));
	if (buf_check(&folder, "path", err) < 0 || buf_check(&name, "path", err) < 0 ||
		fs_open(AT_FDCWD, buf_cstr(&folder), O_RDONLY | O_DIRECTORY, 0, &folder_fd, err) <
			0 ||
		fs_temp_file(folder_fd, &temp, err) < 0 || write_to(p, temp.fd, err) < 0)
		return -1;
	if (fchmod(temp.fd, 0644) < 0)
		return err_sys(err, "set the mode");
	return fs_publish(&temp, folder_fd, buf_cstr(&name), FS_NO_SYNC, err);
}

/* What is no plain file ("/dev/stdout", a pipe, a symlink) is written to, not replaced. */
int archive_write(const struct place_write *p, struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	const char *path = p->to->path;
	struct stat st;
	if (strcmp(path, "-") == 0)
		return write_to(p, p->fd, err);
	if (lstat(path, &st) < 0 || S_ISREG(st.st_mode))
		return write_file(p, str_of(path), err);
	if (fs_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0644, &fd, err) < 0)
		return -1;
	return write_to(p, fd, err);
}
