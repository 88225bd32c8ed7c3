#include "base/err.h"

#include <stdarg.h>

static PRINTF_LIKE(4, 0) int err_start(struct err *err, enum err_kind kind, int sys,
	const char *fmt, va_list args)
{
	memset(&err->at, 0, sizeof(err->at));
	err->kind = kind;
	err->sys = sys;
	err->hint[0] = '\0';
	int n = vsnprintf(err->what, sizeof(err->what), fmt, args);
	if (n < 0)
		n = 0;
	if (sys && (size_t)n < sizeof(err->what)) {
		char words[128];
		const char *said = strerror_r(sys, words, sizeof(words));
		snprintf(err->what + n, sizeof(err->what) - (size_t)n, ": %s", said);
	}
	return -1;
}

int err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	err_start(err, kind, 0, fmt, args);
	va_end(args);
	return -1;
}

int err_sys(struct err *err, const char *fmt, ...)
{
	int number = errno;
	va_list args;
	va_start(args, fmt);
	err_start(err, ERR_SYS, number, fmt, args);
	va_end(args);
	return -1;
}

int err_sysno(struct err *err, int number, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	err_start(err, ERR_SYS, number, fmt, args);
	va_end(args);
	return -1;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
	char inner[sizeof(err->what)];
	memcpy(inner, err->what, sizeof(inner));
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(err->what, sizeof(err->what), fmt, args);
	va_end(args);
	if (n >= 0 && (size_t)n < sizeof(err->what))
		snprintf(err->what + n, sizeof(err->what) - (size_t)n, ": %s", inner);
	return -1;
}

int err_hint(struct err *err, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vsnprintf(err->hint, sizeof(err->hint), fmt, args);
	va_end(args);
	return -1;
}

int err_locate(struct err *err, const char *file, uint32_t line, uint32_t col)
{
	if (err->at.line || err->at.file[0])
		return -1;
	err->at.line = line;
	err->at.col = col;
	if (file)
		snprintf(err->at.file, sizeof(err->at.file), "%s", file);
	return -1;
}

int err_in_file(struct err *err, const char *file)
{
	if (!err->at.file[0])
		snprintf(err->at.file, sizeof(err->at.file), "%s", file);
	return -1;
}

const char *err_kind_name(enum err_kind kind)
{
	switch (kind) {
	case ERR_NONE: return "none";
	case ERR_USAGE: return "usage";
	case ERR_INPUT: return "input";
	case ERR_NOT_FOUND: return "not-found";
	case ERR_CONFLICT: return "conflict";
	case ERR_DENIED: return "denied";
	case ERR_LIMIT: return "limit";
	case ERR_NET: return "net";
	case ERR_SYS: return "sys";
	case ERR_CORRUPT: return "corrupt";
	case ERR_CANCELED: return "canceled";
	case ERR_UNSUPPORTED: return "unsupported";
	case ERR_FAILED: return "failed";
	case ERR_BUG: return "bug";
	}
	return "bug";
}

void err_line(const struct err *err, char *room, size_t n)
{
	const struct err_at *at = &err->at;
	if (at->file[0] && at->line && at->col)
		snprintf(room, n, "%s:%u:%u: %s", at->file, at->line, at->col, err->what);
	else if (at->file[0] && at->line)
		snprintf(room, n, "%s:%u: %s", at->file, at->line, err->what);
	else if (at->line && at->col)
		snprintf(room, n, "%u:%u: %s", at->line, at->col, err->what);
	else if (at->file[0])
		snprintf(room, n, "%s: %s", at->file, err->what);
	else
		snprintf(room, n, "%s", err->what);
}
