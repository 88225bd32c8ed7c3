/* registry/registry_priv -- inside the room.
 *
 *	registry.c   who handles which method on which path; begin, body, end, gone
 *	access.c     who asks, and may they
 *	reply.c      errors as documents, kinds as statuses
 *	token.c      /token
 *	blob.c  upload.c  manifest.c  referrers.c  lists.c
 *	cache.c      manifests in memory, as long as the store did not change
 */
#ifndef REGISTRY_REGISTRY_PRIV_H
#define REGISTRY_REGISTRY_PRIV_H

#include "registry/registry.h"
#include "registry/route.h"

#include "image/image.h"
#include "image/ref.h"

enum { TOKEN_FORM_MAX = 16 * 1024, LIST_MAX = 10000, PUSH_TAGS_MAX = 100, LOCATION_MAX = 600 };

struct cache;
struct sessions;

struct registry {
	struct store *store;
	struct auth *auth;
	struct event_sink *events;
	char *service, *public_url;
	struct cache *cache;
	struct sessions *sessions;
};

/* One request while it is handled. */
struct call {
	struct registry *registry;
	struct http_request *r;
	struct route route;
	const struct auth_grant *grant; /* NULL = everything is open */
	/* Set by what begins a call that has a body. */
	int (*on_body)(struct call *c, struct str piece, struct err *err);
	void (*on_end)(struct call *c);
	struct buf body;
	/* upload.c */
	struct upload *upload;
	struct session *session;
	struct digest expected;
	bool is_single; /* the session is only for this request */
	char upload_id[UPLOAD_ID];
	uint64_t left; /* bytes that may still come by Content-Range; UINT64_MAX = any */
};

/* ---- answers (reply.c) ---- */

/* What the request was about: chooses the code for a kind of error. */
enum topic { TOPIC_NAME, TOPIC_MANIFEST, TOPIC_BLOB, TOPIC_UPLOAD, TOPICS };

struct headers {
	struct http_reply_header p[16 + PUSH_TAGS_MAX];
	size_t n;
};
void reply_header(struct headers *h, const char *name, struct str value);

/* `reply` with the headers every answer has; .headers of it are added. */
void reply_send(struct call *c, struct http_reply reply, struct headers *h);
/* A status and nothing else. */
void reply_status(struct call *c, int status, struct headers *h);
void reply_json(struct call *c, int status, const char *type, struct str text, struct headers *h);
/* An error of another room. */
void reply_error(struct call *c, enum topic topic, const struct err *err);
/* An error of ours; hint and h may be NULL. */
void reply_problem(struct call *c, int status, const char *code, const char *hint,
	struct headers *h, const char *fmt, ...) PRINTF_LIKE(6, 7);

/* ---- access.c ---- */

/* 0 and c->grant set, or answered. */
int access_check(struct call *c, unsigned scope);
/* May this request do that to a repository that is not its own? */
bool access_may(const struct call *c, unsigned scope, struct str repository);
/* The grant of "Authorization: Basic …". */
int access_basic(struct registry *reg, struct str credentials, const struct auth_grant **ret,
	struct err *err);

/* ---- what calls do ---- */

void serve_base(struct call *c);
void serve_token_get(struct call *c);
void serve_token_post(struct call *c);
void serve_blob_get(struct call *c);
void serve_blob_delete(struct call *c);
void serve_upload_post(struct call *c);
void serve_upload_patch(struct call *c);
void serve_upload_put(struct call *c);
void serve_upload_get(struct call *c);
void serve_upload_delete(struct call *c);
void serve_upload_gone(struct call *c);
void serve_manifest_get(struct call *c);
void serve_manifest_put(struct call *c);
void serve_manifest_delete(struct call *c);
void serve_referrers_get(struct call *c);
void serve_tags_get(struct call *c);
void serve_catalog_get(struct call *c);

/* ---- cache.c ---- */

struct cached {
	uint64_t generation;
	char digest[DIGEST_TEXT];
	char etag[DIGEST_TEXT + 2];
	struct str media_type, bytes; /* of this block */
};
struct cache *registry_cache_new(void);
void registry_cache_free(struct cache *cache);
/* A reference, or NULL. */
const struct cached *registry_cache_get(struct cache *cache, struct str repository,
	struct str reference, uint64_t generation);
/* Gives a reference to a new entry; it is kept for others when generation is not 0. */
const struct cached *registry_cache_put(struct cache *cache, struct str repository,
	struct str reference, uint64_t generation, const struct digest *d, struct str media_type,
	struct str bytes);
void cached_free(const struct cached *e);
CLEANUP_PTR(cached_free, const struct cached);

/* ---- sessions.c: who writes to which upload right now ---- */

struct sessions *registry_sessions_new(const struct clock *clock);
void registry_sessions_free(struct sessions *all);
/* Opens the upload. A writer in this process whose client went silent gives way. */
int registry_session_open(struct call *c, struct str id, struct err *err);
void registry_session_moved(struct call *c); /* its client sent something */
void registry_session_close(struct call *c); /* NULL session is fine */

#endif
