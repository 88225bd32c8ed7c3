/* build/state -- the image config of a stage while its instructions are read.
 *
 * Starts as the base image's config (or empty) and changes with every instruction; what it is at the
 * end becomes the image's. Lists live in the arena and are replaced, never changed in place, so a
 * copy of the struct is a snapshot.
 */
#ifndef BUILD_STATE_H
#define BUILD_STATE_H

#include "image/image.h"

struct state {
	struct arena *arena;
	struct image_config config;
};

void state_set_env(struct state *s, struct str name, struct str value);
/* NULL p = not set. */
struct str state_env(const struct state *s, struct str name);
void state_set_label(struct state *s, struct str key, struct str value);
void state_add_port(struct state *s, struct str port); /* "8000/tcp" */
void state_add_volume(struct state *s, struct str path);
void state_add_on_build(struct state *s, struct str text);
void state_add_history(struct state *s, const struct image_history *h);
void state_add_diff_id(struct state *s, const struct digest *d);
struct image_strs state_strs(struct arena *a, const struct str *p, size_t n);

#endif
