/* mode -- modes as `COPY --chmod` writes them: "0644", "u=rwX,go-w".
 *
 * No umask is applied when nobody is named: "+x" is "a+x".
 * Errors: ERR_INPUT.
 * Source: POSIX chmod, "Extended Description".
 */
#ifndef DOCKERFILE_MODE_H
#define DOCKERFILE_MODE_H

#include "base/err.h"
#include "base/str.h"

/* The mode (12 bits) a file or folder of this mode gets. */
int mode_change(struct str text, uint32_t mode, bool is_folder, uint32_t *ret, struct err *err);

#endif
