/* repo -- what is known of the repository, and of the event that would have started the run.
 *
 * Threads: any; everything lives in the arena. Errors: ERR_INPUT (a payload that makes no sense),
 * and git's. A folder that is no repository is fine: it has no commit then.
 */
#ifndef RUNNER_REPO_PRIV_H
#define RUNNER_REPO_PRIV_H

#include "base/clock.h"
#include "git/git.h"
#include "json/json.h"

#define REPO_NO_SHA "0000000000000000000000000000000000000000"

struct repo {
	const char *top; /* top folder of the work tree, or the folder itself */
	bool has_commit;
	struct str sha, branch; /* of HEAD; branch empty when detached */
	struct str default_branch;
	struct str server_url; /* "https://github.com" */
	struct str name;       /* "owner/name" */
	bool is_local;         /* ... made up: there is no remote */
};

int repo_look(const char *dir, struct arena *a, struct repo *ret, struct err *err);
/* "https://host", "owner/name" out of the URL of a remote; false when it names no host. */
bool repo_parse_url(struct str url, struct arena *a, struct str *ret_server, struct str *ret_name);
struct str repo_owner(struct str name);
struct str repo_base(struct str name);

/* An event: what github.event and the names around it say. */
struct repo_event {
	struct str name;   /* "push" */
	struct str action; /* "opened", or empty */
	const struct json *payload;
	struct str text; /* the same, as written to GITHUB_EVENT_PATH */
	struct str ref, sha;
	struct str head_ref, base_ref; /* of pull requests */
	struct str before;             /* of pushes, else empty */
	struct str repository;         /* the payload's, else the repository's */
	struct str server_url;
	bool is_other_sha; /* the payload names a commit that is not here: HEAD took its place */
};

struct repo_ask {
	struct str event;
	const struct json *payload;       /* NULL = make one */
	struct str cron;                  /* schedule without a payload */
	const struct json_member *inputs; /* of a dispatch without a payload: strings */
	size_t n_inputs;
	struct str actor;
	const char *workflow_file;
};
int repo_event(const struct repo *r, const struct repo_ask *ask, struct arena *a,
	struct repo_event *ret, struct err *err);

#endif
