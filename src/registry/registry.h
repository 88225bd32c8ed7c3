/* registry -- the store over HTTP: OCI distribution 1.1 as a server.
 *
 * Blobs, uploads (monolithic, chunked, resumed, mounted), manifests in exact bytes, tags, referrers,
 * deletes; Bearer and Basic. Nothing is answered without a token, except what is public and /token.
 *
 * Knows:   the distribution API, its error codes. Touches: http, blob, image, auth. Never: opens
 *          files by itself.
 * Owner:   the caller keeps store, auth and events until registry_free, and stops the server first.
 * Threads: the handler is called from the server's threads.
 * Limits:  manifests 4 MiB (IMAGE_MANIFEST_MAX, 413 above), n of lists 10,000, tags of one push 100.
 * Errors:  as OCI error documents; kinds are translated in one place, reply.c.
 * Source:  distribution-spec 1.1, spec.md; multi-tag push of its pull request 600; docker "Token
 *          authentication specification".
 *
 * Where the specification leaves a choice (docs/formats/registry.md has all of it):
 *   - a manifest needs its blobs; an index may be sparse, but needs at least one of its manifests;
 *   - a subject need not exist; foreign layers neither;
 *   - DELETE needs delete:packages, and a manifest that a tagged index lists stays (409);
 *   - upper-case names are refused, not mapped;
 *   - If-Match and If-None-Match make a push of a tag compare-and-set, Knarr-Order monotonic.
 */
#ifndef REGISTRY_REGISTRY_H
#define REGISTRY_REGISTRY_H

#include "auth/auth.h"
#include "base/event.h"
#include "blob/blob.h"
#include "http/server.h"

struct registry;

struct registry_spec {
	struct store *store;
	struct auth *auth;         /* NULL = everything is open (tests and benchmarks only: the CLI
				      asks for --no-auth) */
	const char *service;       /* name in challenges; NULL = "knarr" */
	const char *public_url;    /* what clients call us, for the token realm; NULL = from Host */
	struct event_sink *events; /* told what broke on our side; may be NULL */
};
int registry_new(const struct registry_spec *spec, struct registry **ret, struct err *err);
void registry_free(struct registry *r);
CLEANUP_PTR(registry_free, struct registry);
/* Handles /v2/… and /token. */
struct http_handler registry_handler(struct registry *r);

#endif
