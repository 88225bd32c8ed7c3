/* place -- the folders of runs and their jobs.
 *
 *	ROOT/runs/numbers.json      the last run id, and the last number of each workflow
 *	ROOT/runs/7/lock            held while the run lives: what is not held is swept away
 *	ROOT/runs/7/1/work/x/x      workspace of the first job, of repository me/x
 *	ROOT/runs/7/1/temp tool     RUNNER_TEMP, RUNNER_TOOL_CACHE
 *	ROOT/runs/7/1/home docker   HOME and HOME/.docker
 *	ROOT/runs/7/1/private       ours alone: never shown to steps
 *	ROOT/runs/7/1/scratch       what steps write elsewhere
 *
 * Steps see their folders under the same names as we do, except home and docker.
 *
 * Owner: the caller's; *_done removes what was made. Threads: any.
 */
#ifndef RUNNER_PLACE_PRIV_H
#define RUNNER_PLACE_PRIV_H

#include "fs/fs.h"

struct run_place {
	char *path; /* NULL = none */
	int fd, lock_fd;
	uint64_t id, number;
};
#define RUN_PLACE_NONE ((struct run_place){.fd = -1, .lock_fd = -1})

/* Takes the next id, and the next number of the workflow named by key; sweeps. */
int run_place_make(const char *root, struct str key, struct run_place *ret, struct err *err);
/* What the next one would be: makes nothing. */
int run_place_peek(const char *root, struct str key, struct run_place *ret, struct err *err);
void run_place_done(struct run_place *p);
CLEANUP_VAL(run_place_done, struct run_place);
/* Removes what dead runs left; gives their number. */
int run_place_sweep(const char *root, struct err *err);

struct job_place {
	char *path; /* NULL = none */
	char *workspace, *work, *temp, *tool, *home, *docker, *scratch;
	int workspace_fd, temp_fd, home_fd, docker_fd, private_fd;
};
#define JOB_PLACE_NONE                                                                             \
	((struct job_place){.workspace_fd = -1,                                                    \
		.temp_fd = -1,                                                                     \
		.home_fd = -1,                                                                     \
		.docker_fd = -1,                                                                   \
		.private_fd = -1})

/* Only the names. */
void job_place_name(const struct run_place *run, unsigned job, struct str repository,
	struct job_place *ret);
int job_place_make(const struct run_place *run, struct job_place *p, struct err *err);
int job_place_done(struct job_place *p, struct err *err);

#endif
