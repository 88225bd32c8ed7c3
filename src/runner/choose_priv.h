/* choose -- which workflow files run, on which event, with which inputs. */
#ifndef RUNNER_CHOOSE_PRIV_H
#define RUNNER_CHOOSE_PRIV_H

#include "repo_priv.h"
#include "runner.h"
#include "workflow/workflow.h"

/* What was given to a dispatch: as the `inputs` context has it, and as github.event.inputs. */
struct inputs {
	struct expr_value typed;
	struct json_member *texts;
	size_t n;
};
/* on NULL = the event takes none. payload NULL, or an object of texts; given wins over it. */
int inputs_read(const struct workflow_event *on, const struct json *payload,
	const struct runner_pair *given, size_t n_given, struct arena *a, struct inputs *ret,
	struct err *err);

struct choice {
	struct workflow *w;
	struct repo_event event;
	struct inputs inputs;
};
VEC_TYPE(choices, struct choice);

/* *ret_why says why there is none; *ret_n_broken how many files of the folder cannot be read (they are
 * told). A file that was named and is broken is an error. */
int choose(const struct runner_spec *spec, const struct repo *r, struct arena *a,
	struct choices *ret, struct str *ret_why, size_t *ret_n_broken, struct err *err);

#endif
