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

struct looked {
	struct str why_none; /* when there are no choices */
	size_t n_files;
	size_t n_broken; /* files of the folder that cannot be read: they are told */
};
/* A file that was named and is broken, or does not run on the event, is an error. */
int choose(const struct runner_spec *spec, const struct repo *r, struct arena *a,
	struct choices *ret, struct looked *ret_looked, struct err *err);

#endif
