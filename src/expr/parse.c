/* parse -- tokens to a tree, by precedence, without recursion.
 *
 * Two stacks: operands hold finished nodes, frames hold what still waits for its right side:
 * operators, and what was opened with ( [ or a function's parenthesis.
 *
 *	wants an operand ──literal, name, *──► has one ──) ] . ──► has one
 *	      ▲  │ ! ( [ f(                       │ operator , [
 *	      └──┘◄───────────────────────────────┘
 *
 * An operator first finishes (reduces) the operators before it that bind as tightly or more.
 */
#include "expr_priv.h"

enum frame_kind { FRAME_OPERATOR, FRAME_GROUP, FRAME_INDEX, FRAME_CALL };

struct frame {
	enum frame_kind kind;
	const struct token *token; /* operator, bracket, or the function's name */
	struct node *call;         /* FRAME_CALL */
};

struct parser {
	const struct source *src;
	const struct expr_scope *scope;
	struct arena *a;
	struct token_vec tokens;
	size_t at;
	VEC(struct node *) operands;
	VEC(struct frame) frames;
	bool wants_operand;
};

static int fault_at(const struct parser *p, const struct token *t, const char *what,
	struct err *err)
{
	return fault_set(p->src, EXPR_PARSING, t->raw, what, err);
}

static int unexpected(const struct parser *p, const struct token *t, struct err *err)
{
	return fault_at(p, t, "Unexpected symbol", err);
}

static const struct token *token_at(const struct parser *p, size_t at)
{
	return at < p->tokens.n ? &p->tokens.p[at] : NULL;
}

static bool is_next(const struct parser *p, enum token_kind kind)
{
	const struct token *t = token_at(p, p->at);
	return t && t->kind == kind;
}

static struct node *node_new(struct parser *p, enum node_kind kind)
{
	struct node *n = ARENA_NEW(p->a, struct node);
	n->kind = kind;
	n->height = 1;
	return n;
}

static int node_add(struct parser *p, struct node *parent, struct node *child, struct err *err)
{
	if (child->height >= parent->height)
		parent->height = child->height + 1;
	if (parent->height > EXPR_MAX_DEPTH)
		return fault_set(p->src, EXPR_PARSING, STR_NONE, "Exceeded max expression depth 50",
			err);
	if (parent->last)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
	parent->n++;
	return 0;
}

static void push_operand(struct parser *p, struct node *n)
{
	vec_push(&p->operands, n);
	p->wants_operand = false;
}

static void push_frame(struct parser *p, enum frame_kind kind, const struct token *t,
	struct node *call)
{
	vec_push(&p->frames, ((struct frame){kind, t, call}));
	p->wants_operand = true;
}

static unsigned precedence(enum token_kind k)
{
	switch (k) {
	case TOKEN_NOT: return 5;
	case TOKEN_LESS:
	case TOKEN_LESS_EQUAL:
	case TOKEN_GREATER:
	case TOKEN_GREATER_EQUAL: return 4;
	case TOKEN_EQUAL:
	case TOKEN_NOT_EQUAL: return 3;
	case TOKEN_AND: return 2;
	case TOKEN_OR: return 1;
	default: return 0;
	}
}

/* a || b || c is one node with three children. */
static struct node *chain_of(struct node *left, enum node_kind kind)
{
	return left->kind == kind && !left->is_grouped ? left : NULL;
}

static int reduce_binary(struct parser *p, const struct token *t, struct err *err)
{
	struct node *right = vec_pop(&p->operands), *left = vec_pop(&p->operands);
	enum node_kind kind = t->kind == TOKEN_AND ? NODE_AND
		: t->kind == TOKEN_OR              ? NODE_OR
						   : NODE_COMPARE;
	struct node *n = kind == NODE_COMPARE ? NULL : chain_of(left, kind);
	if (!n) {
		n = node_new(p, kind);
		n->op = t->kind;
		if (node_add(p, n, left, err) < 0)
			return -1;
	}
	if (node_add(p, n, right, err) < 0)
		return -1;
	vec_push(&p->operands, n);
	return 0;
}

static int reduce_top(struct parser *p, struct err *err)
{
	struct frame f = vec_pop(&p->frames);
	if (f.token->kind != TOKEN_NOT)
		return reduce_binary(p, f.token, err);
	struct node *n = node_new(p, NODE_NOT);
	if (node_add(p, n, vec_pop(&p->operands), err) < 0)
		return -1;
	vec_push(&p->operands, n);
	return 0;
}

/* Finishes the operators on top that bind at least this tightly. */
static int reduce_until(struct parser *p, unsigned least, struct err *err)
{
	while (p->frames.n && vec_last(&p->frames)->kind == FRAME_OPERATOR &&
		precedence(vec_last(&p->frames)->token->kind) >= least)
		if (reduce_top(p, err) < 0)
			return -1;
	return 0;
}

static bool is_context(const struct parser *p, struct str name)
{
	for (const char *const *c = p->scope->contexts; c && *c; c++)
		if (str_eq_nocase(name, str_of(*c)))
			return true;
	return false;
}

static const struct expr_function *scope_function(const struct expr_scope *scope, struct str name)
{
	for (size_t i = 0; i < scope->n_functions; i++)
		if (str_eq_nocase(name, str_of(scope->functions[i].name)))
			return &scope->functions[i];
	return NULL;
}

static int check_call(const struct parser *p, const struct frame *f, struct err *err)
{
	const struct node *n = f->call;
	unsigned min = n->builtin ? n->builtin->min_args : n->function->min_args;
	unsigned max = n->builtin ? n->builtin->max_args : n->function->max_args;
	if (n->n < min)
		return fault_at(p, f->token, "Too few parameters supplied", err);
	if (n->n > max)
		return fault_at(p, f->token, "Too many parameters supplied", err);
	if (n->builtin && n->builtin->needs_odd && n->n % 2 == 0)
		return fault_at(p, f->token,
			"Even number of parameters supplied, requires an odd number of parameters",
			err);
	return 0;
}

/* A name with its opening parenthesis; one without arguments ends here. */
static int open_call(struct parser *p, const struct token *name, struct err *err)
{
	struct node *n = node_new(p, NODE_FUNCTION);
	n->text = name->raw;
	n->function = scope_function(p->scope, name->raw);
	if (!n->function) {
		n->kind = NODE_BUILTIN;
		n->builtin = builtin_find(name->raw);
	}
	if (!n->function && !n->builtin)
		return fault_at(p, name, "Unrecognized function", err);
	p->at++;
	if (!is_next(p, TOKEN_GROUP_CLOSE)) {
		push_frame(p, FRAME_CALL, name, n);
		return 0;
	}
	p->at++;
	push_operand(p, n);
	return check_call(p, &(struct frame){FRAME_CALL, name, n}, err);
}

static int take_name(struct parser *p, const struct token *t, struct err *err)
{
	if (is_next(p, TOKEN_GROUP_OPEN))
		return open_call(p, t, err);
	if (!is_context(p, t->raw))
		return fault_at(p, t, "Unrecognized named-value", err);
	struct node *n = node_new(p, NODE_CONTEXT);
	n->text = t->raw;
	push_operand(p, n);
	return 0;
}

static int take_operand(struct parser *p, const struct token *t, struct err *err)
{
	struct node *n;
	switch (t->kind) {
	case TOKEN_LITERAL:
		n = node_new(p, NODE_LITERAL);
		n->value = t->value;
		push_operand(p, n);
		return 0;
	case TOKEN_NAME: return take_name(p, t, err);
	case TOKEN_GROUP_OPEN: push_frame(p, FRAME_GROUP, t, NULL); return 0;
	case TOKEN_NOT: push_frame(p, FRAME_OPERATOR, t, NULL); return 0;
	default: return unexpected(p, t, err);
	}
}

static int make_index(struct parser *p, struct node *index, struct err *err)
{
	struct node *n = node_new(p, NODE_INDEX), *target = vec_pop(&p->operands);
	if (node_add(p, n, target, err) < 0 || node_add(p, n, index, err) < 0)
		return -1;
	push_operand(p, n);
	return 0;
}

/* Literals have no properties; names, and what ends with a bracket or a star, may. */
static bool can_index(const struct token *before)
{
	return before->kind == TOKEN_NAME || before->kind == TOKEN_STAR ||
		before->kind == TOKEN_GROUP_CLOSE || before->kind == TOKEN_INDEX_CLOSE;
}

static int take_property(struct parser *p, const struct token *dot, struct err *err)
{
	const struct token *t = token_at(p, p->at);
	if (!t)
		return fault_at(p, dot, "Unexpected end of expression", err);
	if (t->kind != TOKEN_NAME && t->kind != TOKEN_STAR)
		return unexpected(p, t, err);
	p->at++;
	struct node *n = node_new(p, t->kind == TOKEN_STAR ? NODE_STAR : NODE_LITERAL);
	n->value = expr_string(t->raw);
	return make_index(p, n, err);
}

static int open_index(struct parser *p, const struct token *t, struct err *err)
{
	if (!is_next(p, TOKEN_STAR)) {
		push_frame(p, FRAME_INDEX, t, NULL);
		return 0;
	}
	const struct token *star = token_at(p, p->at++), *end = token_at(p, p->at++);
	if (!end)
		return fault_at(p, star, "Unexpected end of expression", err);
	if (end->kind != TOKEN_INDEX_CLOSE)
		return unexpected(p, end, err);
	return make_index(p, node_new(p, NODE_STAR), err);
}

/* Finishes the operators down to what was opened last; NULL when nothing is open. */
static int top_open(struct parser *p, struct frame **ret, struct err *err)
{
	if (reduce_until(p, 0, err) < 0)
		return -1;
	*ret = p->frames.n ? vec_last(&p->frames) : NULL;
	return 0;
}

static int take_comma(struct parser *p, const struct token *t, struct err *err)
{
	struct frame *f;
	if (top_open(p, &f, err) < 0)
		return -1;
	if (!f || f->kind != FRAME_CALL)
		return unexpected(p, t, err);
	p->wants_operand = true;
	return node_add(p, f->call, vec_pop(&p->operands), err);
}

static int take_close(struct parser *p, const struct token *t, struct err *err)
{
	struct frame *f;
	if (top_open(p, &f, err) < 0)
		return -1;
	bool is_index = t->kind == TOKEN_INDEX_CLOSE;
	if (!f || (f->kind == FRAME_INDEX) != is_index)
		return unexpected(p, t, err);
	struct frame done = vec_pop(&p->frames);
	if (is_index)
		return make_index(p, vec_pop(&p->operands), err);
	if (done.kind == FRAME_GROUP) {
		(*vec_last(&p->operands))->is_grouped = true;
		return 0;
	}
	if (node_add(p, done.call, vec_pop(&p->operands), err) < 0)
		return -1;
	push_operand(p, done.call);
	return check_call(p, &done, err);
}

/* What may follow an operand. */
static int take_after(struct parser *p, const struct token *t, struct err *err)
{
	const struct token *before = t - 1;
	switch (t->kind) {
	case TOKEN_DOT: return take_property(p, t, err);
	case TOKEN_INDEX_OPEN:
		return can_index(before) ? open_index(p, t, err) : unexpected(p, t, err);
	case TOKEN_COMMA: return take_comma(p, t, err);
	case TOKEN_GROUP_CLOSE:
	case TOKEN_INDEX_CLOSE: return take_close(p, t, err);
	default: break;
	}
	if (precedence(t->kind) == 0 || t->kind == TOKEN_NOT)
		return unexpected(p, t, err);
	if (reduce_until(p, precedence(t->kind), err) < 0)
		return -1;
	push_frame(p, FRAME_OPERATOR, t, NULL);
	return 0;
}

static int parse(struct parser *p, struct node **ret, struct err *err)
{
	p->wants_operand = true;
	while (p->at < p->tokens.n) {
		const struct token *t = token_at(p, p->at++);
		int rc = p->wants_operand ? take_operand(p, t, err) : take_after(p, t, err);
		if (rc < 0)
			return -1;
	}
	if (p->tokens.n == 0)
		return 0;
	if (!p->wants_operand && reduce_until(p, 0, err) < 0)
		return -1;
	if (p->wants_operand || p->frames.n)
		return fault_at(p, vec_last(&p->tokens), "Unexpected end of expression", err);
	*ret = p->operands.p[0];
	return 0;
}

int expr_parse(struct str text, const struct expr_scope *scope, struct arena *a, struct expr **ret,
	struct expr_fault *fault, struct err *err)
{
	static const struct expr_scope nothing;
	struct source src = {text, 0, fault};
	struct parser p = {.src = &src, .scope = scope ? scope : &nothing, .a = a};
	struct node *root = NULL;
	int rc = lex(&src, a, &p.tokens, err);
	if (rc == 0)
		rc = parse(&p, &root, err);
	vec_done(&p.tokens);
	vec_done(&p.operands);
	vec_done(&p.frames);
	if (rc < 0)
		return -1;
	*ret = ARENA_NEW(a, struct expr);
	(*ret)->source = text;
	(*ret)->root = root;
	return 0;
}

struct str expr_source(const struct expr *e)
{
	return e->source;
}

bool expr_is_empty(const struct expr *e)
{
	return !e->root;
}

bool expr_is_literal_text(const struct expr *e, struct str *ret)
{
	if (!e->root || e->root->kind != NODE_LITERAL || e->root->value.kind != EXPR_STRING)
		return false;
	*ret = e->root->value.text;
	return true;
}
