#include "container/container.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>

/* In the order of preference: crun starts a container in a third of runc's time. */
static const char *const names[] = {"crun", "runc"};

/* Where a runtime may be. Ours, not the user's PATH: it runs as root. */
static const char path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static bool is_cgroup2_alone(void)
{
	struct statfs st;
	return statfs("/sys/fs/cgroup", &st) == 0 && st.f_type == CGROUP2_SUPER_MAGIC;
}

static int describe(const char *name, const char *found, struct container_runtime *ret,
	struct err *err)
{
	struct str base = str_of(name);
	ssize_t slash = str_rchr(base, '/');
	if (slash >= 0)
		base = str_skip(base, (size_t)slash + 1);
	bool is_crun = str_is(base, "crun"), is_runc = str_is(base, "runc");
	if (!is_crun && !is_runc)
		return err_set(err, ERR_UNSUPPORTED, "runtime '%s' is neither crun nor runc", name);
	if (strlen(found) >= sizeof(ret->path))
		return err_set(err, ERR_LIMIT, "path of runtime '%s' is too long", name);
	*ret = (struct container_runtime){.needs_private_cgroup2 = is_crun && !is_cgroup2_alone()};
	snprintf(ret->path, sizeof(ret->path), "%s", found);
	snprintf(ret->name, sizeof(ret->name), "%s", is_crun ? "crun" : "runc");
	return 0;
}

int container_name_runtime(const char *name, struct container_runtime *ret, struct err *err)
{
	CLEANUP(buf_done) struct buf found = BUF(4096);
	if (name[0] == '/')
		return access(name, X_OK) < 0
			? err_set(err, ERR_NOT_FOUND, "runtime '%s': %s", name, strerror(errno))
			: describe(name, name, ret, err);
	if (proc_find(name, path, &found, err) < 0)
		return err_wrap(err, "runtime");
	return describe(name, buf_cstr(&found), ret, err);
}

int container_find_runtime(struct container_runtime *ret, struct err *err)
{
	struct err ignored; /* the next one, then */
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (container_name_runtime(names[i], ret, &ignored) == 0)
			return 0;
	err_set(err, ERR_UNSUPPORTED,
		"no container runtime: neither 'crun' nor 'runc' is installed");
	return err_hint(err, "install crun; 'knarr doctor' says how");
}
