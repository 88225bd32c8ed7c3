/* git_priv -- checked words, and running git. */
#ifndef GIT_GIT_PRIV_H
#define GIT_GIT_PRIV_H

#include "git/git.h"

#include "base/buf.h"
#include "proc/proc.h"

enum { GIT_PATH_MAX = 4096, GIT_MAX_REFS_BYTES = 256 << 20 };

/* ---- address.c: words from outside ---- */

/* ERR_INPUT for what git would take for an option, a helper program or, unless accepted, a path. */
int git_check_url(const char *url, bool accepts_local, bool *ret_is_local, struct err *err);
/* As git check-ref-format, one level allowed. */
int git_check_ref(const char *ref, struct err *err);
/* A revision: ref, id, HEAD~2, … */
int git_check_rev(const char *rev, struct err *err);
bool git_is_commit_id(struct str s);
/* "https://user:word@host/" and "https://host/" of a URL; false when there is no user in it. */
bool git_url_login(const char *url, struct buf *ret_with, struct buf *ret_without);
/* url without user and password. */
void git_url_clean(const char *url, struct buf *ret);

/* ---- parse.c: what git and its files say ---- */

int git_parse_commit(struct str raw, struct arena *a, struct git_commit *ret, struct err *err);
/* The id of a full ref name in the text of packed-refs; n = 0 when it is not there. */
struct str git_packed_ref(struct str text, struct str ref);
/* One line of ls-remote: "<id>\t<ref>", or "ref: <target>\t<ref>" with --symref. */
struct git_remote_ref {
	struct str id, target, ref;
};
bool git_parse_remote_ref(struct str line, struct git_remote_ref *ret);

/* ---- run.c ---- */

/* What every git gets: where programs are, how to reach the net, no questions, English words. */
void git_add_env(struct argv *env);
/* One setting more, by GIT_CONFIG_COUNT and its fellows. */
void git_add_config(struct argv *env, const char *key, const char *value);
/* ERR_FAILED with git's last words; ERR_NET or ERR_DENIED when they say so. */
int git_failed(const char *const *argv, const struct proc_end *end, const struct proc_tail *tail,
	struct err *err);
/* Runs git in top, which may be anybody's, and collects stdout. ret_status NULL: anything but 0
 * fails. runs_config: the command may start what the configuration names. */
struct git_read {
	const char *top;
	const char *const *argv; /* "git", … */
	struct str stdin_text;
	bool runs_config;
	int *ret_status;
};
int git_read(const struct git_read *r, struct buf *ret, struct err *err);

/* ---- tidy.c ---- */

/* Leaves nothing in the .git of the folder that could run a program or lead elsewhere; removes it
 * when that cannot be told. 1 = a repository is there. */
int git_tidy(int dir_fd, struct err *err);
/* Removes .git, and those of submodules. */
int git_remove_dirs(int dir_fd, struct err *err);

#endif
