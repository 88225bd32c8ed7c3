#include "http/head_priv.h"

#include "base/num.h"

static bool is_token_char(char c)
{
	return ch_is_alnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_token_char(s.p[i]))
			return false;
	return s.n > 0;
}

size_t http_head_length(struct str in, size_t *scanned)
{
	size_t at = *scanned;
	for (const char *lf; at < in.n; at = (size_t)(lf - in.p) + 1) {
		lf = memchr(in.p + at, '\n', in.n - at);
		if (!lf)
			break;
		struct str after = str_skip(in, (size_t)(lf - in.p) + 1);
		if (str_starts(after, S("\r\n")))
			return in.n - after.n + 2;
		if (str_starts(after, S("\n")))
			return in.n - after.n + 1; /* http_head_parse() refuses it */
		if (after.n < 2) {
			*scanned = (size_t)(lf - in.p);
			return 0;
		}
	}
	*scanned = at;
	return 0;
}

static enum http_method find_method(struct str name)
{
	static const struct {
		const char *name;
		enum http_method method;
	} methods[] = {{"GET", HTTP_GET}, {"HEAD", HTTP_HEAD}, {"PUT", HTTP_PUT},
		{"POST", HTTP_POST}, {"PATCH", HTTP_PATCH}, {"DELETE", HTTP_DELETE},
		{"OPTIONS", HTTP_OPTIONS}};
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (str_is(name, methods[i].name))
			return methods[i].method;
	return HTTP_OTHER;
}

/* "/path?query", "http://host/path?query" as proxies send it, or "*". */
static int parse_target(struct str target, struct head *h)
{
	for (size_t i = 0; i < target.n; i++)
		if (target.p[i] <= ' ' || target.p[i] == 0x7f || target.p[i] == '#')
			return 400;
	ssize_t scheme = target.n && target.p[0] != '/' ? str_find(target, S("://")) : -1;
	if (scheme > 0) {
		target = str_skip(target, (size_t)scheme + 3);
		ssize_t slash = str_chr(target, '/');
		target = slash < 0 ? S("/") : str_skip(target, (size_t)slash);
	}
	if (!str_starts(target, S("/")) && !(str_is(target, "*") && h->method == HTTP_OPTIONS))
		return 400;
	ssize_t query = str_chr(target, '?');
	h->path = query < 0 ? target : str_sub(target, 0, (size_t)query);
	h->query = query < 0 ? STR_NONE : str_skip(target, (size_t)query + 1);
	return 0;
}

static int parse_version(struct str v, struct head *h)
{
	if (v.n != 8 || !str_starts(v, S("HTTP/")) || !ch_is_digit(v.p[5]) || v.p[6] != '.' ||
		!ch_is_digit(v.p[7]))
		return 400;
	if (v.p[5] != '1')
		return 505;
	h->minor = v.p[7] - '0';
	h->closes = h->minor == 0;
	return 0;
}

static int parse_request_line(struct str line, struct head *h)
{
	struct str target;
	if (line.n > HEAD_LINE_MAX)
		return 414;
	if (!str_cut(&line, ' ', &h->method_name) || !is_token(h->method_name) ||
		!str_cut(&line, ' ', &target) || !line.p)
		return 400;
	int status = parse_version(line, h);
	if (status)
		return status;
	h->method = find_method(h->method_name);
	return parse_target(target, h);
}

static bool value_is_clean(struct str v)
{
	for (size_t i = 0; i < v.n; i++)
		if (((uint8_t)v.p[i] < ' ' && v.p[i] != '\t') || v.p[i] == 0x7f)
			return false;
	return true;
}

static int take_connection(struct head *h, struct str value)
{
	struct str part;
	while (str_cut(&value, ',', &part)) {
		part = str_trim(part);
		if (str_eq_nocase(part, S("close")))
			h->closes = true;
		else if (str_eq_nocase(part, S("keep-alive")) && h->minor == 0)
			h->closes = false;
	}
	return 0;
}

static int take_size(struct head *h, struct str value)
{
	struct err err = {0};
	if (num_parse_u64(value, 0, INT64_MAX, &h->size, &err) < 0)
		return err.kind == ERR_LIMIT ? 413 : 400;
	return 0;
}

static int take_coding(struct head *h, struct str value)
{
	if (h->minor == 0)
		return 400;
	if (!str_eq_nocase(value, S("chunked")))
		return 501;
	h->size = UINT64_MAX;
	return 0;
}

static int take_expect(struct head *h, struct str value)
{
	if (!str_eq_nocase(value, S("100-continue")))
		return 417;
	h->expects_continue = h->minor > 0;
	return 0;
}

static int take_host(struct head *h, struct str value)
{
	for (size_t i = 0; i < value.n; i++)
		if (!ch_is_alnum(value.p[i]) && !strchr(".-_:[]~", value.p[i]))
			return 400;
	h->host = value;
	return 0;
}

/* Which of the fields that say how to read a message were there. */
enum { HAS_SIZE = 1, HAS_CODING = 2, HAS_HOST = 4, HAS_EXPECT = 8 };

static int take_field(struct head *h, struct head_field f, unsigned *seen)
{
	static const struct {
		const char *name;
		unsigned once;
		int (*take)(struct head *h, struct str value);
	} known[] = {{"host", HAS_HOST, take_host}, {"connection", 0, take_connection},
		{"content-length", HAS_SIZE, take_size},
		{"transfer-encoding", HAS_CODING, take_coding},
		{"expect", HAS_EXPECT, take_expect}};
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (!str_eq_nocase(f.name, str_of(known[i].name)))
			continue;
		if (*seen & known[i].once)
			return 400;
		*seen |= known[i].once;
		return known[i].take(h, f.value);
	}
	return 0;
}

static int parse_field(struct str line, struct head *h, unsigned *seen)
{
	ssize_t colon = str_chr(line, ':');
	if (colon < 0)
		return 400;
	struct head_field f = {
		str_sub(line, 0, (size_t)colon), str_trim(str_skip(line, (size_t)colon + 1))};
	if (!is_token(f.name) || !value_is_clean(f.value))
		return 400;
	if (h->n_fields == HEAD_FIELDS_MAX)
		return 431;
	h->fields[h->n_fields++] = f;
	return take_field(h, f, seen);
}

/* Takes a line that ends in CR LF; false when it ends otherwise. */
static bool take_line(struct str *in, struct str *ret)
{
	const char *lf = memchr(in->p, '\n', in->n);
	if (!lf || lf == in->p || lf[-1] != '\r')
		return false;
	*ret = str_n(in->p, (size_t)(lf - in->p) - 1);
	*in = str_skip(*in, ret->n + 2);
	return true;
}

int http_head_parse(struct str in, struct head *ret)
{
	struct str line;
	unsigned seen = 0;
	memset(ret, 0, offsetof(struct head, fields));
	if (!take_line(&in, &line))
		return 400;
	int status = parse_request_line(line, ret);
	while (!status && in.n) {
		if (!take_line(&in, &line))
			return 400;
		if (line.n)
			status = parse_field(line, ret, &seen);
	}
	if (status)
		return status;
	if ((seen & HAS_SIZE) && (seen & HAS_CODING))
		return 400;
	return ret->minor > 0 && !(seen & HAS_HOST) ? 400 : 0;
}

struct str http_head_find(const struct head *h, struct str name)
{
	for (size_t i = 0; i < h->n_fields; i++)
		if (str_eq_nocase(h->fields[i].name, name))
			return h->fields[i].value;
	return STR_NONE;
}
