#include "container/stage_priv.h"

static void wire_mount(struct wire *w, struct container_mount *m)
{
	int kind = (int)m->kind;
	uint64_t mode = m->mode, uid = m->uid, gid = m->gid;
	wire_int(w, &kind);
	wire_text(w, &m->target);
	wire_text(w, &m->source);
	wire_int(w, &m->source_fd);
	wire_bool(w, &m->is_read_only);
	wire_u64(w, &m->size_bytes);
	wire_u64(w, &mode);
	wire_u64(w, &uid);
	wire_u64(w, &gid);
	if (kind < CONTAINER_BIND || kind > CONTAINER_FILE || mode > 07777 || uid > UINT32_MAX ||
		gid > UINT32_MAX || !m->target)
		w->is_bad = true;
	m->kind = (enum container_mount_kind)kind;
	m->mode = (mode_t)(mode & 07777);
	m->uid = (uint32_t)uid;
	m->gid = (uint32_t)gid;
}

void container_mounts_wire(struct wire *w, const struct container_mount **list, size_t *n)
{
	*n = wire_count(w, *n);
	struct container_mount *read = NULL;
	if (!w->out)
		*list = read = ARENA_ARRAY(w->arena, struct container_mount, *n);
	for (size_t i = 0; i < *n && !w->is_bad; i++) {
		struct container_mount m = {0};
		if (w->out)
			m = (*list)[i];
		wire_mount(w, &m);
		if (read)
			read[i] = m;
	}
}

void container_lowers_wire(struct wire *w, const char *const **list, size_t *n)
{
	*n = wire_count(w, *n);
	const char **read = NULL;
	if (!w->out)
		*list = read = ARENA_ARRAY(w->arena, const char *, *n);
	for (size_t i = 0; i < *n && !w->is_bad; i++) {
		const char *lower = w->out ? (*list)[i] : NULL;
		wire_text(w, &lower);
		if (!lower)
			w->is_bad = true;
		if (read)
			read[i] = lower;
	}
}

void container_network_wire(struct wire *w, enum container_network *v)
{
	int n = (int)*v;
	wire_int(w, &n);
	if (n != CONTAINER_NET_HOST && n != CONTAINER_NET_NONE)
		w->is_bad = true;
	*v = (enum container_network)n;
}

static void wire_runtime(struct wire *w, struct container_runtime *r)
{
	wire_room(w, r->path, sizeof(r->path));
	wire_room(w, r->name, sizeof(r->name));
	wire_bool(w, &r->needs_private_cgroup2);
}

static void wire_process(struct wire *w, struct container_spec *c)
{
	wire_list(w, &c->args);
	wire_list(w, &c->env);
	wire_text(w, &c->cwd);
	wire_text(w, &c->user);
	wire_text(w, &c->hostname);
	wire_bool(w, &c->is_privileged);
	wire_list(w, &c->cap_add);
	wire_list(w, &c->cap_drop);
	wire_bool(w, &c->has_tty);
}

static void wire_limits(struct wire *w, struct container_spec *c)
{
	wire_u64(w, &c->memory_bytes);
	wire_u64(w, &c->shm_bytes);
	wire_i64(w, &c->pids_max);
	wire_u64(w, &c->cpu_millis);
	wire_i64(w, &c->grace_ns);
}

void stage_spec_wire(struct wire *w, struct stage_spec *s)
{
	struct container_spec *c = &s->c;
	wire_text(w, &c->name);
	container_lowers_wire(w, &c->lowers, &c->n_lowers);
	wire_text(w, &c->upper);
	wire_text(w, &c->work);
	wire_bool(w, &c->is_volatile);
	wire_bool(w, &c->is_read_only);
	wire_process(w, c);
	container_mounts_wire(w, &c->mounts, &c->n_mounts);
	container_network_wire(w, &c->network);
	wire_list(w, &c->extra_hosts);
	wire_limits(w, c);
	wire_runtime(w, &s->runtime);
	wire_int(w, &s->stop_signal);
	if (!w->out && (!c->name || !c->args || !c->args[0] || (c->upper && !c->work)))
		w->is_bad = true;
}
