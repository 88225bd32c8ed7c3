/* Uploads: begun, mounted, continued, finished, asked about, given up. */
#include "registry/registry_priv.h"

#include "http/url.h"

static void add_location(struct headers *h, char room[LOCATION_MAX], struct call *c)
{
	snprintf(room, LOCATION_MAX, "/v2/%.*s/blobs/uploads/%s", STR_ARG(c->route.repository),
		c->upload_id);
	reply_header(h, "Location", str_of(room));
	reply_header(h, "Docker-Upload-UUID", str_of(c->upload_id));
}

/* "0-499": how far the upload is. Nothing yet is written "0-0", as every registry does. */
static void add_range(struct headers *h, char room[40], uint64_t offset)
{
	snprintf(room, 40, "0-%llu", (unsigned long long)(offset ? offset - 1 : 0));
	reply_header(h, "Range", str_of(room));
}

static void reply_state(struct call *c, int status, uint64_t offset)
{
	struct headers h = {.n = 0};
	char location[LOCATION_MAX], range[40];
	add_location(&h, location, c);
	add_range(&h, range, offset);
	reply_status(c, status, &h);
}

static void reply_out_of_order(struct call *c, struct str asked, uint64_t offset)
{
	struct headers h = {.n = 0};
	char location[LOCATION_MAX], range[40];
	add_location(&h, location, c);
	add_range(&h, range, offset);
	reply_problem(c, 416, "BLOB_UPLOAD_INVALID", NULL, &h,
		"range '%.*s' does not go on at byte %llu", STR_ARG(str_sub(asked, 0, 100)),
		(unsigned long long)offset);
}

static void reply_created(struct call *c, const struct digest *d)
{
	struct headers h = {.n = 0};
	char location[LOCATION_MAX], digest[DIGEST_TEXT];
	digest_text(d, digest);
	snprintf(location, sizeof(location), "/v2/%.*s/blobs/%s", STR_ARG(c->route.repository),
		digest);
	reply_header(&h, "Location", str_of(location));
	reply_header(&h, "Docker-Content-Digest", str_of(digest));
	reply_status(c, 201, &h);
}

/* A digest in the query: 1 = there, 0 = not, -1 = answered. */
static int query_digest(struct call *c, const char *name, struct digest *ret)
{
	struct err err;
	struct str text;
	if (!url_query(http_request_query(c->r), name, http_request_arena(c->r), &text))
		return 0;
	if (digest_parse(text, ret, &err) == 0)
		return 1;
	reply_error(c, TOPIC_UPLOAD, &err);
	return -1;
}

/* ---- bodies ---- */

static int take_piece(struct call *c, struct str piece, struct err *err)
{
	registry_session_moved(c);
	if (piece.n > c->left) {
		reply_problem(c, 400, "SIZE_INVALID", NULL, NULL,
			"more bytes came than Content-Range says");
		return -1;
	}
	if (c->left != UINT64_MAX)
		c->left -= piece.n;
	if (upload_write(c->upload, piece.p, piece.n, err) == 0)
		return 0;
	reply_error(c, TOPIC_UPLOAD, err);
	return -1;
}

/* Less came than Content-Range says. */
static bool is_short(struct call *c)
{
	if (c->left == UINT64_MAX || c->left == 0)
		return false;
	reply_problem(c, 400, "SIZE_INVALID", NULL, NULL,
		"fewer bytes came than Content-Range says");
	return true;
}

static void end_patch(struct call *c)
{
	struct err err;
	if (is_short(c))
		return;
	if (upload_sync(c->upload, &err) < 0)
		reply_error(c, TOPIC_UPLOAD, &err);
	else
		reply_state(c, 202, upload_offset(c->upload));
}

static void end_put(struct call *c)
{
	struct err err;
	if (is_short(c))
		return;
	if (upload_finish(c->upload, &c->expected, &err) < 0) {
		reply_error(c, TOPIC_UPLOAD, &err);
		return;
	}
	c->is_single = false; /* the session is gone */
	reply_created(c, &c->expected);
}

/* Content-Range must go on where the upload ends, and say as much as Content-Length. False = answered. */
static bool check_range(struct call *c)
{
	struct str header = http_request_header(c->r, "Content-Range");
	uint64_t first, last, size = http_request_size(c->r), offset = upload_offset(c->upload);
	if (!header.p)
		return true;
	if (!content_range_parse(header, &first, &last) || first != offset) {
		reply_out_of_order(c, header, offset);
		return false;
	}
	c->left = last - first + 1;
	if (size == UINT64_MAX || size == c->left)
		return true;
	reply_problem(c, 400, "SIZE_INVALID", NULL, NULL,
		"Content-Range '%.*s' and Content-Length %llu differ",
		STR_ARG(str_sub(header, 0, 100)), (unsigned long long)size);
	return false;
}

/* Opens the session that the path or c->upload_id names; false = answered. */
static bool open_session(struct call *c, struct str id)
{
	struct err err;
	snprintf(c->upload_id, sizeof(c->upload_id), "%.*s", STR_ARG(id));
	if (registry_session_open(c, id, &err) == 0)
		return true;
	reply_error(c, TOPIC_UPLOAD, &err);
	return false;
}

static void receive(struct call *c, void (*end)(struct call *c))
{
	c->on_body = take_piece;
	c->on_end = end;
}

/* ---- the calls ---- */

static bool may_read(void *ctx, struct str repository)
{
	return image_path_is_valid(repository) && /* not what is only built here */
		access_may(ctx, AUTH_READ_PACKAGES, repository);
}

/* Links a blob that another repository has: 1 = done, 0 = it cannot be, -1 with err. Without `from`
 * any repository will do that this token may read. */
static int mount(struct call *c, const struct digest *d, struct str from, struct err *err)
{
	struct store *s = c->registry->store;
	CLEANUP(buf_done) struct buf found = BUF(1024);
	int rc = 0;
	if (from.n)
		rc = may_read(c, from) ? link_has(s, from, d, err) : 0;
	else
		rc = link_find(s, d, may_read, c, &found, err) < 0 ? -1 : 1;
	if (rc > 0)
		rc = link_add(s, c->route.repository, d, err) < 0 ? -1 : 1;
	return rc < 0 && err->kind == ERR_NOT_FOUND ? 0 : rc;
}

static bool try_mount(struct call *c)
{
	struct err err;
	struct digest d;
	struct str from = STR_NONE;
	int asked = query_digest(c, "mount", &d);
	if (asked <= 0)
		return asked < 0;
	(void)url_query(http_request_query(c->r), "from", http_request_arena(c->r), &from);
	int rc = mount(c, &d, from, &err);
	if (rc > 0)
		reply_created(c, &d);
	else if (rc < 0)
		reply_error(c, TOPIC_BLOB, &err);
	return rc != 0;
}

/* ERR_LIMIT here is about how many there are, not how large something is. */
static void reply_begin_error(struct call *c, const struct err *err)
{
	if (err->kind == ERR_LIMIT)
		reply_problem(c, 429, "TOOMANYREQUESTS", err->hint, NULL, "%s", err->what);
	else
		reply_error(c, TOPIC_UPLOAD, err);
}

void serve_upload_post(struct call *c)
{
	struct err err;
	char id[UPLOAD_ID];
	if (try_mount(c))
		return;
	int is_single = query_digest(c, "digest", &c->expected);
	if (is_single < 0)
		return;
	if (upload_begin(c->registry->store, c->route.repository, id, &err) < 0) {
		reply_begin_error(c, &err);
		return;
	}
	c->is_single = is_single > 0;
	memcpy(c->upload_id, id, sizeof(id));
	if (!is_single)
		reply_state(c, 202, 0);
	else if (open_session(c, str_of(id)))
		receive(c, end_put);
}

void serve_upload_patch(struct call *c)
{
	if (open_session(c, c->route.reference) && check_range(c))
		receive(c, end_patch);
}

void serve_upload_put(struct call *c)
{
	int has = query_digest(c, "digest", &c->expected);
	if (has == 0)
		reply_problem(c, 400, "DIGEST_INVALID", NULL, NULL,
			"an upload ends with ?digest=, and there is none");
	if (has > 0 && open_session(c, c->route.reference) && check_range(c))
		receive(c, end_put);
}

void serve_upload_get(struct call *c)
{
	if (open_session(c, c->route.reference))
		reply_state(c, 204, upload_offset(c->upload));
}

void serve_upload_delete(struct call *c)
{
	struct err err;
	struct headers h = {.n = 0};
	if (upload_cancel(c->registry->store, c->route.repository, c->route.reference, &err) < 0)
		reply_error(c, TOPIC_UPLOAD, &err);
	else
		reply_status(c, 204, &h);
}

void serve_upload_gone(struct call *c)
{
	struct err ignored; /* collection removes what stays behind */
	registry_session_close(c);
	if (c->is_single)
		(void)upload_cancel(c->registry->store, c->route.repository, str_of(c->upload_id),
			&ignored);
}
