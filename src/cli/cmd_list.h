/* cli/cmd_list -- every command's function; the table is in cmd_list.c. */
#ifndef CLI_CMD_LIST_H
#define CLI_CMD_LIST_H

#include "cli/cmd.h"

#define CMD(name)                                                                                  \
	int cmd_##name(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)

CMD(build);
CMD(push);
CMD(copy);
CMD(pull);
CMD(tag);
CMD(login);
CMD(logout);
CMD(image);
CMD(run);
CMD(workflow);
CMD(expr);
CMD(metadata);
CMD(dockerfile);
CMD(serve);
CMD(token);
CMD(gc);
CMD(scrub);
CMD(doctor);
CMD(version);

#endif
