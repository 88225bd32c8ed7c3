#include "cli/cmd_list.h"

const struct cmd cmd_table[] = {
	{"build", cmd_build, "[OPTIONS] CONTEXT", "build an image from a Dockerfile",
		"CONTEXT is a folder, a git URL, an archive, or - for one on standard input."},
	{"push", cmd_push, "NAME [NEWNAME]", "send an image to a registry", NULL},
	{"pull", cmd_pull, "NAME…", "fetch an image from a registry and unpack it", NULL},
	{"copy", cmd_copy, "FROM TO", "copy an image between registries, files and this machine",
		"FROM and TO are NAME or docker://NAME (a registry), local:NAME (this machine), "
		"oci:FOLDER[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE[:NAME]."},
	{"tag", cmd_tag, "IMAGE NAME…", "give an image another name", NULL},
	{"login", cmd_login, "[REGISTRY] -u USER --password-stdin",
		"remember a token for a registry", NULL},
	{"logout", cmd_logout, "[REGISTRY]", "forget it", NULL},
	{"image", cmd_image, "COMMAND …", "images of this machine", NULL},
	{"run", cmd_run, "[OPTIONS] IMAGE [COMMAND…]", "run a container in the foreground", NULL},
	{"workflow", cmd_workflow, "COMMAND …", "run or check GitHub Actions workflow files", NULL},
	{"expr", cmd_expr, "[--context FILE] EXPRESSION", "evaluate what stands in ${{ }}", NULL},
	{"metadata", cmd_metadata, "[OPTIONS]", "image tags and labels from a git ref and event",
		NULL},
	{"dockerfile", cmd_dockerfile, "COMMAND …", "read Dockerfiles", NULL},
	{"serve", cmd_serve, "[--listen ADDR:PORT]", "serve the registry", NULL},
	{"token", cmd_token, "COMMAND …", "tokens of the hub", NULL},
	{"gc", cmd_gc, "[--dry-run]", "free what nothing refers to", NULL},
	{"scrub", cmd_scrub, "", "read every blob and compare it with its digest", NULL},
	{"doctor", cmd_doctor, "", "what this machine lacks, and how to get it", NULL},
	{"version", cmd_version, "", "the program's version", NULL},
};
const size_t cmd_count = ARRAY_LEN(cmd_table);
