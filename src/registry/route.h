/* registry/route -- what a path asks for. Pure text. */
#ifndef REGISTRY_ROUTE_H
#define REGISTRY_ROUTE_H

#include "base/arena.h"
#include "digest/digest.h"

enum route_action {
	ROUTE_NONE,
	ROUTE_BASE,      /* /v2/ */
	ROUTE_TOKEN,     /* /token */
	ROUTE_CATALOG,   /* /v2/_catalog */
	ROUTE_TAGS,      /* /v2/<repository>/tags/list */
	ROUTE_MANIFEST,  /* /v2/<repository>/manifests/<tag or digest> */
	ROUTE_BLOB,      /* /v2/<repository>/blobs/<digest> */
	ROUTE_UPLOADS,   /* /v2/<repository>/blobs/uploads/ */
	ROUTE_UPLOAD,    /* /v2/<repository>/blobs/uploads/<id> */
	ROUTE_REFERRERS, /* /v2/<repository>/referrers/<digest> */
};

enum route_problem { ROUTE_FINE, ROUTE_BAD_NAME, ROUTE_BAD_DIGEST, ROUTE_BAD_TAG };

struct route {
	enum route_action action;
	enum route_problem problem; /* the action is known, a part of it is not well-formed */
	struct str repository;
	struct str reference; /* tag, digest or upload id, as text */
	bool is_digest;
	struct digest digest;
};

/* Escapes are decoded (into the arena), but an escaped slash or NUL makes no path of ours. */
void route_parse(struct str path, struct arena *a, struct route *ret);

/* "0-499", also written "bytes 0-499/1000": both ends are part of it. */
bool content_range_parse(struct str header, uint64_t *ret_first, uint64_t *ret_last);

/* "repository:me/app:pull,push" as in /token?scope=: false for what grants nothing here. ret_name
 * is "" for "registry:catalog:*". ret_scopes is made of AUTH_*. */
bool scope_parse(struct str text, struct str *ret_name, unsigned *ret_scopes);

#endif
