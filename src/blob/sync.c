/* fsync of many files at once.
 *
 * An fsync is a wait for the disk, and the file systems we know let all who wait at the same time
 * share one journal commit and one cache flush: eight at once take as long as one (measured on ext4:
 * 1.6 ms against 8 x 2.6 ms). So each gets a thread of its own for that moment; the pool has only as
 * many as there are processors, and its jobs compute. */
#include "blob/blob_priv.h"

enum { AT_ONCE = 16, STACK_BYTES = 64 * 1024 };

struct sync_job {
	int fd;
	int sys; /* errno of a failure */
	pthread_t thread;
	bool has_thread;
};

static void *sync_one(void *p)
{
	struct sync_job *job = p;
	int rc;
	do
		rc = fsync(job->fd);
	while (rc < 0 && errno == EINTR);
	job->sys = rc < 0 && errno != EINVAL ? errno
					     : 0; /* EINVAL: nothing there that could be synced */
	return NULL;
}

static int sync_some(const int *fds, size_t n, const pthread_attr_t *attr, struct err *err)
{
	struct sync_job jobs[AT_ONCE];
	for (size_t i = 0; i < n; i++) {
		jobs[i] = (struct sync_job){.fd = fds[i]};
		jobs[i].has_thread =
			i + 1 < n && pthread_create(&jobs[i].thread, attr, sync_one, &jobs[i]) == 0;
		if (!jobs[i].has_thread)
			sync_one(&jobs[i]);
	}
	int sys = 0;
	for (size_t i = 0; i < n; i++) {
		if (jobs[i].has_thread)
			pthread_join(jobs[i].thread, NULL);
		sys = sys ? sys : jobs[i].sys;
	}
	return sys ? err_sysno(err, sys, "fsync") : 0;
}

int sync_all(const int *fds, size_t n, struct err *err)
{
	pthread_attr_t attr;
	int rc = 0;
	if (pthread_attr_init(&attr) != 0)
		return err_set(err, ERR_SYS, "no memory for a thread");
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	for (size_t at = 0; rc == 0 && at < n; at += AT_ONCE)
		rc = sync_some(fds + at, n - at < AT_ONCE ? n - at : AT_ONCE, &attr, err);
	pthread_attr_destroy(&attr);
	return rc;
}
