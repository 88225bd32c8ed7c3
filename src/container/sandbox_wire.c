#include "container/sandbox_priv.h"
#include "container/stage_priv.h"

void sandbox_spec_wire(struct wire *w, struct sandbox_spec *s)
{
	wire_text(w, &s->name);
	container_lowers_wire(w, &s->lowers, &s->n_lowers);
	wire_text(w, &s->scratch);
	container_mounts_wire(w, &s->mounts, &s->n_mounts);
	wire_list(w, &s->hidden);
	wire_bool(w, &s->has_host_devices);
	container_network_wire(w, &s->network);
	wire_list(w, &s->extra_hosts);
	wire_u64(w, &s->memory_bytes);
	wire_i64(w, &s->pids_max);
	wire_u64(w, &s->cpu_millis);
	if (!w->out && !s->name)
		w->is_bad = true;
}

void sandbox_exec_wire(struct wire *w, struct sandbox_exec *e)
{
	wire_list(w, &e->args);
	wire_list(w, &e->env);
	wire_text(w, &e->cwd);
	wire_text(w, &e->user);
	if (!w->out && (!e->args || !e->args[0] || !e->cwd))
		w->is_bad = true;
}
