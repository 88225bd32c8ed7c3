/* cli/introduce -- rooms of one floor do not know each other; here the runner meets build and remote.
 *
 *	uses: docker/build-push-action ─► runner ─► "build" … ─► hook ─► build_flags, build_run
 *	uses: docker/login-action                 "login" …           remote_login
 *	--runner LABEL=IMAGE                       image               local, remote_pull, rootfs
 *	GITHUB_TOKEN                               make_token          auth, of this store's own server
 *
 * What a job's commands see: files of its workspace only, the environment of its step, its own docker
 * configuration. Never our own environment or credentials.
 *
 * Threads: the hooks may be called from several at once.
 */
#ifndef CLI_INTRODUCE_H
#define CLI_INTRODUCE_H

#include "auth/auth.h"
#include "cli/cmd.h"
#include "runner/runner.h"

#include <pthread.h>

struct introduction {
	struct runner_hooks hooks;
	struct session *s;
	pthread_mutex_t lock; /* over the session and auth */
	struct auth *auth;    /* NULL = not opened, or no server was ever started on this store */
	bool has_looked_for_auth;
};

/* s must outlive it. */
void introduce(struct introduction *i, struct session *s);
void introduction_done(struct introduction *i);
CLEANUP_VAL(introduction_done, struct introduction);

/* ---- "build" (introduce_build.c) ---- */

int introduce_build(struct introduction *i, const struct runner_command *c, struct arena *a,
	struct runner_command_result *ret, struct err *err);
/* Other registries, with the docker configuration and events of a command. */
int introduce_remote(struct introduction *i, const struct runner_command *c, struct remote **ret,
	struct err *err);

#endif
