/* last_words_priv -- a program that the kernel would not run.
 *
 * The runtime finds out when it is the container already: it can only write to stderr, in its own
 * words, and exit with 1. When such a line is the first and only output, and the status is 1, it is
 * put into docker's words, and the status is docker's.
 */
#ifndef CONTAINER_LAST_WORDS_PRIV_H
#define CONTAINER_LAST_WORDS_PRIV_H

#include "base/buf.h"

struct last_words {
	int (*on_output)(void *ctx, int stream, struct str text, struct err *err);
	void *ctx;
	bool has_spoken;
	char kept[1024];
	size_t n_kept;
};

/* As on_output, with a struct last_words for ctx. */
int last_words_output(void *ctx, int stream, struct str text, struct err *err);
/* After the end: hands on what was kept; may change the status. */
int last_words_end(struct last_words *l, int *status, struct err *err);

#endif
