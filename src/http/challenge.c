/* WWW-Authenticate, RFC 9110 section 11.3. One header may hold several challenges, and the comma
 * that separates them is the comma that separates parameters:
 *
 *	Basic realm="a", Bearer realm="https://h/token",service="s", Negotiate abc==
 *
 * A token that is followed by '=' is a parameter, any other starts a challenge. */
#include "http/url.h"

static bool is_token(char c)
{
	return ch_is_alnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static struct str take_token(struct str *s)
{
	size_t n = 0;
	while (n < s->n && is_token(s->p[n]))
		n++;
	struct str token = str_sub(*s, 0, n);
	*s = str_skip(*s, n);
	return token;
}

static void skip_space(struct str *s, bool commas_too)
{
	while (s->n && (s->p[0] == ' ' || s->p[0] == '\t' || (commas_too && s->p[0] == ',')))
		*s = str_skip(*s, 1);
}

/* Behind the opening quote; takes the closing one. */
static struct str take_quoted(struct str *s, struct arena *a)
{
	size_t end = 0, n = 0;
	while (end < s->n && s->p[end] != '"')
		end += s->p[end] == '\\' ? 2 : 1;
	struct str inner = str_sub(*s, 0, end);
	char *room = arena_alloc(a, inner.n + 1, 1);
	for (size_t i = 0; i < inner.n; i++) {
		if (inner.p[i] == '\\' && i + 1 < inner.n)
			i++;
		room[n++] = inner.p[i];
	}
	*s = str_skip(*s, end + 1);
	return str_n(room, n);
}

/* The value behind '='. Unquoted it reaches to the next comma or space: some servers do not quote
 * the URL of a realm. */
static struct str take_value(struct str *s, struct arena *a)
{
	skip_space(s, false);
	if (s->n && s->p[0] == '"') {
		*s = str_skip(*s, 1);
		return take_quoted(s, a);
	}
	size_t n = 0;
	while (n < s->n && s->p[n] != ',' && s->p[n] != ' ' && s->p[n] != '\t')
		n++;
	struct str value = str_sub(*s, 0, n);
	*s = str_skip(*s, n);
	return value;
}

static void keep(struct http_challenge *c, struct str name, struct str value)
{
	struct str *known[] = {&c->realm, &c->service, &c->scope, &c->error};
	static const char *const names[] = {"realm", "service", "scope", "error"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq_nocase(name, str_of(names[i])) && !known[i]->p)
			*known[i] = value;
}

bool http_find_challenge(struct str header, const char *scheme, struct arena *a,
	struct http_challenge *ret)
{
	struct http_challenge found = {0};
	bool is_found = false, is_ours = false;
	struct str s = header;
	for (skip_space(&s, true); s.n; skip_space(&s, true)) {
		struct str token = take_token(&s);
		skip_space(&s, false);
		if (!token.n) {
			s = str_skip(s, 1); /* not a token: step over it */
		} else if (s.n && s.p[0] == '=') {
			s = str_skip(s, 1);
			struct str value = take_value(&s, a);
			if (is_ours)
				keep(&found, token, value);
		} else {
			is_ours = !is_found && str_eq_nocase(token, str_of(scheme));
			is_found |= is_ours;
		}
	}
	if (is_found)
		*ret = found;
	return is_found;
}
