/* cli/image_files -- `image import` and `image export`: images as files. */
#ifndef CLI_IMAGE_FILES_H
#define CLI_IMAGE_FILES_H

#include "cli/cmd.h"

int image_import(const struct cmd *self, struct cmd_globals *g, int argc, char **argv);
int image_export(const struct cmd *self, struct cmd_globals *g, int argc, char **argv);

#endif
