#include "git/git_priv.h"

#include "base/clock.h"
#include "base/num.h"

/* "Name <mail> 1700000000 +0100". Old and foreign tools wrote all kinds of things here, so what is
 * not there is empty. */
static void parse_ident(struct str text, struct arena *a, struct str *ret_name,
	struct str *ret_mail, int64_t *ret_ns)
{
	ssize_t open = str_chr(text, '<'), close = str_rchr(text, '>');
	struct err ignored;
	struct str word;
	int64_t seconds;
	if (open < 0 || close < open)
		return;
	struct str rest = str_skip(text, (size_t)close + 1);
	*ret_name = arena_str(a, str_trim(str_sub(text, 0, (size_t)open)));
	*ret_mail = arena_str(a, str_sub(text, (size_t)open + 1, (size_t)close));
	if (ret_ns && str_word(&rest, &word) &&
		num_parse_i64(word, INT64_MIN / CLOCK_SECOND, INT64_MAX / CLOCK_SECOND, &seconds,
			&ignored) == 0)
		*ret_ns = seconds * CLOCK_SECOND;
}

int git_parse_commit(struct str raw, struct arena *a, struct git_commit *ret, struct err *err)
{
	struct git_commit c = {.sha = ret->sha};
	struct str rest = raw, line = STR_NONE;
	while (str_cut(&rest, '\n', &line) && line.n) {
		ssize_t space = str_chr(line, ' ');
		struct str key = str_sub(line, 0, space < 0 ? line.n : (size_t)space);
		struct str value = str_skip(line, key.n + 1);
		if (str_is(key, "tree"))
			c.tree = arena_str(a, value);
		else if (str_is(key, "author"))
			parse_ident(value, a, &c.author, &c.author_email, NULL);
		else if (str_is(key, "committer"))
			parse_ident(value, a, &c.committer, &c.committer_email, &c.time_ns);
	}
	if (!git_is_commit_id(c.tree))
		return err_set(err, ERR_CORRUPT, "commit '%.*s' has no tree", STR_ARG(c.sha));
	while (rest.n && rest.p[rest.n - 1] == '\n')
		rest.n--;
	c.message = arena_str(a, rest);
	*ret = c;
	return 0;
}

struct str git_packed_ref(struct str text, struct str ref)
{
	struct str rest = text;
	for (ssize_t at; (at = str_find(rest, ref)) >= 0; rest = str_skip(rest, (size_t)at + 1)) {
		size_t from = (size_t)(rest.p - text.p) + (size_t)at;
		struct str before = str_sub(text, 0, from), after = str_skip(text, from + ref.n);
		ssize_t newline = str_rchr(before, '\n');
		struct str line = str_skip(before, (size_t)(newline + 1));
		bool ends = !after.n || after.p[0] == '\n' || after.p[0] == '\r';
		struct str id = str_sub(line, 0, line.n ? line.n - 1 : 0);
		if (ends && str_ends(line, S(" ")) && git_is_commit_id(id))
			return id;
	}
	return STR_NONE;
}

bool git_parse_remote_ref(struct str line, struct git_remote_ref *ret)
{
	struct str rest = line, first;
	struct git_remote_ref r = {0};
	if (!str_cut(&rest, '\t', &first) || !rest.n)
		return false;
	r.ref = rest;
	if (str_starts(first, S("ref: ")))
		r.target = str_skip(first, 5);
	else if (git_is_commit_id(first))
		r.id = first;
	else
		return false;
	*ret = r;
	return true;
}
