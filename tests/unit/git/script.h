/* script -- repositories for tests, made by git in a shell. */
#ifndef UNIT_GIT_SCRIPT_H
#define UNIT_GIT_SCRIPT_H

#include "../tempdir.h"

#include "proc/proc.h"

/* Runs a shell script in the folder; its stdout without the last newline. */
static inline struct str script_says(const struct temp_dir *d, const char *text)
{
	static char room[64 * 1024];
	struct err err = {0};
	char home[100];
	snprintf(home, sizeof(home), "HOME=%s", d->path);
	const char *const argv[] = {"sh", "-eu", "-c", text, NULL};
	const char *const env[] = {home, "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=An Author", "GIT_AUTHOR_EMAIL=an@author",
		"GIT_COMMITTER_NAME=A Committer", "GIT_COMMITTER_EMAIL=a@committer",
		"GIT_AUTHOR_DATE=1600000000 +0200", "GIT_COMMITTER_DATE=1700000000 -0130",
		"GIT_CONFIG_COUNT=3", "GIT_CONFIG_KEY_0=init.defaultBranch",
		"GIT_CONFIG_VALUE_0=main", "GIT_CONFIG_KEY_1=protocol.file.allow",
		"GIT_CONFIG_VALUE_1=always", "GIT_CONFIG_KEY_2=advice.detachedHead",
		"GIT_CONFIG_VALUE_2=false", NULL};
	struct proc_spec spec = {.argv = argv, .env = env, .cwd = d->path};
	CLEANUP(buf_done) struct buf out = BUF(sizeof(room) - 1);
	OK(proc_output(&spec, &out, &err));
	struct str said = str_trim_right(buf_str(&out));
	memcpy(room, said.p, said.n);
	room[said.n] = '\0';
	return str_n(room, said.n);
}

static inline void script(const struct temp_dir *d, const char *text)
{
	(void)script_says(d, text);
}

/* Script text that makes work tree "src" with three commits, tags and branches. */
#define SOURCE                                                                                      \
	"git init -q src; cd src; echo one > a.txt; mkdir d; echo x > d/b.txt; git add .;"          \
	"git commit -qm one; git tag v1; echo two > a.txt; git commit -qam 'two\n\nwith a body\n';" \
	"git tag -am annotated v2; git checkout -qb feature/x; echo three > c.txt; git add .;"      \
	"git commit -qm three; git update-ref refs/pull/7/merge HEAD; git checkout -q main; cd ..;"

/* The path of name in the folder. */
#define PATH_IN(d, name)                                                                           \
	({                                                                                         \
		static char path_in_[200];                                                         \
		snprintf(path_in_, sizeof(path_in_), "%s/%s", (d)->path, (name));                  \
		path_in_;                                                                          \
	})

#endif
