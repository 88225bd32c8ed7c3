#include "ktrdr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JWT_SECRET_MIN = 32 };

static const char *env_or(const char *name, const char *fallback)
{
	const char *value = getenv(name);
	return value && *value ? value : fallback;
}

/* The commit is written beside the program when the image is built. */
static const char *read_commit(void)
{
	static char commit[65] = "unknown";
	FILE *f = fopen("/app/COMMIT", "r");
	if (f) {
		char line[65];
		if (fgets(line, sizeof(line), f) && line[0] != '\n') {
			line[strcspn(line, "\n")] = '\0';
			memcpy(commit, line, sizeof(line));
		}
		fclose(f);
	}
	return commit;
}

bool settings_read(struct settings *s)
{
	const char *secret = env_or("JWT_SECRET", "");
	char *end;
	unsigned long port = strtoul(env_or("PORT", "8000"), &end, 10);
	if (strlen(secret) < JWT_SECRET_MIN) {
		fprintf(stderr,
			"ktrdr-backend: JWT_SECRET has %zu characters, at least %d are needed\n"
			"hint: set it to a random text, for example: openssl rand -hex 32\n",
			strlen(secret), JWT_SECRET_MIN);
		return false;
	}
	if (*end || port == 0 || port > 65535) {
		fprintf(stderr, "ktrdr-backend: PORT is '%s', expected 1 to 65535\n",
			env_or("PORT", "8000"));
		return false;
	}
	*s = (struct settings){
		.db_host = env_or("DB_HOST", "localhost"),
		.db_port = env_or("DB_PORT", "5432"),
		.db_name = env_or("DB_NAME", "ktrdr"),
		.db_user = env_or("DB_USER", "ktrdr"),
		.port = (unsigned short)port,
		.commit = read_commit(),
	};
	return true;
}
