#include "container/helper/box_priv.h"
#include "fs/fs.h"

#include <fcntl.h>

/* Written into the root itself: it is thrown away. An image whose /etc cannot take it does without;
 * so does a host whose file is mounted from elsewhere, and shown read-only. */
static void write_file(const struct box *b, const char *path, struct str text)
{
	struct err ignored;
	CLEANUP(fd_close) int fd = -1;
	int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_NOCTTY;
	if (fs_mkdirs_in(b->root_fd, "/etc", 0755, &ignored) == 0 &&
		fs_open_in(b->root_fd, path, flags, 0644, &fd, &ignored) == 0)
		(void)fs_write_fd(fd, text.p, text.n, &ignored);
}

int box_etc(struct box *b, struct err *err)
{
	bool is_host = b->spec.n_lowers == 0;
	CLEANUP(buf_done) struct buf hosts = BUF(2 * ETC_FILE_MAX);
	CLEANUP(buf_done) struct buf name = BUF(PATH_MAX);
	etc_add_hosts(&hosts, buf_str(&b->host_etc.hosts), b->spec.name, b->spec.extra_hosts,
		b->spec.network == CONTAINER_NET_HOST);
	buf_fmt(&name, "%s\n", b->spec.name);
	if (buf_check(&hosts, "list of extra hosts", err) < 0 ||
		buf_check(&name, "host name", err) < 0)
		return -1;
	write_file(b, "/etc/hosts", buf_str(&hosts));
	write_file(b, "/etc/hostname", buf_str(&name));
	if (!is_host)
		write_file(b, "/etc/resolv.conf", buf_str(&b->host_etc.resolv_conf));
	return 0;
}
