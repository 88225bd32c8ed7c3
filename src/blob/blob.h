/* blob -- bytes by digest, and who refers to them.
 *
 * A store is one folder (docs/formats/store.md). Content goes in once, is named by its digest, and
 * never changes. Names, links and leases are rows in index.db; a blob is read without any of them:
 * blobs/sha256/ab/abcd….
 *
 * Knows:   digests, sizes, who links to what. Touches: its folder and index.db. Never: the network,
 *          what is in a manifest (it is told the links).
 * Shapes:  struct digest; sizes uint64_t bytes; times int64_t ns UTC. A repository is any text of
 *          1-255 bytes; local images use "local:docker.io/library/debian", the registry "me/app".
 * Owner:   caller owns every ret_; writers and readers end before the store is freed.
 * Threads: one struct store from any thread and any number of processes on one folder; a
 *          blob_writer from one thread at a time.
 * Errors:  ERR_NOT_FOUND, ERR_CORRUPT (bytes do not match the name), ERR_CONFLICT (a tag moved),
 *          ERR_INPUT (digest given does not match what came), ERR_LIMIT, ERR_SYS.
 * Durable: when blob_commit() or a row-writing function returned 0, it survives power loss.
 * Limits:  BLOB_MAX_BYTES, BLOB_MAX_UPLOADS.
 */
#ifndef BLOB_BLOB_H
#define BLOB_BLOB_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/stream.h"
#include "base/vec.h"
#include "db/db.h"
#include "digest/digest.h"

#define BLOB_MAX_BYTES (UINT64_C(1) << 40)
enum { BLOB_MAX_UPLOADS = 10000 };

struct store;

struct store_spec {
	const char *root;          /* made when missing */
	const struct clock *clock; /* NULL = the system's */
	/* How long what was put, found or kept is protected from collection: 0 = as long as this
	 * store is open, as every command wants it. A server says an hour: that long after it was last
	 * found, and twice that at most. */
	int64_t lease_ns;
};
int store_open(const struct store_spec *spec, struct store **ret, struct err *err);
void store_free(struct store *s);
CLEANUP_PTR(store_free, struct store);
const char *store_root(const struct store *s);
int store_root_fd(const struct store *s); /* borrowed */
/* A folder of the root: "tmp", "trees", "uploads", "runs", …; made when missing; borrowed. */
int store_dir(struct store *s, const char *name, int *ret_fd, struct err *err);
struct db *store_db(struct store *s); /* other rooms add their tables here */
const struct clock *store_clock(const struct store *s);

/* ---- bytes ---- */

/* ERR_NOT_FOUND; ERR_CORRUPT for a file that cannot be whole (size is known and differs). */
int blob_open(struct store *s, const struct digest *d, int *ret_fd, uint64_t *ret_size,
	struct err *err);
int blob_size(struct store *s, const struct digest *d, uint64_t *ret, struct err *err);
/* As above; found is kept (blob_keep). */
bool blob_exists(struct store *s, const struct digest *d);
/* Protects a blob that exists from collection (see store_spec.lease_ns); errors as blob_open. What
 * is going to be named by a manifest, a tag or a root of gc must be kept, or put, before. */
int blob_keep(struct store *s, const struct digest *d, struct err *err);
/* A small document, its digest verified: ERR_CORRUPT when it is damaged. */
int blob_read(struct store *s, const struct digest *d, struct buf *ret, struct err *err);
/* Reads all of a blob and compares; for scrub. A damaged blob is set aside: ERR_CORRUPT now and for
 * who opens it later, until it is put again. */
int blob_verify(struct store *s, const struct digest *d, struct err *err);

struct blob_writer;
/* For pulls and builds: a temporary file that nobody else sees. algorithm as expected later. */
int blob_create(struct store *s, enum digest_algorithm a, struct blob_writer **ret,
	struct err *err);
int blob_write(struct blob_writer *w, const void *p, size_t n, struct err *err);
struct sink *blob_writer_sink(struct blob_writer *w); /* the same as a sink */
/* When the caller hashed already (layer_pack does): the writer need not do it again. */
void blob_trust_digest(struct blob_writer *w);
/* fsync, then the name. expected NULL = whatever it is; with a trusted writer it must be given.
 * ERR_INPUT when it differs: nothing is stored then. What was there under the name is replaced, so
 * that damage heals. The blob is kept, as by blob_keep. */
int blob_commit(struct blob_writer *w, const struct digest *expected, struct digest *ret,
	uint64_t *ret_size, struct err *err);
void blob_writer_free(struct blob_writer *w); /* drops what was not committed */
CLEANUP_PTR(blob_writer_free, struct blob_writer);
/* Several at once: the disk is waited for as often as for one. After a failure some may be stored. */
struct blob_commit {
	struct blob_writer *writer;
	const struct digest *expected; /* as in blob_commit */
	struct digest digest;          /* out */
	uint64_t size;                 /* out */
};
int blob_commit_all(struct blob_commit *c, size_t n, struct err *err);
uint64_t blob_writer_bytes(const struct blob_writer *w);
int blob_put(struct store *s, struct str bytes, struct digest *ret, struct err *err);

/* ---- uploads: writers that survive the connection and the process ---- */

struct upload; /* in use by this thread; the session itself is on disk */
enum { UPLOAD_ID = 33 };
int upload_begin(struct store *s, struct str repository, char ret_id[UPLOAD_ID], struct err *err);
/* ERR_NOT_FOUND; ERR_CONFLICT while another writer has it open. */
int upload_open(struct store *s, struct str repository, struct str id, struct upload **ret,
	struct err *err);
uint64_t upload_offset(const struct upload *u); /* bytes that are safely there */
int upload_write(struct upload *u, const void *p, size_t n, struct err *err);
/* Makes what was written the session's new offset. */
int upload_sync(struct upload *u, struct err *err);
/* As blob_commit, and links the blob to the session's repository. The session is gone after, also
 * after ERR_INPUT (another digest); the caller still closes u. */
int upload_finish(struct upload *u, const struct digest *expected, struct err *err);
int upload_cancel(struct store *s, struct str repository, struct str id, struct err *err);
void upload_close(struct upload *u); /* keeps the session */
CLEANUP_PTR(upload_close, struct upload);

/* ---- links: a repository sees only what was linked to it ---- */

/* The blob must be here; ERR_NOT_FOUND. */
int link_add(struct store *s, struct str repository, const struct digest *d, struct err *err);
int link_has(struct store *s, struct str repository, const struct digest *d,
	struct err *err); /* 1/0 */
/* Keeps the blob and says whether the repository has it (1/0): what HEAD answers, so that the answer
 * stays true. A blob that is gone or damaged is 0 too. */
int link_keep(struct store *s, struct str repository, const struct digest *d, struct err *err);
int link_remove(struct store *s, struct str repository, const struct digest *d, struct err *err);
/* Some repository of those the callback accepts that has the blob: for anonymous mounts. */
int link_find(struct store *s, const struct digest *d,
	bool (*accepts)(void *ctx, struct str repository), void *ctx, struct buf *ret_repository,
	struct err *err);

/* ---- manifests: blobs that link to other blobs ---- */

struct manifest_row {
	struct digest digest;
	struct str media_type;
	uint64_t size;
	struct digest subject;         /* none = no subject */
	struct str artifact_type;      /* "" = none */
	struct str annotations;        /* JSON object text, "" = none */
	const struct digest *children; /* what it keeps alive: config, layers, manifests */
	size_t n_children;
	bool links_children; /* manifest_put: the repository gets those that are here, too */
};
/* The blob must be here; it is kept, and its children that are here. Links it to the repository. Rows
 * protect from collection only once a tag leads to them. */
int manifest_put(struct store *s, struct str repository, const struct manifest_row *m,
	struct err *err);
struct tag_set;
/* Several, and then tags that name them (as tag_set_all), in one transaction. */
int manifest_put_all(struct store *s, struct str repository, const struct manifest_row *m, size_t n,
	const struct tag_set *tags, size_t n_tags, struct err *err);
/* A manifest that some repository has becomes this one's too, with all that is below it and here. The
 * caller may see it: nothing is asked. ERR_NOT_FOUND. */
int manifest_link(struct store *s, struct str repository, const struct digest *d, struct err *err);
int manifest_get(struct store *s, struct str repository, const struct digest *d, struct arena *a,
	struct manifest_row *ret, struct err *err); /* children are not filled */
/* Removes it from the repository, with the tags that name it there. ERR_CONFLICT when a tagged
 * index there still lists it. */
int manifest_delete(struct store *s, struct str repository, const struct digest *d,
	struct err *err);
VEC_TYPE(manifest_rows, struct manifest_row);
int manifest_referrers(struct store *s, struct str repository, const struct digest *subject,
	struct arena *a, struct manifest_rows *ret, struct err *err);

/* ---- tags ---- */

struct tag_row {
	struct str repository, tag;
	struct digest digest;
	int64_t moved_ns;
	int64_t order; /* the highest it was ever set with; 0 = unordered */
};
VEC_TYPE(tag_rows, struct tag_row);

int tag_get(struct store *s, struct str repository, struct str tag, struct digest *ret,
	struct err *err);
struct tag_set {
	struct str repository, tag;
	struct digest digest;
	const struct digest
		*expected; /* NULL = any; none digest = must not exist; else ERR_CONFLICT */
	int64_t order; /* > 0: does not replace a tag with a higher order (1 = kept the newer one) */
};
/* All of them in one transaction. 0 = set, 1 = some tag stayed at a newer order. The repositories must
 * have the manifests (ERR_NOT_FOUND). A tag set without an order keeps the order it had. */
int tag_set_all(struct store *s, const struct tag_set *t, size_t n, struct err *err);
int tag_set(struct store *s, const struct tag_set *t, struct err *err);
int tag_remove(struct store *s, struct str repository, struct str tag, struct err *err);
/* Sorted by bytes; after `last` (exclusive, "" = from the start); n 0 = all. */
int tag_list(struct store *s, struct str repository, struct str last, size_t n, struct arena *a,
	struct tag_rows *ret, struct err *err);
/* Every tag of every repository that starts with prefix. */
int tag_list_all(struct store *s, struct str prefix, struct arena *a, struct tag_rows *ret,
	struct err *err);
int repository_list(struct store *s, struct str last, size_t n, struct arena *a, struct str **ret,
	size_t *ret_n, struct err *err);
bool repository_exists(struct store *s, struct str repository);

/* A number that grows with every change to links, manifests and tags by any process: lets a server
 * keep answers in memory. Read it before the database; an answer is good as long as the number is the
 * same. 0 = a change is being made: use the answer, keep nothing. Costs two loads from shared memory. */
uint64_t store_generation(const struct store *s);

#endif
