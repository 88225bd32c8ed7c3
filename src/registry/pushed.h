/* registry/pushed -- what a manifest that somebody pushes is and names. Pure. */
#ifndef REGISTRY_PUSHED_H
#define REGISTRY_PUSHED_H

#include "blob/blob.h"

struct pushed {
	/* Each digest once, sorted. */
	struct digest *blobs; /* config and layers, without foreign layers */
	size_t n_blobs;
	struct digest *manifests; /* of an index */
	size_t n_manifests;
};

/* OCI and docker manifests and indexes by their rules; any other JSON document whose type is not
 * theirs as an artifact manifest of some other specification: its descriptors are found by name
 * (config, layers, blobs, manifests, subject). Fills *row but for the digest. ERR_INPUT, ERR_LIMIT,
 * ERR_UNSUPPORTED (docker schema 1). */
int pushed_parse(struct str bytes, struct str content_type, struct arena *a,
	struct manifest_row *row, struct pushed *ret, struct err *err);

#endif
