/* mask_sink -- an event sink that masks what passes through it.
 *
 * Output is masked as a stream per node and stream number; what is held back comes with more output
 * or with the end of its node. Titles, notes and reasons are masked whole.
 *
 * Threads: any, as sinks must.
 */
#ifndef RUNNER_MASK_SINK_PRIV_H
#define RUNNER_MASK_SINK_PRIV_H

#include "mask_priv.h"

#include "base/event.h"

struct mask_sink;

/* to may be NULL: all is swallowed. */
struct mask_sink *mask_sink_new(struct masker *m, struct event_sink *to);
void mask_sink_free(struct mask_sink *s);
CLEANUP_PTR(mask_sink_free, struct mask_sink);
struct event_sink *mask_sink_events(struct mask_sink *s);

#endif
