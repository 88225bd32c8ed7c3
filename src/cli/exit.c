#include "cli/exit.h"

int exit_code(enum err_kind kind)
{
	switch (kind) {
	case ERR_NONE: return EXIT_OK;
	case ERR_USAGE: return EXIT_USAGE;
	case ERR_CANCELED: return EXIT_CANCELED;
	case ERR_INPUT:
	case ERR_NOT_FOUND:
	case ERR_CONFLICT:
	case ERR_DENIED:
	case ERR_LIMIT:
	case ERR_NET:
	case ERR_SYS:
	case ERR_CORRUPT:
	case ERR_UNSUPPORTED:
	case ERR_FAILED:
	case ERR_BUG: return EXIT_REFUSED;
	}
	return EXIT_REFUSED;
}

int exit_with(const struct err *err)
{
	char line[1024];
	err_line(err, line, sizeof(line));
	fflush(stdout);
	fprintf(stderr, "knarr: %s\n", line);
	if (err->hint[0])
		fprintf(stderr, "hint: %s\n", err->hint);
	return exit_code(err->kind);
}
