/* crash -- runs something in a child and kills it, or lets a call fail, at the n-th change to the disk.
 *
 * The child runs under a seccomp filter that asks us before each system call that changes files. We
 * let it pass, kill the child before it happens, or answer with an errno. Nothing of this is known to
 * the code under test.
 *
 *	for (unsigned at = 1; ; at++) {
 *		struct crash_result r = crash_run(op, ctx, &(struct crash_plan){CRASH_KILL, at, 0}, NULL);
 *		... reopen and look ...
 *		if (!r.was_hit)
 *			break;			it ran to its end: every point was tried
 *	}
 */
#ifndef TESTS_CRASH_H
#define TESTS_CRASH_H

#include <stdbool.h>

enum crash_kind { CRASH_NONE, CRASH_KILL, CRASH_FAIL };

struct crash_plan {
	enum crash_kind kind;
	unsigned at; /* 1 = the first call that changes something */
	int error;   /* CRASH_FAIL: errno of that call */
};

/* One call of the child, with paths made absolute; "" where a call has none. */
struct crash_call {
	const char *name; /* "write", "fsync", "rename", "mkdir", … */
	char path[512];
	char to[512]; /* rename, link */
};

struct crash_watch {
	void (*on_call)(void *ctx, const struct crash_call *c);
	void *ctx;
};

struct crash_result {
	unsigned n_calls;
	bool was_hit;
	struct crash_call hit; /* the call that was hit */
	bool was_promised;     /* crash_promise() had been called by then */
	int exit_code;         /* of the child: what op returned; -1 = killed */
};

/* Called by op: from here on what it did must be there. What fails later is only tidying up. */
int crash_promise(int rc);

/* False where the kernel does not let us (seccomp listeners, pidfd_getfd). */
bool crash_is_possible(void);
/* Forks; the child calls op and exits with its result. */
struct crash_result crash_run(int (*op)(void *ctx), void *ctx, const struct crash_plan *plan,
	const struct crash_watch *watch);

#endif
