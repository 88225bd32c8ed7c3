/* check -- what a careful reader would say about a Dockerfile.
 *
 * BuildKit's build checks, with its rule names and words. `# check=skip=RuleA,RuleB;error=true` at
 * the top chooses, `# check=skip=…` above an instruction chooses for it.
 *
 * Owner:   findings live in the arena given.
 * Errors:  what would stop the build, where it can be known without building: ERR_INPUT and the
 *          other kinds of instruction.h and scope.h; whatever a callback says.
 * Source:  docs.docker.com/reference/build-checks.
 */
#ifndef DOCKERFILE_CHECK_H
#define DOCKERFILE_CHECK_H

#include "dockerfile/scope.h"

enum { CHECK_FINDINGS_MAX = 1000 }; /* later ones are not reported */

struct finding {
	const char *rule;           /* "StageNameCasing" */
	const char *description;    /* of the rule */
	struct str detail;          /* of this case */
	struct dockerfile_place at; /* of the instruction, or of its word on the same line */
	uint32_t end_line;          /* of the instruction */
};

/* What is known of a base image; zeroed: nothing. */
struct check_image {
	const struct str *env; /* "NAME=value" */
	size_t n_env;
	bool has_shell;             /* its config sets SHELL */
	const struct str *triggers; /* OnBuild */
	size_t n_triggers;
	struct str other_platform; /* what it is built for, if that is not what was asked for */
};

struct check_spec {
	const struct scope_spec *scope; /* --build-arg, --platform, --target */
	struct str options;             /* instead of the file's `# check=`; NULL p: the file's */
	/* Each may be NULL: then nothing is said about it. */
	int (*image)(void *context, struct str name, struct str platform, struct check_image *ret,
		struct err *err);
	bool (*is_image_name)(void *context, struct str name);
	bool (*is_ignored)(void *context, struct str path); /* a COPY source, by .dockerignore */
	void *context;
};

struct check_report {
	struct finding *p; /* by line */
	size_t n;
	bool fails; /* error=true, and there is a finding */
};

/* *ret is good after an error, too: what was found before it. Without --target all stages are
 * looked at. */
int dockerfile_check(const struct dockerfile *file, const struct check_spec *spec, struct arena *a,
	struct check_report *ret, struct err *err);

#endif
