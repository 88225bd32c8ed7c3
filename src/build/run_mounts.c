#include "build/run_mounts.h"

#include "build/put.h"
#include "fs/fs.h"

#include <fcntl.h>
#include <sys/mman.h>

enum { SECRET_MAX = 500 * 1024 };

void run_mounts_done(struct run_mounts *m)
{
	struct err ignored = {0}; /* what stays is swept later */
	int tmp_fd;
	if (!m->w)
		return;
	for (size_t i = 0; i < m->w->step->n_mounts; i++) {
		selection_done(&m->bound[i]);
		fd_close(m->locks[i]);
		if (m->temps[i] &&
			store_dir(m->w->build->spec->store, "tmp", &tmp_fd, &ignored) == 0)
			(void)fs_remove_tree(tmp_fd, m->temps[i], &ignored);
	}
	VEC_EACH(&m->contents, fd)
		close(*fd);
	vec_done(&m->contents);
}

/* ---- keys ---- */

static int select_bound(struct run_mounts *m, size_t i, struct view **ret_view, struct err *err)
{
	const struct step_mount *s = &m->w->step->mounts[i];
	struct str source = s->mount.source.n ? s->mount.source : S("/");
	if (origin_open(m->w, &s->from, ret_view, err) < 0)
		return -1;
	struct select_spec spec = {
		.view = *ret_view,
		.sources = &source,
		.n_sources = 1,
		.digests = s->from.kind == ORIGIN_CONTEXT,
		.cancel = m->w->build->spec->cancel,
	};
	return select_files(&spec, &m->bound[i], err);
}

static int add_bound_key(struct run_mounts *m, size_t i, struct key *k, struct err *err)
{
	const struct step_mount *s = &m->w->step->mounts[i];
	struct view *view = NULL;
	key_add(k, "mount source", s->mount.source);
	if (s->from.kind == ORIGIN_STEP) {
		key_add_digest(k, "mount files", origin_chain(&s->from));
		return 0;
	}
	int rc = select_bound(m, i, &view, err);
	if (rc == 0) {
		struct digest d = key_of_selection(&m->bound[i], STR_NONE, false, NULL);
		key_add_digest(k, "mount files", &d);
	}
	origin_close(&s->from, view);
	return rc;
}

int run_mounts_plan(struct run_mounts *m, struct work *w, struct key *k, struct err *err)
{
	size_t n = w->step->n_mounts;
	*m = (struct run_mounts){
		.w = w,
		.list = ARENA_ARRAY(&w->arena, struct container_mount, n + 2),
		.bound = ARENA_ARRAY(&w->arena, struct selection, n + 1),
		.temps = ARENA_ARRAY(&w->arena, char *, n + 1),
		.locks = ARENA_ARRAY(&w->arena, int, n + 1),
	};
	for (size_t i = 0; i < n; i++)
		m->locks[i] = -1;
	for (size_t i = 0; i < n; i++) {
		const struct mount *one = &w->step->mounts[i].mount;
		key_add(k, "mount", str_of(mount_type_name(one->type)));
		key_add(k, "mount target", one->target);
		key_add(k, "mount id", one->id);
		key_add(k, "mount access", one->is_read_only ? S("read") : S("write"));
		if (one->type == MOUNT_BIND && add_bound_key(m, i, k, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- making them ---- */

static int temp_folder(struct run_mounts *m, size_t i, struct fs_temp *ret, const char **ret_path,
	struct err *err)
{
	struct store *store = m->w->build->spec->store;
	int tmp_fd;
	if (store_dir(store, "tmp", &tmp_fd, err) < 0 || fs_temp_dir(tmp_fd, ret, err) < 0)
		return -1;
	m->temps[i] = arena_cstr(&m->w->arena, str_of(ret->name));
	*ret_path = arena_fmt(&m->w->arena, "%s/tmp/%s", store_root(store), ret->name).p;
	return 0;
}

static int make_bind(struct run_mounts *m, size_t i, struct err *err)
{
	const struct step_mount *s = &m->w->step->mounts[i];
	struct fs_temp temp = FS_TEMP_NONE;
	struct view *view = NULL;
	const char *path = NULL;
	int rc = 0;
	if (!m->bound[i].roots.n)
		rc = select_bound(m, i, &view, err);
	else
		rc = origin_open(m->w, &s->from, &view, err);
	if (rc == 0)
		rc = temp_folder(m, i, &temp, &path, err);
	if (rc == 0) {
		struct put p = {.tree_fd = temp.fd, .arena = &m->w->arena};
		rc = put_selection(&p, view, &m->bound[i], S("/"), true, err);
	}
	origin_close(&s->from, view);
	fd_close(temp.fd);
	if (rc < 0)
		return -1;
	const struct select_root *root = &m->bound[i].roots.p[0];
	if (!root->is_dir)
		path = arena_fmt(&m->w->arena, "%s/%.*s", path, STR_ARG(root->base)).p;
	m->list[m->n++] = (struct container_mount){
		.kind = s->mount.is_read_only || !root->is_dir ? CONTAINER_BIND
							       : CONTAINER_OVERLAY_COPY,
		.target = arena_cstr(&m->w->arena, s->mount.target),
		.source = path,
		.is_read_only = s->mount.is_read_only,
	};
	return 0;
}

/* The folder of a cache mount: named by its id and where it starts from. */
static void cache_name(const struct step_mount *s, char room[DIGEST_HEX])
{
	CLEANUP(digester_free) struct digester *d = digester_new(DIGEST_SHA256);
	digester_add_framed(d, s->mount.id);
	digester_add_framed(d, s->has_from ? s->mount.source : S(""));
	if (s->has_from)
		digester_add(d, origin_chain(&s->from)->bytes, 32);
	struct digest name = digester_finish(d);
	digest_hex(&name, room, 40);
}

static int fill_cache(struct run_mounts *m, size_t i, int dir_fd, struct err *err)
{
	const struct step_mount *s = &m->w->step->mounts[i];
	struct view *view = NULL;
	int rc = select_bound(m, i, &view, err);
	if (rc == 0) {
		struct put p = {.tree_fd = dir_fd, .arena = &m->w->arena};
		rc = put_selection(&p, view, &m->bound[i], S("/"), true, err);
	}
	origin_close(&s->from, view);
	return rc;
}

static int make_cache_folder(struct run_mounts *m, size_t i, int caches_fd, const char *name,
	struct err *err)
{
	const struct step_mount *s = &m->w->step->mounts[i];
	CLEANUP(fs_temp_done) struct fs_temp temp = FS_TEMP_NONE;
	struct stat st;
	if (fstatat(caches_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (fs_temp_dir(caches_fd, &temp, err) < 0)
		return -1;
	if (fchown(temp.fd, s->mount.has_uid ? s->mount.uid : 0,
		    s->mount.has_gid ? s->mount.gid : 0) < 0 ||
		fchmod(temp.fd, s->mount.has_mode ? s->mount.mode : 0755) < 0)
		return err_sys(err, "set owner and mode of a cache mount");
	if (s->has_from && fill_cache(m, i, temp.fd, err) < 0)
		return -1;
	if (fs_publish(&temp, caches_fd, name, FS_NO_SYNC, err) < 0)
		return err->kind == ERR_CONFLICT ? 0 : -1; /* another build made it meanwhile */
	return 0;
}

/* sharing=locked waits for others; private takes a free copy, as many as are in use at once. */
static int take_cache(struct run_mounts *m, size_t i, int caches_fd, char name[DIGEST_HEX + 8],
	struct err *err)
{
	enum { COPIES_MAX = 1000 };
	const struct step_mount *s = &m->w->step->mounts[i];
	char base[DIGEST_HEX], lock[DIGEST_HEX + 16];
	cache_name(s, base);
	for (unsigned copy = 0; copy < COPIES_MAX; copy++) {
		struct err busy = {0};
		snprintf(name, DIGEST_HEX + 8, copy ? "%s-%u" : "%s", base, copy);
		snprintf(lock, sizeof(lock), "%s.lock", name);
		int rc = fs_lock(caches_fd, lock,
			s->mount.sharing == MOUNT_SHARED ? FS_SHARED : FS_EXCLUSIVE,
			s->mount.sharing == MOUNT_PRIVATE ? FS_TRY : FS_WAIT, &m->locks[i], &busy);
		if (rc == 0)
			return make_cache_folder(m, i, caches_fd, name, err);
		if (busy.kind != ERR_CONFLICT) {
			*err = busy;
			return -1;
		}
	}
	return err_set(err, ERR_LIMIT, "more than %d builds use the cache mount '%.*s'", COPIES_MAX,
		STR_ARG(s->mount.id));
}

static int make_cache(struct run_mounts *m, size_t i, struct err *err)
{
	const struct step_mount *s = &m->w->step->mounts[i];
	struct store *store = m->w->build->spec->store;
	char name[DIGEST_HEX + 8];
	int caches_fd;
	if (store_dir(store, "cache-mounts", &caches_fd, err) < 0 ||
		take_cache(m, i, caches_fd, name, err) < 0)
		return -1;
	m->list[m->n++] = (struct container_mount){
		.kind = s->mount.is_read_only ? CONTAINER_OVERLAY_COPY : CONTAINER_BIND,
		.target = arena_cstr(&m->w->arena, s->mount.target),
		.source = arena_fmt(&m->w->arena, "%s/cache-mounts/%s", store_root(store), name).p,
		.is_read_only = s->mount.is_read_only,
	};
	return 0;
}

static void add_env(struct run_mounts *m, struct str name, struct str value)
{
	struct image_strs *env = &m->env;
	struct str *list = ARENA_ARRAY(&m->w->arena, struct str, env->n + 1);
	if (env->n)
		memcpy(list, env->p, env->n * sizeof(*list));
	char *text = arena_alloc(&m->w->arena, name.n + value.n + 2, 1);
	memcpy(text, name.p, name.n);
	text[name.n] = '=';
	if (value.n)
		memcpy(text + name.n + 1, value.p, value.n);
	list[env->n] = str_n(text, name.n + value.n + 1);
	*env = (struct image_strs){list, env->n + 1};
}

/* 1 = found, 0 = not given to this build. */
static int find_secret(const struct build_spec *spec, struct str id, struct buf *ret,
	struct err *err)
{
	for (size_t i = 0; i < spec->n_secrets; i++) {
		const struct build_secret *s = &spec->secrets[i];
		const char *value = s->env ? getenv(s->env) : NULL;
		if (!str_is(id, s->id))
			continue;
		if (s->env && value)
			buf_add_cstr(ret, value);
		if (s->env)
			return value ? buf_check(ret, "secret", err) < 0 ? -1 : 1 : 0;
		return fs_read_file(AT_FDCWD, s->file, ret, err) < 0 ? -1 : 1;
	}
	return 0;
}

int run_mounts_add_file(struct run_mounts *m, struct container_mount mount, struct str bytes,
	struct err *err)
{
	CLEANUP(fd_close) int fd = memfd_create("knarr", MFD_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "make a file in memory");
	if (fs_write_fd(fd, bytes.p, bytes.n, err) < 0)
		return -1;
	mount.kind = CONTAINER_FILE;
	mount.source_fd = fd;
	mount.is_read_only = true;
	m->list[m->n++] = mount;
	vec_push(&m->contents, TAKE_FD(fd));
	return 0;
}

static int make_secret(struct run_mounts *m, size_t i, struct err *err)
{
	const struct mount *one = &m->w->step->mounts[i].mount;
	CLEANUP(buf_done) struct buf text = BUF(SECRET_MAX);
	int found = find_secret(m->w->build->spec, one->id, &text, err);
	if (found < 0)
		return err_wrap(err, "secret '%.*s'", STR_ARG(one->id));
	if (!found && !one->is_required)
		return 0;
	if (!found) {
		err_set(err, ERR_NOT_FOUND, "secret '%.*s' is required and was not given",
			STR_ARG(one->id));
		return err_hint(err, "knarr build --secret id=%.*s,src=FILE", STR_ARG(one->id));
	}
	if (one->has_env)
		add_env(m, one->env, buf_str(&text));
	if (one->has_env && !one->target.n)
		return 0;
	struct str target = one->target.n
		? one->target
		: arena_fmt(&m->w->arena, "/run/secrets/%.*s", STR_ARG(one->id));
	struct container_mount mount = {
		.target = arena_cstr(&m->w->arena, target),
		.mode = one->has_mode ? one->mode : 0400,
		.uid = one->has_uid ? one->uid : 0,
		.gid = one->has_gid ? one->gid : 0,
	};
	int rc = run_mounts_add_file(m, mount, buf_str(&text), err);
	if (text.p)
		explicit_bzero(text.p, text.n);
	return rc;
}

/* "default=/path/of/agent.sock", or "default" for $SSH_AUTH_SOCK. */
static const char *find_agent(const struct build_spec *spec, struct str id)
{
	for (size_t i = 0; spec->ssh && spec->ssh[i]; i++) {
		struct str rest = str_of(spec->ssh[i]), name = STR_NONE;
		(void)str_cut(&rest, '=', &name); /* never NULL */
		if (str_eq(name, id))
			return rest.n ? rest.p : getenv("SSH_AUTH_SOCK");
	}
	return NULL;
}

static int make_ssh(struct run_mounts *m, size_t i, struct err *err)
{
	const struct mount *one = &m->w->step->mounts[i].mount;
	struct str id = one->id.n ? one->id : S("default");
	const char *agent = find_agent(m->w->build->spec, id);
	if (!agent && !one->is_required)
		return 0;
	if (!agent) {
		err_set(err, ERR_NOT_FOUND, "ssh agent '%.*s' is required and was not given",
			STR_ARG(id));
		return err_hint(err, "knarr build --ssh %.*s", STR_ARG(id));
	}
	struct str target = one->target.n
		? one->target
		: arena_fmt(&m->w->arena, "/run/buildkit/ssh_agent.%zu", i);
	m->list[m->n++] = (struct container_mount){
		.kind = CONTAINER_BIND,
		.target = arena_cstr(&m->w->arena, target),
		.source = agent,
	};
	add_env(m, S("SSH_AUTH_SOCK"), target);
	return 0;
}

int run_mounts_make(struct run_mounts *m, struct err *err)
{
	for (size_t i = 0; i < m->w->step->n_mounts; i++) {
		const struct mount *one = &m->w->step->mounts[i].mount;
		int rc = 0;
		switch (one->type) {
		case MOUNT_BIND: rc = make_bind(m, i, err); break;
		case MOUNT_CACHE: rc = make_cache(m, i, err); break;
		case MOUNT_SECRET: rc = make_secret(m, i, err); break;
		case MOUNT_SSH: rc = make_ssh(m, i, err); break;
		case MOUNT_TMPFS:
			m->list[m->n++] = (struct container_mount){
				.kind = CONTAINER_TMPFS,
				.target = arena_cstr(&m->w->arena, one->target),
				.size_bytes = one->size_bytes,
			};
			break;
		}
		if (rc < 0)
			return err_wrap(err, "--mount=type=%s", mount_type_name(one->type));
	}
	return 0;
}
