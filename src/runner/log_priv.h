/* log -- what a step prints: lines, and the commands among them.
 *
 *	chunk ─► lines ─► ::command:: ─► its effect
 *	              └─► anything else ─► output event
 *
 * A line ends with \n, \r\n or \r, as for GitHub's runner. It may be as long as it likes; what is
 * longer than LOG_LINE_MAX is passed on in pieces and is no command.
 *
 * Threads: one at a time. Source: docs.github.com "Workflow commands"; actions/runner ActionCommand.
 */
#ifndef RUNNER_LOG_PRIV_H
#define RUNNER_LOG_PRIV_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/event.h"

enum { LOG_LINE_MAX = (1 << 20) + 4096, LOG_PROPERTIES_MAX = 16 };

/* ---- lines (log.c) ---- */

struct log_stream {
	struct buf partial; /* a line that is not finished */
	bool is_long;       /* its beginning is passed on already */
	bool eats_newline;  /* the last line ended with \r; a \n still belongs to it */
	bool was_command;   /* ... and the line is not passed on */
};

struct log {
	struct event_sink *events;
	struct str node;
	/* Takes a line without its end: true = it was a command and is not passed on. Only lines that
	 * may be one are shown to it. */
	bool (*command)(void *ctx, struct str line);
	void *ctx;
	struct log_stream streams[2];
};

void log_init(struct log *l, struct event_sink *events, struct str node,
	bool (*command)(void *ctx, struct str line), void *ctx);
void log_done(struct log *l);
CLEANUP_VAL(log_done, struct log);
void log_feed(struct log *l, int stream, struct str text);
/* Nothing more comes: a line without an end counts. */
void log_end(struct log *l);

/* ---- one command (log_command.c) ---- */

struct log_property {
	struct str key, value;
};

struct log_command {
	struct str name;
	struct log_property properties[LOG_PROPERTIES_MAX];
	size_t n_properties;
	struct str data;
};

bool log_is_command_name(struct str name);
/* "::name key=value,…::data", or the older "##[name key=value;…]data" anywhere in the line. Only
 * names that GitHub knows, and extra (may be empty), are commands. */
bool log_command_parse(struct str line, struct str extra, struct arena *a, struct log_command *ret);
/* Empty when it is not there. */
struct str log_property(const struct log_command *c, const char *key);

#endif
