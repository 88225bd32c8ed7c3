/* tty_priv -- the terminal between knarr's caller and the runtime.
 *
 *	stdin ──► master ══ slave: stdin, stdout, stderr of the runtime, which makes the container's own
 *	stdout ◄─ master
 *
 * The runtime copies between the slave and the terminal it makes inside the container.
 */
#ifndef CONTAINER_HELPER_TTY_PRIV_H
#define CONTAINER_HELPER_TTY_PRIV_H

#include "base/err.h"

#include <poll.h>
#include <stdbool.h>
#include <termios.h>

struct tty_flow {
	int from, to;
	char bytes[4096];
	size_t n, at;
	bool is_over; /* nothing more comes, or nobody takes it */
};

enum { TTY_POLLS = 3 };

struct tty {
	int master, slave;
	struct tty_flow in, out;
	bool is_raw; /* stdin is a terminal, and we changed it */
	struct termios before;
};
#define TTY_NONE ((struct tty){.master = -1, .slave = -1})

int tty_init(struct tty *t, struct err *err);
void tty_done(struct tty *t); /* gives stdin back as it was */
/* In the child, which leads a session: the slave becomes its stdin, stdout, stderr and controlling
 * terminal. */
int tty_enter(const struct tty *t, struct err *err);
void tty_resize(struct tty *t); /* from stdin's size */
/* 0 when it has none. */
void tty_size(const struct tty *t, unsigned *ret_rows, unsigned *ret_columns);
void tty_polls(const struct tty *t, struct pollfd ret[TTY_POLLS]);
void tty_step(struct tty *t, const struct pollfd polls[TTY_POLLS]);
/* After the runtime ended: what it still wrote. */
void tty_drain(struct tty *t);

#endif
