/* run: one container in the foreground, with docker's flags. */
#include "cli/cmd_list.h"

#include "base/num.h"
#include "container/container.h"
#include "fs/fs.h"
#include "local/local.h"
#include "local/rootfs.h"

#include <fcntl.h>
#include <limits.h>

enum { ENV_FILE_MAX = 1024 * 1024 };

/* The command line. */
struct asked {
	struct cstr_vec env, env_files, volumes, ports, hosts, cap_add, cap_drop, tmpfs;
	const char *name, *network, *workdir, *user, *entrypoint, *hostname, *pull, *platform,
		*stop_signal, *cpus, *runtime;
	uint64_t memory, shm, pids, stop_timeout;
	bool removes, is_detached, is_interactive, has_tty, is_privileged, is_read_only;
};

static void asked_done(struct asked *q)
{
	struct cstr_vec *lists[] = {&q->env, &q->env_files, &q->volumes, &q->ports, &q->hosts,
		&q->cap_add, &q->cap_drop, &q->tmpfs};
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		vec_done(lists[i]);
}
CLEANUP_VAL(asked_done, struct asked);

/* What the flags and the image come to. */
struct prepared {
	const char *name;
	struct session *s;
	const struct asked *q;
	struct store *store;
	struct local_documents image;
	struct rootfs rootfs;
	struct argv args, env;
	VEC(struct container_mount) mounts;
	VEC(const char *) hosts;
};

static void prepared_done(struct prepared *p)
{
	argv_done(&p->args);
	argv_done(&p->env);
	vec_done(&p->mounts);
	vec_done(&p->hosts);
}
CLEANUP_VAL(prepared_done, struct prepared);

/* ---- the image ---- */

static int pull(struct prepared *p, const struct image_ref *ref, const struct image_platform *want,
	struct image_descriptor *ret, struct err *err)
{
	struct rootfs_spec unpack = {
		.store = p->store,
		.pool = session_pool(p->s),
		.events = session_events(p->s),
		.cancel = &p->s->cancel,
	};
	struct remote_pull pull = {
		.store = p->store,
		.name = ref,
		.platform = want,
		.on_layer = rootfs_on_layer,
		.ctx = &unpack,
	};
	struct remote *remote;
	if (session_remote(p->s, &remote, err) < 0)
		return -1;
	return remote_pull(remote, &pull, &p->s->arena, NULL, ret, err);
}

/* --pull missing (the default), always, never */
static int find_image(struct prepared *p, const char *name, struct err *err)
{
	const char *policy = p->q->pull ? p->q->pull : "missing";
	bool is_always = strcmp(policy, "always") == 0, is_never = strcmp(policy, "never") == 0;
	struct image_platform want, *platform = NULL;
	struct image_descriptor found;
	struct image_ref ref;
	if (!is_always && !is_never && strcmp(policy, "missing") != 0)
		return err_set(err, ERR_USAGE,
			"--pull: expected missing, always or never, got '%s'", policy);
	if (p->q->platform) {
		platform = &want;
		if (image_platform_parse(str_of(p->q->platform), &p->s->arena, &want, err) < 0)
			return -1;
	}
	int rc = is_always ? -1 : local_find_text(p->store, name, &p->s->arena, &found, NULL, err);
	if (rc < 0 && !is_always && (is_never || err->kind != ERR_NOT_FOUND))
		return -1;
	if (rc < 0) {
		if (image_ref_parse(str_of(name), &p->s->arena, &ref, err) < 0)
			return -1;
		image_ref_default_tag(&ref);
		if (pull(p, &ref, platform, &found, err) < 0)
			return -1;
	}
	return local_read(p->store, &found, platform, &p->s->arena, &p->image, err);
}

static int prepare_root(struct prepared *p, struct err *err)
{
	struct rootfs_spec spec = {
		.store = p->store,
		.pool = session_pool(p->s),
		.events = session_events(p->s),
		.cancel = &p->s->cancel,
	};
	return rootfs_prepare(&spec, &p->image.manifest, &p->image.config, &p->s->arena, &p->rootfs,
		err);
}

/* ---- arguments and environment ---- */

static int make_args(struct prepared *p, const struct cstr_vec *words, struct err *err)
{
	const struct image_config *c = &p->image.config;
	const char *entrypoint = p->q->entrypoint;
	if (entrypoint && *entrypoint)
		argv_add(&p->args, entrypoint);
	for (size_t i = 0; !entrypoint && i < c->entrypoint.n; i++)
		argv_add_str(&p->args, c->entrypoint.p[i]);
	for (size_t i = 1; i < words->n; i++)
		argv_add(&p->args, words->p[i]);
	for (size_t i = 0; words->n == 1 && !entrypoint && i < c->cmd.n; i++)
		argv_add_str(&p->args, c->cmd.p[i]);
	if (argv_list(&p->args)[0])
		return 0;
	err_set(err, ERR_INPUT, "the image has no command");
	return err_hint(err, "give one: knarr run %s COMMAND", words->p[0]);
}

/* NAME=value, or NAME: the value of our own environment. */
static void set_env(struct prepared *p, struct str text)
{
	struct str value = text, name = STR_NONE;
	(void)str_cut(&value, '=', &name); /* never NULL */
	const char *ours = value.p ? NULL : getenv(arena_cstr(&p->s->arena, name));
	if (value.p)
		argv_set(&p->env, name, value);
	else if (ours)
		argv_set(&p->env, name, str_of(ours));
}

/* docker's --env-file: NAME=value lines as they are, # comments, no quotes. */
static int read_env_file(struct prepared *p, const char *path, struct err *err)
{
	CLEANUP(buf_done) struct buf text = BUF(ENV_FILE_MAX);
	struct str rest, line;
	uint32_t number = 0;
	if (fs_read_file(AT_FDCWD, path, &text, err) < 0)
		return -1;
	rest = buf_str(&text);
	while (str_line(&rest, &line)) {
		number++;
		line = str_trim_left(line);
		if (!line.n || line.p[0] == '#')
			continue;
		if (line.p[0] == '=') {
			err_set(err, ERR_INPUT, "a variable without a name");
			return err_locate(err, path, number, 1);
		}
		set_env(p, line);
	}
	return 0;
}

static int make_env(struct prepared *p, struct err *err)
{
	const struct image_config *c = &p->image.config;
	argv_set(&p->env, S("PATH"), S(IMAGE_DEFAULT_PATH));
	argv_set(&p->env, S("HOSTNAME"), str_of(p->q->hostname ? p->q->hostname : p->name));
	if (p->q->has_tty)
		argv_set(&p->env, S("TERM"), S("xterm"));
	for (size_t i = 0; i < c->env.n; i++)
		set_env(p, c->env.p[i]);
	VEC_EACH(&p->q->env_files, file)
		if (read_env_file(p, *file, err) < 0)
			return -1;
	VEC_EACH(&p->q->env, text)
		set_env(p, str_of(*text));
	return 0;
}

/* ---- mounts, ports, hosts ---- */

/* "/host:/inside[:ro|rw]" */
static int add_volume(struct prepared *p, const char *text, struct err *err)
{
	struct str rest = str_of(text), source = STR_NONE, target = STR_NONE;
	struct container_mount m = {.kind = CONTAINER_BIND};
	char real[PATH_MAX];
	(void)str_cut(&rest, ':', &source); /* never NULL */
	if (!str_cut(&rest, ':', &target) || !target.n || target.p[0] != '/') {
		err_set(err, ERR_USAGE, "-v '%s': expected /HOST:/INSIDE[:ro]", text);
		return -1;
	}
	if (source.p[0] != '/' && source.p[0] != '.') {
		err_set(err, ERR_UNSUPPORTED, "-v '%s': named volumes are not supported yet", text);
		return err_hint(err, "give a folder of the host: /path:%.*s", STR_ARG(target));
	}
	if (rest.p && !str_is(rest, "ro") && !str_is(rest, "rw"))
		return err_set(err, ERR_UNSUPPORTED, "-v '%s': option '%.*s' is not supported",
			text, STR_ARG(rest));
	if (fs_mkdirs(AT_FDCWD, arena_cstr(&p->s->arena, source), 0755, err) < 0 &&
		err->kind != ERR_CONFLICT && err->sys != ENOTDIR && err->sys != EEXIST)
		return -1;
	if (!realpath(arena_cstr(&p->s->arena, source), real))
		return err_sys(err, "-v '%s'", text);
	m.source = arena_cstr(&p->s->arena, str_of(real));
	m.target = arena_cstr(&p->s->arena, target);
	m.is_read_only = str_is(rest, "ro");
	vec_push(&p->mounts, m);
	return 0;
}

static int add_tmpfs(struct prepared *p, const char *text, struct err *err)
{
	struct str rest = str_of(text), target = STR_NONE, option;
	struct container_mount m = {.kind = CONTAINER_TMPFS};
	(void)str_cut(&rest, ':', &target); /* never NULL */
	m.target = arena_cstr(&p->s->arena, target);
	while (str_cut(&rest, ',', &option)) {
		uint64_t mode;
		if (str_starts(option, S("size="))) {
			if (num_parse_bytes(str_skip(option, 5), UINT64_MAX, &m.size_bytes, err) <
				0)
				return err_wrap(err, "--tmpfs");
		} else if (str_starts(option, S("mode="))) {
			if (num_parse_octal(str_skip(option, 5), 07777, &mode, err) < 0)
				return err_wrap(err, "--tmpfs");
			m.mode = (mode_t)mode;
		} else {
			return err_set(err, ERR_UNSUPPORTED,
				"--tmpfs: option '%.*s' is not supported", STR_ARG(option));
		}
	}
	vec_push(&p->mounts, m);
	return 0;
}

/* On the host's network a port is where the program opens it: only -p N:N is that. */
static int check_port(const struct prepared *p, const char *text, struct err *err)
{
	struct str rest = str_of(text), first = STR_NONE, second = STR_NONE;
	(void)str_cut(&rest, ':', &first); /* never NULL */
	bool has_second = str_cut(&rest, ':', &second);
	if (str_ends(second, S("/tcp")))
		second.n -= 4;
	if (p->q->network && strcmp(p->q->network, "none") == 0)
		return err_set(err, ERR_USAGE, "-p '%s' with --network none", text);
	if (has_second && !rest.p && str_eq(first, second))
		return 0;
	err_set(err, ERR_UNSUPPORTED, "-p '%s': containers use the host's network", text);
	return err_hint(err, "publish a port under its own number: -p %.*s:%.*s",
		STR_ARG(has_second ? second : first), STR_ARG(has_second ? second : first));
}

static int add_host(struct prepared *p, const char *text, struct err *err)
{
	struct str ip = str_of(text), name = STR_NONE;
	(void)str_cut(&ip, ':', &name); /* never NULL */
	if (!ip.p || !name.n)
		return err_set(err, ERR_USAGE, "--add-host: expected NAME:IP, got '%s'", text);
	if (str_is(ip, "host-gateway")) /* the host's own network: the gateway is the host */
		text = arena_fmt(&p->s->arena, "%.*s:127.0.0.1", STR_ARG(name)).p;
	vec_push(&p->hosts, text);
	return 0;
}

static int make_mounts(struct prepared *p, struct err *err)
{
	VEC_EACH(&p->q->volumes, v)
		if (add_volume(p, *v, err) < 0)
			return -1;
	VEC_EACH(&p->q->tmpfs, t)
		if (add_tmpfs(p, *t, err) < 0)
			return -1;
	VEC_EACH(&p->q->ports, t)
		if (check_port(p, *t, err) < 0)
			return -1;
	VEC_EACH(&p->q->hosts, h)
		if (add_host(p, *h, err) < 0)
			return -1;
	vec_push(&p->hosts, NULL);
	return 0;
}

/* ---- running ---- */

static int on_output(void *ctx, int stream, struct str text, struct err *err)
{
	return fs_write_fd(stream == 2 ? STDERR_FILENO : STDOUT_FILENO, text.p, text.n, err);
}

static int cpu_millis(const char *text, uint64_t *ret, struct err *err)
{
	struct str rest = str_of(text), whole = STR_NONE;
	uint64_t cpus = 0, fraction = 0;
	if (!text)
		return 0;
	(void)str_cut(&rest, '.', &whole); /* never NULL */
	if (num_parse_u64(whole, 0, 100000, &cpus, err) < 0)
		return err_wrap(err, "--cpus");
	for (size_t i = 0, unit = 100; rest.p && i < rest.n && unit; i++, unit /= 10) {
		if (!ch_is_digit(rest.p[i]))
			return err_set(err, ERR_USAGE, "--cpus: expected a number, got '%s'", text);
		fraction += (uint64_t)(rest.p[i] - '0') * unit;
	}
	*ret = cpus * 1000 + fraction;
	return 0;
}

static const char *const *terminated(struct cstr_vec *v)
{
	vec_push(v, NULL);
	return v->p;
}

static int start(struct prepared *p, struct asked *q, struct proc_end *ret, struct err *err)
{
	const struct image_config *c = &p->image.config;
	struct arena *a = &p->s->arena;
	bool has_no_network = q->network && strcmp(q->network, "none") == 0;
	struct container_spec spec = {
		.name = p->name,
		.lowers = p->rootfs.paths,
		.n_lowers = p->rootfs.n,
		.is_read_only = q->is_read_only,
		.args = argv_list(&p->args),
		.env = argv_list(&p->env),
		.cwd = q->workdir          ? q->workdir
			: c->working_dir.n ? arena_cstr(a, c->working_dir)
					   : "/",
		.user = q->user ? q->user : arena_cstr(a, c->user),
		.hostname = q->hostname,
		.mounts = p->mounts.p,
		.n_mounts = p->mounts.n,
		.network = has_no_network ? CONTAINER_NET_NONE : CONTAINER_NET_HOST,
		.extra_hosts = p->hosts.p,
		.is_privileged = q->is_privileged,
		.cap_add = terminated(&q->cap_add),
		.cap_drop = terminated(&q->cap_drop),
		.memory_bytes = q->memory,
		.shm_bytes = q->shm,
		.pids_max = (int64_t)q->pids,
		.stdin_fd = q->is_interactive ? PROC_INHERIT : 0,
		.has_tty = q->has_tty,
		.on_output = on_output,
		.cancel = &p->s->cancel,
		.stop_signal = q->stop_signal ? q->stop_signal
			: c->stop_signal.n    ? arena_cstr(a, c->stop_signal)
					      : NULL,
		.grace_ns = (int64_t)q->stop_timeout * CLOCK_SECOND,
		.runtime = q->runtime,
	};
	if (cpu_millis(q->cpus, &spec.cpu_millis, err) < 0)
		return -1;
	return container_run(&spec, ret, err);
}

static int check(const struct asked *q, struct err *err)
{
	if (q->is_detached) {
		err_set(err, ERR_UNSUPPORTED, "run -d is not supported yet");
		return err_hint(err, "run it in the foreground, or behind systemd-run");
	}
	if (!q->network || strcmp(q->network, "host") == 0 || strcmp(q->network, "none") == 0)
		return 0;
	err_set(err, ERR_UNSUPPORTED, "--network '%s' is not supported yet", q->network);
	return err_hint(err, "host (the default) or none");
}

static int run(struct session *s, struct asked *q, const struct cstr_vec *words,
	struct proc_end *ret, struct err *err)
{
	CLEANUP(prepared_done) struct prepared p = {.s = s, .q = q, .name = q->name};
	if (!p.name)
		p.name = arena_fmt(&s->arena, "run-%d", (int)getpid()).p;
	if (check(q, err) < 0 || session_store(s, &p.store, err) < 0 ||
		find_image(&p, words->p[0], err) < 0 || make_args(&p, words, err) < 0 ||
		make_env(&p, err) < 0 || make_mounts(&p, err) < 0 || prepare_root(&p, err) < 0)
		return -1;
	session_end_progress(s);
	return start(&p, q, ret, err);
}

int cmd_run(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	struct proc_end end = {.status = -1};
	CLEANUP(asked_done) struct asked q = {0};
	CLEANUP(session_done) struct session s = {0};
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	const struct opt own[] = {
		{"rm", 0, OPT_FLAG, &q.removes, NULL, "nothing stays behind (always so)"},
		{"detach", 'd', OPT_FLAG, &q.is_detached, NULL, NULL},
		{"interactive", 'i', OPT_FLAG, &q.is_interactive, NULL, "pass standard input on"},
		{"tty", 't', OPT_FLAG, &q.has_tty, NULL, "give it a terminal"},
		{"env", 'e', OPT_LIST, &q.env, "NAME=VALUE",
			"set a variable; NAME alone passes ours on"},
		{"env-file", 0, OPT_LIST, &q.env_files, "FILE", "variables, one per line"},
		{"volume", 'v', OPT_LIST, &q.volumes, "/HOST:/INSIDE", "show a folder of the host"},
		{"tmpfs", 0, OPT_LIST, &q.tmpfs, "PATH", "a folder in memory"},
		{"publish", 'p', OPT_LIST, &q.ports, "PORT:PORT", "a port of the host's network"},
		{"network", 0, OPT_TEXT, &q.network, "MODE", "host (default) or none"},
		{"add-host", 0, OPT_LIST, &q.hosts, "NAME:IP", "a line for /etc/hosts"},
		{"name", 0, OPT_TEXT, &q.name, "NAME", "name, for its cgroup and host name"},
		{"hostname", 'h', OPT_TEXT, &q.hostname, "NAME", "host name inside"},
		{"workdir", 'w', OPT_TEXT, &q.workdir, "PATH", "folder to start in"},
		{"user", 'u', OPT_TEXT, &q.user, "USER[:GROUP]", "user to start as"},
		{"entrypoint", 0, OPT_TEXT, &q.entrypoint, "PROGRAM", "instead of the image's"},
		{"read-only", 0, OPT_FLAG, &q.is_read_only, NULL, "no writes to the image's files"},
		{"memory", 'm', OPT_BYTES, &q.memory, "BYTES", "most memory"},
		{"cpus", 0, OPT_TEXT, &q.cpus, "N", "most processors: 1.5"},
		{"pids-limit", 0, OPT_U64, &q.pids, "N", "most processes"},
		{"shm-size", 0, OPT_BYTES, &q.shm, "BYTES", "size of /dev/shm"},
		{"privileged", 0, OPT_FLAG, &q.is_privileged, NULL, "all capabilities and devices"},
		{"cap-add", 0, OPT_LIST, &q.cap_add, "CAP", "add a capability"},
		{"cap-drop", 0, OPT_LIST, &q.cap_drop, "CAP", "take one away"},
		{"stop-signal", 0, OPT_TEXT, &q.stop_signal, "SIGNAL", "what ^C sends"},
		{"stop-timeout", 0, OPT_U64, &q.stop_timeout, "SECONDS", "then SIGKILL (10)"},
		{"pull", 0, OPT_TEXT, &q.pull, "WHEN", "missing, always or never"},
		{"platform", 0, OPT_TEXT, &q.platform, "OS/ARCH", "of an index"},
		{"runtime", 0, OPT_TEXT, &q.runtime, "NAME", "crun or runc, or a path"},
	};
	int rc = cmd_parse(self, g, own, ARRAY_LEN(own), OPT_STOP_AT_FIRST, argc, argv, 1, -1,
		&args, &err);
	if (rc > 0)
		return EXIT_OK;
	if (rc == 0)
		rc = session_init(&s, g, &err);
	if (rc == 0)
		rc = run(&s, &q, &args, &end, &err);
	/* A container that was stopped by ^C says by its status how it took it. */
	bool was_stopped = rc < 0 && err.kind == ERR_CANCELED && end.status >= 0;
	return rc < 0 && !was_stopped ? exit_with(&err) : end.status;
}
