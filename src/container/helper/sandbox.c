#include "container/helper/verbs_priv.h"

int sandbox_main(struct str request, int knarr_pid)
{
	return request.n && knarr_pid;
}

int probe_main(struct str request, int knarr_pid)
{
	return request.n && knarr_pid;
}
