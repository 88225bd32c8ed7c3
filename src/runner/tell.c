#include "run_priv.h"

#include <stdarg.h>

static PRINTF_LIKE(2, 0) struct str formatted(struct buf *b, const char *fmt, va_list args)
{
	va_list again;
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, fmt, args);
	char *p = n < 0 ? NULL : buf_room(b, (size_t)n + 1);
	if (p) {
		vsnprintf(p, (size_t)n + 1, fmt, again);
		buf_added(b, (size_t)n);
	}
	va_end(again);
	return buf_str(b);
}

static void note(struct event_sink *sink, struct str id, enum event_level level,
	const struct err_at *at, struct str text)
{
	struct event e = {EVENT_NOTE, .id = id, .level = level, .text = text, .at = at};
	sink->emit(sink, &e);
}

void step_note(struct step *s, enum event_level level, const struct err_at *at, struct str text)
{
	note(s->job->run->events, s->node, level, at, text);
}

void step_notef(struct step *s, enum event_level level, const char *fmt, ...)
{
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	va_list args;
	va_start(args, fmt);
	step_note(s, level, NULL, formatted(&b, fmt, args));
	va_end(args);
}

void job_notef(struct job *j, enum event_level level, const char *fmt, ...)
{
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	va_list args;
	va_start(args, fmt);
	note(j->run->events, j->node, level, NULL, formatted(&b, fmt, args));
	va_end(args);
}

static void note_err(struct event_sink *sink, struct str id, const struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(4096);
	buf_add_cstr(&b, err->what);
	if (err->hint[0])
		buf_fmt(&b, "\nhint: %s", err->hint);
	note(sink, id, EVENT_ERROR, err->at.line ? &err->at : NULL, buf_str(&b));
}

void step_note_err(struct step *s, const struct err *err)
{
	note_err(s->job->run->events, s->node, err);
}

void job_note_err(struct job *j, const struct err *err)
{
	note_err(j->run->events, j->node, err);
}

void step_printf(struct step *s, const char *fmt, ...)
{
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	va_list args;
	va_start(args, fmt);
	event_output(s->job->run->events, s->node, 1, formatted(&b, fmt, args));
	va_end(args);
}

enum event_result event_result_of(enum runner_result r)
{
	switch (r) {
	case RUNNER_SUCCESS: return EVENT_OK;
	case RUNNER_FAILURE: return EVENT_FAILED;
	case RUNNER_CANCELLED: return EVENT_CANCELED;
	case RUNNER_SKIPPED: return EVENT_SKIPPED;
	}
	return EVENT_FAILED;
}

const char *runner_result_name(enum runner_result r)
{
	static const char *const names[] = {"success", "failure", "cancelled", "skipped"};
	return names[r];
}
