/* tty_priv -- the container's terminal, seen from the helper.
 *
 *	stdin ──► master ══ slave, which the container has for stdin, stdout and stderr
 *	stdout ◄─ master
 *
 * The runtime makes the pair inside the container and hands the master to our pid 1 there
 * (stage_tty.c), which hands it on through `socket`.
 */
#ifndef CONTAINER_HELPER_TTY_PRIV_H
#define CONTAINER_HELPER_TTY_PRIV_H

#include "base/err.h"

#include <poll.h>
#include <stdbool.h>
#include <termios.h>

struct tty_flow {
	char bytes[4096];
	size_t n, at;
	bool is_over; /* nothing more comes, or nobody takes it */
};

enum { TTY_POLLS = 3 };

struct tty {
	int socket, theirs; /* our end, and pid 1's */
	int master;         /* -1 = not there yet */
	struct tty_flow in, out;
	bool is_raw; /* stdin is a terminal, and we changed it */
	struct termios before;
};
#define TTY_NONE ((struct tty){.socket = -1, .theirs = -1, .master = -1})

int tty_init(struct tty *t, struct err *err);
void tty_done(struct tty *t);   /* gives stdin back as it was */
void tty_resize(struct tty *t); /* as stdin is now */
/* stdin's size; 0 when it has none. */
void tty_size(unsigned *ret_rows, unsigned *ret_columns);
void tty_polls(const struct tty *t, struct pollfd ret[TTY_POLLS]);
void tty_step(struct tty *t, const struct pollfd polls[TTY_POLLS]);
/* After the container ended: what it still wrote. */
void tty_drain(struct tty *t);

#endif
