/* remote/place -- images in files, as sources and targets of pull, push and copy.
 *
 *	oci:DIR[:REF]			an OCI image layout (a folder)
 *	oci-archive:FILE[:REF]		the same in one tar
 *	docker-archive:FILE[:REF]	what docker save writes and docker load reads
 *
 * REF is the tag (org.opencontainers.image.ref.name) or the whole name of an image in there; without
 * it there must be exactly one, except for docker-archive, where reading takes all. "@2" is the third.
 * FILE "-" is the fd given. Archives may be compressed when read, and are read in one pass.
 *
 * Knows:   OCI image-layout 1.1, docker's image tar 1.2. Touches: the folder or file, the store.
 * Owner:   the caller's. Threads: any; one call per place at a time.
 * Errors:  ERR_INPUT (not a layout or archive, wrong digests), ERR_NOT_FOUND (no such image in it),
 *          ERR_CONFLICT (several and none was named), and the store's.
 * Limits:  documents as in image.h; PLACE_* below.
 */
#ifndef REMOTE_PLACE_H
#define REMOTE_PLACE_H

#include "base/cancel.h"
#include "base/event.h"
#include "base/pool.h"
#include "blob/blob.h"
#include "image/image.h"
#include "image/ref.h"

enum {
	PLACE_ENTRIES_MAX = 200 * 1000, /* of an archive */
	PLACE_IMAGES_MAX = 10 * 1000,   /* of a docker archive */
};

enum place_kind { PLACE_OCI_DIR, PLACE_OCI_ARCHIVE, PLACE_DOCKER_ARCHIVE };
struct place {
	enum place_kind kind;
	const char *path; /* "-" = an fd */
	struct str reference;
};
/* 1 = it is one, 0 = it has none of the prefixes. */
int place_parse(struct str text, struct arena *a, struct place *ret, struct err *err);

struct place_image {
	struct image_descriptor descriptor; /* manifest or index, now in the store */
	struct image_descriptor manifest;   /* of one platform; the same with is_all_platforms */
	struct str name;                    /* as the place calls it; "" = not at all */
};
VEC_TYPE(place_images, struct place_image);

struct place_read {
	struct store *store;
	const struct place *from;
	int fd;                                /* for "-" */
	const struct image_platform *platform; /* NULL = the host's; indexes are reduced to it */
	bool is_all_platforms;                 /* all that are there: an index may list more */
	/* The repository to link everything to, "local:<domain>/<path>", with this tag; "" = tag by
	 * the names that the place gives (whole names only); what has none is only kept. */
	struct str repository, tag;
	struct pool *pool; /* compresses what comes uncompressed; NULL = this thread does */
	struct event_sink *events;
	struct str event_parent;
	const struct cancel *cancel;
};
/* Brings the images into the store. Free ret with vec_done. */
int place_read(const struct place_read *p, struct arena *a, struct place_images *ret,
	struct err *err);

struct place_write {
	struct store *store;
	struct image_descriptor what;
	const struct image_ref *names; /* what it is called there; none = to->reference, if any */
	size_t n_names;
	const struct image_platform
		*platform; /* docker-archive holds one platform; NULL = the host's */
	const struct place *to;
	int fd; /* for "-" */
	const struct cancel *cancel;
};
/* A layout keeps what else is in it; an archive is replaced whole, but a pipe, a device or a symlink is
 * written to. What an index lists and the store has not is left out. */
int place_write(const struct place_write *p, struct err *err);

#endif
