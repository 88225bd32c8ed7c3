/* remote_priv -- what the files of this room share. */
#ifndef REMOTE_PRIV_H
#define REMOTE_PRIV_H

#include "base/clock.h"
#include "base/map.h"
#include "base/vec.h"
#include "http/client.h"
#include "json/json.h"
#include "remote/remote.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
	REMOTE_TRIES = 6, /* of one request: the first and five more */
	REMOTE_REDIRECTS = 5,
	REMOTE_AT_ONCE = 4, /* transfers of one image */
	REMOTE_URL_MAX = 16 * 1024,
};

/* ---- credentials (config.c, helper.c) ---- */

struct credentials {
	struct str user, password;
	struct str identity_token; /* instead of both: for the token endpoint only */
};
/* What the docker config says of a registry (or of a path on it). 1 = found, 0 = nothing. */
int config_find(struct remote *r, struct str domain, struct str path, struct arena *a,
	struct credentials *ret, struct err *err);
int config_store(struct remote *r, struct str domain, const struct credentials *c, struct err *err);
int config_erase(struct remote *r, struct str domain, struct err *err); /* 1 = was there */

/* The parsed file. Parsing takes any bytes. */
struct config_auth {
	struct str key; /* as written: a host, a host and path, or a URL */
	struct credentials c;
};
struct docker_config {
	struct json *root;
	struct config_auth *auths;
	size_t n_auths;
	struct str store;           /* credsStore */
	const struct json *helpers; /* credHelpers: object or NULL */
};
int docker_config_parse(struct str bytes, struct arena *a, struct docker_config *ret,
	struct err *err);
const struct config_auth *config_match(const struct docker_config *c, struct str domain,
	struct str path);
/* What docker calls the registry in its config: its own for Docker Hub. */
struct str config_server_name(struct str domain);
void config_write(struct buf *b, const struct docker_config *c, struct str key,
	const struct credentials *set); /* set NULL = without the key */

/* docker-credential-<name>. 1 = found. */
int helper_get(struct str name, struct str server, struct arena *a, struct credentials *ret,
	struct err *err);
int helper_store(struct str name, struct str server, const struct credentials *c, struct err *err);
int helper_erase(struct str name, struct str server, struct err *err);

/* ---- hosts (host.c) ---- */

enum host_scheme { SCHEME_UNKNOWN, SCHEME_HTTP, SCHEME_HTTPS };
enum host_auth { AUTH_UNKNOWN, AUTH_NONE, AUTH_BASIC, AUTH_BEARER };

struct token {
	char *text;
	int64_t until_ns; /* monotonic */
};

/* One server as one name is mapped to it. */
struct host {
	char *name;   /* "127.0.0.1:5080", "registry-1.docker.io" */
	char *domain; /* whose credentials it may have: "ghcr.io"; "" = none of a mapped name */
	bool is_insecure, is_loopback;
	struct http_client *client; /* of the remote */
	const char *const
		*realms;       /* further hosts of the token endpoint; NULL-terminated or NULL */
	pthread_mutex_t mutex; /* the rest */
	enum host_scheme scheme;
	_Atomic bool was_reached;
	enum host_auth auth;
	char *realm, *service;
	struct map tokens; /* scope -> struct token */
};

/* A repository at a server. */
struct endpoint {
	struct host *host;
	struct str path;                 /* there */
	struct str domain, logical_path; /* as the user names it, for credentials and messages */
};
VEC_TYPE(endpoints, struct endpoint);

/* Where a name lives. With mirrors first when for_pull. */
int host_find(struct remote *r, const struct image_ref *name, bool for_pull, struct arena *a,
	struct endpoints *ret, struct err *err);
/* The endpoint to push to, or of the registry itself. */
int host_find_one(struct remote *r, const struct image_ref *name, struct arena *a,
	struct endpoint *ret, struct err *err);
void host_free(void *host);
bool host_name_is_loopback(struct str host); /* with or without port */

/* ---- requests (call.c, auth.c, redirect.c) ---- */

enum { ACT_PULL = 1, ACT_PUSH = 2, ACT_DELETE = 4 };

struct call {
	const struct endpoint *at;
	const char *method;
	struct str path; /* behind "/v2/"; or an absolute URL (upload sessions) */
	unsigned actions;
	struct str mount_from; /* also pull from this repository of the host; "" = none */
	const struct http_header *headers;
	size_t n_headers;
	struct str body;
	uint64_t body_size;
	ssize_t (*read)(void *ctx, char *room, size_t n, struct err *err);
	int (*rewind)(void *ctx);
	/* Content of a 200 or 206, piece by piece; NULL = collected. */
	int (*on_head)(void *ctx, const struct http_response *head, struct err *err);
	int (*on_body)(void *ctx, struct str piece, struct err *err);
	void *ctx;
	size_t max_body;
	const struct cancel *cancel;
};
/* With authorisation, redirects and retries. Statuses below 400 and 404, 405, 416 are answers;
 * others become errors that say what the registry said. */
int call_run(struct remote *r, const struct call *c, struct http_response *ret, struct err *err);
/* Without retries, any status: *ret_wait_ns says whether trying again may help (>= 0: after that
 * long at least). call_pause waits, longer each attempt. */
int call_once(struct remote *r, const struct call *c, struct http_response *ret,
	int64_t *ret_wait_ns, struct err *err);
int call_pause(struct remote *r, unsigned attempt, int64_t wanted_ns, const struct cancel *c,
	struct err *err);
/* As this Authorization header and nobody else, once. */
int call_once_as(struct remote *r, const struct call *c, struct str authorization,
	struct http_response *ret, struct err *err);
/* The error for a status that the caller did not expect. */
int call_refused(const struct call *c, const struct http_response *a, const char *what,
	struct err *err);
int call_url(const struct call *c, struct buf *url, struct err *err);
/* call_run's last step: makes an error of a status that is no answer. */
int call_answer(const struct call *c, int rc, struct http_response *ret, struct err *err);

/* Value of an Authorization header for the call ("" = none), from what is known so far. */
int auth_header(struct remote *r, const struct call *c, struct buf *ret, struct err *err);
/* After a 401: learns from the challenge. 1 = try again. */
int auth_learn(struct remote *r, const struct call *c, const struct http_response *a,
	struct err *err);
void auth_note_challenge(struct host *h, const struct http_response *a);
/* Do these credentials open the door? c asks for /v2/. */
int auth_try(struct remote *r, const struct call *c, const struct credentials *credentials,
	struct err *err);
/* May the registry have a token fetched from there? See auth.c. */
int auth_check_realm(const struct host *registry, bool registry_is_http, struct str realm,
	bool has_credentials, struct err *err);

/* Where the answer's Location leads, checked. */
int redirect_target(struct str from_url, const struct http_response *a, struct buf *ret,
	struct err *err);
/* As above for an upload's session. */
int redirect_session(const struct endpoint *at, struct str from_url, const struct http_response *a,
	struct buf *ret, struct err *err);

/* ---- transfers ---- */

/* Runs fn for 0..n-1 on a few threads; the first failure stops the rest. */
struct work {
	size_t n;
	int (*fn)(void *ctx, size_t i, const struct cancel *c, struct err *err);
	void *ctx;
};
int work_run(struct remote *r, const struct work *w, struct err *err);

/* Progress of one transfer as events. */
struct progress {
	struct event_sink *sink;
	char id[40];
	uint64_t done, total, told;
};
void progress_begin(struct progress *p, struct event_sink *sink, const char *what,
	struct str parent, const struct image_descriptor *d);
void progress_add(struct progress *p, uint64_t n);
void progress_back(struct progress *p, uint64_t done); /* a transfer began again there */
int progress_end(struct progress *p, int rc, bool was_there, const struct err *err); /* gives rc */

struct fetched_manifest {
	struct image_descriptor descriptor;
	struct str bytes;
	struct image_manifest m;
};
/* By tag or digest; reference is one of them as text. Digest verified where it is known. */
int manifest_fetch(struct remote *r, const struct endpoint *at, struct str reference,
	struct arena *a, struct fetched_manifest *ret, struct err *err);
/* HEAD: 1 = descriptor without size guarantee, 0 = the registry does not say. */
int manifest_head(struct remote *r, const struct endpoint *at, struct str reference,
	struct arena *a, struct image_descriptor *ret, struct err *err);
int manifest_send(struct remote *r, const struct endpoint *at, struct str bytes,
	const struct image_descriptor *d, const struct str *tags, size_t n_tags, struct err *err);

/* The documents behind a name (gather.c). */
struct gathered_image {
	struct fetched_manifest f;
	struct image_descriptor *blobs; /* config, then layers; each digest once */
	size_t n_blobs;
};
VEC_TYPE(gathered_images, struct gathered_image);
VEC_TYPE(fetched_manifests, struct fetched_manifest);
struct gathering {
	struct remote *r;
	const struct endpoint *at;
	struct store *store;
	struct arena *a;
	struct image_platform want;
	bool is_all_platforms;
	struct fetched_manifests documents; /* the top first, parents before children */
	struct gathered_images images;
};
int gather(struct gathering *g, const struct image_ref *name, struct err *err);
void gathering_done(struct gathering *g);
/* Stores the documents, and rows for them in the repository ("" = none), with links to all they list
 * and the tag ("" = none) on the first. */
int documents_write(struct store *s, const struct fetched_manifests *documents,
	struct str repository, struct str tag, struct arena *a, struct err *err);

/* An image's config must be for the platform that was asked for; without asking it is a warning. */
struct platform_check {
	struct store *store; /* has the config */
	struct arena *a;
	struct event_sink *events;
	struct str event_parent;
	const struct image_platform *want;
	bool is_asked;
};
int document_check_platform(const struct platform_check *x, const struct fetched_manifest *f,
	struct err *err);

/* What leaves the store (outgoing.c). */
struct outgoing_document {
	struct image_descriptor d;
	struct str bytes;
	struct image_manifest m;
	bool is_missing; /* an index lists it, and it is not here */
};
VEC_TYPE(outgoing_documents, struct outgoing_document);
VEC_TYPE(descriptors, struct image_descriptor);
struct outgoing {
	struct store *store;
	struct arena *a;
	struct outgoing_documents documents; /* children before their parents */
	struct descriptors blobs;            /* each once */
};
/* The image itself must be here, ERR_NOT_FOUND. */
int outgoing_collect(struct outgoing *x, const struct image_descriptor *what, struct err *err);
void outgoing_done(struct outgoing *x);

/* All d->size bytes into a sink, going on where a connection broke. The digest is the caller's to
 * check. */
struct download {
	const struct endpoint *at;
	const struct image_descriptor *d;
	struct sink *to;
	struct progress *progress; /* may be NULL */
	const struct cancel *cancel;
};
int download_run(struct remote *r, const struct download *d, struct err *err);
/* With the digest checked. */
int download_to_sink(struct remote *r, const struct endpoint *at, const struct image_descriptor *d,
	struct sink *to, const struct cancel *c, struct err *err);
/* Into the store; 1 = was there already. */
int blob_pull(struct remote *r, struct store *s, const struct endpoint *at,
	const struct image_descriptor *d, struct progress *p, const struct cancel *c,
	struct err *err);

/* Uploads from an fd; 1 = was there already (or mounted). */
struct upload_spec {
	const struct endpoint *at;
	const struct image_descriptor *d;
	int fd; /* -1: open gives it when the bytes are needed */
	int (*open)(void *ctx, int *ret_fd, struct err *err);
	void *ctx;
	struct str mount_from; /* repository at the same host; "" = not known */
	uint64_t chunk_bytes;
	struct progress *progress;
	const struct cancel *cancel;
};
int upload_send(struct remote *r, const struct upload_spec *u, struct err *err);
int blob_is_remote(struct remote *r, const struct endpoint *at, const struct digest *d,
	const struct cancel *c, struct err *err);

/* "latest" or "sha256:…". */
struct str remote_reference(const struct image_ref *name, char room[DIGEST_TEXT]);
/* Puts the image's name in front. Gives -1. */
int remote_name_failed(const struct image_ref *name, struct err *err);

/* ---- the room's main thing ---- */

struct remote {
	struct arena arena; /* registries */
	struct remote_registry *registries;
	size_t n_registries;
	char *docker_config;
	struct event_sink *events;
	const struct cancel *cancel;
	int64_t retry_ns;
	pthread_mutex_t mutex; /* clients, hosts */
	struct map clients;    /* by ca_file ("" = the system's) */
	struct map hosts;      /* by "name domain" */
};

#endif
