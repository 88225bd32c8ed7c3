/* remote -- other registries.
 *
 * Pulls, pushes and copies images between a registry and the store. Credentials come from the
 * docker config file; names are mapped by `registries:` (prefix -> location, mirrors).
 *
 * Knows:   OCI distribution 1.1 as a client, Docker's token flow, ~/.docker/config.json.
 *          Touches: the network via http, the store, the docker config. Never: prints, decides tags.
 * Owner:   the caller's. Threads: a struct remote from any thread; transfers of one image run in
 *          parallel inside.
 * Errors:  ERR_NOT_FOUND (manifest or repository unknown), ERR_DENIED (401/403 after trying, with
 *          what to do), ERR_NET, ERR_INPUT (what came is broken or its digest differs), ERR_CANCELED.
 * Retries: 429 and 5xx and cut connections, with back-off and Retry-After, at most 5 times per
 *          request; downloads go on where they stopped (Range), uploads too (GET on the session).
 * Source:  distribution-spec 1.1; docs.docker.com "Token authentication"; RFC 9110.
 */
#ifndef REMOTE_REMOTE_H
#define REMOTE_REMOTE_H

#include "base/cancel.h"
#include "base/event.h"
#include "base/pool.h"
#include "blob/blob.h"
#include "image/image.h"
#include "image/ref.h"

struct remote;

/* One entry of `registries:`: names that start with prefix live at location. */
struct remote_registry {
	const char *prefix;   /* "ghcr.io", "docker.io/library" */
	const char *location; /* "127.0.0.1:5080", "mirror.example/hub"; NULL = prefix itself */
	const char *const
		*mirrors; /* tried first, in order, for pulls; NULL-terminated; may be NULL */
	bool is_insecure; /* plain http, or https with any certificate */
	const char *ca_file;
	/* Hosts besides the registry's own site whose token endpoint may see the credentials;
	 * NULL-terminated; may be NULL. */
	const char *const *realms;
};

struct remote_spec {
	const struct remote_registry *registries; /* the longest prefix wins */
	size_t n_registries;
	const char *
		docker_config; /* file; NULL = $DOCKER_CONFIG/config.json or ~/.docker/config.json */
	struct event_sink *events;
	const struct cancel *cancel;
	int64_t retry_ns; /* the first pause before trying again, doubled each time; 0 = 500 ms */
};
/* Hosts that are loopback addresses or "localhost" may answer plain http without being named. */
int remote_new(const struct remote_spec *spec, struct remote **ret, struct err *err);
void remote_free(struct remote *r);
CLEANUP_PTR(remote_free, struct remote);

/* The manifest's digest and type at the registry (HEAD, else GET). */
int remote_resolve(struct remote *r, const struct image_ref *name, struct image_descriptor *ret,
	struct arena *a, struct err *err);

/* The document a name points to, an index or a manifest, with its digest verified; nothing is stored. */
int remote_fetch_manifest(struct remote *r, const struct image_ref *name, struct arena *a,
	struct image_descriptor *ret, struct str *ret_bytes, struct err *err);

struct remote_pull {
	struct store *store;
	const struct image_ref *name;
	const struct image_platform *platform; /* NULL = the host's; indexes are reduced to it */
	bool is_all_platforms;                 /* keep the index whole */
	struct str event_parent;
	/* Called as soon as a layer's blob is stored (from a transfer thread), so that unpacking can
	 * start while others still come; may be NULL. */
	int (*on_layer)(void *ctx, const struct image_descriptor *layer, struct err *err);
	/* Says whether a layer is needed at all (already unpacked); NULL = always. */
	bool (*has_layer)(void *ctx, const struct image_descriptor *layer);
	void *ctx;
};
/* Stores manifest, config and layers, links them, and sets the tag in repository
 * "local:<domain>/<path>"; a name with a digest sets the tag "sha256:…" there. ret_top is what the name points to (an index or a manifest), ret_manifest
 * the image picked; both in the arena, either may be NULL. */
int remote_pull(struct remote *r, const struct remote_pull *p, struct arena *a,
	struct image_descriptor *ret_top, struct image_descriptor *ret_manifest, struct err *err);

struct remote_push {
	struct store *store;
	struct image_descriptor what;  /* manifest or index in the store */
	const struct image_ref *names; /* each gets the tag; blobs go up once per repository */
	size_t n_names;
	struct str event_parent;
	uint64_t chunk_bytes; /* 0 = monolithic; the server's OCI-Chunk-Min-Length is respected */
};
int remote_push(struct remote *r, const struct remote_push *p, struct err *err);

/* Registry to registry without unpacking: blobs stream through, mounts where the host is the same. */
int remote_copy(struct remote *r, const struct image_ref *from, const struct image_ref *to,
	const struct image_platform *platform, bool is_all_platforms, struct store *scratch,
	struct image_descriptor *ret, struct arena *a, struct err *err);

int remote_tags(struct remote *r, const struct image_ref *name, struct arena *a, struct str **ret,
	size_t *ret_n, struct err *err);
int remote_delete(struct remote *r, const struct image_ref *name, struct err *err);
/* Any document of a repository, up to max bytes, verified against its digest. */
int remote_fetch_blob(struct remote *r, const struct image_ref *name,
	const struct image_descriptor *d, struct sink *to, struct err *err);

/* ---- credentials (docker's config.json: auths, credsStore, credHelpers) ---- */

/* Tries them against the registry first; ERR_DENIED when it says no. */
int remote_login(struct remote *r, struct str registry, struct str user, struct str password,
	struct err *err);
/* 1 = removed, 0 = was not there. */
int remote_logout(struct remote *r, struct str registry, struct err *err);

#endif
