/* Blobs: read, in parts too, and unlinked. */
#include "registry/registry_priv.h"

static void not_here(struct call *c)
{
	reply_problem(c, 404, "BLOB_UNKNOWN", NULL, NULL, "'%.*s' has no blob %.*s",
		STR_ARG(c->route.repository), STR_ARG(c->route.reference));
}

static void add_headers(struct headers *h, struct str digest, struct str etag)
{
	reply_header(h, "Content-Type", S("application/octet-stream"));
	reply_header(h, "Docker-Content-Digest", digest);
	reply_header(h, "Etag", etag);
	reply_header(h, "Accept-Ranges", S("bytes"));
	reply_header(h, "Cache-Control", S("max-age=31536000, immutable"));
}

static bool etag_is(struct call *c, const char *header, const char *etag)
{
	struct str value = http_request_header(c->r, header);
	return value.p && (str_is(value, etag) || str_is(value, "*"));
}

/* The part asked for: 1 = *reply is 206 of it, 0 = everything, -1 = answered with 416. */
static int take_range(struct call *c, uint64_t size, const char *etag, struct http_reply *reply,
	char room[80], struct headers *h)
{
	struct str range = http_request_header(c->r, "Range");
	bool is_other = http_request_header(c->r, "If-Range").p && !etag_is(c, "If-Range", etag);
	int rc = range.p && !is_other ? http_range(range, size, &reply->offset, &reply->size) : 0;
	if (rc < 0) {
		struct headers none = {.n = 0};
		snprintf(room, 80, "bytes */%llu", (unsigned long long)size);
		reply_header(&none, "Content-Range", str_of(room));
		reply_problem(c, 416, "SIZE_INVALID", NULL, &none,
			"range '%.*s' is not in %llu bytes", STR_ARG(str_sub(range, 0, 100)),
			(unsigned long long)size);
		return -1;
	}
	if (rc > 0) {
		snprintf(room, 80, "bytes %llu-%llu/%llu", (unsigned long long)reply->offset,
			(unsigned long long)(reply->offset + reply->size - 1),
			(unsigned long long)size);
		reply_header(h, "Content-Range", str_of(room));
		reply->status = 206;
	}
	return rc;
}

static void send_file(struct call *c, int take_fd, uint64_t size)
{
	CLEANUP(fd_close) int fd = take_fd;
	struct headers h = {.n = 0};
	char digest[DIGEST_TEXT], etag[DIGEST_TEXT + 2], room[80];
	struct http_reply reply = {.status = 200, .size = size};
	digest_text(&c->route.digest, digest);
	snprintf(etag, sizeof(etag), "\"%s\"", digest);
	add_headers(&h, str_of(digest), str_of(etag));
	if (etag_is(c, "If-None-Match", etag)) {
		reply_send(c, (struct http_reply){.status = 304}, &h);
		return;
	}
	if (take_range(c, size, etag, &reply, room, &h) < 0)
		return;
	reply.take_fd = TAKE_FD(fd);
	reply_send(c, reply, &h);
}

static void serve_get(struct call *c)
{
	struct err err;
	uint64_t size;
	int fd;
	int has = link_has(c->registry->store, c->route.repository, &c->route.digest, &err);
	if (has > 0)
		has = blob_open(c->registry->store, &c->route.digest, &fd, &size, &err) < 0 ? -1
											    : 1;
	if (has > 0)
		send_file(c, fd, size);
	else if (has == 0 || err.kind == ERR_NOT_FOUND)
		not_here(c);
	else
		reply_error(c, TOPIC_BLOB, &err);
}

/* What HEAD says is there will not be sent again, so it must stay until a manifest names it. */
static void serve_head(struct call *c)
{
	struct err err;
	struct headers h = {.n = 0};
	uint64_t size = 0;
	char etag[DIGEST_TEXT + 2];
	int has = link_keep(c->registry->store, c->route.repository, &c->route.digest, &err);
	if (has > 0)
		has = blob_size(c->registry->store, &c->route.digest, &size, &err) < 0 ? -1 : 1;
	if (has > 0) {
		snprintf(etag, sizeof(etag), "\"%.*s\"", STR_ARG(c->route.reference));
		add_headers(&h, c->route.reference, str_of(etag));
		reply_send(c, (struct http_reply){.status = 200, .head_size = size}, &h);
	} else if (has == 0 || err.kind == ERR_NOT_FOUND) {
		not_here(c);
	} else {
		reply_error(c, TOPIC_BLOB, &err);
	}
}

void serve_blob_get(struct call *c)
{
	if (http_request_method(c->r) == HTTP_HEAD)
		serve_head(c);
	else
		serve_get(c);
}

/* A manifest's digest may be given here too: it goes with its tags then. */
void serve_blob_delete(struct call *c)
{
	struct err err;
	struct manifest_row row;
	struct headers h = {.n = 0};
	struct store *s = c->registry->store;
	struct str repository = c->route.repository;
	bool is_manifest = manifest_get(s, repository, &c->route.digest, http_request_arena(c->r),
				   &row, &err) == 0;
	int rc = is_manifest ? manifest_delete(s, repository, &c->route.digest, &err)
			     : link_remove(s, repository, &c->route.digest, &err);
	if (rc < 0)
		reply_error(c, TOPIC_BLOB, &err);
	else
		reply_status(c, 202, &h);
}
