/* git -- what a repository says, by the git program.
 *
 * Knows:   repositories, commits, refs, checkouts. Touches: the git program and the folders given.
 *          Never: registries, workflows.
 * Safety:  no argument from outside is ever taken for an option (-- and --end-of-options); the
 *          protocols ext:: and, for URLs from outside, file:// are off; hooks and the user's system
 *          configuration do not run in checkouts; submodules only when asked for.
 * Owner:   strings are written into the caller's arena. Threads: any.
 * Errors:  ERR_NOT_FOUND (no repository, no such ref), ERR_INPUT (a bad URL or ref), ERR_NET,
 *          ERR_FAILED (git said no; its words are in the message).
 */
#ifndef GIT_GIT_H
#define GIT_GIT_H

#include "base/arena.h"
#include "base/cancel.h"
#include "base/err.h"

struct git_commit {
	struct str sha;	    /* 40 or 64 hex */
	struct str tree;
	int64_t time_ns;    /* committer's */
	struct str author, author_email, committer, committer_email, message;
};

/* The top folder of the work tree that holds dir; ERR_NOT_FOUND when there is none. Looks at files
 * only: starts no process. */
int git_find(const char *dir, struct arena *a, struct str *ret_top, struct err *err);
/* HEAD's commit id and branch ("" when detached), read from .git without a process; 0 when HEAD
 * points nowhere yet and *ret_sha is empty then. */
int git_head(const char *top, struct arena *a, struct str *ret_sha, struct str *ret_branch,
	struct err *err);
int git_show_commit(const char *top, const char *rev, struct arena *a, struct git_commit *ret,
	struct err *err);
/* Has uncommitted changes or untracked files that are not ignored. */
int git_is_dirty(const char *top, bool *ret, struct err *err);
int git_remote_url(const char *top, const char *remote, struct arena *a, struct str *ret,
	struct err *err);
/* The branch a remote calls its default, else init.defaultBranch, else "main". */
int git_default_branch(const char *top, struct arena *a, struct str *ret, struct err *err);
/* Paths changed between two commits (before may be all zeros: every path of after). */
int git_changed_paths(const char *top, const char *before, const char *after, struct arena *a,
	struct str **ret, size_t *ret_n, struct err *err);

struct git_fetch {
	const char *url;	/* or a local folder */
	const char *ref;	/* branch, tag, refs/…, or a commit; NULL = the default branch */
	const char *into;	/* folder; made when missing; an existing repository is updated */
	unsigned depth;		/* 0 = everything */
	bool has_tags;
	bool has_submodules, is_recursive;
	bool has_lfs;
	bool keeps_git_dir;	/* else .git is removed after */
	bool is_clean;		/* git clean -ffdx and reset --hard first */
	bool accepts_local;	/* url may be a path or file:// */
	const char *const *sparse; /* patterns, NULL-terminated; NULL = everything */
	bool sparse_is_cone;
	const char *filter;	/* e.g. "blob:none" */
	const char *const *env;	/* further NAME=value for git (credentials), NULL-terminated */
	int (*on_output)(void *ctx, int stream, struct str text, struct err *err);
	void *ctx;
	const struct cancel *cancel;
};
int git_fetch(const struct git_fetch *f, struct arena *a, struct git_commit *ret, struct err *err);

#endif
