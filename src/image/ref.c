#include "image/ref.h"

#define DEFAULT_DOMAIN "docker.io"
#define LEGACY_DOMAIN "index.docker.io"
#define OFFICIAL "library/"

enum { IMAGE_REF_TEXT_MAX = 4096, DIGEST_HEX_MIN = 32 };

static bool is_lower_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || ch_is_digit(c);
}

static bool has_upper(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= 'A' && s.p[i] <= 'Z')
			return true;
	return false;
}

/* [a-z0-9]+ ( ([_.] | __ | -+) [a-z0-9]+ )* */
static bool is_path_component(struct str s)
{
	size_t i = 0;
	while (i < s.n && is_lower_alnum(s.p[i])) {
		while (i < s.n && is_lower_alnum(s.p[i]))
			i++;
		if (i == s.n)
			return true;
		size_t from = i;
		if (s.p[i] == '-')
			while (i < s.n && s.p[i] == '-')
				i++;
		else if (s.p[i] == '.' || s.p[i] == '_')
			i++;
		if (s.p[from] == '_' && i < s.n && s.p[i] == '_')
			i++;
	}
	return false;
}

bool image_path_is_valid(struct str path)
{
	if (!path.n || path.n > IMAGE_NAME_MAX)
		return false;
	struct str part;
	while (str_cut(&path, '/', &part))
		if (!is_path_component(part))
			return false;
	return true;
}

bool image_tag_is_valid(struct str tag)
{
	if (!tag.n || tag.n > IMAGE_TAG_MAX || tag.p[0] == '.' || tag.p[0] == '-')
		return false;
	for (size_t i = 0; i < tag.n; i++)
		if (!ch_is_alnum(tag.p[i]) && tag.p[i] != '_' && tag.p[i] != '.' && tag.p[i] != '-')
			return false;
	return true;
}

static bool is_host_name(struct str host)
{
	struct str part;
	while (str_cut(&host, '.', &part)) {
		if (!part.n || part.p[0] == '-' || part.p[part.n - 1] == '-')
			return false;
		for (size_t i = 0; i < part.n; i++)
			if (!ch_is_alnum(part.p[i]) && part.p[i] != '-')
				return false;
	}
	return true;
}

/* What stands between the brackets; zones ("%eth0") and IPv4 tails are not accepted by docker. */
static bool is_ipv6(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ch_hex(s.p[i]) < 0 && s.p[i] != ':')
			return false;
	return s.n > 0;
}

static bool is_port(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ch_is_digit(s.p[i]))
			return false;
	return s.n > 0;
}

static bool is_domain(struct str s)
{
	struct str host = s, port = STR_NONE;
	ssize_t colon = str_rchr(s, ':');
	bool is_bracketed = s.n && s.p[0] == '[';
	ssize_t bracket = str_rchr(s, ']');
	if (colon >= 0 && (!is_bracketed || colon > bracket)) {
		host = str_sub(s, 0, (size_t)colon);
		port = str_skip(s, (size_t)colon + 1);
		if (!is_port(port))
			return false;
	}
	if (is_bracketed)
		return str_ends(host, S("]")) && is_ipv6(str_sub(host, 1, host.n - 1));
	return is_host_name(host);
}

/* 64 hex digits alone are an image id in docker's commands, so they are never a name. */
static bool is_image_id(struct str s)
{
	if (s.n != 64)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (ch_hex(s.p[i]) < 0 || (s.p[i] >= 'A' && s.p[i] <= 'F'))
			return false;
	return true;
}

static bool is_first_part_a_domain(struct str first)
{
	return str_is(first, "localhost") || str_chr(first, '.') >= 0 || str_chr(first, ':') >= 0 ||
		has_upper(first);
}

/* Splits "domain/rest" as docker does; ret_rest starts with "library/" for official images. */
static void split_domain(struct str text, struct arena *a, struct str *ret_domain,
	struct str *ret_rest)
{
	ssize_t slash = str_chr(text, '/');
	struct str first = slash < 0 ? STR_NONE : str_sub(text, 0, (size_t)slash);
	*ret_domain = S(DEFAULT_DOMAIN);
	*ret_rest = text;
	if (slash >= 0 && is_first_part_a_domain(first)) {
		if (!str_is(first, LEGACY_DOMAIN))
			*ret_domain = first;
		*ret_rest = str_skip(text, (size_t)slash + 1);
	}
	if (str_is(*ret_domain, DEFAULT_DOMAIN) && str_chr(*ret_rest, '/') < 0)
		*ret_rest = arena_fmt(a, OFFICIAL "%.*s", STR_ARG(*ret_rest));
}

/* algorithm ":" hex{32,}: what docker's grammar calls a digest; digest_parse says more. */
static bool looks_like_digest(struct str s)
{
	ssize_t colon = str_chr(s, ':');
	if (colon <= 0)
		return false;
	bool is_start = true;
	for (ssize_t i = 0; i < colon; i++) {
		bool is_separator =
			s.p[i] == '-' || s.p[i] == '_' || s.p[i] == '+' || s.p[i] == '.';
		if (is_start ? !ch_is_alpha(s.p[i]) : !is_separator && !ch_is_alnum(s.p[i]))
			return false;
		is_start = is_separator;
	}
	struct str hex = str_skip(s, (size_t)colon + 1);
	for (size_t i = 0; i < hex.n; i++)
		if (ch_hex(hex.p[i]) < 0)
			return false;
	return !is_start && hex.n >= DIGEST_HEX_MIN;
}

static int bad_format(struct err *err)
{
	return err_set(err, ERR_INPUT, "invalid reference format");
}

static int parse_digest(struct str text, struct digest *ret, struct err *err)
{
	if (!looks_like_digest(text))
		return bad_format(err);
	if (digest_parse(text, ret, err) == 0)
		return 0;
	size_t n_hex = text.n - (size_t)str_chr(text, ':') - 1;
	bool is_512 = str_starts(text, S("sha512:"));
	if (!is_512 && !str_starts(text, S("sha256:")))
		return err_set(err, ERR_UNSUPPORTED, "unsupported digest algorithm");
	if (n_hex != (is_512 ? 128 : 64))
		return err_set(err, ERR_INPUT, "invalid checksum digest length");
	return err_set(err, ERR_INPUT, "invalid checksum digest format");
}

static int parse_tag(struct str tag, struct str *ret, struct err *err)
{
	if (!image_tag_is_valid(tag)) {
		bad_format(err);
		return err_hint(err, "a tag has at most %d letters, digits, '_', '.' and '-'",
			IMAGE_TAG_MAX);
	}
	*ret = tag;
	return 0;
}

static int must_be_lower(struct str path, struct err *err)
{
	err_set(err, ERR_INPUT,
		"invalid reference format: repository name (%.*s) must be lowercase",
		STR_ARG(path));
	char lower[IMAGE_NAME_MAX + 1];
	size_t n = path.n < sizeof(lower) ? path.n : 0;
	for (size_t i = 0; i < n; i++)
		lower[i] = ch_lower(path.p[i]);
	return err_hint(err, "repository name must be lowercase: write '%.*s'", (int)n, lower);
}

/* path [":" tag] ["@" digest] */
static int parse_rest(struct str rest, struct image_ref *r, struct err *err)
{
	ssize_t colon = str_chr(rest, ':');
	struct str before = colon < 0 ? rest : str_sub(rest, 0, (size_t)colon);
	if (has_upper(before))
		return must_be_lower(before, err);
	ssize_t at = str_chr(rest, '@');
	if (at >= 0) {
		if (parse_digest(str_skip(rest, (size_t)at + 1), &r->digest, err) < 0)
			return -1;
		rest = str_sub(rest, 0, (size_t)at);
	}
	colon = str_chr(rest, ':');
	if (colon >= 0) {
		if (parse_tag(str_skip(rest, (size_t)colon + 1), &r->tag, err) < 0)
			return -1;
		rest = str_sub(rest, 0, (size_t)colon);
	}
	if (rest.n > IMAGE_NAME_MAX)
		return err_set(err, ERR_INPUT,
			"repository name must not be more than %d characters", IMAGE_NAME_MAX);
	if (!image_path_is_valid(rest))
		return bad_format(err);
	r->path = rest;
	return 0;
}

static int parse(struct str text, struct arena *a, struct image_ref *ret, struct err *err)
{
	struct image_ref r = {0};
	struct str rest;
	if (is_image_id(text))
		return err_set(err, ERR_INPUT,
			"invalid repository name (%.*s), cannot specify 64-byte hexadecimal strings",
			STR_ARG(text));
	if (!text.n || text.n > IMAGE_REF_TEXT_MAX)
		return bad_format(err);
	split_domain(text, a, &r.domain, &rest);
	if (parse_rest(rest, &r, err) < 0)
		return -1;
	if (!is_domain(r.domain)) {
		bad_format(err);
		return err_hint(err, "'%.*s' is not a host name", STR_ARG(r.domain));
	}
	*ret = (struct image_ref){
		arena_str(a, r.domain), arena_str(a, r.path), arena_str(a, r.tag), r.digest};
	return 0;
}

int image_ref_parse(struct str text, struct arena *a, struct image_ref *ret, struct err *err)
{
	if (parse(text, a, ret, err) == 0)
		return 0;
	return err_wrap(err, "'%.*s'", STR_ARG(str_sub(text, 0, 300)));
}

void image_ref_default_tag(struct image_ref *r)
{
	if (!r->tag.n && digest_is_none(&r->digest))
		r->tag = S("latest");
}

static void add_tag_and_digest(struct buf *b, const struct image_ref *r)
{
	char text[DIGEST_TEXT];
	if (r->tag.n)
		buf_fmt(b, ":%.*s", STR_ARG(r->tag));
	if (!digest_is_none(&r->digest))
		buf_fmt(b, "@%s", digest_text(&r->digest, text));
}

void image_ref_add_name(struct buf *b, const struct image_ref *r)
{
	buf_add(b, r->domain);
	buf_add_ch(b, '/');
	buf_add(b, r->path);
}

void image_ref_add(struct buf *b, const struct image_ref *r)
{
	image_ref_add_name(b, r);
	add_tag_and_digest(b, r);
}

void image_ref_add_familiar(struct buf *b, const struct image_ref *r)
{
	struct str path = r->path;
	if (!str_is(r->domain, DEFAULT_DOMAIN)) {
		image_ref_add_name(b, r);
	} else {
		struct str short_name = str_skip(path, sizeof(OFFICIAL) - 1);
		bool is_official = str_starts(path, S(OFFICIAL)) && str_chr(short_name, '/') < 0;
		buf_add(b, is_official ? short_name : path);
	}
	add_tag_and_digest(b, r);
}
