/* stage_priv -- what knarr asks its helper to run, and the OCI documents made of it. */
#ifndef CONTAINER_STAGE_PRIV_H
#define CONTAINER_STAGE_PRIV_H

#include "container/container.h"
#include "container/wire_priv.h"
#include "json/json.h"

/* A container_spec on its way: callbacks and cancel stay behind, fds are numbers in the helper. */
struct stage_spec {
	struct container_spec c;
	struct container_runtime runtime;
	int stop_signal;
};
void stage_spec_wire(struct wire *w, struct stage_spec *s);
void container_mounts_wire(struct wire *w, const struct container_mount **list, size_t *n);
void container_lowers_wire(struct wire *w, const char *const **list, size_t *n);
void container_network_wire(struct wire *w, enum container_network *v);

/* ---- capabilities: bit n is capability n of linux/capability.h ---- */

enum { CAPS_COUNT = 41 };
#define CAPS_ALL ((UINT64_C(1) << CAPS_COUNT) - 1)
#define CAP_BIT(cap) (UINT64_C(1) << (cap))
extern const char *const caps_names[CAPS_COUNT]; /* "CAP_CHOWN" */
extern const uint64_t caps_default;              /* docker's */
/* What the container gets: docker's default, or all when privileged, with add and drop applied;
 * never more than `ours`. Adding by name what we lack is ERR_DENIED; an unknown name ERR_INPUT. */
int caps_for(const struct container_spec *s, uint64_t ours, uint64_t *ret, struct err *err);
uint64_t caps_ours(void); /* permitted and in the bounding set of this process */

/* ---- devices ---- */

/* What any container may open, as docker: null, zero, full, tty, console, random, urandom, ptmx,
 * pts, net/tun. All are character devices; minor -1 = any. */
struct device_id {
	int major, minor;
};
enum { DEVICES_ALLOWED = 10 };
extern const struct device_id devices_allowed[DEVICES_ALLOWED];

/* ---- config.json ---- */

/* A mount that the runtime makes, because it lies on one of the runtime's own (/dev/shm, ...). */
struct late_mount {
	const struct container_mount *mount;
	char target[PATH_MAX]; /* without symlinks */
	char source[32];       /* below the bundle; tmpfs: "" */
};
VEC_TYPE(late_mounts, struct late_mount);

struct oci_config {
	const struct stage_spec *stage;
	const struct container_user *user;
	uint64_t caps;
	const char *cgroup; /* name below each hierarchy's root, when the runtime makes it */
	const struct late_mounts *late;
	unsigned rows, columns;            /* of the terminal; 0 = not known */
	const struct oci_devices *devices; /* privileged: the host's; else NULL */
};
struct oci_device {
	char path[256];
	char type; /* 'b', 'c' */
	uint32_t major, minor, uid, gid;
	mode_t mode;
};
VEC_TYPE(oci_device_vec, struct oci_device);
struct oci_devices {
	struct oci_device_vec v;
};
void oci_config_add(struct buf *b, const struct oci_config *c);

/* "linux.seccomp" for these capabilities: all calls are allowed but those that docker's profile
 * keeps from a container without the capability that the call is for. */
void seccomp_add(struct json_out *o, uint64_t caps);

#endif
