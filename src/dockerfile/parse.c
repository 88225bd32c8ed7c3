#include "dockerfile/dockerfile_priv.h"

VEC_TYPE(node_vec, struct dockerfile_node);

static void fill_words(struct arena *a, struct word_vec *from, struct dockerfile_word **ret,
	size_t *n)
{
	*ret = ARENA_COPY(a, from);
	*n = from->n;
}

static int parse_instruction(struct lines *l, struct str text, unsigned depth,
	struct dockerfile_node *ret);

static int parse_onbuild(struct lines *l, struct str text, unsigned depth,
	struct dockerfile_node *ret)
{
	if (!text.n)
		return 0;
	if (depth == DOCKERFILE_ONBUILD_DEPTH) {
		err_set(l->err, ERR_LIMIT, "more than %u ONBUILD in one instruction", depth);
		struct dockerfile_place at = lines_place(l, text.p);
		return err_locate(l->err, NULL, at.line, at.col);
	}
	ret->sub = ARENA_NEW(l->arena, struct dockerfile_node);
	return parse_instruction(l, text, depth + 1, ret->sub);
}

/* An instruction's own text: name, flags, arguments. */
static int parse_instruction(struct lines *l, struct str text, unsigned depth,
	struct dockerfile_node *ret)
{
	struct str rest = text_trim(text);
	struct word_vec flags = {0};
	struct split split = {.lines = l};
	ret->original = text;
	ret->at = lines_place(l, rest.n ? rest.p : text.p);
	if (text_word(&rest, &ret->instruction))
		flags_take(l, &rest, &flags);
	fill_words(l->arena, &flags, &ret->flags, &ret->n_flags);
	vec_done(&flags);
	rest = text_trim(rest);
	if (str_eq_nocase(ret->instruction, S("onbuild")))
		return parse_onbuild(l, rest, depth, ret);
	int rc = split_args(&split, ret->instruction, rest);
	ret->is_exec_form = split.is_exec_form;
	fill_words(l->arena, &split.words, &ret->args, &ret->n_args);
	vec_done(&split.words);
	return rc < 0 ? -1 : 0;
}

static int parse_node(struct lines *l, struct dockerfile_node *ret)
{
	struct heredoc_vec heredocs = {0};
	int rc = parse_instruction(l, l->joined, 0, ret);
	if (ret->at.line != l->first_line) /* its name stands behind a lone continuation mark */
		ret->at = (struct dockerfile_place){l->first_line, 1};
	ret->empty_continuation = l->empty_continuation;
	ret->comments = ARENA_COPY(l->arena, &l->comments);
	ret->n_comments = l->comments.n;
	vec_clear(&l->comments);
	if (rc == 0 && heredoc_is_allowed(ret))
		rc = heredoc_take(l, &heredocs);
	ret->heredocs = ARENA_COPY(l->arena, &heredocs);
	ret->n_heredocs = heredocs.n;
	vec_done(&heredocs);
	ret->end_line = l->line;
	for (struct dockerfile_node *sub = ret->sub; sub; sub = sub->sub)
		sub->end_line = l->line;
	return rc;
}

static int parse_nodes(struct lines *l, struct dockerfile *d, struct node_vec *nodes)
{
	struct directives state = {0};
	int got = 0;
	while (!state.is_over)
		if (directive_read(&state, l, d) < 0)
			return -1;
	while ((got = lines_instruction(l)) > 0) {
		if (nodes->n == DOCKERFILE_NODES_MAX)
			return err_set(l->err, ERR_LIMIT, "more than %d instructions",
				DOCKERFILE_NODES_MAX);
		if (parse_node(l, vec_add(nodes)) < 0)
			return -1;
	}
	if (got == 0 && !nodes->n)
		return lines_fail(l, (struct dockerfile_place){l->line ? l->line : 1, 1},
			"file with no instructions");
	return got;
}

int dockerfile_parse(struct str text, struct arena *a, struct dockerfile *ret, struct err *err)
{
	if (text.n > DOCKERFILE_MAX_BYTES)
		return err_set(err, ERR_LIMIT, "Dockerfile of %zu bytes is larger than %d", text.n,
			DOCKERFILE_MAX_BYTES);
	CLEANUP(lines_done) struct lines l = {.escape = '\\', .arena = a, .err = err};
	struct dockerfile d = {.escape = '\\'};
	struct node_vec nodes = {0};
	l.rest = arena_str(a, str_starts(text, S("\xef\xbb\xbf")) ? str_skip(text, 3) : text);
	int rc = parse_nodes(&l, &d, &nodes);
	d.nodes = ARENA_COPY(a, &nodes);
	d.n = nodes.n;
	vec_done(&nodes);
	if (rc < 0)
		return -1;
	*ret = d;
	return 0;
}
