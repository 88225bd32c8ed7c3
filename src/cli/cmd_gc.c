#include "cli/cmd_list.h"

#include "base/num.h"
#include "blob/gc.h"
#include "build/build.h"
#include "json/json.h"
#include "local/local.h"
#include "runner/runner.h"

static int answer(const struct cmd_globals *g, const struct gc_result *r, int n_pruned, int n_runs,
	bool is_dry, struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(64 * 1024);
	char size[24];
	struct json_out o;
	num_human_bytes(r->bytes, size, sizeof(size));
	if (!cmd_is_json(g)) {
		buf_fmt(&b, "%s %s: %llu blobs, %llu trees, %llu uploads, %llu temporary files\n",
			is_dry ? "would free" : "freed", size, (unsigned long long)r->n_blobs,
			(unsigned long long)r->n_trees, (unsigned long long)r->n_uploads,
			(unsigned long long)r->n_temps);
		if (n_pruned)
			buf_fmt(&b, "%d build steps forgotten\n", n_pruned);
		if (n_runs)
			buf_fmt(&b, "%d workflow runs that were killed swept away\n", n_runs);
		if (r->n_damaged)
			buf_fmt(&b, "%llu damaged: knarr scrub tells which\n",
				(unsigned long long)r->n_damaged);
		return cmd_answer(&b, err);
	}
	const struct {
		const char *key;
		uint64_t value;
	} numbers[] = {{"bytes", r->bytes}, {"blobs", r->n_blobs}, {"trees", r->n_trees},
		{"uploads", r->n_uploads}, {"temps", r->n_temps}, {"kept_blobs", r->n_kept_blobs},
		{"damaged", r->n_damaged}, {"steps", (uint64_t)n_pruned},
		{"runs", (uint64_t)n_runs}};
	json_out_init(&o, &b, 0);
	json_object(&o);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		json_key(&o, numbers[i].key);
		json_add_u64(&o, numbers[i].value);
	}
	json_end(&o);
	buf_add_ch(&b, '\n');
	return cmd_answer(&b, err);
}

static int collect(struct session *s, int64_t cache_age, bool drops_cache, bool is_dry,
	struct err *err)
{
	struct store *store;
	struct gc_result result;
	int pruned = 0, runs = 0;
	if (session_store(s, &store, err) < 0)
		return -1;
	if (!is_dry && local_drop_unnamed(store, 24 * 3600 * CLOCK_SECOND, err) < 0)
		return -1;
	if (!is_dry && (drops_cache || cache_age > 0))
		pruned = build_cache_prune(store, drops_cache ? 0 : cache_age, err);
	if (pruned < 0)
		return -1;
	if (!is_dry && (runs = runner_sweep(store_root(store), err)) < 0)
		return -1;
	struct gc_roots cache = build_gc_roots(store);
	struct gc_spec spec = {
		.roots = &cache,
		.n_roots = 1,
		.is_dry_run = is_dry,
		.events = session_events(s),
	};
	if (gc_run(store, &spec, &result, err) < 0)
		return -1;
	session_end_progress(s);
	return answer(s->g, &result, pruned, runs, is_dry, err);
}

int cmd_gc(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	int64_t cache_age = 0;
	bool drops_cache = false, is_dry = false;
	CLEANUP(session_done) struct session s = {0};
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	const struct opt own[] = {
		{"cache", 0, OPT_FLAG, &drops_cache, NULL, "forget the build cache too"},
		{"cache-age", 0, OPT_TIME, &cache_age, "TIME",
			"forget build steps unused that long"},
		{"dry-run", 0, OPT_FLAG, &is_dry, NULL, "only say what would go"},
	};
	int rc = cmd_parse(self, g, own, ARRAY_LEN(own), OPT_ANYWHERE, argc, argv, 0, 0, &args,
		&err);
	if (rc == 0)
		rc = session_init(&s, g, &err);
	if (rc == 0)
		rc = collect(&s, cache_age, drops_cache, is_dry, &err);
	return rc < 0 ? exit_with(&err) : EXIT_OK;
}

/* ---- scrub ---- */

struct scrub {
	struct session *s;
	struct store *store;
	uint64_t n, n_damaged, bytes;
};

static int scrub_one(void *ctx, const struct digest *d, uint64_t size, struct err *err)
{
	struct scrub *c = ctx;
	struct err why = {0};
	if (cancel_check(&c->s->cancel, err) < 0)
		return -1;
	c->n++;
	c->bytes += size;
	if (blob_verify(c->store, d, &why) < 0) {
		c->n_damaged++;
		event_note(session_events(c->s), S(""), EVENT_ERROR, NULL, "%s", why.what);
	}
	event_progress(session_events(c->s), S("scrub"), c->bytes, 0);
	return 0;
}

static int scrub_all(struct session *s, uint64_t *ret_damaged, struct err *err)
{
	struct scrub c = {.s = s};
	CLEANUP(buf_done) struct buf b = BUF(4096);
	char size[24];
	if (session_store(s, &c.store, err) < 0)
		return -1;
	event_begin(session_events(s), S("scrub"), S(""), S("read every blob"));
	int rc = blob_each(c.store, scrub_one, &c, err);
	event_end(session_events(s), S("scrub"), rc < 0 ? EVENT_FAILED : EVENT_OK, S(""));
	session_end_progress(s);
	if (rc < 0)
		return -1;
	*ret_damaged = c.n_damaged;
	num_human_bytes(c.bytes, size, sizeof(size));
	if (cmd_is_json(s->g))
		buf_fmt(&b, "{\"blobs\":%llu,\"bytes\":%llu,\"damaged\":%llu}\n",
			(unsigned long long)c.n, (unsigned long long)c.bytes,
			(unsigned long long)c.n_damaged);
	else
		buf_fmt(&b, "%llu blobs, %s, %llu damaged\n", (unsigned long long)c.n, size,
			(unsigned long long)c.n_damaged);
	return cmd_answer(&b, err);
}

int cmd_scrub(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	uint64_t damaged = 0;
	CLEANUP(session_done) struct session s = {0};
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	int rc = cmd_parse(self, g, NULL, 0, OPT_ANYWHERE, argc, argv, 0, 0, &args, &err);
	if (rc == 0)
		rc = session_init(&s, g, &err);
	if (rc == 0)
		rc = scrub_all(&s, &damaged, &err);
	if (rc < 0)
		return exit_with(&err);
	return damaged ? EXIT_REFUSED : EXIT_OK;
}
