/* The helper: makes namespaces, which only a process with one thread can do for itself.
 *
 *	knarr-helper VERB NAME
 *
 * Its request is in fd HELPER_REQUEST_FD; see container/helper_priv.h. It is not for people, and not
 * for containers: it runs from a sealed memfd.
 */
#include "base/own.h"
#include "container/helper/verbs_priv.h"
#include "container/helper_priv.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

static const struct verb {
	const char *name;
	int (*main)(struct str request);
} verbs[] = {{"run", run_main}, {"sandbox", sandbox_main}, {"probe", probe_main}};

static int map_request(struct str *ret)
{
	struct stat st;
	if (fstat(HELPER_REQUEST_FD, &st) < 0 || st.st_size < 0 || st.st_size > WIRE_MAX)
		return -1;
	*ret = STR_NONE;
	if (st.st_size == 0)
		return 0;
	size_t n = (size_t)st.st_size;
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE, HELPER_REQUEST_FD, 0);
	if (p == MAP_FAILED)
		return -1;
	*ret = str_n(p, n);
	return 0;
}

int main(int argc, char **argv)
{
	struct str request;
	if (argc == 2 && strcmp(argv[1], "true") == 0)
		return 0; /* doctor's program to run */
	if (argc < 2 || map_request(&request) < 0 || close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0) {
		fputs("knarr-helper: knarr runs this by itself\n", stderr);
		return 2;
	}
	close(HELPER_REQUEST_FD);
	close(HELPER_SELF_FD);
	prctl(PR_SET_NAME, "knarr-helper");
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].main(request);
	return 2;
}
