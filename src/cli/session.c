#include "cli/cmd.h"

#include "cli/config.h"

#include <signal.h>

/* The one thing a signal handler can reach; set once, before threads. */
static struct cancel *signal_cancel;

static void on_signal(int number)
{
	struct cancel *c = signal_cancel;
	if (!c || cancel_is_asked(c))
		_exit(128 + number); /* the second ^C */
	cancel_ask(c);
}

int session_init(struct session *s, struct cmd_globals *g, struct err *err)
{
	struct sigaction action = {.sa_handler = on_signal};
	memset(s, 0, sizeof(*s));
	s->g = g;
	s->cancel.wake_fd = -1;
	if (cancel_init(&s->cancel, err) < 0)
		return -1;
	signal_cancel = &s->cancel;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
	return 0;
}

void session_done(struct session *s)
{
	if (!s->g)
		return;
	remote_free(s->remote);
	store_free(s->store);
	pool_free(s->pool);
	screen_free(s->screen);
	config_free(s->config);
	arena_done(&s->arena);
	signal_cancel = NULL;
	cancel_done(&s->cancel);
}

int session_root_path(const struct cmd_globals *g, struct buf *ret, struct err *err)
{
	const char *root = g->root ? g->root : getenv("KNARR_ROOT");
	const char *xdg = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	if (root && *root)
		buf_add_cstr(ret, root);
	else if (geteuid() == 0)
		buf_add_cstr(ret, "/var/lib/knarr");
	else if (xdg && *xdg)
		buf_fmt(ret, "%s/knarr", xdg);
	else if (home && *home)
		buf_fmt(ret, "%s/.local/share/knarr", home);
	else
		return err_set(err, ERR_USAGE, "no folder for the store: HOME is not set"),
		       err_hint(err, "give --root DIR");
	return buf_check(ret, "path of the store", err);
}

int session_store(struct session *s, struct store **ret, struct err *err)
{
	CLEANUP(buf_done) struct buf root = BUF(4096);
	if (!s->store) {
		if (session_root_path(s->g, &root, err) < 0)
			return -1;
		struct store_spec spec = {.root = buf_cstr(&root)};
		if (store_open(&spec, &s->store, err) < 0)
			return -1;
	}
	*ret = s->store;
	return 0;
}

int session_remote(struct session *s, struct remote **ret, struct err *err)
{
	CLEANUP(buf_done) struct buf root = BUF(4096);
	if (!s->config &&
		(session_root_path(s->g, &root, err) < 0 ||
			config_load(s->g->config, buf_cstr(&root), &s->config, err) < 0))
		return -1;
	if (!s->remote) {
		struct remote_spec spec = {
			.registries = s->config->registries.p,
			.n_registries = s->config->registries.n,
			.events = session_events(s),
			.cancel = &s->cancel,
		};
		if (remote_new(&spec, &s->remote, err) < 0)
			return -1;
	}
	*ret = s->remote;
	return 0;
}

struct pool *session_pool(struct session *s)
{
	if (!s->pool)
		s->pool = pool_new(0);
	return s->pool;
}

struct event_sink *session_events(struct session *s)
{
	if (!s->screen) {
		enum screen_mode mode = SCREEN_AUTO;
		struct err err = {0};
		if (screen_mode_parse(s->g->progress, &mode, &err) < 0)
			exit(exit_with(&err)); /* a usage error, before anything was begun */
		s->screen = screen_new(s->g->is_quiet ? SCREEN_NONE : mode);
	}
	return screen_sink(s->screen);
}

void session_end_progress(struct session *s)
{
	screen_free(s->screen);
	s->screen = NULL;
}
