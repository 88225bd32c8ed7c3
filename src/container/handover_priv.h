/* handover_priv -- a byte and some fds, from process to process through a unix socket. */
#ifndef CONTAINER_HANDOVER_PRIV_H
#define CONTAINER_HANDOVER_PRIV_H

#include <stddef.h>
#include <stdint.h>

enum { HANDOVER_FDS_MAX = 5, HANDOVER_END = -2 };

/* -1 with errno. */
int handover_send(int socket, uint8_t byte, const int *fds, size_t n_fds);
/* The number of fds; -1 with errno, HANDOVER_END when the other end is closed. More fds than asked for
 * are closed. */
int handover_receive(int socket, uint8_t *ret_byte, int *ret_fds, size_t max_fds);

#endif
