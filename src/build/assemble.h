/* build/assemble -- a finished stage as an image in the store. */
#ifndef BUILD_ASSEMBLE_H
#define BUILD_ASSEMBLE_H

#include "build/build_priv.h"

/* What an output asks of the layers' compression. */
struct recompress {
	bool is_wanted;
	bool is_forced; /* the base's layers too */
	enum compression compression;
	int level;
};
/* Makes *layer the descriptor of the same files so compressed. */
int recompress(struct build *b, const struct recompress *how, const struct digest *diff_id,
	struct image_descriptor *layer, struct err *err);

struct assembled {
	struct image_descriptor manifest;
	struct digest config;
	struct digest *children; /* what the manifest keeps alive */
	size_t n_children;
};
int assemble_image(struct build *b, const struct plan_stage *stage, const struct recompress *how,
	struct assembled *ret, struct err *err);

#endif
