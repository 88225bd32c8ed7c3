#include "base/event.h"

#include <stdarg.h>

static void emit(struct event_sink *sink, const struct event *e)
{
	if (sink)
		sink->emit(sink, e);
}

void event_begin(struct event_sink *sink, struct str id, struct str parent, struct str title)
{
	emit(sink, &(struct event){EVENT_BEGIN, .id = id, .parent = parent, .title = title});
}

void event_progress(struct event_sink *sink, struct str id, uint64_t done, uint64_t total)
{
	emit(sink, &(struct event){EVENT_PROGRESS, .id = id, .done = done, .total = total});
}

void event_output(struct event_sink *sink, struct str id, int stream, struct str text)
{
	emit(sink, &(struct event){EVENT_OUTPUT, .id = id, .stream = stream, .text = text});
}

void event_note(struct event_sink *sink, struct str id, enum event_level level,
	const struct err_at *at, const char *fmt, ...)
{
	char text[1024];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	emit(sink,
		&(struct event){
			EVENT_NOTE, .id = id, .level = level, .text = str_of(text), .at = at});
}

void event_end(struct event_sink *sink, struct str id, enum event_result result, struct str text)
{
	emit(sink, &(struct event){EVENT_END, .id = id, .result = result, .text = text});
}

const char *event_result_name(enum event_result r)
{
	switch (r) {
	case EVENT_OK: return "ok";
	case EVENT_CACHED: return "cached";
	case EVENT_SKIPPED: return "skipped";
	case EVENT_FAILED: return "failed";
	case EVENT_CANCELED: return "canceled";
	}
	return "failed";
}

const char *event_level_name(enum event_level l)
{
	switch (l) {
	case EVENT_DEBUG: return "debug";
	case EVENT_NOTICE: return "notice";
	case EVENT_WARNING: return "warning";
	case EVENT_ERROR: return "error";
	}
	return "error";
}
