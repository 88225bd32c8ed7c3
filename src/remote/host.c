/* From a name to the server and the repository there.
 *
 * `registries:` maps prefixes of names: the longest that ends at a '/' wins, and its location takes
 * the prefix's place. Credentials follow the name: what is kept for "ghcr.io" goes to wherever the
 * user's own config says ghcr.io lives, but never to a mirror of it, which needs its own. */
#include "remote/remote_priv.h"

#include <arpa/inet.h>

#define HUB_DOMAIN "docker.io"
#define HUB_HOST "registry-1.docker.io"

static struct str without_port(struct str host)
{
	if (str_starts(host, S("["))) {
		ssize_t end = str_chr(host, ']');
		return end > 0 ? str_sub(host, 1, (size_t)end) : host;
	}
	ssize_t colon = str_rchr(host, ':');
	/* an IPv6 address without brackets has several */
	return colon >= 0 && str_chr(host, ':') == colon ? str_sub(host, 0, (size_t)colon) : host;
}

bool host_name_is_loopback(struct str host)
{
	char text[64];
	struct in_addr v4;
	struct in6_addr v6;
	struct str name = without_port(host);
	if (str_eq_nocase(name, S("localhost")))
		return true;
	snprintf(text, sizeof(text), "%.*s", STR_ARG(str_sub(name, 0, 60)));
	if (inet_pton(AF_INET, text, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, text, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* ---- servers ---- */

static void free_token(void *p)
{
	struct token *t = p;
	free(t->text);
	free(t);
}

void host_free(void *p)
{
	struct host *h = p;
	if (!h)
		return;
	pthread_mutex_destroy(&h->mutex);
	map_done(&h->tokens, free_token);
	free(h->name);
	free(h->domain);
	free(h->realm);
	free(h->service);
	free(h);
}

/* With the remote's mutex held. */
static struct http_client *client_for(struct remote *r, const char *ca_file, struct err *err)
{
	struct str key = str_of(ca_file ? ca_file : "");
	struct http_client *client = map_get(&r->clients, key);
	struct http_client_spec spec = {.ca_file = ca_file};
	if (!client && http_client_new(&spec, &client, err) == 0)
		map_put(&r->clients, key, client);
	return client;
}

static char *copy(struct str s)
{
	char *p = mem_new(s.n + 1, 1);
	if (s.n)
		memcpy(p, s.p, s.n);
	return p;
}

static struct host *new_host(struct str name, struct str domain,
	const struct remote_registry *entry, struct http_client *client)
{
	struct host *h = NEW(struct host);
	h->name = copy(str_is(name, HUB_DOMAIN) ? S(HUB_HOST) : name);
	h->domain = copy(domain);
	h->is_insecure = entry && entry->is_insecure;
	h->is_loopback = host_name_is_loopback(name);
	h->realms = entry ? entry->realms : NULL;
	h->client = client;
	pthread_mutex_init(&h->mutex, NULL);
	return h;
}

static struct host *find_server(struct remote *r, struct str name, struct str domain,
	const struct remote_registry *entry, struct err *err)
{
	CLEANUP(buf_done) struct buf key = BUF(REMOTE_URL_MAX);
	buf_fmt(&key, "%.*s %.*s", STR_ARG(name), STR_ARG(domain));
	pthread_mutex_lock(&r->mutex);
	struct host *h = map_get(&r->hosts, buf_str(&key));
	struct http_client *client = h ? NULL : client_for(r, entry ? entry->ca_file : NULL, err);
	if (client) {
		h = new_host(name, domain, entry, client);
		map_put(&r->hosts, buf_str(&key), h);
	}
	pthread_mutex_unlock(&r->mutex);
	return h;
}

/* ---- names ---- */

static const struct remote_registry *find_entry(const struct remote *r, struct str name)
{
	const struct remote_registry *best = NULL;
	size_t best_n = 0;
	for (size_t i = 0; i < r->n_registries; i++) {
		struct str prefix = str_of(r->registries[i].prefix);
		bool matches = prefix.n && str_starts(name, prefix) &&
			(name.n == prefix.n || name.p[prefix.n] == '/');
		if (matches && prefix.n > best_n) {
			best = &r->registries[i];
			best_n = prefix.n;
		}
	}
	return best;
}

/* location + what follows the prefix, as an endpoint. */
static int add_endpoint(struct remote *r, const struct image_ref *name, const char *location,
	struct str rest, const struct remote_registry *entry, bool is_mirror, struct arena *a,
	struct endpoints *ret, struct err *err)
{
	struct str whole = arena_fmt(a, "%s%.*s", location, STR_ARG(rest));
	ssize_t slash = str_chr(whole, '/');
	struct str server = slash < 0 ? whole : str_sub(whole, 0, (size_t)slash);
	struct str path = slash < 0 ? STR_NONE : str_skip(whole, (size_t)slash + 1);
	struct str domain = is_mirror ? server : name->domain;
	if (name->path.n && !image_path_is_valid(path))
		return err_set(err, ERR_INPUT,
			"registries: '%.*s' becomes '%.*s', which is no name", STR_ARG(name->path),
			STR_ARG(whole));
	struct host *h = find_server(r, server, domain, entry, err);
	if (!h)
		return -1;
	vec_push(ret, ((struct endpoint){h, path, name->domain, name->path}));
	return 0;
}

static int find_all(struct remote *r, const struct image_ref *name, bool for_pull, struct arena *a,
	struct endpoints *ret, struct err *err)
{
	CLEANUP(buf_done) struct buf full = BUF(REMOTE_URL_MAX);
	if (name->path.n)
		image_ref_add_name(&full, name);
	else
		buf_add(&full, name->domain);
	const struct remote_registry *entry = find_entry(r, buf_str(&full));
	const char *prefix = entry ? entry->prefix : "";
	struct str rest = arena_str(a, str_skip(buf_str(&full), strlen(prefix)));
	for (size_t i = 0; entry && for_pull && entry->mirrors && entry->mirrors[i]; i++)
		if (add_endpoint(r, name, entry->mirrors[i], rest, entry, true, a, ret, err) < 0)
			return -1;
	const char *location = entry && entry->location ? entry->location : prefix;
	return add_endpoint(r, name, location, rest, entry, false, a, ret, err);
}

int host_find(struct remote *r, const struct image_ref *name, bool for_pull, struct arena *a,
	struct endpoints *ret, struct err *err)
{
	if (find_all(r, name, for_pull, a, ret, err) == 0)
		return 0;
	vec_done(ret);
	return -1;
}

int host_find_one(struct remote *r, const struct image_ref *name, struct arena *a,
	struct endpoint *ret, struct err *err)
{
	struct endpoints all = {0};
	if (host_find(r, name, false, a, &all, err) < 0)
		return -1;
	*ret = all.p[0];
	vec_done(&all);
	return 0;
}
