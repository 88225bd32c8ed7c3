/* Links of repositories to what their tags no longer lead to.
 *
 * The bytes may live on through another repository; what goes here is only this repository's right to
 * them. Roots of a repository are its tags and what it links to that is leased (a push under way) or
 * young. */
#include "blob/gc_priv.h"

struct link {
	struct gc_node *node;
	int64_t added_ns;
};
VEC_TYPE(links, struct link);

struct repository {
	char *name;
	struct links links;
	struct gc_nodes tagged;
};
VEC_TYPE(repositories, struct repository);

static void repositories_done(struct repositories *r)
{
	VEC_EACH(r, one) {
		free(one->name);
		vec_done(&one->links);
		vec_done(&one->tagged);
	}
	vec_done(r);
}
CLEANUP_VAL(repositories_done, struct repositories);

/* Rows come sorted by repository. */
static struct repository *current(struct repositories *all, struct str name)
{
	struct repository *last = all->n ? &all->p[all->n - 1] : NULL;
	if (last && str_is(name, last->name))
		return last;
	struct repository *r = vec_add(all);
	r->name = mem_new(name.n + 1, 1);
	memcpy(r->name, name.p, name.n);
	return r;
}

static int load_links(struct gc *g, struct repositories *all, struct err *err)
{
	CLEANUP(db_end) struct db_row *q = NULL;
	int more;
	if (db_query(g->s->db, &q, err,
		    "SELECT repository, digest, added_ns FROM link ORDER BY repository") < 0)
		return -1;
	while ((more = db_next(q, err)) > 0) {
		struct digest d;
		if (row_digest(q, 1, &d, err) < 0)
			return -1;
		struct lease_key key = lease_of_digest(&d);
		struct gc_node *n = gc_node(g, &key);
		n->is_linked = true;
		vec_push(&current(all, db_str(q, 0))->links, ((struct link){n, db_i64(q, 2)}));
	}
	return more;
}

static int load_tags(struct gc *g, struct repository *r, struct err *err)
{
	CLEANUP(db_end) struct db_row *q = NULL;
	int more;
	vec_clear(&r->tagged);
	if (db_query(g->s->db, &q, err, "SELECT DISTINCT digest FROM tag WHERE repository = $1",
		    DB_TEXT(r->name)) < 0)
		return -1;
	while ((more = db_next(q, err)) > 0) {
		struct digest d;
		if (row_digest(q, 0, &d, err) < 0)
			return -1;
		struct lease_key key = lease_of_digest(&d);
		vec_push(&r->tagged, gc_node(g, &key));
	}
	return more;
}

static void see(struct gc *g, struct gc_node *n, unsigned number)
{
	if (n->seen_by != number) {
		n->seen_by = number;
		vec_push(&g->stack, n);
	}
}

/* Stamps what the repository's roots lead to with its number. */
static void walk(struct gc *g, const struct repository *r, unsigned number)
{
	int64_t now = clock_now(g->s->clock);
	VEC_EACH(&r->tagged, n)
		see(g, *n, number);
	VEC_EACH(&r->links, l)
		if (l->node->is_leased || now - l->added_ns < g->spec->blob_age_ns)
			see(g, l->node, number);
	while (g->stack.n) {
		struct gc_node *n = vec_pop(&g->stack);
		VEC_EACH(&n->to, to)
			see(g, *to, number);
	}
}

static bool has_garbage(const struct repository *r, unsigned number)
{
	VEC_EACH(&r->links, l)
		if (l->node->seen_by != number)
			return true;
	return false;
}

static int delete_links(struct gc *g, struct repository *r, unsigned number, struct err *err)
{
	/* Tags may have moved since: look again, with the new leases. */
	if (load_tags(g, r, err) < 0)
		return -1;
	walk(g, r, number);
	VEC_EACH(&r->links, l) {
		struct digest d;
		char text[DIGEST_TEXT];
		if (l->node->seen_by == number || !gc_key_digest(&l->node->key, &d))
			continue;
		if (db_exec(g->s->db, err, "DELETE FROM link WHERE repository = $1 AND digest = $2",
			    DB_TEXT(r->name), DB_TEXT(digest_text(&d, text))) < 0)
			return -1;
	}
	return repository_tidy(g->s, str_of(r->name), err) < 0 ? -1 : 0;
}

static int sweep_repository(struct gc *g, struct repository *r, unsigned number, struct err *err)
{
	CLEANUP(fd_close) int lock_fd = -1;
	if (load_tags(g, r, err) < 0)
		return -1;
	walk(g, r, number);
	if (!has_garbage(r, number) || g->spec->is_dry_run)
		return 0;
	if (gc_stop_world(g, &lock_fd, err) < 0)
		return -1;
	return gc_start_world(g, delete_links(g, r, number, err), &lock_fd, err);
}

int gc_sweep_links(struct gc *g, struct err *err)
{
	CLEANUP(repositories_done) struct repositories all = {0};
	if (load_links(g, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.n; i++)
		if (sweep_repository(g, &all.p[i], (unsigned)i + 1, err) < 0)
			return -1;
	return 0;
}
