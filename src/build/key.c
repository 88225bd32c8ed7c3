/* A key is a sha256 over framed (name, value) pairs. Beside it a readable list of the inputs is
 * kept, one "name value" per line, so that --explain can say which one changed. */
#include "build/build_priv.h"

#include "build/put.h"

enum { INPUTS_MAX = 512 * 1024, SHOWN_MAX = 200 };

struct key {
	struct digester *digester;
	struct buf inputs;
};

struct key *key_new(const char *what)
{
	struct key *k = NEW(struct key);
	k->digester = digester_new(DIGEST_SHA256);
	k->inputs = BUF(INPUTS_MAX);
	key_add(k, "step", str_of(what));
	return k;
}

void key_free(struct key *k)
{
	if (!k)
		return;
	digester_free(k->digester);
	buf_done(&k->inputs);
	free(k);
}

/* One line: control characters and the rest of long values are left to the digest. */
static void add_input(struct buf *b, const char *name, struct str value)
{
	struct digest d;
	char hex[DIGEST_HEX];
	buf_fmt(b, "%s ", name);
	if (value.n > SHOWN_MAX) {
		d = digest_of(value);
		buf_fmt(b, "sha256:%s", digest_hex(&d, hex, 16));
		value = STR_NONE;
	}
	for (size_t i = 0; i < value.n; i++)
		buf_add_ch(b, (unsigned char)value.p[i] < 0x20 ? ' ' : value.p[i]);
	buf_add_ch(b, '\n');
}

void key_add(struct key *k, const char *name, struct str value)
{
	digester_add_framed(k->digester, str_of(name));
	digester_add_framed(k->digester, value);
	add_input(&k->inputs, name, value);
}

void key_add_digest(struct key *k, const char *name, const struct digest *d)
{
	char text[DIGEST_TEXT];
	key_add(k, name, str_of(digest_text(d, text)));
}

void key_add_strs(struct key *k, const char *name, const struct image_strs *s)
{
	digester_add_u64(k->digester, s->n);
	for (size_t i = 0; i < s->n; i++)
		key_add(k, name, s->p[i]);
}

void key_note(struct key *k, struct str lines)
{
	buf_add(&k->inputs, lines);
}

struct digest key_finish(struct key *k, struct str *ret_inputs, struct arena *a)
{
	*ret_inputs = arena_str(a, buf_str(&k->inputs));
	return digester_finish(k->digester);
}

/* ---- explaining ---- */

static bool has_line(struct str text, struct str line)
{
	struct str rest = text, one;
	while (str_line(&rest, &one))
		if (str_eq(one, line))
			return true;
	return false;
}

static void add_change(struct buf *b, struct str line, const char *how)
{
	struct str rest = line, name = STR_NONE;
	(void)str_cut(&rest, ' ', &name); /* a line is not NULL */
	if (b->n)
		buf_add(b, S(", "));
	if (str_is(name, "file")) {
		struct str path = STR_NONE;
		(void)str_cut(&rest, ' ', &path);
		buf_fmt(b, "%s %.*s", how, STR_ARG(path));
	} else {
		buf_fmt(b, "%s %.*s: %.*s", how, STR_ARG(name), STR_ARG(str_sub(rest, 0, 60)));
	}
}

void key_explain(struct str before, struct str now, struct buf *ret)
{
	enum { SHOWN_CHANGES = 8 };
	struct str rest = now, line;
	unsigned n = 0;
	while (str_line(&rest, &line))
		if (!has_line(before, line) && n++ < SHOWN_CHANGES)
			add_change(ret, line, "changed");
	rest = before;
	for (unsigned gone = 0; n == 0 && str_line(&rest, &line);)
		if (!has_line(now, line) && gone++ < SHOWN_CHANGES)
			add_change(ret, line, "gone");
	if (n > SHOWN_CHANGES)
		buf_fmt(ret, " and %u more", n - SHOWN_CHANGES);
}

/* ---- selections ---- */

static void add_owner(struct digester *d, const struct stat *st, bool has_owner)
{
	digester_add_u64(d, has_owner ? 0 : st->st_uid);
	digester_add_u64(d, has_owner ? 0 : st->st_gid);
}

static void add_selected(struct digester *d, const struct selected *s, struct str chmod,
	bool has_owner, struct buf *list)
{
	const struct stat *st = &s->entry.st;
	char hex[DIGEST_HEX];
	digester_add_framed(d, s->name);
	digester_add_u64(d, st->st_mode & S_IFMT);
	if (!S_ISLNK(st->st_mode))
		digester_add_u64(d, put_mode(chmod, st->st_mode));
	add_owner(d, st, has_owner);
	digester_add_framed(d, s->link);
	if (S_ISREG(st->st_mode)) {
		digester_add(d, s->digest.bytes, 32);
		if (list && list->n < INPUTS_MAX / 2)
			buf_fmt(list, "file %s %s\n", s->entry.path,
				digest_hex(&s->digest, hex, 12));
	} else if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)) {
		digester_add_u64(d, st->st_rdev);
	}
}

struct digest key_of_selection(const struct selection *s, struct str chmod, bool has_owner,
	struct buf *ret_list)
{
	CLEANUP(digester_free) struct digester *d = digester_new(DIGEST_SHA256);
	digester_add_u64(d, s->roots.n);
	for (size_t r = 0; r < s->roots.n; r++) {
		const struct select_root *root = &s->roots.p[r];
		digester_add_framed(d, root->is_dir ? S("/") : root->base);
		digester_add_framed(d, root->parents);
		digester_add_u64(d, root->n);
		for (size_t i = 0; i < root->n; i++)
			add_selected(d, &s->all.p[root->first + i], chmod, has_owner, ret_list);
	}
	return digester_finish(d);
}
