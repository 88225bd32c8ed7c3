/* Tags of a repository, and repositories, page by page. */
#include "registry/registry_priv.h"

#include "base/num.h"
#include "http/url.h"
#include "json/json.h"

enum { LIST_BYTES_MAX = 16 * 1024 * 1024 };

struct page {
	size_t n;
	struct str last;
};

/* ?n= and ?last=; false = answered. */
static bool take_page(struct call *c, struct page *ret)
{
	struct err err;
	struct str n;
	uint64_t v = LIST_MAX;
	struct str query = http_request_query(c->r);
	*ret = (struct page){.last = S("")};
	if (url_query(query, "n", http_request_arena(c->r), &n) &&
		num_parse_u64(n, 0, UINT64_MAX, &v, &err) < 0) {
		reply_problem(c, 400, "UNSUPPORTED", NULL, NULL, "n: %s", err.what);
		return false;
	}
	ret->n = (size_t)num_min(v, LIST_MAX);
	(void)url_query(query, "last", http_request_arena(c->r),
		&ret->last); /* or from the start */
	return true;
}

/* Link to the page behind `last`. */
static void add_link(struct headers *h, struct buf *room, const char *path, size_t n,
	struct str last)
{
	buf_fmt(room, "<%s?n=%zu&last=", path, n);
	url_add_escaped(room, last, "");
	buf_add_cstr(room, ">; rel=\"next\"");
	reply_header(h, "Link", buf_str(room));
}

static void begin_list(struct json_out *o, struct buf *b, const char *key)
{
	json_out_init(o, b, 0);
	json_object(o);
	json_key(o, key);
}

void serve_tags_get(struct call *c)
{
	struct err err;
	struct page page;
	struct tag_rows tags = {0};
	struct headers h = {.n = 0};
	struct json_out o;
	char path[LOCATION_MAX];
	CLEANUP(buf_done) struct buf b = BUF(LIST_BYTES_MAX), link = BUF(4096);
	struct str repository = c->route.repository;
	if (!take_page(c, &page))
		return;
	/* One more than asked for tells whether there is another page. */
	if (tag_list(c->registry->store, repository, page.last, page.n + 1,
		    http_request_arena(c->r), &tags, &err) < 0) {
		vec_done(&tags);
		reply_error(c, TOPIC_NAME, &err);
		return;
	}
	if (!tags.n && !repository_exists(c->registry->store, repository)) {
		reply_problem(c, 404, "NAME_UNKNOWN", NULL, NULL, "no repository '%.*s'",
			STR_ARG(repository));
		return;
	}
	begin_list(&o, &b, "name");
	json_add_str(&o, repository);
	json_key(&o, "tags");
	json_array(&o);
	for (size_t i = 0; i < tags.n && i < page.n; i++)
		json_add_str(&o, tags.p[i].tag);
	json_end(&o);
	json_end(&o);
	snprintf(path, sizeof(path), "/v2/%.*s/tags/list", STR_ARG(repository));
	if (page.n && tags.n > page.n)
		add_link(&h, &link, path, page.n, tags.p[page.n - 1].tag);
	vec_done(&tags);
	reply_json(c, 200, "application/json", buf_str(&b), &h);
}

/* The next names that are repositories of ours: others are what is only built here. */
static int next_names(struct call *c, const struct page *page, struct str *ret, size_t *ret_n,
	struct err *err)
{
	struct str last = page->last;
	size_t want = page->n + 1, n = want;
	for (*ret_n = 0; *ret_n < want && n == want;) {
		struct str *names;
		if (repository_list(c->registry->store, last, want, http_request_arena(c->r),
			    &names, &n, err) < 0)
			return -1;
		for (size_t i = 0; i < n && *ret_n < want; i++)
			if (image_path_is_valid(names[i]))
				ret[(*ret_n)++] = names[i];
		if (n)
			last = names[n - 1];
	}
	return 0;
}

void serve_catalog_get(struct call *c)
{
	struct err err;
	struct page page;
	struct headers h = {.n = 0};
	struct json_out o;
	size_t n = 0;
	CLEANUP(buf_done) struct buf b = BUF(LIST_BYTES_MAX), link = BUF(4096);
	if (!take_page(c, &page))
		return;
	struct str *names = ARENA_ARRAY(http_request_arena(c->r), struct str, page.n + 1);
	if (next_names(c, &page, names, &n, &err) < 0) {
		reply_error(c, TOPIC_NAME, &err);
		return;
	}
	begin_list(&o, &b, "repositories");
	json_array(&o);
	for (size_t i = 0; i < n && i < page.n; i++)
		json_add_str(&o, names[i]);
	json_end(&o);
	json_end(&o);
	if (page.n && n > page.n)
		add_link(&h, &link, "/v2/_catalog", page.n, names[page.n - 1]);
	reply_json(c, 200, "application/json", buf_str(&b), &h);
}
