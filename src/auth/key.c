/* ROOT/secret: what bearer tokens are signed with. Losing it only ends tokens of five minutes. */
#include "auth/auth_priv.h"

#include "fs/fs.h"

#include <fcntl.h>
#include <sys/random.h>

int auth_random(void *p, size_t n, struct err *err)
{
	size_t have = 0;
	while (have < n) {
		ssize_t got = getrandom((char *)p + have, n - have, 0);
		if (got < 0 && errno != EINTR)
			return err_sys(err, "getrandom");
		have += got > 0 ? (size_t)got : 0;
	}
	return 0;
}

static int read_key(int root_fd, uint8_t ret[AUTH_KEY_BYTES], struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(AUTH_KEY_BYTES + 1);
	if (fs_read_file(root_fd, "secret", &b, err) < 0)
		return -1;
	if (b.n != AUTH_KEY_BYTES) {
		err_set(err, ERR_CORRUPT, "signing key 'secret' has %zu bytes, not %d", b.n,
			AUTH_KEY_BYTES);
		return err_hint(err, "remove the file: a new one is made");
	}
	memcpy(ret, b.p, AUTH_KEY_BYTES);
	explicit_bzero(b.p, b.n);
	return 0;
}

static int make_key(int root_fd, struct err *err)
{
	uint8_t key[AUTH_KEY_BYTES];
	if (auth_random(key, sizeof(key), err) < 0)
		return -1;
	return fs_write_file(root_fd, "secret", str_n(key, sizeof(key)), 0600, FS_SYNC, err);
}

int auth_key_load(int root_fd, uint8_t ret[AUTH_KEY_BYTES], struct err *err)
{
	CLEANUP(fd_close) int lock = -1;
	struct err why = {0};
	if (read_key(root_fd, ret, &why) == 0)
		return 0;
	if (why.kind != ERR_NOT_FOUND) {
		*err = why;
		return -1;
	}
	/* The first start; perhaps of several processes at once. */
	if (fs_lock(root_fd, "secret.lock", FS_EXCLUSIVE, FS_WAIT, &lock, err) < 0)
		return -1;
	if (faccessat(root_fd, "secret", F_OK, AT_EACCESS) < 0 && make_key(root_fd, err) < 0)
		return -1;
	return read_key(root_fd, ret, err);
}
