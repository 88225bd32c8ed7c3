/* image/ref -- names of images, as docker writes them.
 *
 * "debian" is docker.io/library/debian:latest; "ghcr.io/me/app:v1@sha256:…" has all parts. The
 * first component is a host when it holds '.' or ':' or is "localhost" (or has an upper-case
 * letter).
 *
 * Owner: parts are copied into the arena. Threads: values.
 * Errors: ERR_INPUT with what is wrong and a hint ("repository name must be lowercase").
 * Source: distribution-spec 1.1 "Pulling manifests" (name, tag); docker's reference grammar.
 */
#ifndef IMAGE_REF_H
#define IMAGE_REF_H

#include "base/arena.h"
#include "base/buf.h"
#include "digest/digest.h"

enum { IMAGE_TAG_MAX = 128, IMAGE_NAME_MAX = 255 };

struct image_ref {
	struct str domain;    /* "docker.io", "ghcr.io", "127.0.0.1:5080" */
	struct str path;      /* "library/debian" */
	struct str tag;       /* "" = none */
	struct digest digest; /* none = none */
};

/* As docker's "familiar" names: short names are completed; no tag is added. */
int image_ref_parse(struct str text, struct arena *a, struct image_ref *ret, struct err *err);
/* Adds "latest" when there is neither tag nor digest. */
void image_ref_default_tag(struct image_ref *r);
/* "docker.io/library/debian:latest": the whole name. */
void image_ref_add(struct buf *b, const struct image_ref *r);
/* "docker.io/library/debian": without tag and digest. */
void image_ref_add_name(struct buf *b, const struct image_ref *r);
/* "debian:latest": as docker prints it. */
void image_ref_add_familiar(struct buf *b, const struct image_ref *r);
/* What a repository path, a tag may look like (also for what comes in URLs). */
bool image_path_is_valid(struct str path);
bool image_tag_is_valid(struct str tag);

#endif
