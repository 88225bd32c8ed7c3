#include "ktrdr.h"

#include <stdio.h>
#include <string.h>

static int usage(FILE *to)
{
	fputs("usage: ktrdr-backend [serve | worker backtest|training | healthcheck | --version]\n",
		to);
	return to == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
	const char *role = argc > 1 ? argv[1] : "serve";
	struct settings s;
	if (strcmp(role, "--version") == 0) {
		puts("ktrdr-backend " KTRDR_VERSION);
		return 0;
	}
	if (strcmp(role, "--help") == 0)
		return usage(stdout);
	bool is_worker = strcmp(role, "worker") == 0 && argc == 3;
	if (!is_worker && (argc > 2 || (strcmp(role, "serve") != 0 && strcmp(role, "healthcheck") != 0)))
		return usage(stderr);
	if (!settings_read(&s))
		return 1;
	if (is_worker)
		return worker_run(&s, argv[2]);
	return strcmp(role, "serve") == 0 ? backend_run(&s) : probe_run(&s);
}
