/* doctor -- what this machine lacks for running containers, and how to get it.
 *
 * Everything is tried for real: namespaces are made, an overlay is mounted, the runtime runs a program.
 * Takes some 20 ms. Nothing is left of it.
 *
 * Owner: findings live in the caller's struct. Threads: any. Errors: ERR_SYS, when a question could
 * not even be asked; an answer of "no" is a finding.
 */
#ifndef CONTAINER_DOCTOR_H
#define CONTAINER_DOCTOR_H

#include "base/err.h"

#include <stdbool.h>

struct container_finding {
	const char *what; /* "root", "overlay", "runtime", ... */
	bool is_ok;
	bool is_needed;   /* without it no container runs; else something is missing from them */
	char detail[320]; /* what was found: "crun 1.8.1", or what went wrong */
	char hint[200];   /* how to get it: "apt-get install crun"; "" = nothing to do */
};
enum { CONTAINER_FINDINGS_MAX = 12 };
struct container_findings {
	struct container_finding p[CONTAINER_FINDINGS_MAX];
	size_t n;
};
int container_doctor(struct container_findings *ret, struct err *err);

#endif
