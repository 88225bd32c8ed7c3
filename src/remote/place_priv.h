/* place_priv -- a place being read or written. */
#ifndef REMOTE_PLACE_PRIV_H
#define REMOTE_PLACE_PRIV_H

#include "fs/fs.h"
#include "remote/place.h"
#include "remote/remote_priv.h"

#define ANNOTATION_REF "org.opencontainers.image.ref.name"
#define ANNOTATION_NAME "io.containerd.image.name"

enum { LAYOUT_PATH = DIGEST_TEXT + 16 };
/* "blobs/sha256/…" */
const char *layout_blob_path(const struct digest *d, char room[LAYOUT_PATH]);

/* ---- reading ---- */

struct place_reading {
	const struct place_read *p;
	struct arena *a;
	struct image_platform want;
	int dir_fd; /* of a layout; -1 = everything is in the store already */
	struct place_images *images;
	struct progress progress; /* bytes read off the file or folder */
};
/* Takes what the index names out of the layout (or the store), by the reference that was asked for. */
int layout_take(struct place_reading *x, struct str index_bytes, struct err *err);
int layout_check_version(struct str bytes, struct err *err);
int layout_read(struct place_reading *x, struct err *err);
int oci_archive_read(struct place_reading *x, int fd, struct err *err);
int docker_archive_read(struct place_reading *x, int fd, struct err *err);

/* Rows and tag, by the reader's wish or by the name given; then notes the image. The documents are the
 * image's, the top first; the last is the platform's manifest. */
int place_keep(struct place_reading *x, const struct fetched_manifests *documents, struct str name,
	struct err *err);

/* docker-archive's manifest.json. */
struct docker_image {
	struct str config; /* a name in the archive */
	struct image_strs tags, layers;
};
int docker_manifest_parse(struct str bytes, struct arena *a, struct docker_image **ret,
	size_t *ret_n, struct err *err);

/* ---- writing ---- */

/* Where files go: a folder, or a tar. */
struct place_target {
	int (*add_bytes)(struct place_target *t, const char *path, struct str bytes,
		struct err *err);
	/* size bytes from fd; a target may skip what it has. */
	int (*add_file)(struct place_target *t, const char *path, int fd, uint64_t size,
		struct err *err);
};
int layout_write(const struct place_write *p, struct err *err);
int archive_write(const struct place_write *p, struct err *err);
int docker_archive_write(const struct place_write *p, struct place_target *t, struct err *err);
/* All blobs of the image as blobs/<algorithm>/<hex>. */
int layout_add_blobs(struct outgoing *out, struct place_target *t, struct err *err);
/* index.json with one entry per name (none: one by the reference), after those of `old` (NULL = none)
 * that stay. */
void layout_add_index(struct buf *b, const struct json *old, const struct image_descriptor *what,
	const struct image_ref *names, size_t n_names, struct str reference);
#define LAYOUT_VERSION "{\"imageLayoutVersion\":\"1.0.0\"}"

#endif
