#include "remote/remote_priv.h"

#include "http/url.h"

enum { TAGS_MAX = 1000 * 1000, PAGES_MAX = 10 * 1000, PAGE_BYTES = 16 * 1024 * 1024 };

VEC_TYPE(strs, struct str);

/* <…>; rel="next" */
static struct str next_link(const struct http_response *a)
{
	struct str link = http_response_header(a, "link");
	ssize_t open = str_chr(link, '<'), close = str_chr(link, '>');
	if (open < 0 || close < open || !str_has(str_skip(link, (size_t)close), S("next")))
		return STR_NONE;
	return str_sub(link, (size_t)open + 1, (size_t)close);
}

static int add_page(struct str body, struct arena *a, struct strs *ret, struct err *err)
{
	struct json_limits limits = {
		.max_bytes = PAGE_BYTES, .max_depth = 16, .max_values = TAGS_MAX};
	struct json *v = NULL, *list = NULL;
	if (json_parse(body, &limits, a, &v, err) < 0 || json_opt_array(v, "tags", &list, err) < 0)
		return -1;
	for (size_t i = 0; list && i < list->n; i++) {
		if (list->items[i].kind != JSON_STRING)
			return err_set(err, ERR_INPUT, "tags[%zu]: expected a string", i);
		if (ret->n == TAGS_MAX)
			return err_set(err, ERR_LIMIT, "there are more than %d tags", TAGS_MAX);
		vec_push(ret, list->items[i].text);
	}
	return 0;
}

/* One page; *path is that of the next, or empty. */
static int get_page(struct remote *r, const struct endpoint *at, struct str *path, struct arena *a,
	struct strs *ret, struct err *err)
{
	CLEANUP(http_response_done) struct http_response answer = {0};
	CLEANUP(buf_done) struct buf from = BUF(REMOTE_URL_MAX), to = BUF(REMOTE_URL_MAX);
	struct call c = {.at = at,
		.method = "GET",
		.path = *path,
		.actions = ACT_PULL,
		.max_body = PAGE_BYTES};
	if (call_run(r, &c, &answer, err) < 0)
		return -1;
	if (answer.status == 404)
		return err_set(err, ERR_NOT_FOUND, "%s has no such repository", at->host->name);
	if (answer.status != 200)
		return call_refused(&c, &answer, "list the tags", err);
	if (add_page(buf_str(&answer.body), a, ret, err) < 0)
		return err_wrap(err, "%s", at->host->name);
	struct str link = next_link(&answer);
	*path = STR_NONE;
	if (!link.n)
		return 0;
	if (call_url(&c, &from, err) < 0 || url_resolve(buf_str(&from), link, &to, err) < 0)
		return -1;
	if (!url_same_origin(buf_str(&from), buf_str(&to)))
		return err_set(err, ERR_DENIED, "%s continues its list at another host",
			at->host->name);
	*path = arena_str(a, buf_str(&to));
	return 0;
}

int remote_tags(struct remote *r, const struct image_ref *name, struct arena *a, struct str **ret,
	size_t *ret_n, struct err *err)
{
	struct endpoint at;
	struct strs all = {0};
	if (host_find_one(r, name, a, &at, err) < 0)
		return -1;
	struct str path = arena_fmt(a, "%.*s/tags/list?n=1000", STR_ARG(at.path));
	int rc = 0;
	for (int page = 0; rc == 0 && path.n && page < PAGES_MAX; page++)
		rc = get_page(r, &at, &path, a, &all, err);
	if (rc == 0) {
		*ret = ARENA_ARRAY(a, struct str, all.n + 1);
		*ret_n = all.n;
		for (size_t i = 0; i < all.n; i++)
			(*ret)[i] = all.p[i];
	}
	vec_done(&all);
	return rc < 0 ? remote_name_failed(name, err) : 0;
}
