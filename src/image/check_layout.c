/* Walks an OCI image layout from index.json: every blob is hashed, every document checked.
 *
 * The walk is breadth first over a list that only grows by blobs not seen before, so cycles end,
 * and is cut at ITEMS_MAX blobs. */
#include "image/check.h"

#include "image/image_priv.h"

enum { ITEMS_MAX = 100 * 1000 };

struct item {
	struct image_descriptor d;
	const char *file; /* that names it */
	struct str path;  /* in that file */
	bool is_optional; /* has urls: may live elsewhere */
};
VEC_TYPE(items, struct item);

struct layout {
	const struct image_files *files;
	struct arena arena;
	struct items todo;
	struct map seen;
	struct json_out out;
	size_t n_problems;
};

static void report(struct layout *l, const char *file, struct str path, struct str message)
{
	if (l->n_problems++ >= DOC_PROBLEMS_MAX)
		return;
	json_object(&l->out);
	json_key(&l->out, "file");
	json_add_cstr(&l->out, file);
	json_key(&l->out, "path");
	json_add_str(&l->out, path);
	json_key(&l->out, "message");
	json_add_str(&l->out, message);
	json_end(&l->out);
}

/* ---- one file ---- */

struct taking {
	struct digester *hash;
	uint64_t size;
	struct buf *bytes; /* kept up to its max; NULL = only hashed */
};

static int take_piece(void *ctx, struct str piece, struct err *err)
{
	struct taking *t = ctx;
	t->size += piece.n;
	if (t->hash)
		digester_add_str(t->hash, piece);
	if (t->bytes)
		buf_add(t->bytes, piece);
	return 0;
}

/* 1 = read, 0 = there is none or it is too long (reported). */
static int read_document(struct layout *l, const char *file, struct buf *ret, struct err *err)
{
	struct err why = {0};
	struct taking t = {.bytes = ret};
	if (l->files->each_piece(l->files->ctx, file, take_piece, &t, &why) < 0) {
		if (why.kind != ERR_NOT_FOUND) {
			*err = why;
			return -1;
		}
		report(l, file, STR_NONE, S("is missing"));
		return 0;
	}
	if (buf_check(ret, "document", &why) < 0) {
		report(l, file, STR_NONE, str_of(why.what));
		return 0;
	}
	return 1;
}

static void queue(struct layout *l, const char *file, const char *list, size_t i,
	const struct json *v)
{
	struct item item = {.file = file};
	char text[DIGEST_TEXT];
	descriptor_read(v, &l->arena, &item.d);
	if (digest_is_none(&item.d.digest) || l->todo.n >= ITEMS_MAX)
		return;
	item.path = i == SIZE_MAX ? str_of(list) : arena_fmt(&l->arena, "%s[%zu]", list, i);
	item.is_optional = doc_get(v, "urls") != NULL;
	digest_text(&item.d.digest, text);
	if (map_has(&l->seen, str_of(text)))
		return;
	map_put(&l->seen, str_of(text), NULL);
	vec_push(&l->todo, item);
}

static void queue_list(struct layout *l, const char *file, const char *name, const struct json *v)
{
	const struct json *list = doc_get(v, name);
	for (size_t i = 0; list && list->kind == JSON_ARRAY && i < list->n; i++)
		if (list->items[i].kind == JSON_OBJECT)
			queue(l, file, name, i, &list->items[i]);
}

static void check_bytes(struct layout *l, const char *file, const char *kind, struct str bytes)
{
	struct doc_walk w = {
		.is_strict = true, .max_problems = DOC_PROBLEMS_MAX, .arena = &l->arena};
	const struct json *v = check_read(&w, bytes);
	if (v)
		check_document(&w, kind, v);
	VEC_EACH(&w.problems, p)
		report(l, file, p->path, p->message);
	bool is_index = strcmp(kind, "index") == 0;
	if (v && (is_index || strcmp(kind, "manifest") == 0)) {
		queue_list(l, file, is_index ? "manifests" : "layers", v);
		const struct json *config = doc_get(v, "config");
		if (!is_index && config)
			queue(l, file, "config", SIZE_MAX, config);
	}
	vec_done(&w.problems);
}

static const char *document_kind(struct str media_type)
{
	if (image_media_is_index(media_type))
		return "index";
	if (image_media_is_manifest(media_type))
		return "manifest";
	if (str_is(media_type, MEDIA_OCI_CONFIG) || str_is(media_type, MEDIA_DOCKER_CONFIG))
		return "config";
	return NULL;
}

static int check_blob(struct layout *l, const struct item *item, struct err *err)
{
	const struct image_descriptor *d = &item->d;
	char hex[DIGEST_HEX];
	const char *kind = document_kind(d->media_type);
	struct str file = arena_fmt(&l->arena, "blobs/%s/%s",
		digest_algorithm_name(d->digest.algorithm), digest_hex(&d->digest, hex, 0));
	CLEANUP(buf_done) struct buf bytes = BUF(IMAGE_CONFIG_MAX);
	CLEANUP(digester_free) struct digester *hash = digester_new(d->digest.algorithm);
	struct taking t = {hash, 0, kind ? &bytes : NULL};
	struct err why = {0};
	if (l->files->each_piece(l->files->ctx, file.p, take_piece, &t, &why) < 0) {
		if (why.kind != ERR_NOT_FOUND) {
			*err = why;
			return -1;
		}
		if (!item->is_optional)
			report(l, item->file, item->path,
				arena_fmt(&l->arena, "'%.*s' is missing", STR_ARG(file)));
		return 0;
	}
	struct digest actual = digester_finish(hash);
	if (!digest_eq(&actual, &d->digest))
		report(l, file.p, STR_NONE, S("its bytes do not have the digest of its name"));
	if (t.size != d->size)
		report(l, item->file, item->path,
			arena_fmt(&l->arena, "says %llu bytes, the blob has %llu",
				(unsigned long long)d->size, (unsigned long long)t.size));
	if (kind && !bytes.is_over)
		check_bytes(l, file.p, kind, buf_str(&bytes));
	return 0;
}

static int walk(struct layout *l, struct err *err)
{
	CLEANUP(buf_done) struct buf bytes = BUF(IMAGE_MANIFEST_MAX);
	int got = read_document(l, "oci-layout", &bytes, err);
	if (got > 0)
		check_bytes(l, "oci-layout", "layout", buf_str(&bytes));
	buf_clear(&bytes);
	if (got >= 0)
		got = read_document(l, "index.json", &bytes, err);
	if (got > 0)
		check_bytes(l, "index.json", "index", buf_str(&bytes));
	for (size_t i = 0; got >= 0 && i < l->todo.n; i++) {
		struct item item = l->todo.p[i]; /* the list may move while it grows */
		got = check_blob(l, &item, err);
	}
	return got < 0 ? -1 : 0;
}

int image_check_layout(const struct image_files *files, struct buf *ret, struct err *err)
{
	CLEANUP(buf_done) struct buf problems = BUF(ret->max);
	struct layout l = {.files = files};
	json_out_init(&l.out, &problems, 0);
	json_array(&l.out);
	int done = walk(&l, err);
	json_end(&l.out);
	arena_done(&l.arena);
	map_done(&l.seen, NULL);
	vec_done(&l.todo);
	if (done < 0)
		return -1;
	struct json_out o;
	json_out_init(&o, ret, 0);
	json_object(&o);
	json_key(&o, "kind");
	json_add_cstr(&o, "layout");
	json_key(&o, "valid");
	json_add_bool(&o, l.n_problems == 0);
	json_key(&o, "problems");
	json_add_raw(&o, buf_str(&problems));
	json_end(&o);
	return buf_check(ret, "answer", err) < 0 ? -1 : l.n_problems > 0;
}
