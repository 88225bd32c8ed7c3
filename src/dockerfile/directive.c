/* Directives: `# escape=`, `# syntax=`, `# check=`, one each, above everything else. */
#include "dockerfile/dockerfile_priv.h"

#include "json/json.h"

/* Directives end at an ASCII white space other than \v. */
static bool is_blank(char c)
{
	return ch_is_space(c) && c != '\v';
}

static struct str skip_blanks(struct str s)
{
	while (s.n && is_blank(s.p[0]))
		s = str_skip(s, 1);
	return s;
}

/* `#name = value`; the value is at least one character. */
static bool split_directive(struct str line, struct str mark, struct str *ret_name, struct str *ret)
{
	if (!str_starts(line, mark))
		return false;
	struct str s = skip_blanks(str_skip(line, mark.n));
	size_t n = 0;
	while (n < s.n && (ch_is_alpha(s.p[n]) || (n && ch_is_digit(s.p[n]))))
		n++;
	*ret_name = str_sub(s, 0, n);
	s = skip_blanks(str_skip(s, n));
	if (!n || !s.n || s.p[0] != '=')
		return false;
	struct str after = str_skip(s, 1), value = skip_blanks(after);
	if (!value.n && after.n)
		value = str_skip(after, after.n - 1); /* nothing but blanks: the last one is it */
	size_t end = value.n;
	while (end > 1 && is_blank(value.p[end - 1]))
		end--;
	*ret = str_sub(value, 0, end);
	return end > 0;
}

static int set_once(struct lines *l, struct dockerfile_directive *d, const char *name,
	struct str value, struct dockerfile_place at)
{
	if (d->is_set)
		return lines_fail(l, at, "only one %s parser directive can be used", name);
	*d = (struct dockerfile_directive){true, value, at};
	return 0;
}

int directive_read(struct directives *state, struct lines *l, struct dockerfile *d)
{
	struct str line = lines_peek(l), name, value;
	struct dockerfile_place at = {l->line + 1, 1};
	bool is_escape, is_syntax;
	state->is_over = true;
	if (!split_directive(line, S("#"), &name, &value))
		return 0;
	is_escape = str_eq_nocase(name, S("escape"));
	is_syntax = str_eq_nocase(name, S("syntax"));
	if (!is_escape && !is_syntax && !str_eq_nocase(name, S("check")))
		return 0;
	state->is_over = false;
	if (lines_take(l, &line) < 0)
		return -1;
	if (!is_escape)
		return is_syntax ? set_once(l, &d->syntax, "syntax", value, at)
				 : set_once(l, &d->check, "check", value, at);
	if (state->has_escape)
		return lines_fail(l, at, "only one escape parser directive can be used");
	if (!str_is(value, "\\") && !str_is(value, "`"))
		return lines_fail(l, at, "invalid escape token '%.*s' does not match ` or \\",
			STR_ARG(value));
	state->has_escape = true;
	d->escape = l->escape = value.p[0];
	return 0;
}

/* The first `syntax` among directives with this mark. */
static bool find_syntax(struct str text, uint32_t line, struct str mark,
	struct dockerfile_directive *ret)
{
	bool has_escape = false, has_check = false;
	struct str row, name, value;
	while (str_line(&text, &row)) {
		line++;
		if (!split_directive(row, mark, &name, &value))
			return false;
		if (str_eq_nocase(name, S("syntax"))) {
			*ret = (struct dockerfile_directive){true, value, {line, 1}};
			return true;
		}
		bool *has = str_eq_nocase(name, S("escape")) ? &has_escape
			: str_eq_nocase(name, S("check"))    ? &has_check
							     : NULL;
		if (!has || *has)
			return false;
		*has = true;
	}
	return false;
}

static bool json_syntax(struct str text, uint32_t line, struct arena *a,
	struct dockerfile_directive *ret)
{
	static const struct json_limits limits = {.max_bytes = DOCKERFILE_MAX_BYTES,
		.max_depth = 64,
		.max_values = 10000,
		.accepts_duplicates = true};
	struct err ignored = {0}; /* a text that is no JSON asks for nothing */
	struct json *doc;
	struct str value;
	if (!str_starts(text_trim_left(text), S("{")) ||
		json_parse(text, &limits, a, &doc, &ignored) < 0)
		return false;
	const struct json *syntax = json_get(doc, "syntax");
	if (!syntax || syntax->kind != JSON_STRING)
		return false;
	value = syntax->text;
	*ret = (struct dockerfile_directive){true, value, {line + 1, 1}};
	return true;
}

bool dockerfile_syntax(struct str text, struct arena *a, struct dockerfile_directive *ret)
{
	uint32_t line = 0;
	struct str row, rest = str_starts(text, S("\xef\xbb\xbf")) ? str_skip(text, 3) : text;
	if (str_starts(rest, S("#!"))) {
		(void)str_line(&rest, &row); /* there is one: it starts with "#!" */
		line = 1;
	}
	if (!find_syntax(rest, line, S("#"), ret) && !find_syntax(rest, line, S("//"), ret) &&
		!json_syntax(rest, line, a, ret))
		return false;
	ret->value = arena_str(a, ret->value);
	return true;
}

static bool is_one_of(struct str s, const char *const *words)
{
	for (; *words; words++)
		if (str_is(s, *words))
			return true;
	return false;
}

bool dockerfile_syntax_is_ours(struct str value)
{
	static const char *const names[] = {"docker/dockerfile", "docker.io/docker/dockerfile",
		"index.docker.io/docker/dockerfile", "docker/dockerfile-upstream",
		"docker.io/docker/dockerfile-upstream", NULL};
	static const char *const tags[] = {
		"1", "latest", "labs", "experimental", "master", "master-labs", NULL};
	struct str image = STR_NONE, rest;
	if (!str_word(&value, &image))
		return false;
	rest = image;
	(void)str_cut(&rest, '@', &image); /* always gives a first part */
	ssize_t colon = str_rchr(image, ':');
	if (colon < 0)
		return is_one_of(image, names);
	struct str tag = str_skip(image, (size_t)colon + 1);
	return is_one_of(str_sub(image, 0, (size_t)colon), names) &&
		(is_one_of(tag, tags) || str_starts(tag, S("1.")) || str_starts(tag, S("1-")));
}
