/* Is the program there? Asked before the runtime is, because runtimes say so in words only, and each
 * in its own; the answers here are docker's. Permissions of a user other than root are left to
 * the runtime: so is what lies in /proc, /dev and /sys, which are not mounted yet.
 */
#include "container/helper/stage_priv.h"

enum { FOUND = 0, NOT_EXECUTABLE = 126, NOT_FOUND = 127 };

static const char *path_of(const char *const *env)
{
	const char *path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	for (size_t i = 0; env && env[i]; i++)
		if (strncmp(env[i], "PATH=", 5) == 0)
			path = env[i] + 5;
	return path;
}

static int check_file(const struct stage *s, const char *path)
{
	struct root_place place;
	struct err ignored; /* what cannot be walked to is not there */
	struct stat st;
	if (root_resolve(s->root_fd, path, &place, &ignored) < 0)
		return NOT_FOUND;
	if (stage_is_of_runtime(place.path))
		return FOUND;
	CLEANUP(fd_close) int fd = place.exists ? root_open(s->root_fd, place.path, 0) : -1;
	if (fd < 0 || fstat(fd, &st) < 0)
		return NOT_FOUND;
	return S_ISREG(st.st_mode) && st.st_mode & 0111 ? FOUND : NOT_EXECUTABLE;
}

static int check_below(const struct stage *s, struct str folder, const char *name)
{
	char path[PATH_MAX];
	const char *cwd = s->spec.c.cwd;
	bool is_absolute = str_starts(folder, S("/"));
	int n = snprintf(path, sizeof(path), "%s/%.*s/%s", is_absolute ? "" : cwd, STR_ARG(folder),
		name);
	return n < 0 || (size_t)n >= sizeof(path) ? NOT_FOUND : check_file(s, path);
}

static int search(const struct stage *s, const char *name)
{
	struct str rest = str_of(path_of(s->spec.c.env)), folder;
	int status = NOT_FOUND;
	while (str_cut(&rest, ':', &folder)) {
		int one = check_below(s, folder, name);
		if (one == FOUND)
			return FOUND;
		if (one == NOT_EXECUTABLE)
			status = one;
	}
	return status;
}

int stage_check_program(const struct stage *s, struct buf *ret_text)
{
	const char *name = s->spec.c.args[0];
	bool is_path = strchr(name, '/') != NULL;
	bool is_absolute = name[0] == '/';
	int status = !is_path ? search(s, name)
		: is_absolute ? check_file(s, name)
			      : check_below(s, S(""), name);
	if (!name[0])
		status = NOT_FOUND;
	if (status == NOT_EXECUTABLE)
		buf_fmt(ret_text, "exec: \"%.1000s\": permission denied\n", name);
	else if (status == NOT_FOUND && is_path)
		buf_fmt(ret_text, "exec: \"%.1000s\": stat %.1000s: no such file or directory\n",
			name, name);
	else if (status == NOT_FOUND)
		buf_fmt(ret_text, "exec: \"%.1000s\": executable file not found in $PATH\n", name);
	return status;
}
