/* image/check -- what is wrong with a document, as JSON for people and scripts.
 *
 * Stricter than reading: what OCI's JSON schemas refuse is a problem here, even where every tool
 * reads it. The answer is compact JSON appended to a buf:
 *
 *	{"kind":"manifest","valid":false,"problems":[{"path":"layers[0].size","message":"…"}]}
 *
 * A layout's problems also say in which file ("file":"index.json"). kind is manifest, index,
 * config, descriptor, layout or unknown.
 *
 * Touches: the bytes given; a layout's files through the callback. Threads: values.
 * Errors:  what the callback returns; problems of the documents are the answer, not an error.
 * Source:  OCI image-spec 1.1, schema/ and image-layout.md.
 */
#ifndef IMAGE_CHECK_H
#define IMAGE_CHECK_H

#include "base/buf.h"
#include "base/err.h"

/* 0 = in order, 1 = problems. */
int image_check(struct str bytes, struct buf *ret, struct err *err);

struct image_files {
	/* Hands the file's bytes to take, piece by piece; ERR_NOT_FOUND when there is none. path is
	 * one of "oci-layout", "index.json", "blobs/<algorithm>/<hex>". */
	int (*each_piece)(void *ctx, const char *path,
		int (*take)(void *take_ctx, struct str piece, struct err *err), void *take_ctx,
		struct err *err);
	void *ctx;
};
/* Checks a layout and everything its index leads to, digests and sizes included. */
int image_check_layout(const struct image_files *files, struct buf *ret, struct err *err);

/* The parts of a name: {"domain","path","tag","digest","familiar","canonical"}. */
int image_ref_show(struct str name, struct buf *ret, struct err *err);

#endif
