/* golden -- cases that live in files: tests/golden/<room>/<case>.in and what it must give, .out.
 *
 * golden_run("expr", answer) calls answer() for every case, in order of their names, and compares.
 * With GOLDEN_UPDATE in the environment it writes the .out files instead: read the diff.
 */
#ifndef UNIT_GOLDEN_H
#define UNIT_GOLDEN_H

#include "test.h"

#include "base/buf.h"

#include <dirent.h>

enum { GOLDEN_MAX = 4 * 1024 * 1024 };

struct golden {
	const char *room;
	const char *name; /* without .in */
	struct str in;
};

static inline bool golden_read(const char *room, const char *name, const char *ending,
	struct buf *ret)
{
	char path[1024];
	snprintf(path, sizeof(path), "%s/golden/%s/%s%s", TEST_SOURCE_DIR, room, name, ending);
	FILE *f = fopen(path, "re");
	if (!f)
		return false;
	char *room_for;
	while ((room_for = buf_room(ret, 4096))) {
		size_t n = fread(room_for, 1, 4096, f);
		buf_added(ret, n);
		if (n == 0)
			break;
	}
	fclose(f);
	return true;
}

static inline void golden_write(const char *room, const char *name, struct str text)
{
	char path[1024];
	snprintf(path, sizeof(path), "%s/golden/%s/%s.out", TEST_SOURCE_DIR, room, name);
	FILE *f = fopen(path, "we");
	assert_non_null(f);
	fwrite(text.p, 1, text.n, f);
	fclose(f);
}

/* Shows the first line that differs. */
static inline void golden_compare(const struct golden *g, struct str got, struct str want)
{
	struct str a = got, b = want, x, y;
	for (int line = 1; !str_eq(got, want); line++) {
		bool has_x = str_line(&a, &x), has_y = str_line(&b, &y);
		if (!has_x)
			x = S("(nothing)");
		if (!has_y)
			y = S("(nothing)");
		if (!str_eq(x, y) || !has_x)
			fail_msg("%s/%s line %d\n got: %.*s\nwant: %.*s", g->room, g->name, line,
				STR_ARG(x), STR_ARG(y));
	}
}

static inline void golden_case(const struct golden *g,
	void (*answer)(const struct golden *g, struct buf *out))
{
	CLEANUP(buf_done) struct buf out = BUF(GOLDEN_MAX), want = BUF(GOLDEN_MAX);
	answer(g, &out);
	if (getenv("GOLDEN_UPDATE")) {
		golden_write(g->room, g->name, buf_str(&out));
		return;
	}
	if (!golden_read(g->room, g->name, ".out", &want))
		fail_msg("%s/%s.out is missing", g->room, g->name);
	golden_compare(g, buf_str(&out), buf_str(&want));
}

static inline int golden_is_in(const struct dirent *d)
{
	return str_ends(str_of(d->d_name), S(".in"));
}

static inline void golden_run(const char *room,
	void (*answer)(const struct golden *g, struct buf *out))
{
	char path[1024];
	struct dirent **names;
	snprintf(path, sizeof(path), "%s/golden/%s", TEST_SOURCE_DIR, room);
	int n = scandir(path, &names, golden_is_in, alphasort);
	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		CLEANUP(buf_done) struct buf in = BUF(GOLDEN_MAX);
		names[i]->d_name[strlen(names[i]->d_name) - 3] = '\0';
		assert_true(golden_read(room, names[i]->d_name, ".in", &in));
		golden_case(&(struct golden){room, names[i]->d_name, buf_str(&in)}, answer);
		free(names[i]);
	}
	free(names);
}

#endif
