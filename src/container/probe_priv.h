/* probe_priv -- what the helper tried out for doctor. */
#ifndef CONTAINER_PROBE_PRIV_H
#define CONTAINER_PROBE_PRIV_H

#include "container/wire_priv.h"

/* Each text is "" when it worked, else what went wrong. */
struct probe {
	char namespaces[200]; /* the kinds that could not be made */
	char overlay[200];
	char device_filter[200];
	uint64_t limits;       /* CGROUP_* of helper/cgroup_priv.h */
	uint64_t missing_caps; /* of docker's default ones */
};

static inline void probe_wire(struct wire *w, struct probe *p)
{
	wire_room(w, p->namespaces, sizeof(p->namespaces));
	wire_room(w, p->overlay, sizeof(p->overlay));
	wire_room(w, p->device_filter, sizeof(p->device_filter));
	wire_u64(w, &p->limits);
	wire_u64(w, &p->missing_caps);
}

#endif
