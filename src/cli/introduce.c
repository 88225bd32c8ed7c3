#include "cli/introduce.h"

#include "cli/config.h"
#include "local/local.h"
#include "local/rootfs.h"

#include <fcntl.h>

/* ---- registries ---- */

int introduce_remote(struct introduction *i, const struct runner_command *c, struct remote **ret,
	struct err *err)
{
	struct remote *ours;
	pthread_mutex_lock(&i->lock);
	int rc = session_remote(i->s, &ours, err); /* reads the settings, too */
	pthread_mutex_unlock(&i->lock);
	if (rc < 0)
		return -1;
	struct remote_spec spec = {
		.registries = i->s->config->registries.p,
		.n_registries = i->s->config->registries.n,
		.docker_config = c->docker_config,
		.events = c->events,
		.cancel = c->cancel,
	};
	return remote_new(&spec, ret, err);
}

/* "login --username U --password-stdin [REGISTRY]", "logout [REGISTRY]" */
static int log_in_or_out(struct introduction *i, const struct runner_command *c, bool is_login,
	struct arena *a, struct err *err)
{
	const char *user = "";
	bool from_stdin = false;
	struct remote *remote_taken = NULL;
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	const struct opt opts[] = {
		{"username", 'u', OPT_TEXT, &user, "USER", NULL},
		{"password-stdin", 0, OPT_FLAG, &from_stdin, NULL, NULL},
	};
	char *argv[8];
	int argc = 0;
	for (; c->argv[argc] && argc < (int)ARRAY_LEN(argv); argc++)
		argv[argc] = arena_cstr(a, str_of(c->argv[argc]));
	if (opt_parse(opts, ARRAY_LEN(opts), OPT_ANYWHERE, argc, argv, &args, err) < 0 ||
		introduce_remote(i, c, &remote_taken, err) < 0)
		return -1;
	CLEANUP(remote_free) struct remote *remote = remote_taken;
	struct str registry = str_of(args.n ? args.p[0] : "docker.io");
	if (is_login)
		return remote_login(remote, registry, str_of(user), c->stdin_text, err);
	return remote_logout(remote, registry, err) < 0 ? -1 : 0;
}

static int command(void *ctx, const struct runner_command *c, struct arena *a,
	struct runner_command_result *ret, struct err *err)
{
	struct introduction *i = ctx;
	const char *name = c->argv[0];
	ret->status = 0;
	if (strcmp(name, "build") == 0)
		return introduce_build(i, c, a, ret, err);
	if (strcmp(name, "login") == 0)
		return log_in_or_out(i, c, true, a, err);
	if (strcmp(name, "logout") == 0)
		return log_in_or_out(i, c, false, a, err);
	return err_set(err, ERR_BUG, "no command '%s'", name);
}

/* ---- images to run jobs in ---- */

struct wanted {
	struct rootfs_spec unpack;
	struct introduction *i;
	struct arena *a;
};

static int find_or_pull(struct wanted *w, const char *name, struct image_descriptor *ret,
	struct err *err)
{
	struct image_ref ref;
	struct remote *remote;
	struct err missing = {0};
	if (local_find_text(w->unpack.store, name, w->a, ret, NULL, &missing) == 0)
		return 0;
	if (missing.kind != ERR_NOT_FOUND) {
		*err = missing;
		return -1;
	}
	if (image_ref_parse(str_of(name), w->a, &ref, err) < 0)
		return -1;
	image_ref_default_tag(&ref);
	pthread_mutex_lock(&w->i->lock);
	int rc = session_remote(w->i->s, &remote, err);
	pthread_mutex_unlock(&w->i->lock);
	struct remote_pull pull = {.store = w->unpack.store,
		.name = &ref,
		.event_parent = w->unpack.event_parent,
		.on_layer = rootfs_on_layer,
		.ctx = &w->unpack};
	return rc < 0 ? -1 : remote_pull(remote, &pull, w->a, NULL, ret, err);
}

static int image(void *ctx, const char *name, struct str event_parent, const struct cancel *cancel,
	struct arena *a, struct runner_image *ret, struct err *err)
{
	struct introduction *i = ctx;
	struct wanted w = {.i = i, .a = a};
	struct image_descriptor found;
	struct local_documents documents;
	struct rootfs rootfs;
	w.unpack.event_parent = event_parent;
	w.unpack.cancel = cancel;
	pthread_mutex_lock(&i->lock);
	int rc = session_store(i->s, &w.unpack.store, err);
	w.unpack.pool = session_pool(i->s);
	w.unpack.events = session_events(i->s);
	pthread_mutex_unlock(&i->lock);
	if (rc < 0 || find_or_pull(&w, name, &found, err) < 0 ||
		local_read(w.unpack.store, &found, NULL, a, &documents, err) < 0 ||
		rootfs_prepare(&w.unpack, &documents.manifest, &documents.config, a, &rootfs, err) <
			0)
		return -1;
	const char **env = ARENA_ARRAY(a, const char *, documents.config.env.n + 1);
	for (size_t k = 0; k < documents.config.env.n; k++)
		env[k] = arena_cstr(a, documents.config.env.p[k]);
	*ret = (struct runner_image){.lowers = rootfs.paths, .n_lowers = rootfs.n, .env = env};
	return 0;
}

/* ---- GITHUB_TOKEN ---- */

/* Only where a server was started once: its key is in the store. */
static int look_for_auth(struct introduction *i, struct err *err)
{
	struct store *store;
	if (i->has_looked_for_auth)
		return 0;
	if (session_store(i->s, &store, err) < 0)
		return -1;
	i->has_looked_for_auth = true;
	if (faccessat(store_root_fd(store), "secret", F_OK, 0) < 0)
		return 0;
	return auth_open(store_db(store), store_root_fd(store), store_clock(store), &i->auth, err);
}

static struct str owner_of(struct str repository)
{
	ssize_t slash = str_chr(repository, '/');
	return slash < 0 ? repository : str_sub(repository, 0, (size_t)slash);
}

static struct str lower(struct str s, struct arena *a)
{
	char *room = arena_cstr(a, s);
	for (size_t i = 0; i < s.n; i++)
		room[i] = ch_lower(room[i]);
	return str_n(room, s.n);
}

static int make_token(void *ctx, const struct runner_token *t, struct arena *a, struct str *ret,
	struct err *err)
{
	struct introduction *i = ctx;
	char text[AUTH_TOKEN_TEXT];
	struct str owner = lower(owner_of(t->repository), a);
	*ret = S("");
	pthread_mutex_lock(&i->lock);
	int rc = look_for_auth(i, err);
	pthread_mutex_unlock(&i->lock);
	if (rc < 0)
		return -1;
	if (!i->auth || !(t->reads_packages || t->writes_packages))
		return 0;
	struct auth_token spec = {.user = S("github-actions"),
		.name = t->job,
		.scopes = t->writes_packages ? AUTH_WRITE_PACKAGES : AUTH_READ_PACKAGES,
		.repositories = arena_fmt(a, "%.*s/*", STR_ARG(owner)),
		.is_job = true,
		.expires_ns = clock_now(clock_system()) + t->lifetime_ns};
	if (auth_token_create(i->auth, &spec, text, err) < 0)
		return -1;
	*ret = arena_str(a, str_of(text));
	explicit_bzero(text, sizeof(text));
	return 0;
}

static void end_token(void *ctx, struct str token)
{
	struct introduction *i = ctx;
	struct err ignored; /* it expires by itself, too */
	if (i->auth && token.n)
		(void)auth_token_revoke(i->auth, token, &ignored);
}

/* ---- all ---- */

void introduce(struct introduction *i, struct session *s)
{
	*i = (struct introduction){.s = s};
	i->hooks = (struct runner_hooks){.ctx = i,
		.command = command,
		.image = image,
		.make_token = make_token,
		.end_token = end_token};
	pthread_mutex_init(&i->lock, NULL);
}

void introduction_done(struct introduction *i)
{
	if (!i->s)
		return;
	auth_free(i->auth);
	pthread_mutex_destroy(&i->lock);
}
