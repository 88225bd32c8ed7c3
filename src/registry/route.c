#include "registry/route.h"

#include "auth/auth.h"
#include "base/num.h"
#include "http/url.h"
#include "image/ref.h"

/* Takes the last component and the slash before it off *path. */
static struct str take_last(struct str *path)
{
	ssize_t slash = str_rchr(*path, '/');
	struct str last = str_skip(*path, (size_t)(slash + 1));
	*path = str_sub(*path, 0, slash < 0 ? 0 : (size_t)slash);
	return last;
}

static bool take_end(struct str *path, const char *end)
{
	if (!str_ends(*path, str_of(end)))
		return false;
	*path = str_sub(*path, 0, path->n - strlen(end));
	return true;
}

/* From the end, because names may hold the same words: "a/manifests/manifests/latest". */
static enum route_action find_action(struct str path, struct route *r)
{
	if (!path.n)
		return ROUTE_BASE;
	if (str_is(path, "_catalog"))
		return ROUTE_CATALOG;
	r->repository = path;
	if (take_end(&r->repository, "/tags/list"))
		return ROUTE_TAGS;
	if (take_end(&r->repository, "/blobs/uploads/") ||
		take_end(&r->repository, "/blobs/uploads"))
		return ROUTE_UPLOADS;
	r->reference = take_last(&r->repository);
	if (take_end(&r->repository, "/blobs/uploads"))
		return ROUTE_UPLOAD;
	if (take_end(&r->repository, "/blobs"))
		return ROUTE_BLOB;
	if (take_end(&r->repository, "/manifests"))
		return ROUTE_MANIFEST;
	if (take_end(&r->repository, "/referrers"))
		return ROUTE_REFERRERS;
	return ROUTE_NONE;
}

static enum route_problem check_reference(struct route *r)
{
	struct err err;
	bool needs_digest = r->action == ROUTE_BLOB || r->action == ROUTE_REFERRERS;
	r->is_digest =
		needs_digest || (r->action == ROUTE_MANIFEST && str_chr(r->reference, ':') >= 0);
	if (r->is_digest)
		return digest_parse(r->reference, &r->digest, &err) < 0 ? ROUTE_BAD_DIGEST
									: ROUTE_FINE;
	if (r->action == ROUTE_MANIFEST && !image_tag_is_valid(r->reference))
		return ROUTE_BAD_TAG;
	return ROUTE_FINE;
}

/* Without escapes; false when one of them hides a slash. */
static bool decode(struct str *path, struct arena *a)
{
	struct err err;
	size_t slashes = 0, after = 0;
	if (str_chr(*path, '%') < 0)
		return true;
	CLEANUP(buf_done) struct buf b = BUF(path->n);
	if (url_unescape(*path, &b, &err) < 0)
		return false;
	for (size_t i = 0; i < path->n; i++)
		slashes += path->p[i] == '/';
	for (size_t i = 0; i < b.n; i++)
		after += b.p[i] == '/';
	*path = arena_str(a, buf_str(&b));
	return slashes == after;
}

void route_parse(struct str path, struct arena *a, struct route *ret)
{
	*ret = (struct route){.action = ROUTE_NONE};
	if (!decode(&path, a))
		return;
	if (str_is(path, "/token"))
		ret->action = ROUTE_TOKEN;
	else if (str_is(path, "/v2"))
		ret->action = ROUTE_BASE;
	else if (str_starts(path, S("/v2/")))
		ret->action = find_action(str_skip(path, 4), ret);
	if (ret->action < ROUTE_TAGS)
		return;
	ret->problem = image_path_is_valid(ret->repository) ? check_reference(ret) : ROUTE_BAD_NAME;
}

bool content_range_parse(struct str header, uint64_t *ret_first, uint64_t *ret_last)
{
	struct err err;
	struct str first;
	if (str_eq_nocase(str_sub(header, 0, 6), S("bytes ")))
		header = str_skip(header, 6);
	ssize_t slash = str_chr(header, '/');
	if (slash >= 0)
		header = str_sub(header, 0, (size_t)slash);
	return str_cut(&header, '-', &first) && header.p &&
		num_parse_u64(first, 0, INT64_MAX, ret_first, &err) == 0 &&
		num_parse_u64(header, *ret_first, INT64_MAX, ret_last, &err) == 0;
}

static unsigned actions_parse(struct str actions)
{
	static const struct {
		const char *name;
		unsigned scopes;
	} known[] = {{"pull", AUTH_READ_PACKAGES}, {"push", AUTH_WRITE_PACKAGES},
		{"delete", AUTH_DELETE_PACKAGES},
		{"*", AUTH_READ_PACKAGES | AUTH_WRITE_PACKAGES | AUTH_DELETE_PACKAGES}};
	unsigned all = 0;
	struct str action;
	while (str_cut(&actions, ',', &action))
		for (size_t i = 0; i < ARRAY_LEN(known); i++)
			if (str_is(str_trim(action), known[i].name))
				all |= known[i].scopes;
	return all;
}

bool scope_parse(struct str text, struct str *ret_name, unsigned *ret_scopes)
{
	ssize_t first = str_chr(text, ':'), last = str_rchr(text, ':');
	if (first < 0 || last <= first)
		return false;
	struct str type = str_sub(text, 0, (size_t)first);
	struct str name = str_sub(text, (size_t)first + 1, (size_t)last);
	struct str actions = str_skip(text, (size_t)last + 1);
	if (str_is(type, "registry") && str_is(name, "catalog") && str_is(actions, "*")) {
		*ret_name = STR_NONE;
		*ret_scopes = AUTH_ADMIN;
		return true;
	}
	*ret_name = name;
	*ret_scopes = actions_parse(actions);
	return str_is(type, "repository") && image_path_is_valid(name) && *ret_scopes;
}
