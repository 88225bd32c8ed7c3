/* /etc/hosts, /etc/hostname and /etc/resolv.conf of a container. */
#include "container/helper/stage_priv.h"
#include "fs/fs.h"

#include <fcntl.h>

enum { FILE_MAX = 1 << 20 };

const char *const stage_etc_paths[] = {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf", NULL};

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
		buf_add_cstr(b, "127.0.0.1\tlocalhost\n"
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

static void read_host(const char *path, struct buf *ret)
{
	struct err ignored; /* a host without the file has nothing to show */
	if (fs_read_file(AT_FDCWD, path, ret, &ignored) < 0)
		buf_clear(ret);
}

int stage_write_etc(struct stage *s, struct err *err)
{
	const struct container_spec *c = &s->spec.c;
	const char *hostname = c->hostname ? c->hostname : c->name;
	CLEANUP(buf_done) struct buf host = BUF(FILE_MAX);
	CLEANUP(buf_done) struct buf hosts = BUF(2 * FILE_MAX);
	CLEANUP(buf_done) struct buf name = BUF(PATH_MAX);
	CLEANUP(buf_done) struct buf resolv = BUF(FILE_MAX);
	read_host("/etc/hosts", &host);
	read_host("/etc/resolv.conf", &resolv);
	etc_add_hosts(&hosts, buf_str(&host), hostname, c->extra_hosts,
		c->network == CONTAINER_NET_HOST);
	buf_fmt(&name, "%s\n", hostname);
	if (buf_check(&hosts, "list of extra hosts", err) < 0 ||
		buf_check(&name, "host name", err) < 0)
		return -1;
	return stage_write(s, "etc/hosts", buf_str(&hosts), 0644, err) < 0 ||
			stage_write(s, "etc/hostname", buf_str(&name), 0644, err) < 0 ||
			stage_write(s, "etc/resolv.conf", buf_str(&resolv), 0644, err) < 0
		? -1
		: 0;
}
