/* shell -- how a `run:` step is started.
 *
 *	shell:          bash -e {0} where there is bash, else sh -e {0}
 *	shell: bash     bash --noprofile --norc -e -o pipefail {0}
 *	shell: sh       sh -e {0}
 *	shell: python   python {0}
 *	shell: pwsh     pwsh -command ". '{0}'"
 *	shell: X Y {0}  as it is
 *
 * Errors: ERR_INPUT in GitHub's words. Source: docs.github.com "Workflow syntax",
 * jobs.<job_id>.steps[*].shell; actions/runner ScriptHandlerHelpers.
 */
#ifndef RUNNER_SHELL_PRIV_H
#define RUNNER_SHELL_PRIV_H

#include "proc/proc.h"

struct shell {
	struct str command;
	struct str args;       /* with {0} for the script */
	const char *extension; /* of the script's file: ".sh", "" */
};

/* option empty = the default. */
int shell_parse(struct str option, bool has_bash, struct shell *ret, struct err *err);
/* "bash -e {0}": as people see it. */
void shell_show(const struct shell *s, struct buf *ret);
void shell_argv(const struct shell *s, const char *script, struct argv *ret);
/* The script as the shell must have it. */
void shell_script(const struct shell *s, struct str script, struct buf *ret);

#endif
