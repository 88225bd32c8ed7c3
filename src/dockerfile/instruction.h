/* instruction -- what each instruction of a Dockerfile says, and the stages they make up.
 *
 * Values are as written: variables, quotes and escapes are still there. scope.h fills them in.
 *
 * Owner:   the arena given; nodes are those of the parsed file.
 * Errors:  ERR_INPUT at the flag or word that is wrong, in BuildKit's words.
 * Source:  Dockerfile reference.
 */
#ifndef DOCKERFILE_INSTRUCTION_H
#define DOCKERFILE_INSTRUCTION_H

#include "dockerfile/dockerfile.h"

enum inst_kind {
	INST_ADD,
	INST_ARG,
	INST_CMD,
	INST_COPY,
	INST_ENTRYPOINT,
	INST_ENV,
	INST_EXPOSE,
	INST_FROM, /* only as the head of a stage */
	INST_HEALTHCHECK,
	INST_LABEL,
	INST_MAINTAINER,
	INST_ONBUILD,
	INST_RUN,
	INST_SHELL,
	INST_STOPSIGNAL,
	INST_USER,
	INST_VOLUME,
	INST_WORKDIR,
};
const char *inst_kind_name(enum inst_kind kind); /* "ADD" */

struct inst_words {
	struct dockerfile_word *p;
	size_t n;
};

/* One variable of ENV, LABEL or ARG. */
struct inst_pair {
	struct dockerfile_word name;
	struct str value;
	bool has_value; /* false: `ARG name` */
	bool is_old;    /* `ENV name value`, without '=' */
};
struct inst_pairs {
	struct inst_pair *p;
	size_t n;
};

/* A heredoc that COPY or ADD writes to a file. */
struct inst_file {
	struct str name;
	struct str text;
	bool is_expanded; /* variables in text mean something */
	struct dockerfile_place at;
};

/* ADD and COPY; words that were not given have a NULL text.p. */
struct inst_copy {
	struct inst_words sources; /* without heredocs */
	struct inst_file *files;
	size_t n_files;
	struct dockerfile_word dest;
	struct dockerfile_word from; /* COPY: see stages_from() */
	struct dockerfile_word chown, chmod;
	struct dockerfile_word checksum; /* ADD */
	struct inst_words excludes;
	bool is_link;
	bool has_parents;                     /* COPY */
	bool keeps_git_dir, has_keep_git_dir; /* ADD; the second: it was said */
	bool unpacks, has_unpack;             /* ADD */
};

/* CMD, ENTRYPOINT, SHELL, HEALTHCHECK and RUN: words of the exec form, or one line for a shell. */
struct inst_command {
	bool is_shell;
	struct inst_words words;
};

enum run_network { RUN_NETWORK_DEFAULT, RUN_NETWORK_NONE, RUN_NETWORK_HOST };
struct run_device {
	struct str name;
	bool is_required;
};
struct mount;
struct inst_run {
	struct inst_command command; /* as written; heredocs are not in it */
	/* What the shell is given, heredocs in place. With is_script_file it is a script with a #!
	 * line, to be run as a file (named by script_name) without the shell. */
	struct str script;
	bool is_script_file;
	struct str script_name;
	struct inst_words mounts;    /* values of --mount */
	struct mount *filled_mounts; /* what they say; set by scope_apply(), see mount.h */
	size_t n_filled_mounts;
	enum run_network network;
	bool is_insecure; /* --security=insecure */
	struct run_device *devices;
	size_t n_devices;
};

struct inst_health {
	bool is_none;
	struct inst_command command;
	/* 0: not given, the base image's or the default counts. */
	int64_t interval_ns, timeout_ns, start_period_ns, start_interval_ns;
	int32_t retries;
};

struct inst {
	enum inst_kind kind;
	const struct dockerfile_node *node;
	const struct inst *trigger; /* ONBUILD: what it says; NULL: see inst_trigger() */
	union {
		struct inst_copy copy;       /* ADD COPY */
		struct inst_pairs pairs;     /* ARG ENV LABEL */
		struct inst_command command; /* CMD ENTRYPOINT SHELL */
		struct inst_run run;
		struct inst_health health;
		struct inst_words words; /* EXPOSE (sorted) VOLUME */
		/* MAINTAINER STOPSIGNAL USER WORKDIR; ONBUILD: the trigger as the config keeps it
		 */
		struct dockerfile_word word;
	};
};

struct stage {
	size_t index;
	struct str name;                   /* lower-case; "" when it has none */
	struct dockerfile_word typed_name; /* as written; NULL text.p when it has none */
	struct dockerfile_word as;         /* the word AS */
	struct dockerfile_word base;       /* image or an earlier stage */
	struct dockerfile_word platform;   /* NULL text.p when not given */
	const struct dockerfile_node *node;
	struct inst *insts;
	size_t n;
};

struct stages {
	const struct dockerfile *file;
	struct inst *globals; /* ARG before the first FROM */
	size_t n_globals;
	struct stage *p;
	size_t n;
};

/* Is every instruction one that exists? What `knarr dockerfile parse` asks beyond syntax: the rest
 * of a file may make sense only to a newer front end. */
int inst_check_names(const struct dockerfile *d, struct arena *a, struct err *err);

/* Understands every instruction of a file, which must outlive the stages. */
int stages_parse(const struct dockerfile *file, struct arena *a, struct stages *ret,
	struct err *err);

/* The stage with this name, any case; the last one when several have it. NULL: none. */
const struct stage *stages_named(const struct stages *s, struct str name);
/* The stage FROM means: an earlier one. NULL: an image, a named context or scratch. */
const struct stage *stages_base(const struct stages *s, const struct stage *of, struct str base);
/* The stage COPY --from (has_index: also by number) or --mount from= means. NULL: an image or a
 * named context. Own and later stages, numbers of no stage and variables are errors. */
int stages_from(const struct stages *s, const struct stage *of, struct dockerfile_word from,
	bool has_index, const struct stage **ret, struct err *err);
/* What --target means: a name, else the last stage for "". ERR_NOT_FOUND suggests one. */
int stages_target(const struct stages *s, struct str target, const struct stage **ret,
	struct err *err);
/* "name", or "stage-2" when it has none: for messages. */
struct str stage_title(const struct stage *s, struct arena *a);

/* The instruction behind an ONBUILD. What it says is an error only now, when a stage is based on
 * the one that has it. */
int inst_trigger(const struct inst *onbuild, const struct inst **ret, struct err *err);
/* A trigger that a base image's config keeps (OnBuild), as an instruction. */
int inst_parse_trigger(struct str text, struct arena *a, struct inst *ret, struct err *err);

#endif
