#include "http/url.h"

#include "base/num.h"

static bool is_unreserved(char c)
{
	return ch_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static bool is_one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

/* Visible ASCII without the characters that mean something else to some reader of URLs. */
static bool text_is_plain(struct str s, const char *refused)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] == 0x7f || is_one_of(s.p[i], refused))
			return false;
	return true;
}

static int bad(struct err *err, struct str text, const char *why)
{
	return err_set(err, ERR_INPUT, "url '%.*s': %s", STR_ARG(text), why);
}

/* Splits s at the first of the characters in `at`; the separator opens *ret_rest. */
static struct str split_at(struct str s, const char *at, struct str *ret_rest)
{
	size_t n = 0;
	while (n < s.n && !is_one_of(s.p[n], at))
		n++;
	*ret_rest = str_skip(s, n);
	return str_sub(s, 0, n);
}

static int parse_port(struct str text, struct str port, struct url *u, struct err *err)
{
	uint64_t v;
	struct err why;
	if (num_parse_u64(port, 1, UINT16_MAX, &v, &why) < 0)
		return bad(err, text, "expected a port from 1 to 65535");
	u->port = (uint16_t)v;
	u->has_port = true;
	return 0;
}

/* "[::1]:80", "host:80", "host"; no user part any more. */
static int parse_host(struct str text, struct str s, struct url *u, struct err *err)
{
	struct str rest;
	if (str_starts(s, S("["))) {
		ssize_t end = str_chr(s, ']');
		if (end < 0)
			return bad(err, text, "expected ']' after an IPv6 address");
		u->host = str_sub(s, 1, (size_t)end);
		rest = str_skip(s, (size_t)end + 1);
		for (size_t i = 0; i < u->host.n; i++)
			if (ch_hex(u->host.p[i]) < 0 && !is_one_of(u->host.p[i], ":."))
				return bad(err, text, "expected an IPv6 address in brackets");
	} else {
		u->host = split_at(s, ":", &rest);
		if (!text_is_plain(u->host, "\"<>[]\\^`{|}%"))
			return bad(err, text, "expected a host name");
	}
	if (!u->host.n)
		return bad(err, text, "has no host");
	if (!rest.n)
		return 0;
	if (rest.p[0] != ':')
		return bad(err, text, "expected ':' and a port after the host");
	return parse_port(text, str_skip(rest, 1), u, err);
}

int url_parse(struct str text, struct url *ret, struct err *err)
{
	struct url u = {0};
	struct str rest, authority;
	ssize_t colon = str_find(text, S("://"));
	if (colon < 0)
		return bad(err, text, "expected http:// or https://");
	u.scheme = str_sub(text, 0, (size_t)colon);
	bool is_https = str_eq_nocase(u.scheme, S("https"));
	if (!is_https && !str_eq_nocase(u.scheme, S("http")))
		return bad(err, text, "expected http:// or https://");
	u.port = is_https ? 443 : 80;
	authority = split_at(str_skip(text, (size_t)colon + 3), "/?#", &rest);
	ssize_t at = str_rchr(authority, '@');
	if (at >= 0)
		u.user = str_sub(authority, 0, (size_t)at);
	if (!text_is_plain(u.user, "\\"))
		return bad(err, text, "expected a user name before '@'");
	if (parse_host(text, str_skip(authority, (size_t)(at + 1)), &u, err) < 0)
		return -1;
	if (!text_is_plain(rest, ""))
		return bad(err, text, "holds a character that must be written as %XX");
	rest = split_at(rest, "#", &authority);
	u.path = split_at(rest, "?", &u.query);
	u.query = str_skip(u.query, 1);
	if (!u.path.n)
		u.path = S("/");
	*ret = u;
	return 0;
}

/* Appends path without its "." and ".." parts (RFC 3986 section 5.2.4). */
static void add_without_dots(struct buf *b, struct str path)
{
	size_t start = b->n;
	struct str part;
	path = str_skip(path, 1);
	while (str_cut(&path, '/', &part)) {
		bool is_last = path.p == NULL;
		if (str_is(part, "..")) {
			ssize_t cut = str_rchr(str_skip(buf_str(b), start), '/');
			buf_cut(b, start + (size_t)(cut < 0 ? 0 : cut));
		} else if (!str_is(part, ".")) {
			buf_add_ch(b, '/');
			buf_add(b, part);
			continue;
		}
		if (is_last)
			buf_add_ch(b, '/');
	}
}

static void add_origin(struct buf *b, const struct url *u)
{
	bool is_v6 = str_chr(u->host, ':') >= 0;
	buf_fmt(b, "%.*s://%s%.*s%s", STR_ARG(u->scheme), is_v6 ? "[" : "", STR_ARG(u->host),
		is_v6 ? "]" : "");
	if (u->has_port)
		buf_fmt(b, ":%u", u->port);
}

/* Does it start with a scheme of its own ("https:", "file:")? */
static bool has_scheme(struct str s)
{
	struct str rest;
	struct str before = split_at(s, ":/?#", &rest);
	return before.n && rest.n && rest.p[0] == ':';
}

static void resolve_path(const struct url *base, struct str location, struct buf *ret)
{
	struct str query, path = split_at(location, "?", &query);
	if (!path.n) {
		buf_add(ret, base->path);
		if (!query.n && base->query.n)
			buf_fmt(ret, "?%.*s", STR_ARG(base->query));
	} else if (path.p[0] == '/') {
		add_without_dots(ret, path);
	} else {
		CLEANUP(buf_done) struct buf merged = BUF(ret->max);
		buf_add(&merged, str_sub(base->path, 0, (size_t)(str_rchr(base->path, '/') + 1)));
		buf_add(&merged, path);
		add_without_dots(ret, buf_str(&merged));
	}
	buf_add(ret, query);
}

int url_resolve(struct str base, struct str location, struct buf *ret, struct err *err)
{
	struct url b = {0}, whole;
	struct str fragment;
	if (url_parse(base, &b, err) < 0)
		return -1;
	size_t start = ret->n;
	location = split_at(location, "#", &fragment);
	if (has_scheme(location)) {
		buf_add(ret, location);
	} else if (str_starts(location, S("//"))) {
		buf_fmt(ret, "%.*s:", STR_ARG(b.scheme));
		buf_add(ret, location);
	} else {
		add_origin(ret, &b);
		resolve_path(&b, location, ret);
	}
	if (buf_check(ret, "url", err) < 0)
		return -1;
	return url_parse(str_skip(buf_str(ret), start), &whole, err);
}

bool url_same_origin(struct str a, struct str b)
{
	struct url x = {0}, y = {0};
	struct err err;
	return url_parse(a, &x, &err) == 0 && url_parse(b, &y, &err) == 0 && x.port == y.port &&
		str_eq_nocase(x.scheme, y.scheme) && str_eq_nocase(x.host, y.host);
}

void url_add_escaped(struct buf *b, struct str s, const char *keep)
{
	static const char digits[] = "0123456789ABCDEF";
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = (uint8_t)s.p[i];
		if (is_unreserved(s.p[i]) || is_one_of(s.p[i], keep)) {
			buf_add_ch(b, s.p[i]);
		} else {
			buf_add_bytes(b, (char[]){'%', digits[c >> 4], digits[c & 15]}, 3);
		}
	}
}

static int unescape(struct str s, bool plus_is_space, struct buf *ret, struct err *err)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '+' && plus_is_space) {
			buf_add_ch(ret, ' ');
		} else if (s.p[i] != '%') {
			buf_add_ch(ret, s.p[i]);
		} else {
			int high = i + 2 < s.n ? ch_hex(s.p[i + 1]) : -1;
			int low = i + 2 < s.n ? ch_hex(s.p[i + 2]) : -1;
			if (high < 0 || low < 0 || (high | low) == 0)
				return err_set(err, ERR_INPUT, "broken escape in '%.*s'",
					STR_ARG(s));
			buf_add_ch(ret, (char)(high << 4 | low));
			i += 2;
		}
	}
	return buf_check(ret, "text with escapes", err);
}

int url_unescape(struct str s, struct buf *ret, struct err *err)
{
	return unescape(s, false, ret, err);
}

/* Decoded into the arena; false when an escape is broken. */
static bool decode(struct str s, struct arena *a, struct str *ret)
{
	CLEANUP(buf_done) struct buf b = BUF(s.n);
	struct err err;
	if (unescape(s, true, &b, &err) < 0)
		return false;
	*ret = arena_str(a, buf_str(&b));
	return true;
}

bool url_query_next(struct str query, const char *name, size_t *at, struct arena *a,
	struct str *ret)
{
	while (*at < query.n) {
		struct str rest, value, key, found;
		struct str pair = split_at(str_skip(query, *at), "&", &rest);
		*at += pair.n + 1;
		key = split_at(pair, "=", &value);
		if (!decode(key, a, &found) || !str_is(found, name))
			continue;
		if (decode(str_skip(value, 1), a, ret))
			return true;
	}
	return false;
}

bool url_query(struct str query, const char *name, struct arena *a, struct str *ret)
{
	size_t at = 0;
	return url_query_next(query, name, &at, a, ret);
}
