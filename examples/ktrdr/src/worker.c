#include "ktrdr.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static bool is_known(const char *kind)
{
	return strcmp(kind, "backtest") == 0 || strcmp(kind, "training") == 0;
}

/* Waits for work; a heartbeat line every ten seconds shows that it lives. */
int worker_run(const struct settings *s, const char *kind)
{
	const struct timespec beat = {.tv_sec = 10};
	sigset_t stop;
	if (!is_known(kind)) {
		fprintf(stderr, "ktrdr-backend: unknown worker '%s'\n"
				"hint: backtest or training\n", kind);
		return 2;
	}
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	printf("%s worker %s (%s) started\n", kind, KTRDR_VERSION, s->commit);
	fflush(stdout);
	while (sigtimedwait(&stop, NULL, &beat) < 0) {
		printf("%s worker: idle\n", kind);
		fflush(stdout);
	}
	printf("%s worker: stopped\n", kind);
	return 0;
}
