/* docker_config -- a job's ~/.docker/config.json, lent to commands that run outside its sandbox.
 *
 * Steps may write to theirs, and put links into it that lead to the host's. A command gets a private
 * copy, without what would make it start programs (credsStore, credHelpers), and what it wrote is
 * copied back.
 *
 * Errors: ERR_INPUT (it is no JSON object), ERR_LIMIT.
 */
#ifndef RUNNER_DOCKER_CONFIG_PRIV_H
#define RUNNER_DOCKER_CONFIG_PRIV_H

#include "base/own.h"

struct job;
struct err;

struct docker_config {
	char *path;
	int fd; /* its folder; -1 = none */
};
#define DOCKER_CONFIG_NONE ((struct docker_config){.fd = -1})

int docker_config_borrow(struct job *j, struct docker_config *ret, struct err *err);
int docker_config_return(struct job *j, struct docker_config *c, struct err *err);
void docker_config_done(struct docker_config *c);
CLEANUP_VAL(docker_config_done, struct docker_config);

#endif
