/* test-serve LISTEN ROOT [--public=REPOSITORY]... [SCOPES[@REPOSITORIES]]...
 *
 * A registry without the command line around it. Prints "port N" and, for each SCOPES, a token; then
 * serves until SIGTERM or SIGINT. Without SCOPES everything is open. */
#include "registry/registry.h"

#include <signal.h>

static int fail(const struct err *err)
{
	fprintf(stderr, "test-serve: %s\n", err->what);
	return 1;
}

static int print_token(struct auth *a, struct str arg, struct err *err)
{
	char text[AUTH_TOKEN_TEXT];
	struct str scopes;
	struct auth_token t = {.user = S("tester"), .name = S("test")};
	(void)str_cut(&arg, '@', &scopes);
	t.repositories = arg;
	if (auth_scopes_parse(scopes, &t.scopes, err) < 0 ||
		auth_token_create(a, &t, text, err) < 0)
		return -1;
	printf("%s\n", text);
	return 0;
}

static int set_up(struct auth *a, char **args, struct err *err)
{
	for (; *args; args++) {
		struct str arg = str_of(*args);
		bool is_public = str_starts(arg, S("--public="));
		if (is_public ? auth_public_set(a, str_skip(arg, 9), true, err) < 0
			      : print_token(a, arg, err) < 0)
			return -1;
	}
	return 0;
}

static void print_event(struct event_sink *sink, const struct event *e)
{
	fprintf(stderr, "test-serve: %.*s\n", STR_ARG(e->text));
}

static int serve(const char *listen, struct registry *r, struct err *err)
{
	struct http_server *s;
	struct http_server_spec spec = {.listen = listen, .handler = registry_handler(r)};
	sigset_t ends;
	int which;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	if (http_server_start(&spec, &s, err) < 0)
		return -1;
	printf("port %u\n", http_server_port(s));
	fflush(stdout);
	sigwait(&ends, &which);
	http_server_stop(s, 5 * CLOCK_SECOND);
	return 0;
}

int main(int argc, char **argv)
{
	struct err err = {0};
	struct event_sink events = {print_event};
	CLEANUP(store_free) struct store *store = NULL;
	CLEANUP(auth_free) struct auth *auth = NULL;
	CLEANUP(registry_free) struct registry *registry = NULL;
	if (argc < 3)
		return err_set(&err, ERR_USAGE, "expected LISTEN and ROOT"), fail(&err);
	struct store_spec at = {.root = argv[2], .lease_ns = 3600 * CLOCK_SECOND};
	if (store_open(&at, &store, &err) < 0)
		return fail(&err);
	if (argc > 3 &&
		(auth_open(store_db(store), store_root_fd(store), NULL, &auth, &err) < 0 ||
			set_up(auth, argv + 3, &err) < 0))
		return fail(&err);
	struct registry_spec spec = {.store = store, .auth = auth, .events = &events};
	if (registry_new(&spec, &registry, &err) < 0 || serve(argv[1], registry, &err) < 0)
		return fail(&err);
	return 0;
}
