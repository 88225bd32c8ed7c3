/* local -- images of this machine by name.
 *
 * A local image "ghcr.io/me/app:v1" is the tag "v1" of the store's repository
 * "local:ghcr.io/me/app". An image id, or a prefix of at least four hex digits of a manifest's or
 * config's digest, names an image too.
 *
 * Knows:   image names, the store's names, manifests. Touches: the store. Never: other registries.
 * Owner:   results live in the arena. Threads: any.
 * Errors:  ERR_NOT_FOUND (with a hint to pull), ERR_CONFLICT (a prefix of several images), ERR_INPUT.
 */
#ifndef LOCAL_LOCAL_H
#define LOCAL_LOCAL_H

#include "blob/blob.h"
#include "image/image.h"
#include "image/ref.h"

/* "local:docker.io/library/debian" */
void local_add_repository(struct buf *b, const struct image_ref *ref);
/* What the name points to: a manifest or an index. */
int local_find(struct store *s, const struct image_ref *ref, struct arena *a,
	struct image_descriptor *ret, struct err *err);
/* As local_find for what a person typed: a name, a digest or an id prefix. ret_ref (may be NULL) is
 * its name, with domain empty when it was found by id. */
int local_find_text(struct store *s, const char *text, struct arena *a,
	struct image_descriptor *ret, struct image_ref *ret_ref, struct err *err);
/* Gives the image one more name; what had the name keeps living under its other names. */
int local_tag(struct store *s, const struct image_ref *ref, const struct digest *image,
	struct err *err);
/* Removes a name. */
int local_untag(struct store *s, const struct image_ref *ref, struct err *err);

/* Images that were built without a name are tags of this repository, by digest; they go after a
 * while (docker calls them dangling). */
#define LOCAL_UNNAMED "local:<none>"
int local_drop_unnamed(struct store *s, int64_t age_ns, struct err *err);

struct local_image {
	struct image_ref ref;
	struct image_descriptor descriptor;
	int64_t moved_ns;
};
VEC_TYPE(local_images, struct local_image);
int local_list(struct store *s, struct arena *a, struct local_images *ret, struct err *err);

/* The manifest itself: an index is reduced to the platform (NULL = the host's). The documents are
 * read from the store with their digests verified. */
struct local_documents {
	struct image_descriptor manifest_descriptor;
	struct image_manifest manifest;
	struct image_config config;
	struct str manifest_bytes, config_bytes;
};
int local_read(struct store *s, const struct image_descriptor *what,
	const struct image_platform *platform, struct arena *a, struct local_documents *ret,
	struct err *err);
/* Any document of up to max bytes, in the arena. */
int local_read_document(struct store *s, const struct digest *d, size_t max, struct arena *a,
	struct str *ret, struct err *err);

#endif
