/* scope -- which variables an instruction sees, and the instruction with them filled in.
 *
 *	globals		platform names, then each ARG above the first FROM; FROM itself sees these
 *	scope		of one stage: ENV of its base, then ENV and ARG as they come
 *
 * In a stage the last assignment wins, be it ENV or ARG. A value from --build-arg replaces the
 * default of an ARG; without either, `ARG name` takes the global value, and else changes nothing.
 * Nothing is seen before its ARG, the platform names included.
 *
 * Owner:   results live in the arena of the globals; scopes and globals are done by the caller,
 *          scopes first.
 * Threads: all scopes of one globals: one at a time.
 * Errors:  ERR_INPUT at the word; ERR_LIMIT when variables multiply beyond SCOPE_MAX_BYTES.
 * Source:  Dockerfile reference, "Understand how ARG and FROM interact", "Scope", "Automatic
 *          platform ARGs in the global scope"; BuildKit for the rest.
 */
#ifndef DOCKERFILE_SCOPE_H
#define DOCKERFILE_SCOPE_H

#include "dockerfile/expand.h"
#include "dockerfile/mount.h"

enum {
	SCOPE_MAX_BYTES = 64 * 1024 * 1024, /* all expanded text and variables of a file */
	SCOPE_MAX_WORK = 400 * 1000 * 1000, /* bytes copied and compared on the way to it */
};

struct scope_platform {
	struct str text; /* "linux/arm/v7" */
	struct str os, os_version, arch, variant;
};
struct scope_spec {
	const struct vars *given; /* --build-arg; NULL = none */
	struct scope_platform build, target;
	struct str target_stage; /* --target; "" = none */
};

struct globals {
	const struct scope_spec *spec;
	const struct stages *stages;
	struct arena *arena;
	struct vars vars;
	struct vars defaults; /* the same without --build-arg */
	uint64_t bytes_left, work_left;
};
/* spec and stages must outlive the globals. */
int globals_init(struct globals *g, const struct stages *stages, const struct scope_spec *spec,
	struct arena *a, struct err *err);
void globals_done(struct globals *g);
CLEANUP_VAL(globals_done, struct globals);
/* The base image or stage and the platform ("" = none given) of a stage, filled in. */
int globals_from(struct globals *g, const struct stage *s, struct str *ret_base,
	struct str *ret_platform, struct err *err);

/* Which stages a target is made of: itself, bases, and what COPY --from and --mount from= name.
 * needed: one bool per stage, all false before. Triggers of images are not known here. */
int globals_needed(struct globals *g, const struct stage *target, bool *needed, struct err *err);

/* Told while a scope works. Each may be NULL. */
struct scope_note {
	void (*unmatched)(struct scope_note *n, const struct inst *in, struct str name);
	void (*port)(struct scope_note *n, const struct inst *in, struct str port);
};

struct scope {
	struct globals *globals;
	struct vars vars;   /* what words may use; also what RUN sees */
	struct vars env;    /* ENV only: for the image's config */
	struct vars args;   /* declared here or in a base stage, in order; values as declared */
	struct str workdir; /* absolute */
	struct scope_note *note;
};
void scope_done(struct scope *s);
CLEANUP_VAL(scope_done, struct scope);
/* A stage that starts from an image: its "NAME=value" list and working folder; PATH gets docker's
 * default when missing. */
int scope_from_image(struct scope *s, struct globals *g, const struct str *env, size_t n,
	struct str workdir, struct err *err);
/* A stage that starts from another one. */
int scope_from_stage(struct scope *s, const struct scope *base, struct err *err);
/* Fills in the instruction and does what it does to the scope. In the result, EXPOSE has each port
 * as a word of its own, RUN its mounts, WORKDIR the absolute path, ARG the values in force. */
int scope_apply(struct scope *s, const struct inst *in, struct inst *ret, struct err *err);

/* HTTP_PROXY and the like: given values reach RUN without an ARG, and stay out of history. NULL-
 * terminated. */
extern const char *const scope_proxy_names[];
/* "|2 A=1 B=2 " or "": what docker's history puts in front of a RUN. */
void scope_history_args(const struct scope *s, struct buf *b);

/* An expanded word of EXPOSE. proto is "tcp", "udp" or "sctp"; a host part is left out. */
struct port_range {
	uint16_t first, last;
	const char *proto;
};
int expose_parse(struct str text, struct port_range *ret, struct err *err);
/* "SIGTERM", "term", "15", "RTMIN+3": its number. */
int stop_signal_parse(struct str text, int *ret, struct err *err);

#endif
