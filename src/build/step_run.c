/* RUN: a container over the layers so far, whose upper folder becomes the next layer. */
#include "build/build_priv.h"

#include "build/run_mounts.h"

#define SCRIPT_FOLDER "/dev/pipes"

enum { TAIL_MAX = 4096 };

/* One RUN under way. */
struct running {
	struct work *w;
	struct run_mounts mounts;
	struct argv args, env;
	char script_path[300]; /* "" = the command needs no file */
};

static void running_done(struct running *r)
{
	run_mounts_done(&r->mounts);
	argv_done(&r->args);
	argv_done(&r->env);
}
CLEANUP_VAL(running_done, struct running);

static void add_shell(struct running *r)
{
	const struct image_strs *shell = &r->w->step->before.config.shell;
	if (!shell->n) {
		argv_add(&r->args, "/bin/sh");
		argv_add(&r->args, "-c");
	}
	for (size_t i = 0; i < shell->n; i++)
		argv_add_str(&r->args, shell->p[i]);
}

static void make_args(struct running *r)
{
	const struct inst_run *run = &r->w->step->inst->run;
	if (run->is_script_file) {
		snprintf(r->script_path, sizeof(r->script_path), SCRIPT_FOLDER "/%.*s",
			STR_ARG(str_sub(run->script_name, 0, 255)));
		add_shell(r);
		argv_add(&r->args, r->script_path);
	} else if (run->command.is_shell) {
		add_shell(r);
		argv_add_str(&r->args, run->script);
	} else {
		for (size_t i = 0; i < run->command.words.n; i++)
			argv_add_str(&r->args, run->command.words.p[i].text);
	}
}

static void set_pair(struct argv *env, struct str pair)
{
	struct str value = pair, name = STR_NONE;
	if (str_chr(pair, '=') < 0)
		return;
	(void)str_cut(&value, '=', &name); /* there is one */
	argv_set(env, name, value);
}

/* What is part of the key; proxies and secrets are added later. */
static void make_env(struct running *r)
{
	const struct step *s = r->w->step;
	for (size_t i = 0; i < s->env.n; i++)
		set_pair(&r->env, s->env.p[i]);
}

static enum container_network network_of(const struct running *r)
{
	const char *asked = r->w->build->spec->network;
	enum run_network said = r->w->step->inst->run.network;
	if (said == RUN_NETWORK_NONE ||
		(said == RUN_NETWORK_DEFAULT && asked && strcmp(asked, "none") == 0))
		return CONTAINER_NET_NONE;
	return CONTAINER_NET_HOST;
}

static void add_list(struct key *k, const char *name, const struct argv *list)
{
	for (size_t i = 0; argv_list(list)[i]; i++)
		key_add(k, name, str_of(argv_list(list)[i]));
}

static int make_key(struct running *r, struct digest *ret, struct str *ret_inputs, struct err *err)
{
	CLEANUP(key_free) struct key *k = key_new("run/1");
	struct work *w = r->w;
	const struct inst_run *run = &w->step->inst->run;
	const struct image_config *c = &w->step->before.config;
	if (w->step->parent)
		key_add_digest(k, "files below", &w->step->parent->chain);
	add_list(k, "command", &r->args);
	if (run->is_script_file)
		key_add(k, "script", run->script);
	add_list(k, "env", &r->env);
	key_add(k, "user", c->user);
	key_add(k, "workdir", c->working_dir);
	key_add(k, "network", network_of(r) == CONTAINER_NET_NONE ? S("none") : S("host"));
	for (const char *const *host = w->build->spec->extra_hosts; host && *host; host++)
		key_add(k, "host", str_of(*host));
	key_add(k, "security", run->is_insecure ? S("insecure") : S("sandbox"));
	if (w->build->spec->has_epoch)
		key_add(k, "epoch",
			arena_fmt(&w->arena, "%lld", (long long)w->build->spec->epoch_ns));
	if (run_mounts_plan(&r->mounts, w, k, err) < 0)
		return -1;
	*ret = key_finish(k, ret_inputs, &w->arena);
	return 0;
}

static int on_output(void *ctx, int stream, struct str text, struct err *err)
{
	struct work *w = ctx;
	event_output(w->build->spec->events, str_of(w->event_id), stream, text);
	return 0;
}

static int add_script(struct running *r, struct err *err)
{
	struct container_mount mount = {.target = r->script_path, .mode = 0755};
	if (!r->script_path[0])
		return 0;
	return run_mounts_add_file(&r->mounts, mount, r->w->step->inst->run.script, err);
}

static int check_allowed(const struct running *r, struct err *err)
{
	const struct inst_run *run = &r->w->step->inst->run;
	const char *const *allow = r->w->build->spec->allow;
	bool may_insecure = false;
	for (size_t i = 0; allow && allow[i]; i++)
		may_insecure |= strcmp(allow[i], "security.insecure") == 0;
	if (run->n_devices)
		return err_set(err, ERR_UNSUPPORTED, "RUN --device is not supported");
	if (!run->is_insecure || may_insecure)
		return 0;
	err_set(err, ERR_DENIED, "RUN --security=insecure is not allowed");
	return err_hint(err, "knarr build --allow security.insecure");
}

static int start(struct running *r, struct tree_writer *tree, struct err *err)
{
	struct work *w = r->w;
	const struct build_spec *spec = w->build->spec;
	const struct image_config *c = &w->step->before.config;
	struct rootfs rootfs;
	struct proc_end end;
	CLEANUP(buf_done) struct buf upper = BUF(4096), overlay_work = BUF(4096);
	if (step_rootfs(w, w->step->parent, &rootfs, err) < 0 ||
		tree_writer_path(tree, &upper, &overlay_work, err) < 0 ||
		run_mounts_make(&r->mounts, err) < 0 || add_script(r, err) < 0)
		return -1;
	for (size_t i = 0; i < w->step->proxies.n; i++)
		set_pair(&r->env, w->step->proxies.p[i]);
	for (size_t i = 0; i < r->mounts.env.n; i++)
		set_pair(&r->env, r->mounts.env.p[i]);
	const char *root = store_root(spec->store);
	struct container_spec run = {
		.name = w->event_id,
		.lowers = rootfs.paths,
		.n_lowers = rootfs.n,
		.upper = arena_fmt(&w->arena, "%s/%s", root, buf_cstr(&upper)).p,
		.work = arena_fmt(&w->arena, "%s/%s", root, buf_cstr(&overlay_work)).p,
		.is_volatile = true,
		.args = argv_list(&r->args),
		.env = argv_list(&r->env),
		.cwd = c->working_dir.n ? arena_cstr(&w->arena, c->working_dir) : "/",
		.user = arena_cstr(&w->arena, c->user),
		.hostname = "buildkitsandbox",
		.mounts = r->mounts.list,
		.n_mounts = r->mounts.n,
		.network = network_of(r),
		.extra_hosts = spec->extra_hosts,
		.is_privileged = w->step->inst->run.is_insecure,
		.shm_bytes = spec->shm_bytes,
		.on_output = on_output,
		.ctx = w,
		.cancel = spec->cancel,
	};
	if (container_run(&run, &end, err) < 0)
		return -1;
	if (end.status == 0)
		return 0;
	err_set(err, ERR_FAILED, "exit code %d: %.*s", end.status,
		STR_ARG(str_sub(w->step->inst->node->original, 0, 300)));
	if (end.status == 127)
		err_hint(err, "a program is not in the image: install it, or check PATH");
	return -1;
}

int step_run(struct work *w, struct err *err)
{
	CLEANUP(running_done) struct running r = {.w = w};
	CLEANUP(tree_writer_done) struct tree_writer tree = TREE_WRITER_NONE;
	CLEANUP(fd_close) int lock = -1;
	struct digest key;
	struct str inputs;
	make_args(&r);
	make_env(&r);
	if (check_allowed(&r, err) < 0 || make_key(&r, &key, &inputs, err) < 0)
		return -1;
	int found = step_claim(w, &key, inputs, &lock, err);
	if (found != 0)
		return found < 0 ? -1 : 0;
	if (tree_begin_unnamed(w->build->spec->store, &tree, err) < 0 || start(&r, &tree, err) < 0)
		return -1;
	return step_commit(w, &tree, &key, inputs, err);
}
