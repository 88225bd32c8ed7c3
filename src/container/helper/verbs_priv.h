/* verbs_priv -- what the helper can be asked to do. Each reports to knarr and gives an exit code. */
#ifndef CONTAINER_HELPER_VERBS_PRIV_H
#define CONTAINER_HELPER_VERBS_PRIV_H

#include "base/str.h"

/* request: the message, in memory for as long as the process runs. */
int run_main(struct str request);
int sandbox_main(struct str request);
int probe_main(struct str request);

#endif
