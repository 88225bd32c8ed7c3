#include "local/local.h"

#include "blob/gc.h"

enum { ID_PREFIX_MIN = 4 };

static const struct str prefix = {"local:", 6};

void local_add_repository(struct buf *b, const struct image_ref *ref)
{
	buf_add(b, prefix);
	image_ref_add_name(b, ref);
}

static int repository_of(const struct image_ref *ref, struct buf *ret, struct err *err)
{
	local_add_repository(ret, ref);
	return buf_check(ret, "image name", err);
}

static int describe(struct store *s, struct str repository, const struct digest *d, struct arena *a,
	struct image_descriptor *ret, struct err *err)
{
	struct manifest_row row;
	if (manifest_get(s, repository, d, a, &row, err) < 0)
		return -1;
	*ret = (struct image_descriptor){
		.media_type = row.media_type, .digest = row.digest, .size = row.size};
	return 0;
}

static int not_found(const struct image_ref *ref, struct err *err)
{
	CLEANUP(buf_done) struct buf name = BUF(1024);
	image_ref_add_familiar(&name, ref);
	err_set(err, ERR_NOT_FOUND, "no image '%s' here", buf_cstr(&name));
	return err_hint(err, "knarr pull %s, or knarr image ls to see what there is",
		buf_cstr(&name));
}

int local_find(struct store *s, const struct image_ref *ref, struct arena *a,
	struct image_descriptor *ret, struct err *err)
{
	CLEANUP(buf_done) struct buf repository = BUF(512);
	struct image_ref r = *ref;
	struct digest d = r.digest;
	image_ref_default_tag(&r);
	if (repository_of(&r, &repository, err) < 0)
		return -1;
	if (digest_is_none(&d) && tag_get(s, buf_str(&repository), r.tag, &d, err) < 0)
		return err->kind == ERR_NOT_FOUND ? not_found(&r, err) : -1;
	if (describe(s, buf_str(&repository), &d, a, ret, err) < 0)
		return err->kind == ERR_NOT_FOUND ? not_found(&r, err) : -1;
	return 0;
}

int local_list(struct store *s, struct arena *a, struct local_images *ret, struct err *err)
{
	struct tag_rows rows = {0};
	int rc = tag_list_all(s, prefix, a, &rows, err);
	for (size_t i = 0; rc == 0 && i < rows.n; i++) {
		const struct tag_row *t = &rows.p[i];
		struct local_image *image = vec_add(ret);
		struct str name = str_skip(t->repository, prefix.n);
		if (str_is(t->repository, LOCAL_UNNAMED))
			image->ref.path = name; /* and no domain */
		else
			rc = image_ref_parse(name, a, &image->ref, err);
		if (rc == 0)
			rc = describe(s, t->repository, &t->digest, a, &image->descriptor, err);
		image->ref.tag = t->tag;
		image->moved_ns = t->moved_ns;
	}
	vec_done(&rows);
	return rc < 0 ? -1 : 0;
}

int local_drop_unnamed(struct store *s, int64_t age_ns, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct tag_rows rows = {0};
	int64_t before = clock_now(store_clock(s)) - age_ns;
	int rc = tag_list(s, S(LOCAL_UNNAMED), S(""), 0, &a, &rows, err);
	if (rc < 0 && err->kind == ERR_NOT_FOUND)
		rc = 0;
	for (size_t i = 0; rc == 0 && i < rows.n; i++)
		if (rows.p[i].moved_ns < before)
			rc = tag_remove(s, S(LOCAL_UNNAMED), rows.p[i].tag, err);
	vec_done(&rows);
	return rc;
}

static bool id_matches(const struct digest *d, struct str hex)
{
	char text[DIGEST_HEX];
	return str_starts(str_of(digest_hex(d, text, 0)), hex);
}

/* "sha256:abcd", "abcd": the hex part, or empty when it cannot be an id. */
static struct str id_part(struct str text)
{
	struct str hex = str_starts(text, S("sha256:")) ? str_skip(text, 7) : text;
	if (hex.n < ID_PREFIX_MIN || hex.n > 64)
		return STR_NONE;
	for (size_t i = 0; i < hex.n; i++)
		if (ch_hex(hex.p[i]) < 0 || ch_lower(hex.p[i]) != hex.p[i])
			return STR_NONE;
	return hex;
}

/* 1 = found, 0 = no image has such an id. */
static int find_by_id(struct store *s, struct str hex, struct arena *a,
	struct image_descriptor *ret, struct err *err)
{
	struct local_images all = {0};
	struct local_documents documents;
	bool is_found = false;
	int rc = local_list(s, a, &all, err);
	for (size_t i = 0; rc == 0 && i < all.n; i++) {
		const struct image_descriptor *d = &all.p[i].descriptor;
		struct err ignored = {0};
		bool is_it = id_matches(&d->digest, hex);
		if (!is_it && local_read(s, d, NULL, a, &documents, &ignored) == 0)
			is_it = id_matches(&documents.manifest.config.digest, hex);
		if (is_it && is_found && !digest_eq(&ret->digest, &d->digest))
			rc = err_set(err, ERR_CONFLICT,
				"several images have an id that starts with '%.*s'", STR_ARG(hex));
		if (is_it && !is_found) {
			*ret = *d;
			is_found = true;
		}
	}
	vec_done(&all);
	return rc < 0 ? -1 : is_found;
}

int local_find_text(struct store *s, const char *text, struct arena *a,
	struct image_descriptor *ret, struct image_ref *ret_ref, struct err *err)
{
	struct image_ref ref;
	struct str id = id_part(str_of(text));
	struct err by_name = {0};
	if (image_ref_parse(str_of(text), a, &ref, &by_name) == 0 &&
		local_find(s, &ref, a, ret, &by_name) == 0) {
		if (ret_ref)
			*ret_ref = ref;
		return 0;
	}
	if (id.n && (by_name.kind == ERR_NOT_FOUND || by_name.kind == ERR_INPUT)) {
		int rc = find_by_id(s, id, a, ret, err);
		if (rc == 1 && ret_ref)
			*ret_ref = (struct image_ref){0};
		if (rc != 0)
			return rc < 0 ? -1 : 0;
	}
	*err = by_name;
	return -1;
}

int local_tag(struct store *s, const struct image_ref *ref, const struct digest *image,
	struct err *err)
{
	CLEANUP(buf_done) struct buf repository = BUF(512);
	struct image_ref r = *ref;
	image_ref_default_tag(&r);
	if (repository_of(&r, &repository, err) < 0 ||
		manifest_link(s, buf_str(&repository), image, err) < 0)
		return -1;
	return tag_set(s,
		&(struct tag_set){
			.repository = buf_str(&repository), .tag = r.tag, .digest = *image},
		err);
}

int local_untag(struct store *s, const struct image_ref *ref, struct err *err)
{
	CLEANUP(buf_done) struct buf repository = BUF(512);
	struct image_ref r = *ref;
	image_ref_default_tag(&r);
	if (!r.domain.n)
		buf_add(&repository, S(LOCAL_UNNAMED));
	else if (repository_of(&r, &repository, err) < 0)
		return -1;
	if (tag_remove(s, buf_str(&repository), r.tag, err) < 0)
		return err->kind == ERR_NOT_FOUND ? not_found(&r, err) : -1;
	return 0;
}

int local_read_document(struct store *s, const struct digest *d, size_t max, struct arena *a,
	struct str *ret, struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(max);
	if (blob_read(s, d, &b, err) < 0)
		return -1;
	*ret = arena_str(a, buf_str(&b));
	return 0;
}

static int read_manifest(struct store *s, const struct image_descriptor *what, struct arena *a,
	struct local_documents *ret, struct err *err)
{
	ret->manifest_descriptor = *what;
	if (local_read_document(s, &what->digest, IMAGE_MANIFEST_MAX, a, &ret->manifest_bytes,
		    err) < 0)
		return -1;
	return image_manifest_parse(ret->manifest_bytes, what->media_type, a, &ret->manifest, err);
}

int local_read(struct store *s, const struct image_descriptor *what,
	const struct image_platform *platform, struct arena *a, struct local_documents *ret,
	struct err *err)
{
	struct image_platform host = image_platform_host();
	const struct image_descriptor *next = what;
	unsigned depth = 0;
	do {
		if (depth++ > IMAGE_DEPTH_MAX)
			return err_set(err, ERR_LIMIT, "index is nested deeper than %d",
				IMAGE_DEPTH_MAX);
		if (read_manifest(s, next, a, ret, err) < 0)
			return -1;
		if (ret->manifest.kind == IMAGE_INDEX &&
			image_index_pick(&ret->manifest, platform ? platform : &host, &next, err) <
				0)
			return -1;
	} while (ret->manifest.kind == IMAGE_INDEX);
	if (local_read_document(s, &ret->manifest.config.digest, IMAGE_CONFIG_MAX, a,
		    &ret->config_bytes, err) < 0)
		return -1;
	if (image_config_parse(ret->config_bytes, a, &ret->config, err) < 0)
		return err_wrap(err, "image config");
	return image_config_check(&ret->config, ret->manifest.n_items, err);
}
