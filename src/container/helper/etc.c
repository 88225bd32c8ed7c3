#include "container/helper/etc_priv.h"

#include "fs/fs.h"

#include <fcntl.h>

/* "name:ip" as docker's --add-host; an IPv6 address has further colons. */
static void add_extra(struct buf *b, const char *entry)
{
	struct str rest = str_of(entry), name;
	if (str_cut(&rest, ':', &name) && name.n && rest.n)
		buf_fmt(b, "%.*s\t%.*s\n", STR_ARG(rest), STR_ARG(name));
}

void etc_add_hosts(struct buf *b, struct str host_file, const char *hostname,
	const char *const *extra, bool is_host_network)
{
	if (is_host_network && host_file.n) {
		buf_add(b, host_file);
		if (!str_ends(host_file, S("\n")))
			buf_add_ch(b, '\n');
	} else {
		buf_add_cstr(b,
			"127.0.0.1\tlocalhost\n"
			"::1\tlocalhost ip6-localhost ip6-loopback\n"
			"fe00::\tip6-localnet\n"
			"ff00::\tip6-mcastprefix\n"
			"ff02::1\tip6-allnodes\n"
			"ff02::2\tip6-allrouters\n");
	}
	for (size_t i = 0; extra && extra[i]; i++)
		add_extra(b, extra[i]);
	buf_fmt(b, "127.0.1.1\t%s\n", hostname);
}

static void read_file(const char *path, struct buf *ret)
{
	struct err ignored; /* then there is nothing in it */
	*ret = BUF(ETC_FILE_MAX);
	if (fs_read_file(AT_FDCWD, path, ret, &ignored) < 0)
		buf_clear(ret);
}

void etc_read_host(struct etc_files *ret)
{
	read_file("/etc/hosts", &ret->hosts);
	read_file("/etc/resolv.conf", &ret->resolv_conf);
}
