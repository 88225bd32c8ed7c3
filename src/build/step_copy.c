/* COPY and ADD.
 *
 *	select the sources ── key ── hit: done
 *	                        └── place them into a new tree ── commit
 *
 * From a stage or image, the digest of the selected files is remembered by the origin's chain, so
 * that a build in which nothing changed does not even open the origin's trees.
 */
#include "build/build_priv.h"

#include "build/add.h"
#include "build/put.h"
#include "build/view_stack.h"
#include "dockerfile/mode.h"

/* One COPY or ADD under way. */
struct copying {
	struct work *w;
	const struct inst_copy *c;
	struct view *from; /* NULL until it is needed */
	struct selection files;
	bool is_selected;
	struct add_sources fetched; /* ADD: what came from URLs and git */
};

static void copying_done(struct copying *c)
{
	origin_close(&c->w->step->from, c->from);
	selection_done(&c->files);
	add_sources_done(&c->fetched);
}
CLEANUP_VAL(copying_done, struct copying);

static struct str *texts_of(struct work *w, const struct inst_words *words)
{
	struct str *list = ARENA_ARRAY(&w->arena, struct str, words->n + 1);
	for (size_t i = 0; i < words->n; i++)
		list[i] = words->p[i].text;
	return list;
}

static int select_sources(struct copying *c, struct err *err)
{
	struct work *w = c->w;
	if (c->is_selected)
		return 0;
	if (!c->from && origin_open(w, &w->step->from, &c->from, err) < 0)
		return -1;
	struct inst_words local =
		w->step->kind == STEP_ADD ? add_local_sources(c->c, &w->arena) : c->c->sources;
	struct select_spec spec = {
		.view = c->from,
		.sources = texts_of(w, &local),
		.n_sources = local.n,
		.excludes = texts_of(w, &c->c->excludes),
		.n_excludes = c->c->excludes.n,
		.keeps_parents = c->c->has_parents,
		.digests = true,
		.cancel = w->build->spec->cancel,
	};
	c->is_selected = true;
	return select_files(&spec, &c->files, err);
}

/* ---- the key ---- */

/* The question whose answer is the digest of the files: for origins that never change. */
static struct digest files_question(const struct copying *c)
{
	CLEANUP(digester_free) struct digester *d = digester_new(DIGEST_SHA256);
	const struct inst_copy *i = c->c;
	digester_add_framed(d, S("files/2"));
	digester_add(d, origin_chain(&c->w->step->from)->bytes, 32);
	digester_add_u64(d, i->sources.n);
	for (size_t k = 0; k < i->sources.n; k++)
		digester_add_framed(d, i->sources.p[k].text);
	digester_add_u64(d, i->excludes.n);
	for (size_t k = 0; k < i->excludes.n; k++)
		digester_add_framed(d, i->excludes.p[k].text);
	digester_add_u64(d, i->has_parents);
	digester_add_framed(d, i->chown.text);
	digester_add_framed(d, i->chmod.text);
	return digester_finish(d);
}

/* What the store, or a cache elsewhere, remembers: 1 = it does. */
static int recall_files(struct copying *c, const struct digest *question, struct digest *ret,
	struct err *err)
{
	struct build *b = c->w->build;
	struct str answer;
	char text[DIGEST_TEXT];
	int known = cache_recall(b->spec->store, question, &c->w->arena, &answer, err);
	if (known != 0)
		return known < 0 || digest_parse(answer, ret, err) < 0 ? -1 : 1;
	if (c->w->step->ignores_cache || !imports_recall(b->imports, question, ret))
		return 0;
	return cache_remember(b->spec->store, question, str_of(digest_text(ret, text)), err) < 0
		? -1
		: 1;
}

static int files_digest(struct copying *c, struct key *k, struct digest *ret, struct err *err)
{
	struct store *store = c->w->build->spec->store;
	struct digest question = files_question(c);
	CLEANUP(buf_done) struct buf list = BUF(1024 * 1024);
	char text[DIGEST_TEXT];
	struct step *s = c->w->step;
	bool is_fixed = s->from.kind == ORIGIN_STEP;
	int known = is_fixed ? recall_files(c, &question, ret, err) : 0;
	if (known < 0)
		return -1;
	if (!known) {
		if (select_sources(c, err) < 0)
			return -1;
		*ret = key_of_selection(&c->files, c->c->chmod.text, c->c->chown.text.p != NULL,
			&list);
		key_note(k, buf_str(&list));
	}
	if (!is_fixed)
		return 0;
	s->files_question = question;
	s->files_digest = *ret;
	return known > 0 ? 0
			 : cache_remember(store, &question, str_of(digest_text(ret, text)), err);
}

static void add_files_written(struct key *k, const struct inst_copy *c)
{
	for (size_t i = 0; i < c->n_files; i++) {
		key_add(k, "heredoc", c->files[i].name);
		key_add(k, "text", c->files[i].text);
	}
}

static int make_key(struct copying *c, struct digest *ret, struct str *ret_inputs, struct err *err)
{
	struct work *w = c->w;
	const struct inst_copy *i = c->c;
	CLEANUP(key_free) struct key *k = key_new(w->step->kind == STEP_ADD ? "add/1" : "copy/1");
	struct digest files;
	if (w->step->parent && !i->is_link)
		key_add_digest(k, "files below", &w->step->parent->chain);
	key_add(k, "to", w->step->dest);
	key_add(k, "chown", i->chown.text);
	key_add(k, "chmod", i->chmod.text);
	key_add(k, "link", i->is_link ? S("yes") : S("no"));
	if (i->unpacks || i->has_unpack)
		key_add(k, "unpack", i->unpacks ? S("yes") : S("no"));
	if (w->build->spec->has_epoch)
		key_add(k, "epoch",
			arena_fmt(&w->arena, "%lld", (long long)w->build->spec->epoch_ns));
	add_files_written(k, i);
	if (w->step->kind == STEP_ADD && add_fetch(w, i, &c->fetched, k, err) < 0)
		return -1;
	if (files_digest(c, k, &files, err) < 0)
		return -1;
	key_add_digest(k, "files", &files);
	*ret = key_finish(k, ret_inputs, &w->arena);
	return 0;
}

/* ---- doing it ---- */

static bool is_folder(const struct copying *c)
{
	struct str dest = c->w->step->dest;
	return str_ends(dest, S("/")) || str_is(path_base(dest), ".") ||
		c->c->sources.n + c->c->n_files + c->fetched.n > 1;
}

static int put_all(struct copying *c, struct put *p, struct err *err)
{
	const struct inst_copy *i = c->c;
	bool folder = is_folder(c);
	struct str dest = c->w->step->dest;
	if (c->w->step->kind == STEP_ADD &&
		add_unpack_archives(c->w, i, c->from, &c->files, p, dest, err) < 0)
		return -1;
	if (put_selection(p, c->from, &c->files, dest, folder, err) < 0)
		return -1;
	for (size_t k = 0; k < i->n_files; k++)
		if (put_bytes(p, dest, folder, i->files[k].name, i->files[k].text, 0644, err) < 0)
			return -1;
	return add_place(c->w, &c->fetched, p, dest, folder, err);
}

static int make(struct copying *c, struct tree_writer *tree, struct err *err)
{
	struct work *w = c->w;
	struct rootfs rootfs = {0};
	struct view *below = NULL;
	if (select_sources(c, err) < 0)
		return -1;
	if (!c->c->is_link && step_rootfs(w, w->step->parent, &rootfs, err) < 0)
		return -1;
	if (view_stack_open(w->build->spec->store, &rootfs, &below, err) < 0)
		return -1;
	struct put p = {
		.tree_fd = tree->fd,
		.below = view_stack_of(below),
		.chmod = c->c->chmod.text,
		.cancel = w->build->spec->cancel,
		.arena = &w->arena,
	};
	int rc = put_find_owner(&p, c->c->chown.text, err);
	if (rc < 0)
		err_wrap(err, "--chown");
	else
		rc = put_all(c, &p, err);
	view_stack_close(below);
	return rc;
}

int step_copy(struct work *w, struct err *err)
{
	CLEANUP(copying_done) struct copying c = {.w = w, .c = &w->step->inst->copy};
	CLEANUP(tree_writer_done) struct tree_writer tree = TREE_WRITER_NONE;
	CLEANUP(fd_close) int lock = -1;
	struct digest key;
	struct str inputs;
	uint32_t ignored;
	if (c.c->chmod.text.n && mode_change(c.c->chmod.text, 0, false, &ignored, err) < 0)
		return err_wrap(err, "--chmod");
	if (make_key(&c, &key, &inputs, err) < 0)
		return -1;
	int found = step_claim(w, &key, inputs, &lock, err);
	if (found != 0)
		return found < 0 ? -1 : 0;
	if (tree_begin_unnamed(w->build->spec->store, &tree, err) < 0 || make(&c, &tree, err) < 0)
		return -1;
	return step_commit(w, &tree, &key, inputs, err);
}
