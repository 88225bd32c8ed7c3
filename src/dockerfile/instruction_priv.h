/* instruction_priv -- reading one node, shared by the inst_*.c files. */
#ifndef DOCKERFILE_INSTRUCTION_PRIV_H
#define DOCKERFILE_INSTRUCTION_PRIV_H

#include "dockerfile/dockerfile_priv.h"
#include "dockerfile/instruction.h"

struct reader {
	const struct dockerfile_node *node;
	const char *name; /* "COPY" */
	struct arena *arena;
	struct err *err;
};

int place_fail(struct err *err, struct dockerfile_place at, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Fails at the instruction. */
int reader_fail(struct reader *r, const char *fmt, ...) PRINTF_LIKE(2, 3);
int reader_need_one(struct reader *r);  /* exactly one argument */
int reader_need_some(struct reader *r); /* at least one */
struct inst_command reader_command(const struct reader *r, size_t first_arg);
struct str text_upper(struct arena *a, struct str s);

/* flagset.c: what follows `--`, typed. A table ends with an entry without a name. */
enum flag_type { FLAG_BOOL, FLAG_TEXT, FLAG_LIST };
struct flag_spec {
	const char *name;
	enum flag_type type;
};
enum { FLAGS_MAX = 8 };
struct flag_value {
	bool is_used;
	bool truth;                  /* FLAG_BOOL */
	struct dockerfile_word word; /* FLAG_TEXT: the value, at its flag */
	struct word_vec list;        /* FLAG_LIST */
};
struct flag_values {
	struct flag_value p[FLAGS_MAX];
};
void flag_values_done(struct flag_values *v);
CLEANUP_VAL(flag_values_done, struct flag_values);
int flags_read(struct reader *r, const struct flag_spec *specs, struct flag_values *ret);
int flags_none(struct reader *r);
struct inst_words flag_list(struct reader *r, const struct flag_value *v);

/* inst_*.c */
int inst_read_copy(struct reader *r, struct inst *ret);
int inst_read_run(struct reader *r, struct inst *ret);
int inst_read_health(struct reader *r, struct inst *ret);
int inst_read_onbuild(struct reader *r, struct inst *ret);
int inst_read_pairs(struct reader *r, struct inst *ret);
int inst_read_arg(struct reader *r, struct inst *ret);

/* stage.c */
int stage_read(struct reader *r, struct stage *ret);
/* As stages_parse, and after an error *ret has what came before it. */
int stages_read(const struct dockerfile *file, struct arena *a, struct stages *ret,
	struct err *err);

/* instruction.c: anything but FROM, or FROM into *ret_stage. */
int inst_read(const struct dockerfile_node *n, struct arena *a, struct inst *ret,
	struct stage *ret_stage, struct err *err);

#endif
