/* layer -- a folder as a layer and back.
 *
 * Packing reads a tree once, sorted, into tar -> diffID -> compressed -> digest, as one pipeline
 * over the pool. Unpacking is the reverse into an empty folder that becomes an overlay lower:
 * whiteouts become 0:0 character devices and opaque folders the overlay xattr. The bytes are a
 * promise: docs/formats/layer.md.
 *
 * Knows:   trees, layers, whiteouts, xattrs. Touches: a folder, below its fd, and nothing outside
 *          it whatever the archive says (FIELD.md F50). Never: where the bytes go.
 * Shapes:  the tar stream is deterministic: names sorted by bytes (a folder before its content),
 *          no user names, no clock beyond what the folder holds; times per struct layer_times.
 * Owner:   the caller's. Threads: one call from one thread; it spreads over the pool (NULL = it
 *          does everything itself).
 * Errors:  ERR_INPUT (broken or hostile layer, with the entry's name), ERR_LIMIT, ERR_CANCELED,
 *          ERR_SYS.
 * Limits:  LAYER_* below.
 * Source:  OCI image-spec 1.1 layer.md; kernel Documentation/filesystems/overlayfs.rst.
 */
#ifndef LAYER_LAYER_H
#define LAYER_LAYER_H

#include "base/cancel.h"
#include "base/pool.h"
#include "base/stream.h"
#include "compress/compress.h"
#include "digest/digest.h"

#define LAYER_MAX_BYTES (UINT64_C(1) << 40)
enum { LAYER_MAX_ENTRIES = 10 * 1000 * 1000, LAYER_MAX_DEPTH = 1000 };

struct layer_info {
	struct digest diff_id; /* of the tar */
	struct digest digest;  /* of the compressed bytes; = diff_id for COMPRESS_NONE */
	uint64_t tar_bytes, blob_bytes;
	uint64_t n_entries;
	enum compression compression;
};

/* What becomes of modification times. */
struct layer_times {
	/* Times later than this become replace_ns; earlier ones stay. INT64_MAX keeps all. */
	int64_t latest_ns;
	int64_t replace_ns;
};

struct layer_pack {
	int tree_fd;
	/* An overlay's upper folder, or a tree that layer_unpack made: 0:0 devices and opaque marks
	 * become whiteouts. Otherwise they are devices and nothing. */
	bool is_overlay_upper;
	enum compression compression;
	int level; /* 0 = default */
	struct layer_times times;
	bool sets_times;  /* replaced times are given to the tree's files too: it is then what the
			     layer unpacks to */
	struct sink *out; /* gets the compressed bytes; NULL = only diff_id is wanted */
	struct pool *pool;
	const struct cancel *cancel;
	void (*on_progress)(void *ctx, uint64_t tar_bytes);
	void *ctx;
};
/* Extended attributes of the image (user.*, security.capability, ACLs) are packed and unpacked, those
 * of the machine (trusted.*, overlayfs's own, SELinux, IMA) are left out both ways. */
int layer_pack(const struct layer_pack *p, struct layer_info *ret, struct err *err);

struct layer_unpack {
	struct source *blob; /* compressed or not: found by its magic */
	int tree_fd;         /* an empty folder */
	/* Trees of the layers below, nearest first, where there are any: a hard link's target may be
	 * there (its file is copied then), and folders that the layer uses and does not bring. When
	 * the layer has such places ret_needed_lowers is set, on failure too: the tree is, or would be, not
	 * that of the diffID alone. */
	const int *lower_fds;
	size_t n_lowers;
	bool *ret_needed_lowers; /* may be NULL */
	uint64_t max_bytes;      /* of the tar; 0 = LAYER_MAX_BYTES */
	struct pool *pool;
	const struct cancel *cancel;
	void (*on_progress)(void *ctx, uint64_t tar_bytes);
	void *ctx;
};
/* As root, owners and devices are restored; otherwise files belong to the caller, devices are refused,
 * and so overlay's opaque mark is the one for mounts with userxattr. Reads the blob to its very end,
 * so that its digest is known whole; on failure tree_fd's content is undefined and the caller removes
 * it. Times and modes are set; nothing is synced. */
int layer_unpack(const struct layer_unpack *u, struct layer_info *ret, struct err *err);

/* Reads a layer's blob to its end and puts nothing anywhere: what it says of itself can be compared.
 * n_entries is not counted. */
int layer_measure(struct source *blob, struct pool *pool, struct layer_info *ret, struct err *err);

/* Puts a foreign archive into a folder: tar, also in gzip, zstd, bzip2 or xz; cpio; zip (libarchive,
 * loaded on first use, for what we do not read ourselves). Whiteout names are ordinary names here.
 * What is there already gives way as with docker's ADD. Symlinks resolve inside the folder. */
struct layer_extract {
	struct source *archive;
	int tree_fd;
	const char *into;   /* folder below tree_fd, made when missing; NULL = tree_fd itself */
	int64_t uid, gid;   /* -1 = as in the archive */
	unsigned strip;     /* leading path components to drop; entries without more are left out */
	uint64_t max_bytes; /* of what is inside the compression; 0 = LAYER_MAX_BYTES */
	const struct cancel *cancel;
};
int layer_extract(const struct layer_extract *x, struct err *err);
/* Whether these bytes are of an archive that ADD unpacks, by docker's rule: a tar whose first header
 * is right, alone or in gzip, bzip2, xz or zstd. 1 or 0; -1 when the source fails. Reads as much as
 * that takes. */
int layer_is_archive(struct source *from, struct err *err);

#endif
