#include "build/cache_import.h"

#include "blob/tree.h"
#include "build/cache_source.h"
#include "fs/stream.h"
#include "layer/layer.h"

#include <pthread.h>

enum state { UNTOUCHED, FETCHING, HERE, SPOILT };

struct import;
struct imported {
	const struct cache_record *record;
	struct import *import;
	enum state state;
	bool is_hollow; /* its layer does not travel with the cache */
};

/* One --cache-from. */
struct import {
	const struct build_cache *from;
	struct cache_source source;
	struct imported *list; /* beside the document's records */
	bool was_asked, is_open;
	bool has_no_hollow; /* one was needed: the others would only be lost one by one */
};

struct imports {
	const struct build_spec *spec;
	pthread_mutex_t lock; /* all below, states included */
	pthread_cond_t changed;
	struct import *p;
	size_t n;
	bool lost_some;
};

struct imports *imports_new(const struct build_spec *spec)
{
	struct imports *m = NEW(struct imports);
	m->spec = spec;
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->changed, NULL);
	m->p = mem_new(spec->n_cache_from + 1, sizeof(*m->p));
	for (size_t i = 0; i < spec->n_cache_from; i++)
		if (spec->cache_from[i].kind != BUILD_CACHE_GHA) /* that is the store's own */
			m->p[m->n++].from = &spec->cache_from[i];
	return m;
}

void imports_free(struct imports *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n; i++) {
		if (m->p[i].is_open)
			cache_source_done(&m->p[i].source);
		free(m->p[i].list);
	}
	pthread_cond_destroy(&m->changed);
	pthread_mutex_destroy(&m->lock);
	free(m->p);
	free(m);
}

const struct cache_record *imported_record(const struct imported *i)
{
	return i->record;
}

const char *imported_from(const struct imported *i)
{
	return i->import->from->ref;
}

/* ---- finding ---- */

static void warn(const struct imports *m, const char *what, const struct err *why)
{
	char line[900];
	err_line(why, line, sizeof(line));
	event_note(m->spec->events, m->spec->event_parent, EVENT_WARNING, NULL, "%s: %s", what,
		line);
}

static void list_records(struct import *p)
{
	const struct cache_document *d = &p->source.document;
	p->list = mem_new(d->n_records + 1, sizeof(*p->list));
	for (size_t i = 0; i < d->n_records; i++) {
		const struct digest *layer = &d->records[i].layer.digest;
		p->list[i] = (struct imported){
			.record = &d->records[i],
			.import = p,
			.is_hollow = !digest_is_none(layer) && !cache_source_has(&p->source, layer),
		};
	}
}

/* With the lock held, so that others who need the answer wait for it. */
static void ask(struct imports *m, struct import *p)
{
	CLEANUP(buf_done) struct buf what = BUF(1024);
	struct err why = {0};
	char id[40];
	if (p->was_asked)
		return;
	p->was_asked = true;
	snprintf(id, sizeof(id), "cache-from-%p", (void *)p);
	buf_fmt(&what, "import cache from %.500s", p->from->ref);
	event_begin(m->spec->events, str_of(id), m->spec->event_parent, buf_str(&what));
	p->is_open = cache_source_open(m->spec, p->from, &p->source, &why) == 0;
	event_end(m->spec->events, str_of(id), p->is_open ? EVENT_OK : EVENT_SKIPPED, S(""));
	if (p->is_open)
		list_records(p);
	else if (why.kind != ERR_CANCELED)
		warn(m, buf_cstr(&what), &why);
}

static bool is_usable(const struct imports *m, const struct imported *i)
{
	if (i->state == SPOILT)
		return false;
	return !i->is_hollow || !i->import->has_no_hollow ||
		blob_exists(m->spec->store, &i->record->layer.digest);
}

static struct imported *find_in(struct import *p, const struct digest *key)
{
	const struct cache_document *d = &p->source.document;
	const struct cache_record *r = p->is_open ? cache_document_find(d, key) : NULL;
	return r ? &p->list[r - d->records] : NULL;
}

struct imported *imports_find(struct imports *m, const struct digest *key)
{
	struct imported *found = NULL;
	pthread_mutex_lock(&m->lock);
	for (size_t i = 0; !found && i < m->n; i++) {
		ask(m, &m->p[i]);
		struct imported *one = find_in(&m->p[i], key);
		if (one && is_usable(m, one))
			found = one;
	}
	pthread_mutex_unlock(&m->lock);
	return found;
}

bool imports_recall(struct imports *m, const struct digest *question, struct digest *ret)
{
	const struct cache_memo *memo = NULL;
	pthread_mutex_lock(&m->lock);
	for (size_t i = 0; !memo && i < m->n; i++) {
		ask(m, &m->p[i]);
		if (m->p[i].is_open)
			memo = cache_document_recall(&m->p[i].source.document, question);
	}
	pthread_mutex_unlock(&m->lock);
	if (memo)
		*ret = memo->answer;
	return memo != NULL;
}

/* ---- fetching ---- */

/* The record says what is in the blob: that goes into image configs and names trees. */
static int check_content(const struct imports *m, const struct cache_record *r, struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	CLEANUP(arena_done) struct arena a = {0};
	struct store *store = m->spec->store;
	struct layer_row row;
	struct layer_info info;
	struct err unknown = {0};
	uint64_t size;
	char want[DIGEST_TEXT], got[DIGEST_TEXT];
	if (layer_row_by_digest(store, &r->layer.digest, &a, &row, &unknown) == 0 &&
		digest_eq(&row.diff_id, &r->diff_id))
		return 0;
	if (blob_open(store, &r->layer.digest, &fd, &size, err) < 0)
		return -1;
	struct fs_source from = fs_source(fd);
	if (layer_measure(&from.source, m->spec->pool, &info, err) < 0)
		return -1;
	if (digest_eq(&info.diff_id, &r->diff_id) && size == r->layer.size)
		return 0;
	return err_set(err, ERR_INPUT, "expected content %s, got %s",
		digest_text(&r->diff_id, want), digest_text(&info.diff_id, got));
}

static int bring(const struct imports *m, struct imported *i, struct err *err)
{
	const struct cache_record *r = i->record;
	struct err missing = {0};
	char id[64], title[64], hex[DIGEST_HEX];
	if (blob_keep(m->spec->store, &r->layer.digest, &missing) == 0)
		return check_content(m, r, err);
	if (i->is_hollow)
		return err_set(err, ERR_NOT_FOUND, "the layer is not in the cache");
	digest_hex(&r->layer.digest, hex, 12);
	snprintf(id, sizeof(id), "cache-layer-%p", (void *)i);
	snprintf(title, sizeof(title), "fetch cached layer %.12s", hex);
	event_begin(m->spec->events, str_of(id), m->spec->event_parent, str_of(title));
	int rc = cache_source_fetch(&i->import->source, &r->layer, err);
	if (rc == 0)
		rc = check_content(m, r, err);
	event_end(m->spec->events, str_of(id), rc == 0 ? EVENT_OK : EVENT_SKIPPED, S(""));
	return rc;
}

/* With the lock held. Hollow ones are lost in silence: that they have no layer was known. */
static void lose(struct imports *m, struct imported *i, const struct err *why)
{
	struct import *p = i->import;
	char hex[DIGEST_HEX], what[100];
	i->state = SPOILT;
	m->lost_some = true;
	if (why->kind == ERR_CANCELED)
		return;
	if (i->is_hollow) {
		p->has_no_hollow = true;
		return;
	}
	snprintf(what, sizeof(what), "cached layer %s",
		digest_hex(&i->record->layer.digest, hex, 12));
	warn(m, what, why);
	if (why->kind == ERR_NET) /* the others would wait for the same host */
		for (size_t k = 0; k < p->source.document.n_records; k++)
			if (p->list[k].state == UNTOUCHED)
				p->list[k].state = SPOILT;
}

int imports_fetch(struct imports *m, struct imported *i, struct err *err)
{
	pthread_mutex_lock(&m->lock);
	while (i->state == FETCHING)
		pthread_cond_wait(&m->changed, &m->lock);
	enum state state = i->state;
	if (state == UNTOUCHED)
		i->state = FETCHING;
	pthread_mutex_unlock(&m->lock);
	if (state == HERE)
		return 0;
	if (state == SPOILT)
		return err_set(err, ERR_NOT_FOUND, "the cache lost the layer");
	struct err why = {0};
	int rc = bring(m, i, &why);
	pthread_mutex_lock(&m->lock);
	if (rc == 0)
		i->state = HERE;
	else
		lose(m, i, &why);
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
	if (rc < 0)
		*err = why;
	return rc;
}

bool imported_is_here(struct imports *m, const struct imported *i)
{
	pthread_mutex_lock(&m->lock);
	bool is = i->state == HERE;
	pthread_mutex_unlock(&m->lock);
	return is;
}

void imports_spoil(struct imports *m, struct imported *i, const struct err *why)
{
	pthread_mutex_lock(&m->lock);
	lose(m, i, why);
	pthread_mutex_unlock(&m->lock);
}

bool imports_lost_some(struct imports *m)
{
	pthread_mutex_lock(&m->lock);
	bool lost = m->lost_some;
	pthread_mutex_unlock(&m->lock);
	return lost;
}

void imports_forget_losses(struct imports *m)
{
	pthread_mutex_lock(&m->lock);
	m->lost_some = false;
	pthread_mutex_unlock(&m->lock);
}
