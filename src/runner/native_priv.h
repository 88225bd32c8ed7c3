/* native -- actions that the runner does itself.
 *
 * Any version of them is taken: what later versions added is known, what an older one did otherwise
 * is done as now. Inputs are read as the actions read them: trimmed, booleans as in YAML's core schema.
 */
#ifndef RUNNER_NATIVE_PRIV_H
#define RUNNER_NATIVE_PRIV_H

#include "docker_config_priv.h"
#include "run_priv.h"

struct native_input {
	const char *name;
	const char *otherwise; /* NULL = empty; "@token", "@repository", "@run_id" of github */
};

struct native {
	const char *name;                  /* "actions/checkout" */
	const struct native_input *inputs; /* ends with a NULL name */
	/* Looks at inputs, and does it unless this is a dry run. */
	int (*run)(struct step *s, struct err *err);
};

extern const struct native native_checkout, native_buildx, native_qemu, native_login,
	native_metadata, native_build_push;

/* NULL when it is none of ours. uses: "owner/repo/path@ref". */
const struct native *native_find(struct str uses);
/* Names of all, for messages. */
void native_list(struct buf *b);

struct str native_input(const struct step *s, const char *name);
int native_flag(const struct step *s, const char *name, bool *ret, struct err *err);
bool native_is_dry(const struct step *s);

/* A list as docker's actions read it: CSV, one record a line, empty items left out. */
struct list_rule {
	bool keeps_commas; /* a comma does not end an item */
	bool keeps_quotes; /* '"' is an ordinary character */
};
int native_list_input(const struct step *s, const char *name, struct list_rule rule,
	struct str_vec *ret, struct err *err);
int list_read(struct str text, struct list_rule rule, struct arena *a, struct str_vec *ret,
	struct err *err);

/* Does what argv says through the hook, with the job's docker config. In a dry run only notes it. */
struct native_command {
	struct argv argv;
	struct str stdin_text;
	VEC(int) secrets; /* memory files that argv names as /proc/self/fd/N; closed at the end */
	const char *export_path; /* a folder of ours that argv may name, or NULL */
	int export_fd;
};
void native_command_done(struct native_command *c);
CLEANUP_VAL(native_command_done, struct native_command);
int native_command_run(struct step *s, struct native_command *c, struct runner_command_result *ret,
	struct err *err);

#endif
