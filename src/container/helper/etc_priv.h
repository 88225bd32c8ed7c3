/* etc_priv -- the few files of /etc that depend on where a container runs. */
#ifndef CONTAINER_HELPER_ETC_PRIV_H
#define CONTAINER_HELPER_ETC_PRIV_H

#include "base/buf.h"

enum { ETC_FILE_MAX = 1 << 20 };

/* The host's own files; "" where it has none. Read before anything is covered: resolv.conf is often a
 * symlink into /run. */
struct etc_files {
	struct buf hosts, resolv_conf;
};
void etc_read_host(struct etc_files *ret);
/* /etc/hosts: the host's own when its network is shared, else only localhost; then "name:ip" of
 * extra (NULL-terminated, may be NULL), then the container's own name. */
void etc_add_hosts(struct buf *b, struct str host_file, const char *hostname,
	const char *const *extra, bool is_host_network);

#endif
