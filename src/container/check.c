#include "container/container_priv.h"

int container_check_root(struct err *err)
{
	if (geteuid() == 0)
		return 0;
	err_set(err, ERR_UNSUPPORTED, "containers need root on this engine");
	return err_hint(err, "run knarr with sudo, or use a hub or engine that runs as root");
}

int container_check_path(const char *what, const char *path, struct err *err)
{
	if (!path || path[0] != '/')
		return err_set(err, ERR_INPUT, "%s '%s' is not an absolute path", what,
			path ? path : "");
	return 0;
}

int container_check_mounts(const struct container_mount *mounts, size_t n, struct err *err)
{
	if (n > CONTAINER_MOUNTS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d mounts", CONTAINER_MOUNTS_MAX);
	for (size_t i = 0; i < n; i++) {
		const struct container_mount *m = &mounts[i];
		if (container_check_path("mount target", m->target, err) < 0)
			return -1;
		if (m->kind == CONTAINER_FILE && m->source_fd <= 0)
			return err_set(err, ERR_INPUT, "mount '%s' has no content", m->target);
		if (m->kind != CONTAINER_TMPFS && m->source_fd <= 0 &&
			container_check_path("mount source", m->source, err) < 0)
			return -1;
	}
	return 0;
}
