/* cli/image_files -- images as files: `image import`, `image export`, and the oci:, oci-archive: and
 * docker-archive: of push, pull and copy. */
#ifndef CLI_IMAGE_FILES_H
#define CLI_IMAGE_FILES_H

#include "cli/cmd.h"
#include "remote/place.h"

int image_import(const struct cmd *self, struct cmd_globals *g, int argc, char **argv);
int image_export(const struct cmd *self, struct cmd_globals *g, int argc, char **argv);

/* Brings the place's image (its first, when it has several) into the store; name NULL = under the
 * names the place gives; platform NULL = the whole index, else ret is that platform's manifest. */
int image_read_place(struct session *s, const struct place *from, const char *name,
	const struct image_platform *platform, struct image_descriptor *ret, struct err *err);
int image_write_place(struct session *s, const struct image_descriptor *what,
	const struct image_ref *name, const struct place *to, struct err *err);

#endif
