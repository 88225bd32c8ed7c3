/* Answers, and the one place where kinds of errors become statuses and codes. */
#include "registry/registry_priv.h"

#include "json/json.h"

#include <stdarg.h>

static const struct {
	enum err_kind kind;
	int status;
	const char *codes[TOPICS]; /* by name, manifest, blob, upload */
} kinds[] = {
	{ERR_NOT_FOUND, 404,
		{"NAME_UNKNOWN", "MANIFEST_UNKNOWN", "BLOB_UNKNOWN", "BLOB_UPLOAD_UNKNOWN"}},
	{ERR_INPUT, 400, {"NAME_INVALID", "MANIFEST_INVALID", "DIGEST_INVALID", "DIGEST_INVALID"}},
	{ERR_UNSUPPORTED, 400,
		{"UNSUPPORTED", "MANIFEST_INVALID", "DIGEST_INVALID", "DIGEST_INVALID"}},
	{ERR_USAGE, 400, {"UNSUPPORTED", "UNSUPPORTED", "UNSUPPORTED", "UNSUPPORTED"}},
	{ERR_LIMIT, 413, {"SIZE_INVALID", "SIZE_INVALID", "SIZE_INVALID", "SIZE_INVALID"}},
	{ERR_CONFLICT, 409, {"DENIED", "DENIED", "DENIED", "BLOB_UPLOAD_INVALID"}},
	{ERR_DENIED, 403, {"DENIED", "DENIED", "DENIED", "DENIED"}},
	{ERR_CANCELED, 503, {"UNKNOWN", "UNKNOWN", "UNKNOWN", "UNKNOWN"}},
	{ERR_NET, 502, {"UNKNOWN", "UNKNOWN", "UNKNOWN", "UNKNOWN"}},
	{ERR_SYS, 500, {"UNKNOWN", "UNKNOWN", "UNKNOWN", "UNKNOWN"}},
	{ERR_CORRUPT, 500, {"UNKNOWN", "UNKNOWN", "UNKNOWN", "UNKNOWN"}},
	{ERR_FAILED, 500, {"UNKNOWN", "UNKNOWN", "UNKNOWN", "UNKNOWN"}},
	{ERR_BUG, 500, {"UNKNOWN", "UNKNOWN", "UNKNOWN", "UNKNOWN"}},
};

void reply_header(struct headers *h, const char *name, struct str value)
{
	assert(h->n < ARRAY_LEN(h->p));
	h->p[h->n++] = (struct http_reply_header){name, value};
}

void reply_send(struct call *c, struct http_reply reply, struct headers *h)
{
	reply_header(h, "Docker-Distribution-Api-Version", S("registry/2.0"));
	reply_header(h, "X-Content-Type-Options", S("nosniff"));
	reply.headers = h->p;
	reply.n_headers = h->n;
	http_answer(c->r, &reply);
}

void reply_status(struct call *c, int status, struct headers *h)
{
	reply_send(c, (struct http_reply){.status = status}, h);
}

void reply_json(struct call *c, int status, const char *type, struct str text, struct headers *h)
{
	reply_header(h, "Content-Type", str_of(type));
	reply_send(c, (struct http_reply){.status = status, .text = text}, h);
}

/* {"errors":[{"code","message","detail"}]} */
static void reply_document(struct call *c, int status, const char *code, const char *message,
	const char *hint, struct headers *h)
{
	CLEANUP(buf_done) struct buf b = BUF(8 * 1024);
	struct json_out o;
	json_out_init(&o, &b, 0);
	json_object(&o);
	json_key(&o, "errors");
	json_array(&o);
	json_object(&o);
	json_key(&o, "code");
	json_add_cstr(&o, code);
	json_key(&o, "message");
	json_add_cstr(&o, message);
	json_key(&o, "detail");
	json_add_cstr(&o, hint && hint[0] ? hint : NULL);
	json_end(&o);
	json_end(&o);
	json_end(&o);
	reply_json(c, status, "application/json", buf_str(&b), h);
}

void reply_problem(struct call *c, int status, const char *code, const char *hint,
	struct headers *h, const char *fmt, ...)
{
	char message[640];
	struct headers none = {.n = 0};
	va_list args;
	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	reply_document(c, status, code, message, hint, h ? h : &none);
}

/* Our own trouble is for the log, not for strangers: it names our files. */
static void reply_trouble(struct call *c, int status, const struct err *err)
{
	char path[200];
	snprintf(path, sizeof(path), "%.*s", STR_ARG(http_request_path(c->r)));
	event_note(c->registry->events, STR_NONE, EVENT_ERROR, NULL, "registry: %.*s %s: %s",
		STR_ARG(http_request_method_name(c->r)), path, err->what);
	bool is_full = err->sys == ENOSPC || err->sys == EDQUOT;
	reply_problem(c, is_full ? 507 : status, "UNKNOWN", NULL, NULL, "%s",
		is_full ? "the registry's disk is full" : "the registry failed; its log says why");
}

void reply_error(struct call *c, enum topic topic, const struct err *err)
{
	struct headers h = {.n = 0};
	size_t i = 0;
	while (i + 1 < ARRAY_LEN(kinds) && kinds[i].kind != err->kind)
		i++;
	if (kinds[i].status >= 500)
		reply_trouble(c, kinds[i].status, err);
	else
		reply_document(c, kinds[i].status, kinds[i].codes[topic], err->what, err->hint, &h);
}
