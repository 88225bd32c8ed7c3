#include "proc/proc.h"

#include <sys/stat.h>

static const char usual_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static bool is_program(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

int proc_find(const char *name, const char *path, struct buf *ret, struct err *err)
{
	struct str rest = str_of(path ? path : usual_path), folder;
	size_t start = ret->n;
	bool is_name = name[0] && !strchr(name, '/');
	while (is_name && str_cut(&rest, ':', &folder)) {
		if (!str_starts(folder, S("/")))
			continue;
		buf_cut(ret, start);
		buf_add(ret, folder);
		buf_add_ch(ret, '/');
		buf_add_cstr(ret, name);
		if (buf_check(ret, "program's path", err) < 0)
			return -1;
		if (is_program(ret->p + start))
			return 0;
	}
	buf_cut(ret, start);
	return err_set(err, ERR_NOT_FOUND, "no program '%s' in PATH", name);
}
