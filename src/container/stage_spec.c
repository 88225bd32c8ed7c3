#include "container/stage_priv.h"

void container_mount_wire(struct wire *w, struct container_mount *m)
{
	int kind = (int)m->kind;
	uint64_t mode = m->mode;
	wire_int(w, &kind);
	wire_text(w, &m->target);
	wire_text(w, &m->source);
	wire_int(w, &m->source_fd);
	wire_bool(w, &m->is_read_only);
	wire_u64(w, &m->size_bytes);
	wire_u64(w, &mode);
	if (kind < CONTAINER_BIND || kind > CONTAINER_OVERLAY_COPY || mode > 07777 || !m->target)
		w->is_bad = true;
	m->kind = (enum container_mount_kind)kind;
	m->mode = (mode_t)(mode & 07777);
}

static void wire_mounts(struct wire *w, struct container_spec *c)
{
	c->n_mounts = wire_count(w, c->n_mounts);
	struct container_mount *read = NULL;
	if (!w->out)
		c->mounts = read = ARENA_ARRAY(w->arena, struct container_mount, c->n_mounts);
	for (size_t i = 0; i < c->n_mounts && !w->is_bad; i++) {
		struct container_mount m = {0};
		if (w->out)
			m = c->mounts[i];
		container_mount_wire(w, &m);
		if (read)
			read[i] = m;
	}
}

static void wire_lowers(struct wire *w, struct container_spec *c)
{
	c->n_lowers = wire_count(w, c->n_lowers);
	const char **read = NULL;
	if (!w->out)
		c->lowers = read = ARENA_ARRAY(w->arena, const char *, c->n_lowers);
	for (size_t i = 0; i < c->n_lowers && !w->is_bad; i++) {
		const char *lower = w->out ? c->lowers[i] : NULL;
		wire_text(w, &lower);
		if (!lower)
			w->is_bad = true;
		if (read)
			read[i] = lower;
	}
}

static void wire_network(struct wire *w, enum container_network *v)
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
	wire_lowers(w, c);
	wire_text(w, &c->upper);
	wire_text(w, &c->work);
	wire_bool(w, &c->is_volatile);
	wire_bool(w, &c->is_read_only);
	wire_process(w, c);
	wire_mounts(w, c);
	wire_network(w, &c->network);
	wire_list(w, &c->extra_hosts);
	wire_limits(w, c);
	wire_runtime(w, &s->runtime);
	wire_int(w, &s->stop_signal);
	if (!w->out && (!c->name || !c->args || !c->args[0] || (c->upper && !c->work)))
		w->is_bad = true;
}
