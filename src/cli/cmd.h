/* cli/cmd -- the commands and what they share.
 *
 * A command is a function that gets the words after `knarr` and returns the exit code. Global
 * options (--root, --config, --format, --quiet) may stand before or after the command's name: each
 * command parses them together with its own, through cmd_parse().
 */
#ifndef CLI_CMD_H
#define CLI_CMD_H

#include "base/cancel.h"
#include "base/pool.h"
#include "blob/blob.h"
#include "cli/exit.h"
#include "cli/opt.h"
#include "cli/screen.h"
#include "remote/remote.h"

struct cmd_globals {
	const char *root;   /* NULL = the default */
	const char *config; /* NULL = the default places */
	const char *format; /* NULL or "text", "json" */
	const char *progress;
	bool is_quiet;
	bool wants_help;
};

struct cmd {
	const char *name;
	int (*run)(const struct cmd *self, struct cmd_globals *g, int argc, char **argv);
	const char *args;    /* usage line behind the name: "[OPTIONS] CONTEXT" */
	const char *summary; /* one line of `knarr --help`; NULL = not listed there */
	const char *details; /* further text of `knarr NAME --help`; may be NULL */
};

/* The options that every command has. */
enum { CMD_GLOBALS = 6 };
void cmd_global_opts(struct cmd_globals *g, struct opt ret[CMD_GLOBALS]);

extern const struct cmd cmd_table[];
extern const size_t cmd_count;
const struct cmd *cmd_find(struct str name);

/* Parses a command's own options and the global ones. 0 = go on, 1 = help was shown (exit 0),
 * -1 = err. The number of arguments must be min to max (max < 0: any). */
int cmd_parse(const struct cmd *self, struct cmd_globals *g, const struct opt *own, size_t n_own,
	enum opt_order order, int argc, char **argv, int min, int max, struct cstr_vec *ret_args,
	struct err *err);
/* A command of two words ("image ls"): runs the one of subs that argv[1] names. */
int cmd_sub(const struct cmd *self, struct cmd_globals *g, const struct cmd *subs, size_t n,
	int argc, char **argv);
bool cmd_is_json(const struct cmd_globals *g);
/* Writes the answer to stdout: ERR_SYS when it cannot be written (a full disk, a closed pipe). */
int cmd_answer(const struct buf *b, struct err *err);

/* ---- what a command opens (session.c) ---- */

/* The store, other registries and the pool of one command. Opened on first use, so a command pays
 * only for what it needs. */
struct session {
	struct cmd_globals *g;
	struct cancel cancel;
	struct store *store;
	struct remote *remote;
	struct pool *pool;
	struct screen *screen;
	struct arena arena;
	struct config *config;
};
/* Also makes ^C and SIGTERM ask the cancel; a second ^C ends the process at once. */
int session_init(struct session *s, struct cmd_globals *g, struct err *err);
void session_done(struct session *s);
CLEANUP_VAL(session_done, struct session);
int session_store(struct session *s, struct store **ret, struct err *err);
int session_remote(struct session *s, struct remote **ret, struct err *err);
struct pool *session_pool(struct session *s);
struct event_sink *session_events(struct session *s);
/* Nothing more will be told: takes what is drawn in place off the screen. */
void session_end_progress(struct session *s);
/* --root, $KNARR_ROOT, /var/lib/knarr for root, $XDG_DATA_HOME/knarr or ~/.local/share/knarr. */
int session_root_path(const struct cmd_globals *g, struct buf *ret, struct err *err);

#endif
