/* FROM: the base image's documents are here since planning; layers are unpacked by whoever needs
 * their files, so that a build in which every step is cached unpacks nothing. */
#include "build/build_priv.h"

int step_base(struct work *w, struct err *err)
{
	CLEANUP(digester_free) struct digester *d = digester_new(DIGEST_SHA256);
	struct step *s = w->step;
	if (!s->image)
		return 0;
	digester_add_framed(d, S("image"));
	for (size_t i = 0; i < s->image->config.n_diff_ids; i++)
		digester_add(d, s->image->config.diff_ids[i].bytes, 32);
	s->chain = digester_finish(d);
	s->was_cached = true;
	return 0;
}
