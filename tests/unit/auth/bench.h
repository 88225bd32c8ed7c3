/* A database, a folder and a clock of its own for one test of auth. */
#ifndef UNIT_AUTH_BENCH_H
#define UNIT_AUTH_BENCH_H

#include "../tempdir.h"

#include "auth/auth.h"

#define MINUTE (60 * CLOCK_SECOND)

struct bench_clock {
	struct clock clock;
	int64_t now, monotonic;
};

struct bench {
	struct temp_dir dir;
	struct db *db;
	struct bench_clock clock;
	struct auth *auth;
};

static int64_t bench_now(const struct clock *c)
{
	return ((const struct bench_clock *)c)->now;
}

static int64_t bench_monotonic(const struct clock *c)
{
	return ((const struct bench_clock *)c)->monotonic;
}

/* Both clocks go on. */
static inline void bench_wait(struct bench *b, int64_t ns)
{
	b->clock.now += ns;
	b->clock.monotonic += ns;
}

static inline struct bench *bench_new(void)
{
	struct err err = {0};
	struct bench *b = NEW(struct bench);
	char path[100];
	b->dir = temp_dir_new();
	b->clock = (struct bench_clock){{bench_now, bench_monotonic}, 1000 * MINUTE, 5 * MINUTE};
	snprintf(path, sizeof(path), "%s/index.db", b->dir.path);
	OK(db_open(path, DB_RELAXED, &b->db, &err));
	OK(auth_open(b->db, b->dir.fd, &b->clock.clock, &b->auth, &err));
	return b;
}

static inline void bench_free(struct bench *b)
{
	auth_free(b->auth);
	db_close(b->db);
	temp_dir_done(&b->dir);
	free(b);
}
CLEANUP_PTR(bench_free, struct bench);

/* Makes a token for "ada" and tells its text. */
static inline void bench_token(struct bench *b, unsigned scopes, const char *repositories,
	char text[AUTH_TOKEN_TEXT])
{
	struct err err = {0};
	OK(auth_token_create(b->auth,
		&(struct auth_token){.user = S("ada"),
			.name = S("test"),
			.scopes = scopes,
			.repositories = str_of(repositories)},
		text, &err));
}

/* The check's result: ERR_NONE when it is good. */
static inline enum err_kind bench_check(struct auth *a, const char *text)
{
	struct err err = {0};
	CLEANUP(auth_grant_free) const struct auth_grant *g = NULL;
	(void)auth_check_password(a, S("anyone"), str_of(text), &g, &err);
	return err.kind;
}

static inline enum err_kind bench_check_bearer(struct auth *a, struct str text)
{
	struct err err = {0};
	CLEANUP(auth_grant_free) const struct auth_grant *g = NULL;
	(void)auth_bearer_check(a, text, &g, &err);
	return err.kind;
}

#endif
