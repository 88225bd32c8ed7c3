/* path -- what an expression reads and calls, without evaluating it. */
#include "expr_priv.h"

static bool calls(const struct node *n, struct str function)
{
	if ((n->kind == NODE_FUNCTION && str_eq_nocase(n->text, function)) ||
		(n->kind == NODE_BUILTIN && str_eq_nocase(str_of(n->builtin->name), function)))
		return true;
	for (const struct node *c = n->first; c; c = c->next)
		if (calls(c, function))
			return true;
	return false;
}

bool expr_calls(const struct expr *e, const char *function)
{
	return e->root && calls(e->root, str_of(function));
}

struct teller {
	void (*tell)(void *user, struct str path);
	void *user;
};

static const struct node *chain_start(const struct node *n)
{
	while (n->kind == NODE_INDEX)
		n = n->first;
	return n;
}

/* Names from the context outwards; a tree is at most EXPR_MAX_DEPTH high. */
static void add_chain(struct buf *b, const struct node *n)
{
	if (n->kind == NODE_CONTEXT) {
		buf_add(b, n->text);
		return;
	}
	add_chain(b, n->first);
	const struct node *index = n->last;
	buf_add_ch(b, '.');
	if (index->kind == NODE_STAR)
		buf_add_ch(b, '*');
	else if (index->kind == NODE_LITERAL && index->value.kind == EXPR_STRING)
		buf_add(b, index->value.text);
	else
		buf_add_ch(b, index->kind == NODE_LITERAL ? '*' : '?');
}

static void visit(const struct node *n, const struct teller *t);

static void visit_indexes(const struct node *n, const struct teller *t)
{
	for (; n->kind == NODE_INDEX; n = n->first)
		visit(n->last, t);
}

static void visit(const struct node *n, const struct teller *t)
{
	if (chain_start(n)->kind == NODE_CONTEXT) {
		CLEANUP(buf_done) struct buf b = BUF(4 * EXPR_MAX_LENGTH);
		add_chain(&b, n);
		t->tell(t->user, buf_str(&b));
		visit_indexes(n, t);
		return;
	}
	for (const struct node *c = n->first; c; c = c->next)
		visit(c, t);
}

void expr_each_path(const struct expr *e, void (*tell)(void *user, struct str path), void *user)
{
	if (e->root)
		visit(e->root, &(struct teller){tell, user});
}
