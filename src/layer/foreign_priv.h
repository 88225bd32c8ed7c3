/* foreign_priv -- archives and compressions that only libarchive reads.
 *
 * libarchive is loaded when the first of them comes (docs/decisions/0002-libraries-loaded-late.md).
 * It only turns bytes into bytes and entries here; it never touches a file.
 */
#ifndef LAYER_FOREIGN_PRIV_H
#define LAYER_FOREIGN_PRIV_H

#include "layer/layer_priv.h"

enum foreign_kind {
	FOREIGN_FILTER, /* bzip2 or xz: gives the bytes inside */
	FOREIGN_ZIP,    /* needs to seek: from_fd */
	FOREIGN_CPIO,
};
struct foreign;
/* from is read to its end, or from_fd (borrowed) from its start. */
int foreign_open(enum foreign_kind kind, struct source *from, int from_fd, struct foreign **ret,
	struct err *err);
void foreign_free(struct foreign *f);
CLEANUP_PTR(foreign_free, struct foreign);
/* FOREIGN_FILTER: the bytes inside. */
struct source *foreign_source(struct foreign *f);
/* The others: as tar_next and tar_content. */
int foreign_next(struct foreign *f, struct tar_entry *ret, struct err *err);
struct window *foreign_content(struct foreign *f);

#endif
