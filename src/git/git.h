/* git -- what a repository says, by the git program.
 *
 * Knows:   repositories, commits, refs, checkouts. Touches: the git program and the folders given.
 *          Never: registries, workflows.
 * Safety:  no argument from outside is ever taken for an option; the protocols ext:: and, for URLs
 *          from outside and all submodules, file:// are off. git_fetch runs without the user's and
 *          the system's configuration, without hooks, and does not believe the .git it finds: its
 *          configuration, hooks and links to elsewhere are made anew. Reading a repository of
 *          somebody else runs nothing that its configuration names; git_is_dirty would have to,
 *          so there git's own check of the owner stays (ERR_DENIED). Nobody is asked for a
 *          password, and passwords in URLs go neither to a command line nor into .git or a message.
 * Owner:   strings are written into the caller's arena. Threads: any.
 * Errors:  ERR_NOT_FOUND (no repository, no such ref), ERR_INPUT (a bad URL or ref), ERR_NET,
 *          ERR_DENIED (the other side wants credentials), ERR_CANCELED, ERR_FAILED (git said no;
 *          its words are in the message).
 */
#ifndef GIT_GIT_H
#define GIT_GIT_H

#include "base/arena.h"
#include "base/cancel.h"
#include "base/err.h"

struct git_commit {
	struct str sha; /* 40 or 64 hex */
	struct str tree;
	int64_t time_ns; /* committer's */
	struct str author, author_email, committer, committer_email, message;
};

/* The top folder of the work tree that holds dir; ERR_NOT_FOUND when there is none. Looks at files
 * only: starts no process. */
int git_find(const char *dir, struct arena *a, struct str *ret_top, struct err *err);
/* HEAD's commit id and branch ("" when detached), read from .git without a process; 0 when HEAD
 * points nowhere yet and *ret_sha is empty then. top may also be a bare repository. */
int git_head(const char *top, struct arena *a, struct str *ret_sha, struct str *ret_branch,
	struct err *err);
/* rev: anything git rev-parse takes for a commit. */
int git_show_commit(const char *top, const char *rev, struct arena *a, struct git_commit *ret,
	struct err *err);
/* Has uncommitted changes or untracked files that are not ignored. */
int git_is_dirty(const char *top, bool *ret, struct err *err);
/* Without user and password where it is http. */
int git_remote_url(const char *top, const char *remote, struct arena *a, struct str *ret,
	struct err *err);
/* The branch that origin calls its default, else init.defaultBranch, else "main". */
int git_default_branch(const char *top, struct arena *a, struct str *ret, struct err *err);
/* Paths changed between two commits, of renamed files both (before may be all zeros: every path of
 * after). */
int git_changed_paths(const char *top, const char *before, const char *after, struct arena *a,
	struct str **ret, size_t *ret_n, struct err *err);

struct git_fetch {
	const char *url; /* or a local folder */
	const char *ref; /* branch, tag, refs/…, or a commit (40 or 64 hex); NULL = the default */
	const char *into; /* folder; made when missing; an existing repository is updated */
	unsigned depth;   /* 0 = everything, and every branch and tag */
	bool has_tags;
	bool has_submodules, is_recursive;
	bool has_lfs;                  /* by the git-lfs program */
	bool keeps_git_dir;            /* else .git is removed after, in submodules too */
	bool is_clean;                 /* git clean -ffdx and reset --hard first */
	bool accepts_local;            /* url may be a path or file:// */
	bool accepts_local_submodules; /* so may the URLs of submodules */
	const char *const *sparse;     /* patterns, NULL-terminated; NULL = everything */
	bool sparse_is_cone;
	const char *filter; /* e.g. "blob:none" */
	/* Further NAME=value for git, NULL-terminated: credentials as GIT_CONFIG_*, GIT_SSH_COMMAND,
	 * GIT_CONFIG_GLOBAL for who wants the user's own. */
	const char *const *env;
	int (*on_output)(void *ctx, int stream, struct str text, struct err *err);
	void *ctx;
	const struct cancel *cancel;
};
/* refs/heads/X (or X) is checked out as branch X, everything else detached; refs/pull/N/merge is kept
 * as refs/remotes/pull/N/merge. Local changes to files that git knows are overwritten. */
int git_fetch(const struct git_fetch *f, struct arena *a, struct git_commit *ret, struct err *err);

#endif
