/* What the drawers (screen_tty.c, screen_plain.c, screen_json.c) share. */
#ifndef CLI_SCREEN_PRIV_H
#define CLI_SCREEN_PRIV_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/map.h"
#include "cli/screen.h"

#include <pthread.h>

enum { SCREEN_TAIL_MAX = 512, SCREEN_LINE_MAX = 64 * 1024 };

/* One thing that is going on. */
struct screen_node {
	struct str id; /* the map's key */
	char *title;
	char *parent;
	unsigned number; /* from 1, in the order of beginning */
	int64_t begun_ns;
	uint64_t done, total;
	struct buf line; /* the last output line, as far as it came */
};

struct screen {
	struct event_sink sink;
	enum screen_mode mode;
	int fd; /* borrowed: stderr, outside of tests */
	const struct clock *clock;
	pthread_mutex_t lock;
	struct map nodes; /* id -> struct screen_node */
	unsigned last_number;
	/* tty */
	pthread_t ticker;
	bool has_ticker, is_ending;
	pthread_cond_t wake;
	unsigned n_drawn; /* lines below the cursor's home that are ours */
};

void screen_plain_event(struct screen *s, const struct event *e, struct screen_node *n);
void screen_json_event(struct screen *s, const struct event *e);
void screen_tty_event(struct screen *s, const struct event *e, struct screen_node *n);
void screen_tty_start(struct screen *s);
void screen_tty_stop(struct screen *s);

/* Text without control characters: tabs stay, the rest becomes "^X" or U+FFFD. */
void screen_add_clean(struct buf *b, struct str text);
void screen_write(const struct screen *s, const struct buf *b);
int64_t screen_now(const struct screen *s);

#endif
