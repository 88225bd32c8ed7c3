/* cancel -- asking work in progress to stop.
 *
 * One struct per command. Whoever waits for something polls wake_fd beside it; whoever loops looks
 * at cancel_is_asked(). Asking is allowed from a signal handler and from any thread, and cannot be
 * taken back.
 */
#ifndef BASE_CANCEL_H
#define BASE_CANCEL_H

#include "base/err.h"

#include <stdatomic.h>
#include <stdbool.h>

struct cancel {
	atomic_bool is_asked;
	int wake_fd; /* an eventfd, readable once asked */
};

int cancel_init(struct cancel *c, struct err *err);
void cancel_done(struct cancel *c);
CLEANUP_VAL(cancel_done, struct cancel);
void cancel_ask(struct cancel *c);
/* NULL means nobody can ask. */
static inline bool cancel_is_asked(const struct cancel *c)
{
	return c && atomic_load_explicit(&c->is_asked, memory_order_relaxed);
}
/* -1 with ERR_CANCELED once asked. */
int cancel_check(const struct cancel *c, struct err *err);

#endif
