/* stage_priv -- pid 1 of the new namespaces, until it becomes the runtime.
 *
 * The bundle is a tmpfs, attached over a folder of the host in our own mount namespace:
 *
 *	rootfs/  overlay: [upper] over [points] over lowers; etc files and mounts attached
 *	points/  a layer with the mount points that the image lacks
 *	probe/   the same overlay, read-only, for looking before points/ is made
 *	links/   symlinks to layers (overlay_priv.h)
 *	etc/     hosts, hostname, resolv.conf
 *	copies/N overlays over the sources of CONTAINER_OVERLAY_COPY
 *	late/N   sources of mounts that the runtime makes
 *	config.json  log  pid  state/
 */
#ifndef CONTAINER_HELPER_STAGE_PRIV_H
#define CONTAINER_HELPER_STAGE_PRIV_H

#include "container/helper/cgroup_priv.h"
#include "container/helper/etc_priv.h"
#include "container/helper/monitor_priv.h"
#include "container/helper/overlay_priv.h"
#include "container/helper/root_priv.h"
#include "container/helper/trees_priv.h"
#include "container/stage_priv.h"

struct stage {
	struct stage_spec spec;
	struct trees trees; /* base_fd is the bundle */
	int points_fd, root_fd;
	int runtime_fd;
	struct overlay overlay; /* lowers, upper, work: opened before the bundle covers anything */
	struct late_mounts late;
	struct etc_files host;
	const struct cgroup *cgroup;
	struct tty *tty; /* NULL = none */
};

/* pid 1: start of the story. ctx is the struct stage; comes back only when it failed. */
int stage_child(void *ctx);
/* execve; comes back only when that failed. */
int stage_become_runtime(const struct stage *s, struct err *err);
/* Runs it to the end, beside us. */
int stage_run_with_tty(struct stage *s, int *ret_status, struct err *err);
/* The container's first process, in the pid namespace of the runtime; 0 = not started yet. */
pid_t stage_read_pid(const struct stage *s);

/* Something keeps it from the host's disks, or nothing should. */
bool stage_may_have_devices(const struct stage *s);
/* Opens the layers and the runtime, then attaches the bundle and enters it. */
int stage_open(struct stage *s, struct err *err);
/* rootfs/, with everything but what the runtime mounts. */
int stage_root(struct stage *s, struct err *err);
/* Fills points/, and puts it on top of the lowers when it is needed. */
int stage_points(struct stage *s, struct err *err);
bool stage_is_of_runtime(const char *path); /* below /proc, /dev or /sys */
/* Makes a file of the bundle. */
int stage_write(const struct stage *s, const char *path, struct str text, mode_t mode,
	struct err *err);
/* etc/hosts, etc/hostname and etc/resolv.conf, before the root is made. */
int stage_write_etc(struct stage *s, struct err *err);
extern const char *const stage_etc_paths[]; /* "/etc/hosts", ..., NULL */
/* Is the program there? 0, or docker's status (126, 127) with its words in *ret_text. */
int stage_check_program(const struct stage *s, struct buf *ret_text);
int stage_host_devices(struct oci_devices *ret, struct err *err);

#endif
