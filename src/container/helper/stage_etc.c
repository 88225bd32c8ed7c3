/* /etc/hosts, /etc/hostname and /etc/resolv.conf of a container. */
#include "container/helper/stage_priv.h"

const char *const stage_etc_paths[] = {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf", NULL};

int stage_write_etc(struct stage *s, struct err *err)
{
	const struct container_spec *c = &s->spec.c;
	const char *hostname = c->hostname ? c->hostname : c->name;
	CLEANUP(buf_done) struct buf hosts = BUF(2 * ETC_FILE_MAX);
	CLEANUP(buf_done) struct buf name = BUF(PATH_MAX);
	etc_add_hosts(&hosts, buf_str(&s->host.hosts), hostname, c->extra_hosts,
		c->network == CONTAINER_NET_HOST);
	buf_fmt(&name, "%s\n", hostname);
	if (buf_check(&hosts, "list of extra hosts", err) < 0 ||
		buf_check(&name, "host name", err) < 0 ||
		stage_write(s, "etc/hosts", buf_str(&hosts), 0644, err) < 0 ||
		stage_write(s, "etc/hostname", buf_str(&name), 0644, err) < 0)
		return -1;
	return stage_write(s, "etc/resolv.conf", buf_str(&s->host.resolv_conf), 0644, err);
}
