/* image -- OCI documents: manifests, indexes, configs, platforms.
 *
 * Reads OCI and Docker schema 2 documents into structs, checks them, and writes OCI ones. What is
 * written is compact JSON with a fixed order of members, so the same image always has the same
 * digest. Documents from elsewhere are never re-written: their bytes are kept.
 *
 * Knows:   OCI image-spec 1.1 (manifest.md, image-index.md, config.md, descriptor.md), Docker
 *          manifest schema 2. Touches: the bytes given. Never: stores or sends.
 * Owner:   parsed documents live in the caller's arena.
 * Threads: values.
 * Errors:  ERR_INPUT naming the member ("layers[2].digest: …"), ERR_LIMIT (IMAGE_*),
 *          ERR_UNSUPPORTED (Docker schema 1).
 */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "digest/digest.h"
#include "json/json.h"

enum {
	IMAGE_MANIFEST_MAX = 4 * 1024 * 1024, /* bytes of a manifest or index */
	IMAGE_CONFIG_MAX = 8 * 1024 * 1024,
	IMAGE_LAYERS_MAX = 4096,
	IMAGE_CHILDREN_MAX = 100000, /* of an index */
	IMAGE_DEPTH_MAX = 8,         /* index in index */
};

#define MEDIA_OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define MEDIA_OCI_CONFIG "application/vnd.oci.image.config.v1+json"
#define MEDIA_OCI_LAYER "application/vnd.oci.image.layer.v1.tar"
#define MEDIA_OCI_LAYER_GZIP "application/vnd.oci.image.layer.v1.tar+gzip"
#define MEDIA_OCI_LAYER_ZSTD "application/vnd.oci.image.layer.v1.tar+zstd"
#define MEDIA_OCI_EMPTY "application/vnd.oci.empty.v1+json"
#define MEDIA_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define MEDIA_DOCKER_INDEX "application/vnd.docker.distribution.manifest.list.v2+json"
#define MEDIA_DOCKER_CONFIG "application/vnd.docker.container.image.v1+json"
#define MEDIA_DOCKER_LAYER "application/vnd.docker.image.rootfs.diff.tar.gzip"
#define MEDIA_DOCKER_LAYER_TAR "application/vnd.docker.image.rootfs.diff.tar"

struct image_pair {
	struct str key, value;
};
struct image_pairs { /* annotations, labels: in the order of the document */
	struct image_pair *p;
	size_t n;
};

struct image_platform {
	struct str os, architecture, variant, os_version;
};
/* "linux/amd64", "linux/arm/v7", "arm64": completed and normalised (x86_64 is amd64, …). */
int image_platform_parse(struct str text, struct arena *a, struct image_platform *ret,
	struct err *err);
struct image_platform image_platform_host(void);
void image_platform_add(struct buf *b, const struct image_platform *p); /* "linux/arm64/v8" */
/* Does an image for `have` run where `want` is asked for? */
bool image_platform_matches(const struct image_platform *want, const struct image_platform *have);

struct image_descriptor {
	struct str media_type;
	struct digest digest;
	uint64_t size;
	struct image_pairs annotations;
	bool has_platform;
	struct image_platform platform;
	struct str artifact_type;
	struct str data; /* decoded; "" = none */
};

enum image_kind { IMAGE_MANIFEST, IMAGE_INDEX };
struct image_manifest {
	enum image_kind kind;
	struct str media_type; /* of the document; from its body, else from the header given */
	bool is_docker;
	struct str artifact_type;
	struct image_descriptor config; /* manifests */
	struct image_descriptor *items; /* layers of a manifest, manifests of an index */
	size_t n_items;
	bool has_subject;
	struct image_descriptor subject;
	struct image_pairs annotations;
};
/* content_type: what the sender said it is, or "". A body that has both `layers` and `manifests`,
 * or whose mediaType contradicts content_type, is ERR_INPUT (CVE-2021-41190). */
int image_manifest_parse(struct str bytes, struct str content_type, struct arena *a,
	struct image_manifest *ret, struct err *err);
void image_manifest_add(struct buf *b, const struct image_manifest *m); /* OCI, compact */
/* The entry of an index for a platform: exact variant first; ERR_NOT_FOUND lists what there is.
 * Attestation children (unknown/unknown) never match. */
int image_index_pick(const struct image_manifest *index, const struct image_platform *want,
	const struct image_descriptor **ret, struct err *err);
bool image_media_is_layer(struct str media_type);
bool image_media_is_manifest(struct str media_type); /* manifest or index, OCI or Docker */
bool image_media_is_index(struct str media_type);

struct image_health {
	bool is_set;      /* the config has one at all */
	struct str *test; /* {"NONE"}, {"CMD", …}, {"CMD-SHELL", "…"} */
	size_t n_test;
	int64_t interval_ns, timeout_ns, start_period_ns,
		start_interval_ns; /* 0 = inherit/default */
	int64_t retries;
};

struct image_strs {
	struct str *p;
	size_t n;
};

struct image_history {
	int64_t created_ns;
	bool has_created;
	struct str created_by, author, comment;
	bool is_empty_layer;
};

struct image_config {
	struct image_platform platform;
	bool has_created;
	int64_t created_ns;
	struct str author;
	/* "config" */
	struct str user, working_dir, stop_signal;
	struct image_strs env; /* NAME=value, in order */
	struct image_strs entrypoint, cmd, shell, on_build;
	bool has_entrypoint, has_cmd; /* an empty list is not the same as none */
	bool is_args_escaped;
	struct image_strs ports;   /* "8000/tcp", sorted */
	struct image_strs volumes; /* sorted */
	struct image_pairs labels; /* sorted by key when written */
	struct image_health health;
	struct digest *diff_ids;
	size_t n_diff_ids;
	struct image_history *history;
	size_t n_history;
};
/* What PATH is where an image sets none, and what builds then put into theirs. */
#define IMAGE_DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

int image_config_parse(struct str bytes, struct arena *a, struct image_config *ret,
	struct err *err);
/* OCI config with Docker's additions (Healthcheck, OnBuild, Shell), compact, fixed order. */
void image_config_add(struct buf *b, const struct image_config *c);
/* Checks that history and diff_ids agree and that diff_ids are as many as layers. */
int image_config_check(const struct image_config *c, size_t n_layers, struct err *err);

#endif
