#include "build/cache_document.h"

#include "blob/blob.h"
#include "layer/layer.h"

/* ---- order ---- */

static int by_key(const void *a, const void *b)
{
	const struct cache_record *x = a, *y = b;
	return digest_cmp(&x->key, &y->key);
}

static int by_question(const void *a, const void *b)
{
	const struct cache_memo *x = a, *y = b;
	return digest_cmp(&x->question, &y->question);
}

void cache_document_sort(struct cache_document *d)
{
	size_t n = 0;
	vec_sort_raw(d->records, d->n_records, sizeof(*d->records), by_key);
	for (size_t i = 0; i < d->n_records; i++)
		if (!n || by_key(&d->records[i], &d->records[n - 1]) != 0)
			d->records[n++] = d->records[i];
	d->n_records = n;
	n = 0;
	vec_sort_raw(d->memos, d->n_memos, sizeof(*d->memos), by_question);
	for (size_t i = 0; i < d->n_memos; i++)
		if (!n || by_question(&d->memos[i], &d->memos[n - 1]) != 0)
			d->memos[n++] = d->memos[i];
	d->n_memos = n;
}

const struct cache_record *cache_document_find(const struct cache_document *d,
	const struct digest *key)
{
	struct cache_record wanted = {.key = *key};
	return d->n_records ? bsearch(&wanted, d->records, d->n_records, sizeof(wanted), by_key)
			    : NULL;
}

const struct cache_memo *cache_document_recall(const struct cache_document *d,
	const struct digest *question)
{
	struct cache_memo wanted = {.question = *question};
	return d->n_memos ? bsearch(&wanted, d->memos, d->n_memos, sizeof(wanted), by_question)
			  : NULL;
}

/* ---- reading ---- */

/* It is our format: a member we do not know is a mistake. */
static int check_members(const struct json *v, const char *const *known, struct err *err)
{
	if (v->kind != JSON_OBJECT)
		return err_set(err, ERR_INPUT, "expected an object, got %s",
			json_kind_name(v->kind));
	for (size_t i = 0; i < v->n; i++) {
		size_t k = 0;
		while (known[k] && !str_is(v->members[i].key, known[k]))
			k++;
		if (!known[k])
			return err_set(err, ERR_INPUT, "unknown member '%.*s'",
				STR_ARG(str_sub(v->members[i].key, 0, 60)));
	}
	return 0;
}

/* Keys and layers are sha256 everywhere. */
static int get_digest(const struct json *v, const char *name, struct digest *ret, struct err *err)
{
	struct str text;
	if (json_get_str(v, name, &text, err) < 0)
		return -1;
	if (digest_parse(text, ret, err) < 0)
		return err_wrap(err, "'%s'", name);
	if (ret->algorithm != DIGEST_SHA256)
		return err_set(err, ERR_INPUT, "'%s': expected a sha256 digest", name);
	return 0;
}

static int read_layer(const struct json *v, struct image_descriptor *ret, struct err *err)
{
	static const char *const known[] = {"mediaType", "digest", "size", NULL};
	int64_t size;
	if (check_members(v, known, err) < 0 ||
		json_get_str(v, "mediaType", &ret->media_type, err) < 0 ||
		get_digest(v, "digest", &ret->digest, err) < 0 ||
		json_get_i64(v, "size", 0, (int64_t)BLOB_MAX_BYTES, &size, err) < 0)
		return -1;
	if (!image_media_is_layer(ret->media_type))
		return err_set(err, ERR_INPUT, "'mediaType': '%.*s' is not a layer",
			STR_ARG(str_sub(ret->media_type, 0, 100)));
	ret->size = (uint64_t)size;
	return 0;
}

static int read_record(const struct json *v, struct cache_record *ret, struct err *err)
{
	static const char *const known[] = {"key", "layer", "diffID", "tarSize", NULL};
	const struct json *layer = json_get(v, "layer");
	int64_t tar_bytes;
	if (check_members(v, known, err) < 0 || get_digest(v, "key", &ret->key, err) < 0)
		return -1;
	if (!layer)
		return v->n == 1 ? 0 : err_set(err, ERR_INPUT, "'layer': is missing");
	if (read_layer(layer, &ret->layer, err) < 0)
		return err_wrap(err, "layer");
	if (get_digest(v, "diffID", &ret->diff_id, err) < 0 ||
		json_get_i64(v, "tarSize", 0, (int64_t)LAYER_MAX_BYTES, &tar_bytes, err) < 0)
		return -1;
	ret->tar_bytes = (uint64_t)tar_bytes;
	return 0;
}

static int read_memo(const struct json *v, struct cache_memo *ret, struct err *err)
{
	static const char *const known[] = {"question", "answer", NULL};
	return check_members(v, known, err) < 0 ||
			get_digest(v, "question", &ret->question, err) < 0 ||
			get_digest(v, "answer", &ret->answer, err) < 0
		? -1
		: 0;
}

static int check_length(const char *what, size_t n, struct err *err)
{
	return n <= CACHE_RECORDS_MAX
		? 0
		: err_set(err, ERR_LIMIT, "%zu %s are more than %d", n, what, CACHE_RECORDS_MAX);
}

static int read_lists(const struct json *v, struct arena *a, struct cache_document *ret,
	struct err *err)
{
	struct json *records, *memos;
	if (json_get_array(v, "records", &records, err) < 0 ||
		json_get_array(v, "memos", &memos, err) < 0 ||
		check_length("records", records->n, err) < 0 ||
		check_length("memos", memos->n, err) < 0)
		return -1;
	ret->records = ARENA_ARRAY(a, struct cache_record, records->n + 1);
	ret->memos = ARENA_ARRAY(a, struct cache_memo, memos->n + 1);
	for (; ret->n_records < records->n; ret->n_records++)
		if (read_record(&records->items[ret->n_records], &ret->records[ret->n_records],
			    err) < 0)
			return err_wrap(err, "records[%zu]", ret->n_records);
	for (; ret->n_memos < memos->n; ret->n_memos++)
		if (read_memo(&memos->items[ret->n_memos], &ret->memos[ret->n_memos], err) < 0)
			return err_wrap(err, "memos[%zu]", ret->n_memos);
	return 0;
}

int cache_document_parse(struct str bytes, struct arena *a, struct cache_document *ret,
	struct err *err)
{
	static const struct json_limits limits = {.max_bytes = CACHE_DOCUMENT_MAX,
		.max_depth = 8,
		.max_values = 20 * CACHE_RECORDS_MAX};
	static const char *const known[] = {"version", "records", "memos", NULL};
	struct cache_document d = {0};
	struct json *v = NULL;
	int64_t version;
	if (json_parse(bytes, &limits, a, &v, err) < 0 || check_members(v, known, err) < 0 ||
		json_get_i64(v, "version", 0, INT64_MAX, &version, err) < 0)
		return -1;
	if (version != 1) {
		err_set(err, ERR_UNSUPPORTED, "version %lld of build caches", (long long)version);
		return err_hint(err, "it was made by a newer knarr");
	}
	if (read_lists(v, a, &d, err) < 0)
		return -1;
	cache_document_sort(&d);
	*ret = d;
	return 0;
}

/* ---- writing ---- */

static void add_digest(struct json_out *o, const char *name, const struct digest *d)
{
	char text[DIGEST_TEXT];
	json_key(o, name);
	json_add_cstr(o, digest_text(d, text));
}

static void add_record(struct json_out *o, const struct cache_record *r)
{
	json_object(o);
	add_digest(o, "key", &r->key);
	if (!digest_is_none(&r->layer.digest)) {
		json_key(o, "layer");
		json_object(o);
		json_key(o, "mediaType");
		json_add_str(o, r->layer.media_type);
		add_digest(o, "digest", &r->layer.digest);
		json_key(o, "size");
		json_add_u64(o, r->layer.size);
		json_end(o);
		add_digest(o, "diffID", &r->diff_id);
		json_key(o, "tarSize");
		json_add_u64(o, r->tar_bytes);
	}
	json_end(o);
}

int cache_document_add(struct buf *b, const struct cache_document *d, struct err *err)
{
	struct json_out o;
	if (check_length("records", d->n_records, err) < 0 ||
		check_length("memos", d->n_memos, err) < 0)
		return -1;
	json_out_init(&o, b, 0);
	json_object(&o);
	json_key(&o, "version");
	json_add_i64(&o, 1);
	json_key(&o, "records");
	json_array(&o);
	for (size_t i = 0; i < d->n_records; i++)
		add_record(&o, &d->records[i]);
	json_end(&o);
	json_key(&o, "memos");
	json_array(&o);
	for (size_t i = 0; i < d->n_memos; i++) {
		json_object(&o);
		add_digest(&o, "question", &d->memos[i].question);
		add_digest(&o, "answer", &d->memos[i].answer);
		json_end(&o);
	}
	json_end(&o);
	json_end(&o);
	return buf_check(b, "build cache", err);
}
