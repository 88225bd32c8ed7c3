/* cli/build_flags -- the command line of `knarr build`, which is docker buildx build's.
 *
 * --output, --cache-from, --cache-to, --secret and the like are comma-separated records, parsed
 * here; unknown keys are refused. Also used for the inputs of docker/build-push-action.
 */
#ifndef CLI_BUILD_FLAGS_H
#define CLI_BUILD_FLAGS_H

#include "build/build.h"
#include "cli/cmd.h"

struct build_flags {
	const char *context, *file, *target, *platform, *network, *list_context;
	const char *iidfile, *metadata_file, *provenance, *sbom, *call;
	struct cstr_vec tags, args, labels, annotations, outputs, cache_from, cache_to, secrets,
		ssh, contexts, no_cache_filter, hosts, allow, attests;
	uint64_t shm_bytes;
	bool is_print, is_check, explains, is_no_cache, pulls, pushes, loads;
	struct arena arena;
};

/* As cmd_parse. */
int build_flags_parse(struct build_flags *f, const struct cmd *self, struct cmd_globals *g,
	int argc, char **argv, struct err *err);
/* What the flags mean; spec borrows from f and the session. */
int build_flags_spec(struct build_flags *f, struct session *s, struct build_spec *ret,
	struct err *err);
/* Is stdout taken by an output (-o -)? */
bool build_flags_take_stdout(const struct build_flags *f);
/* What --metadata-file has, as buildx writes it. */
void build_flags_add_metadata(const struct build_flags *f, const struct build_result *r,
	struct buf *ret);
/* --iidfile and --metadata-file. */
int build_flags_write_files(const struct build_flags *f, const struct build_result *r,
	struct err *err);
void build_flags_done(struct build_flags *f);
CLEANUP_VAL(build_flags_done, struct build_flags);

#endif
