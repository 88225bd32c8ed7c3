#include "dockerfile/instruction_priv.h"

#include "base/num.h"

VEC_TYPE(inst_vec, struct inst);
VEC_TYPE(stage_vec, struct stage);

static struct str lower_case(struct arena *a, struct str s)
{
	char *p = arena_cstr(a, s);
	for (size_t i = 0; i < s.n; i++)
		p[i] = ch_lower(p[i]);
	return str_n(p, s.n);
}

static bool is_stage_name(struct str s)
{
	if (!s.n || !ch_is_alpha(s.p[0]))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!ch_is_alnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '_' && s.p[i] != '.')
			return false;
	return true;
}

int stage_read(struct reader *r, struct stage *ret)
{
	static const struct flag_spec specs[] = {{"platform", FLAG_TEXT}, {0}};
	CLEANUP(flag_values_done) struct flag_values v = {0};
	const struct dockerfile_word *args = r->node->args;
	bool is_named = r->node->n_args == 3 && str_eq_nocase(args[1].text, S("AS"));
	if (r->node->n_args != 1 && !is_named)
		return reader_fail(r, "FROM requires either one or three arguments");
	*ret = (struct stage){.node = r->node, .base = args[0], .name = S("")};
	if (is_named && !is_stage_name(args[2].text))
		return place_fail(r->err, args[2].at,
			"invalid name for build stage: %s, name can't start with a number or "
			"contain symbols",
			text_quoted(r->arena, args[2].text));
	if (is_named) {
		ret->as = args[1];
		ret->typed_name = args[2];
		ret->name = lower_case(r->arena, args[2].text);
	}
	if (flags_read(r, specs, &v) < 0)
		return -1;
	ret->platform = v.p[0].word;
	return 0;
}

/* Hands the instructions read since the last FROM to what they belong to. */
static void close_stage(struct stages *s, struct stage_vec *stages, struct inst_vec *insts,
	struct arena *a)
{
	struct inst **p = stages->n ? &vec_last(stages)->insts : &s->globals;
	size_t *n = stages->n ? &vec_last(stages)->n : &s->n_globals;
	*p = ARENA_COPY(a, insts);
	*n = insts->n;
	vec_clear(insts);
}

static int too_many_stages(const struct dockerfile_node *n, struct err *err)
{
	err_set(err, ERR_LIMIT, "more than %d stages", DOCKERFILE_STAGES_MAX);
	return err_locate(err, NULL, n->at.line, n->at.col);
}

static int read_all(struct stages *s, struct stage_vec *stages, struct inst_vec *insts,
	struct arena *a, struct err *err)
{
	for (size_t i = 0; i < s->file->n; i++) {
		struct inst inst;
		struct stage stage;
		if (inst_read(&s->file->nodes[i], a, &inst, &stage, err) < 0)
			return -1;
		if (inst.kind == INST_FROM) {
			close_stage(s, stages, insts, a);
			if (stages->n == DOCKERFILE_STAGES_MAX)
				return too_many_stages(stage.node, err);
			stage.index = stages->n;
			vec_push(stages, stage);
			continue;
		}
		if (!stages->n && inst.kind != INST_ARG) {
			place_fail(err, inst.node->at, "no build stage in current context");
			return err_hint(err, "begin with FROM; only ARG may stand above it");
		}
		vec_push(insts, inst);
	}
	if (!stages->n)
		return place_fail(err, s->file->nodes[0].at,
			"dockerfile contains no stages to build");
	return 0;
}

int stages_read(const struct dockerfile *file, struct arena *a, struct stages *ret, struct err *err)
{
	struct stage_vec stages = {0};
	struct inst_vec insts = {0};
	*ret = (struct stages){.file = file};
	int rc = read_all(ret, &stages, &insts, a, err);
	close_stage(ret, &stages, &insts, a);
	ret->p = ARENA_COPY(a, &stages);
	ret->n = stages.n;
	vec_done(&stages);
	vec_done(&insts);
	return rc;
}

int stages_parse(const struct dockerfile *file, struct arena *a, struct stages *ret,
	struct err *err)
{
	struct stages s;
	if (stages_read(file, a, &s, err) < 0)
		return -1;
	*ret = s;
	return 0;
}

static const struct stage *named_before(const struct stages *s, struct str name, size_t end)
{
	for (size_t i = end; i > 0; i--)
		if (s->p[i - 1].name.n && str_eq_nocase(s->p[i - 1].name, name))
			return &s->p[i - 1];
	return NULL;
}

const struct stage *stages_named(const struct stages *s, struct str name)
{
	return named_before(s, name, s->n);
}

const struct stage *stages_base(const struct stages *s, const struct stage *of, struct str base)
{
	return named_before(s, base, of->index);
}

struct str stage_title(const struct stage *s, struct arena *a)
{
	return s->name.n ? s->name : arena_fmt(a, "stage-%zu", s->index);
}

/* A number as Go's strconv.Atoi takes it. */
static bool is_index(struct str text, int64_t *ret)
{
	struct err ignored = {0}; /* then it is a name */
	if (text.n > 1 && text.p[0] == '+' && ch_is_digit(text.p[1]))
		text = str_skip(text, 1);
	return num_parse_i64(text, INT64_MIN, INT64_MAX, ret, &ignored) == 0;
}

int stages_from(const struct stages *s, const struct stage *of, struct dockerfile_word from,
	bool has_index, const struct stage **ret, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	const struct stage *found = NULL;
	int64_t index;
	ssize_t dollar = str_chr(from.text, '$');
	if (dollar >= 0 && (size_t)dollar + 1 < from.text.n)
		return place_fail(err, from.at,
			"variable expansion is not supported for --from, define a new stage with "
			"FROM using ARG from global scope as a workaround");
	if (has_index && is_index(from.text, &index)) {
		if (index < 0 || (uint64_t)index >= s->n)
			return place_fail(err, from.at, "invalid stage index %lld",
				(long long)index);
		found = &s->p[index];
	} else {
		found = stages_named(s, from.text);
	}
	if (found == of)
		return place_fail(err, from.at, "circular dependency detected on stage: %.*s",
			STR_ARG(stage_title(of, &a)));
	if (found && found->index > of->index)
		return place_fail(err, from.at,
			"cannot copy from stage %s, it needs to be defined before current stage %s",
			text_quoted(&a, from.text), text_quoted(&a, stage_title(of, &a)));
	*ret = found;
	return 0;
}

static int no_target(const struct stages *s, struct str target, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct str_vec names = {0};
	for (size_t i = 0; i < s->n; i++)
		if (s->p[i].name.n)
			vec_push(&names, s->p[i].name);
	struct str best = suggest_name(target, &names, true, &a);
	vec_done(&names);
	if (!best.n)
		return err_set(err, ERR_NOT_FOUND, "target stage %s could not be found",
			text_quoted(&a, target));
	return err_set(err, ERR_NOT_FOUND,
		"target stage %s could not be found (did you mean %.*s?)", text_quoted(&a, target),
		STR_ARG(best));
}

int stages_target(const struct stages *s, struct str target, const struct stage **ret,
	struct err *err)
{
	const struct stage *found = target.n ? stages_named(s, target) : &s->p[s->n - 1];
	if (!found)
		return no_target(s, target, err);
	*ret = found;
	return 0;
}
