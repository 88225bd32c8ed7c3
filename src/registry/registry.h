/* registry -- the store over HTTP: OCI distribution 1.1 as a server.
 *
 * Blobs, uploads (monolithic, chunked, resumed, mounted), manifests in exact bytes, tags, referrers,
 * deletes; Bearer and Basic. Nothing is answered without a token, except /v2/ probes (401 with the
 * challenge) and repositories made public.
 *
 * Knows:   the distribution API, its error codes. Touches: http, blob, image, auth. Never: opens
 *          files by itself.
 * Threads: the handler is called from the server's threads.
 * Limits:  manifests 4 MiB (IMAGE_MANIFEST_MAX, 413 above), n of lists 10,000.
 * Source:  distribution-spec 1.1, spec.md; docker "Token authentication specification".
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
	struct auth *auth;	/* NULL = everything is open (tests and benchmarks only: the CLI asks
				   for --no-auth) */
	const char *service;	/* name in challenges; NULL = "knarr" */
	const char *public_url; /* what clients call us, for the token realm; NULL = from Host */
};
int registry_new(const struct registry_spec *spec, struct registry **ret, struct err *err);
void registry_free(struct registry *r);
CLEANUP_PTR(registry_free, struct registry);
/* Handles /v2/… and /token. */
struct http_handler registry_handler(struct registry *r);

#endif
