/* cli/screen -- events as people (or programs) want to see them, on stderr.
 *
 *	tty	finished nodes as lines, the running ones below them, redrawn in place
 *	plain	every event as a line "#3 …": for logs
 *	json	every event as a JSON object on its own line
 *	none	only warnings and errors
 *
 * Control characters in what programs print are made visible, so a log line cannot repaint the
 * terminal. Threads: its sink may be called from any thread.
 */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include "base/event.h"

struct screen;

enum screen_mode { SCREEN_AUTO, SCREEN_TTY, SCREEN_PLAIN, SCREEN_JSON, SCREEN_NONE };

int screen_mode_parse(const char *text, enum screen_mode *ret, struct err *err);
struct screen *screen_new(enum screen_mode mode);
/* Clears what is drawn in place and frees. */
void screen_free(struct screen *s);
CLEANUP_PTR(screen_free, struct screen);
struct event_sink *screen_sink(struct screen *s);

#endif
