/* ktrdr -- one program, two roles: the HTTP backend and a worker. */
#ifndef KTRDR_H
#define KTRDR_H

#include <stdbool.h>

#define KTRDR_VERSION "0.4.0"

/* Settings from the environment, checked once at start. */
struct settings {
	const char *db_host, *db_port, *db_name, *db_user;
	unsigned short port;
	const char *commit; /* of the source this program was built from */
};

/* Says on stderr what is missing or wrong and returns false. */
bool settings_read(struct settings *s);

int backend_run(const struct settings *s);
int worker_run(const struct settings *s, const char *kind);
/* Asks the backend on this machine for its health; 0 = healthy. */
int probe_run(const struct settings *s);

#endif
