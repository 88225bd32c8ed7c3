/* event -- telling how work goes, without printing.
 *
 * Rooms report to a sink they were given; cli/ draws events for people or writes them as JSON
 * lines. What is told about is a *node* with an id that is unique in the command ("build/3",
 * "pull/sha256:…", "job/test/2"), inside an optional parent node.
 *
 *	BEGIN  id, parent, title
 *	PROGRESS  id, done, total		bytes; total 0 = unknown
 *	OUTPUT id, stream, text			bytes a program wrote, not cut at lines
 *	NOTE   id (may be empty), level, text, at
 *	END    id, result, text (reason or "")
 *
 * Owner: every str is borrowed for the call. Threads: a sink must accept calls from any thread.
 * A NULL sink swallows everything.
 */
#ifndef BASE_EVENT_H
#define BASE_EVENT_H

#include "base/err.h"
#include "base/str.h"

enum event_kind { EVENT_BEGIN, EVENT_PROGRESS, EVENT_OUTPUT, EVENT_NOTE, EVENT_END };
enum event_result { EVENT_OK, EVENT_CACHED, EVENT_SKIPPED, EVENT_FAILED, EVENT_CANCELED };
enum event_level { EVENT_DEBUG, EVENT_NOTICE, EVENT_WARNING, EVENT_ERROR };

struct event {
	enum event_kind kind;
	struct str id;
	struct str parent;
	struct str title;
	struct str text;
	int stream; /* 1 or 2 */
	uint64_t done, total;
	enum event_level level;
	enum event_result result;
	const struct err_at *at; /* NULL = nowhere */
};

struct event_sink {
	void (*emit)(struct event_sink *sink, const struct event *e);
};

void event_begin(struct event_sink *sink, struct str id, struct str parent, struct str title);
void event_progress(struct event_sink *sink, struct str id, uint64_t done, uint64_t total);
void event_output(struct event_sink *sink, struct str id, int stream, struct str text);
void event_note(struct event_sink *sink, struct str id, enum event_level level,
	const struct err_at *at, const char *fmt, ...) PRINTF_LIKE(5, 6);
void event_end(struct event_sink *sink, struct str id, enum event_result result, struct str text);

const char *event_result_name(enum event_result r); /* "ok", "cached", ... */
const char *event_level_name(enum event_level l);   /* "debug", "notice", ... */

#endif
