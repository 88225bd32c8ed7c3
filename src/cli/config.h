/* cli/config -- knarr's own settings file.
 *
 *	registries:
 *	  - prefix: ghcr.io			names that start with it ...
 *	    location: 127.0.0.1:5080		... live here
 *	    insecure: true			plain http, or https with any certificate
 *	    ca-file: /etc/knarr/ca.pem
 *	    mirrors: [mirror.lan:5000]		asked first when pulling
 *
 * Looked for: --config, $KNARR_CONFIG, ROOT/config.yaml, then /etc/knarr/config.yaml (root) or
 * $XDG_CONFIG_HOME/knarr/config.yaml. The first that exists is read; none is fine unless it was named.
 *
 * Errors: ERR_INPUT with file:line:col; an unknown key is an error.
 */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include "base/arena.h"
#include "base/vec.h"
#include "remote/remote.h"

VEC_TYPE(remote_registries, struct remote_registry);

struct config {
	struct arena arena;
	char *path; /* where it was read from; NULL = no file */
	struct remote_registries registries;
};
/* named may be NULL; root is the store's folder. */
int config_load(const char *named, const char *root, struct config **ret, struct err *err);
/* The same from text; file is for messages. */
int config_parse(struct str text, const char *file, struct config *ret, struct err *err);
void config_free(struct config *c);
CLEANUP_PTR(config_free, struct config);

#endif
