#include "remote/remote_priv.h"

#include <limits.h>

/* $DOCKER_CONFIG/config.json, else ~/.docker/config.json. */
static char *default_config(void)
{
	CLEANUP(buf_done) struct buf path = BUF(PATH_MAX);
	const char *folder = getenv("DOCKER_CONFIG"), *home = getenv("HOME");
	if (folder && folder[0])
		buf_fmt(&path, "%s/config.json", folder);
	else
		buf_fmt(&path, "%s/.docker/config.json", home ? home : "/root");
	return buf_take(&path);
}

static const char *copy_text(struct arena *a, const char *s)
{
	return s ? arena_cstr(a, str_of(s)) : NULL;
}

static const char *const *copy_list(struct arena *a, const char *const *list)
{
	size_t n = 0;
	while (list && list[n])
		n++;
	if (!list)
		return NULL;
	const char **ret = ARENA_ARRAY(a, const char *, n + 1);
	for (size_t i = 0; i < n; i++)
		ret[i] = copy_text(a, list[i]);
	return ret;
}

static void copy_registries(struct remote *r, const struct remote_spec *spec)
{
	r->n_registries = spec->n_registries;
	r->registries = ARENA_ARRAY(&r->arena, struct remote_registry, spec->n_registries);
	for (size_t i = 0; i < spec->n_registries; i++) {
		const struct remote_registry *from = &spec->registries[i];
		r->registries[i] = (struct remote_registry){
			.prefix = copy_text(&r->arena, from->prefix ? from->prefix : ""),
			.location = copy_text(&r->arena, from->location),
			.mirrors = copy_list(&r->arena, from->mirrors),
			.realms = copy_list(&r->arena, from->realms),
			.is_insecure = from->is_insecure,
			.ca_file = copy_text(&r->arena, from->ca_file),
		};
	}
}

int remote_new(const struct remote_spec *spec, struct remote **ret, struct err *err)
{
	struct remote *r = NEW(struct remote);
	pthread_mutex_init(&r->mutex, NULL);
	copy_registries(r, spec);
	r->docker_config = spec->docker_config ? mem_cstr(spec->docker_config) : default_config();
	r->events = spec->events;
	r->cancel = spec->cancel;
	r->retry_ns = spec->retry_ns ? spec->retry_ns : 500 * CLOCK_MS;
	*ret = r;
	return 0;
}

static void free_client(void *p)
{
	http_client_free(p);
}

void remote_free(struct remote *r)
{
	if (!r)
		return;
	map_done(&r->hosts, host_free);
	map_done(&r->clients, free_client);
	pthread_mutex_destroy(&r->mutex);
	free(r->docker_config);
	arena_done(&r->arena);
	free(r);
}

/* ---- small questions ---- */

/* "latest" or "sha256:…" */
struct str remote_reference(const struct image_ref *name, char room[DIGEST_TEXT])
{
	if (!digest_is_none(&name->digest))
		return str_of(digest_text(&name->digest, room));
	return name->tag.n ? name->tag : S("latest");
}

int remote_name_failed(const struct image_ref *name, struct err *err)
{
	CLEANUP(buf_done) struct buf text = BUF(1024);
	image_ref_add_familiar(&text, name);
	return err_wrap(err, "%s", buf_cstr(&text));
}

static int resolve_at(struct remote *r, const struct endpoint *at, struct str reference,
	struct image_descriptor *ret, struct arena *a, struct err *err)
{
	struct fetched_manifest m;
	int known = manifest_head(r, at, reference, a, ret, err);
	if (known)
		return known < 0 ? -1 : 0;
	if (manifest_fetch(r, at, reference, a, &m, err) < 0)
		return -1;
	*ret = m.descriptor;
	return 0;
}

int remote_resolve(struct remote *r, const struct image_ref *name, struct image_descriptor *ret,
	struct arena *a, struct err *err)
{
	struct endpoints all = {0};
	char room[DIGEST_TEXT];
	struct str reference = remote_reference(name, room);
	if (host_find(r, name, true, a, &all, err) < 0)
		return -1;
	int rc = -1;
	for (size_t i = 0; rc < 0 && i < all.n; i++) {
		rc = resolve_at(r, &all.p[i], reference, ret, a, err);
		if (rc < 0 && err->kind == ERR_CANCELED)
			break;
	}
	vec_done(&all);
	return rc < 0 ? remote_name_failed(name, err) : 0;
}

int remote_fetch_manifest(struct remote *r, const struct image_ref *name, struct arena *a,
	struct image_descriptor *ret, struct str *ret_bytes, struct err *err)
{
	struct endpoints all = {0};
	struct fetched_manifest m;
	char room[DIGEST_TEXT];
	struct str reference = remote_reference(name, room);
	if (host_find(r, name, true, a, &all, err) < 0)
		return -1;
	int rc = -1;
	for (size_t i = 0; rc < 0 && i < all.n; i++) {
		rc = manifest_fetch(r, &all.p[i], reference, a, &m, err);
		if (rc < 0 && err->kind == ERR_CANCELED)
			break;
	}
	vec_done(&all);
	if (rc < 0)
		return remote_name_failed(name, err);
	*ret = m.descriptor;
	*ret_bytes = m.bytes;
	return 0;
}

int remote_fetch_blob(struct remote *r, const struct image_ref *name,
	const struct image_descriptor *d, struct sink *to, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct endpoint at;
	if (host_find_one(r, name, &a, &at, err) < 0 ||
		download_to_sink(r, &at, d, to, NULL, err) < 0)
		return remote_name_failed(name, err);
	return 0;
}

int remote_delete(struct remote *r, const struct image_ref *name, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(http_response_done) struct http_response answer = {0};
	struct endpoint at;
	char room[DIGEST_TEXT];
	if (host_find_one(r, name, &a, &at, err) < 0)
		return -1;
	struct call c = {
		.at = &at,
		.method = "DELETE",
		.path = arena_fmt(&a, "%.*s/manifests/%.*s", STR_ARG(at.path),
			STR_ARG(remote_reference(name, room))),
		.actions = ACT_DELETE,
	};
	if (call_run(r, &c, &answer, err) < 0)
		return remote_name_failed(name, err);
	if (answer.status >= 400) {
		call_refused(&c, &answer, "delete the manifest", err);
		return remote_name_failed(name, err);
	}
	return 0;
}
