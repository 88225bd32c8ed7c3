/* build -- from a Dockerfile and a context to an image in the store.
 *
 *	text -> dockerfile/ instructions -> plan (stages, words expanded) -> graph of steps
 *	     -> only what the target needs, in parallel -> layers -> config + manifest -> names
 *
 * A step's key is content: the parent's key, the expanded instruction, digests of the files it reads
 * (path, type, resulting mode and owner, bytes; never mtime), mounts; never secrets. See
 * docs/formats/cache-key.md. The same inputs give the same image digest on any machine.
 *
 * Knows:   order and meaning of a build. Touches: lower rooms only.
 * Owner:   the caller's; results live in the arena given. Threads: build_run may run several times
 *          at once on one store; the same step is then done once.
 * Errors:  ERR_INPUT at file:line:col of the Dockerfile, ERR_FAILED (a RUN exited non-zero),
 *          ERR_UNSUPPORTED, ERR_NOT_FOUND (a file of COPY, a base image), ERR_CANCELED.
 * Source:  Dockerfile reference; buildx build command line.
 */
#ifndef BUILD_BUILD_H
#define BUILD_BUILD_H

#include "base/cancel.h"
#include "base/event.h"
#include "base/pool.h"
#include "blob/gc.h"
#include "image/image.h"
#include "layer/layer.h"
#include "remote/remote.h"

struct build_pair {
	const char *key, *value; /* value NULL: taken from nowhere (a --build-arg without "=") */
};

enum build_output_kind {
	BUILD_OUT_IMAGE,
	BUILD_OUT_OCI,
	BUILD_OUT_DOCKER,
	BUILD_OUT_LOCAL,
	BUILD_OUT_TAR
};
struct build_output {
	enum build_output_kind kind;
	const char *dest; /* file or folder; "-" = stdout_fd; NULL for IMAGE */
	bool is_folder;   /* OCI: a layout folder instead of an archive */
	bool pushes;      /* IMAGE: also push every tag */
	enum compression compression;
	int level;
	bool has_compression;
	bool is_forced; /* force-compression: base layers too */
};

/* --cache-from and --cache-to: docs/build-cache.md. */
enum build_cache_kind {
	BUILD_CACHE_LOCAL,
	BUILD_CACHE_REGISTRY,
	BUILD_CACHE_INLINE,
	BUILD_CACHE_GHA
};
struct build_cache {
	enum build_cache_kind kind;
	const char *ref;    /* REGISTRY: image name; LOCAL: folder; GHA: scope, or NULL */
	const char *tag;    /* LOCAL: which entry of the folder; NULL = "latest" */
	const char *digest; /* LOCAL, from: the entry by its digest; NULL = by the tag */
	bool is_max;        /* mode=max: the layers of every step, not only those of the result */
	bool is_strict;     /* to: ignore-error=false, a failed export fails the build */
	bool has_compression;
	enum compression compression; /* to: of the layers that are sent */
	int level;
};

struct build_secret {
	const char *id, *file, *env; /* file or env variable of the caller */
};

struct build_context {
	const char *name;  /* "name=…" of --build-context; NULL for the main one */
	const char *value; /* folder, "docker-image://…", "oci-layout://…", URL */
};

struct build_spec {
	struct store *store;
	struct remote *remote;
	struct pool *pool;
	struct event_sink *events;
	const struct cancel *cancel;
	struct str event_parent;

	const char
		*context; /* folder, git URL, tar file, "-" = a tar or a Dockerfile on stdin_fd */
	int stdin_fd;
	const char *file; /* -f; NULL = CONTEXT/Dockerfile; "-" = stdin_fd */
	const struct build_context *contexts;
	size_t n_contexts;
	const char *target;      /* NULL = the last stage */
	const char *const *tags; /* names, NULL-terminated */
	const struct build_pair *args, *labels, *annotations;
	size_t n_args, n_labels, n_annotations;
	const struct build_secret *secrets;
	size_t n_secrets;
	const char *const *ssh; /* "default=SOCKET" */
	const struct build_cache *cache_from, *cache_to;
	size_t n_cache_from, n_cache_to;
	const struct build_output *outputs;
	size_t n_outputs;
	int stdout_fd;
	const struct image_platform *platform; /* NULL = the host's */
	const char *network;                   /* "default", "host", "none"; NULL = default */
	const char *const *extra_hosts;
	const char *const *allow; /* "security.insecure", "network.host"; NULL-terminated */
	bool is_no_cache;
	const char *const *no_cache_stages;
	bool pulls; /* --pull: ask for newer base images */
	uint64_t shm_bytes;
	/* Time written into the image, ns: `created` and, when has_epoch (SOURCE_DATE_EPOCH), the latest
	 * file time. See docs/decisions/0004-times-in-images.md. */
	bool has_epoch;
	int64_t epoch_ns;
	bool explains;                /* notes say per step why it hit or missed */
	const char *runtime_env_path; /* PATH for helper lookups; NULL = ours */
};

struct build_result {
	struct image_descriptor manifest; /* what the names point to */
	struct digest config;             /* the image id */
	size_t n_steps, n_cached;
	int64_t took_ns;
};
int build_run(const struct build_spec *spec, struct arena *a, struct build_result *ret,
	struct err *err);

/* An archive of files (tar in any compression, cpio, zip) becomes an image with one layer, named by
 * spec->tags. Of spec only the store, pool, events, cancel, tags, outputs, platform and epoch count. */
int build_import(const struct build_spec *spec, int archive_fd, struct arena *a,
	struct build_result *ret, struct err *err);

/* `build --print`: stages with every word expanded and the final config, as JSON; runs nothing but
 * reading the Dockerfile and, for ENV and ONBUILD of base images, the store. */
int build_print(const struct build_spec *spec, struct buf *ret, struct err *err);
/* `build --check`: lint findings, as JSON or as lines for people; *ret_n their number. */
int build_check(const struct build_spec *spec, bool is_json, struct buf *ret, size_t *ret_n,
	struct err *err);
/* `build --list-context DIR`: what would be sent, one path per line, sorted. */
int build_list_context(const char *dir, const char *dockerfile, struct buf *ret, struct err *err);

/* What the build cache keeps alive, for gc. */
struct gc_roots build_gc_roots(struct store *s);
/* Forgets cache entries not used for longer than age_ns; gives the number. */
int build_cache_prune(struct store *s, int64_t age_ns, struct err *err);

#endif
