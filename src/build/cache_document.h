/* build/cache_document -- what a build cache says: which step gave which layer.
 *
 *	record	key of a step -> its layer (compressed digest, size, type; diffID), or "no layer"
 *	memo	question about unchangeable files -> the digest that answers it
 *
 * The document travels as the config of an image manifest whose layers are those of the records, or
 * as an annotation of an image. A record whose layer does not travel with it is *hollow*: it still
 * says what the step gives, which is enough while nobody needs the files.
 * The same records give the same bytes. docs/formats/cache-key.md is the format.
 *
 * Owner:  the arena. Threads: values.
 * Errors: ERR_INPUT naming the member, ERR_LIMIT, ERR_UNSUPPORTED (another version).
 */
#ifndef BUILD_CACHE_DOCUMENT_H
#define BUILD_CACHE_DOCUMENT_H

#include "base/arena.h"
#include "base/buf.h"
#include "image/image.h"

enum {
	CACHE_DOCUMENT_MAX = 16 * 1024 * 1024,
	CACHE_RECORDS_MAX = 20 * 1000, /* memos too */
};
#define MEDIA_BUILD_CACHE "application/vnd.knarr.buildcache.v1+json"
#define CACHE_ANNOTATION "vnd.knarr.buildcache.v1"

struct cache_record {
	struct digest key;
	struct image_descriptor layer; /* digest none = the step made no layer */
	struct digest diff_id;
	uint64_t tar_bytes;
};

struct cache_memo {
	struct digest question, answer;
};

struct cache_document {
	struct cache_record *records; /* sorted by key, each key once */
	size_t n_records;
	struct cache_memo *memos; /* sorted by question, each once */
	size_t n_memos;
};

/* Brings lists in any order into theirs; of several with one key the first stays. */
void cache_document_sort(struct cache_document *d);
int cache_document_parse(struct str bytes, struct arena *a, struct cache_document *ret,
	struct err *err);
/* ERR_LIMIT when it would not be read again. */
int cache_document_add(struct buf *b, const struct cache_document *d, struct err *err);

/* NULL = there is none. */
const struct cache_record *cache_document_find(const struct cache_document *d,
	const struct digest *key);
const struct cache_memo *cache_document_recall(const struct cache_document *d,
	const struct digest *question);

#endif
