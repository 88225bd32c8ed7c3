/* serve: the hub. Today it is the registry; the rest joins it behind the same door. */
#include "cli/cmd_list.h"

#include "auth/auth.h"
#include "fs/fs.h"
#include "registry/registry.h"
#include "screen_priv.h"

#include <poll.h>
#include <pthread.h>

#define GRACE_NS (10 * CLOCK_SECOND)

struct serving {
	const char *listen, *cert, *key, *url;
	bool is_open, logs;
};

/* "127.0.0.1:40312 GET /v2/ 200 2 0.1ms" */
static void log_request(void *ctx, const struct http_request *r, int status, uint64_t bytes,
	int64_t took_ns)
{
	CLEANUP(buf_done) struct buf b = BUF(16 * 1024);
	char took[CLOCK_TEXT], at[CLOCK_TEXT];
	struct err nobody = {0};
	clock_human_duration(took_ns, took);
	clock_rfc3339(clock_now(clock_system()) / CLOCK_SECOND * CLOCK_SECOND, at);
	buf_fmt(&b, "%s %.*s %.*s ", at, STR_ARG(http_request_peer(r)),
		STR_ARG(http_request_method_name(r)));
	screen_add_clean(&b, str_sub(http_request_path(r), 0, 2048));
	buf_fmt(&b, " %d %llu %s\n", status, (unsigned long long)bytes, took);
	(void)fs_write_fd(STDERR_FILENO, b.p, b.n, &nobody); /* to tell */
}

/* No default credentials: a store without any token gets one, which is shown this once. */
static int first_token(struct auth *auth, struct err *err)
{
	struct auth_token spec = {
		.user = S("admin"), .name = S("first start"), .scopes = AUTH_ADMIN};
	char text[AUTH_TOKEN_TEXT];
	bool is_empty;
	if (auth_is_empty(auth, &is_empty, err) < 0)
		return -1;
	if (!is_empty)
		return 0;
	if (auth_token_create(auth, &spec, text, err) < 0)
		return -1;
	printf("token: %s\n", text);
	fprintf(stderr,
		"this token is shown once: it may do everything. Make others with "
		"'knarr token create'\n");
	return 0;
}

static void wait_for_stop(struct session *s)
{
	struct pollfd p = {.fd = s->cancel.wake_fd, .events = POLLIN};
	while (poll(&p, 1, -1) <= 0 && !cancel_is_asked(&s->cancel))
		;
}

static int serve(struct session *s, const struct serving *o, struct err *err)
{
	CLEANUP(auth_free) struct auth *auth = NULL;
	CLEANUP(registry_free) struct registry *registry = NULL;
	struct http_server *server;
	struct store *store;
	if (session_store(s, &store, err) < 0)
		return -1;
	if (!o->is_open &&
		(auth_open(store_db(store), store_root_fd(store), store_clock(store), &auth, err) <
				0 ||
			first_token(auth, err) < 0))
		return -1;
	struct registry_spec spec = {
		.store = store,
		.auth = auth,
		.public_url = o->url,
		.events = session_events(s),
	};
	if (registry_new(&spec, &registry, err) < 0)
		return -1;
	struct http_server_spec http = {
		.listen = o->listen,
		.tls_cert_file = o->cert,
		.tls_key_file = o->key,
		.handler = registry_handler(registry),
		.on_done = o->logs ? log_request : NULL,
	};
	if (http_server_start(&http, &server, err) < 0)
		return -1;
	printf("listening on %s://%.*s:%u\n", o->cert ? "https" : "http",
		(int)(strrchr(o->listen, ':') - o->listen), o->listen, http_server_port(server));
	fflush(stdout);
	wait_for_stop(s);
	http_server_stop(server, GRACE_NS);
	return 0;
}

static int check(const struct serving *o, struct err *err)
{
	if (!o->cert != !o->key)
		return err_set(err, ERR_USAGE, "--tls-cert and --tls-key belong together");
	if (!strrchr(o->listen, ':'))
		return err_set(err, ERR_USAGE, "--listen: expected ADDRESS:PORT, got '%s'",
			o->listen);
	return 0;
}

int cmd_serve(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	struct serving o = {.listen = "127.0.0.1:5080"};
	CLEANUP(session_done) struct session s = {0};
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	const struct opt own[] = {
		{"listen", 0, OPT_TEXT, &o.listen, "ADDR:PORT",
			"where (127.0.0.1:5080); port 0 = any"},
		{"tls-cert", 0, OPT_TEXT, &o.cert, "FILE", "certificate chain, PEM"},
		{"tls-key", 0, OPT_TEXT, &o.key, "FILE", "its key, PEM"},
		{"url", 0, OPT_TEXT, &o.url, "URL", "what clients call us, behind a proxy"},
		{"access-log", 0, OPT_FLAG, &o.logs, NULL, "a line per request on stderr"},
		{"no-auth", 0, OPT_FLAG, &o.is_open, NULL,
			"everybody may do everything: for tests"},
	};
	int rc = cmd_parse(self, g, own, ARRAY_LEN(own), OPT_ANYWHERE, argc, argv, 0, 0, &args,
		&err);
	if (rc == 0)
		rc = check(&o, &err);
	if (rc == 0)
		rc = session_init(&s, g, &err);
	if (rc == 0)
		rc = serve(&s, &o, &err);
	return rc < 0 ? exit_with(&err) : EXIT_OK;
}
