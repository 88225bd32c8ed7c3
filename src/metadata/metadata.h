/* metadata -- image tags and labels from a Git ref and an event, as docker/metadata-action makes them.
 *
 *	struct metadata_spec spec = {.event = event, .now_ns = clock_now(clock)};
 *	metadata_read_list(S("ghcr.io/me/app"), &a, &spec.images, &err);
 *	metadata_read_list(S("type=sha\ntype=raw,value=latest"), &a, &spec.tags, &err);
 *	metadata_compute(&spec, &a, &result, &err);
 *
 * Knows:   the action's inputs, outputs and rules (v5 and v6); semver, PEP 440, moment.js formats,
 *          handlebars templates, JavaScript regular expressions, time zone files.
 * Touches: what it is given. Never: files, the environment, the clock, Git.
 * Shapes:  times int64_t ns UTC; events and repositories are JSON as GitHub sends it.
 * Owner:   results live in the caller's arena and borrow from the spec. Threads: any, each with its
 *          own arena.
 * Errors:  ERR_INPUT in the action's words, ERR_LIMIT (too large, or a regular expression that takes
 *          too long), ERR_UNSUPPORTED (handlebars blocks other than if and unless, partials).
 * Source:  docker/metadata-action README; momentjs.com/docs; semver.org; PEP 440; RFC 8536 (TZif);
 *          handlebarsjs.com/guide.
 */
#ifndef METADATA_METADATA_H
#define METADATA_METADATA_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/csv.h"
#include "base/err.h"
#include "json/json.h"

enum {
	METADATA_MAX_INPUT = 256 * 1024, /* bytes of one input */
	METADATA_MAX_ENTRIES = 1000,     /* of one input */
	METADATA_MAX_TEXT = 1024 * 1024, /* of one rendered template or output */
};

struct metadata_zones {
	/* The bytes of a time zone file ("Europe/Paris") into ret; ERR_NOT_FOUND when there is
	 * none. The name holds letters, digits and + - _ / only, and does not start with a slash.
	 */
	int (*read)(struct metadata_zones *zones, struct str name, struct buf *ret,
		struct err *err);
};

/* Zeroed memory is the empty spec. The lists hold finished entries: what one line of the workflow
 * text stands for. */
struct metadata_spec {
	struct str_vec images, tags, flavor, labels, annotations;
	struct str sep_tags, sep_labels, sep_annotations; /* empty = newline */
	struct str bake_target;                           /* empty = docker-metadata-action */
	struct str context;                               /* empty, "workflow" or "git" */
	/* Either the github context (event_name, ref, sha, event: {...}; the names of
	 * @actions/github, eventName and payload, are known too) or a bare webhook payload, whose
	 * event name, ref and sha are then guessed from its content. NULL = nothing is known. */
	const struct json *event;
	/* These win over the event where they are not empty. */
	struct str event_name, ref, sha;
	/* The repository record of GitHub's API (name, description, html_url, default_branch,
	 * license.spdx_id); NULL = the event's "repository". */
	const struct json *repo;
	struct str git_ref, git_sha; /* of the checkout, for context "git" */
	int64_t now_ns;
	/* Of the commit; when unknown it is looked for in the event, else now. */
	bool has_commit_date;
	int64_t commit_date_ns;
	/* DOCKER_METADATA_SHORT_SHA_LENGTH, _PR_HEAD_SHA, _ANNOTATIONS_LEVELS; empty = unset. */
	struct str short_sha_length, pr_head_sha, annotations_levels;
	struct metadata_zones *zones; /* NULL = every zone but UTC is unknown */
};

/* Adds the entries of one input, written as in a workflow: one per line, full-line comments with
 * '#', commas kept, quotes as in CSV. */
int metadata_read_list(struct str text, struct arena *a, struct str_vec *ret, struct err *err);
void metadata_spec_done(struct metadata_spec *spec); /* the lists; all else is the arena's */
CLEANUP_VAL(metadata_spec_done, struct metadata_spec);

struct metadata {
	struct str version; /* empty when no tag came out */
	bool is_latest;
	struct str_vec partial; /* the tags beside version */
	struct str_vec images;
	struct str_vec tags;        /* with image names */
	struct str_vec tag_names;   /* without */
	struct str_vec labels;      /* "key=value", sorted */
	struct str_vec annotations; /* "level:key=value" */
	struct str_vec warnings;
	struct str bake_target;
	struct str json; /* the output `json` */
	struct str bake; /* contents of the bake files */
	struct str bake_tags, bake_labels, bake_annotations;
};

int metadata_compute(const struct metadata_spec *spec, struct arena *a, struct metadata *ret,
	struct err *err);
void metadata_done(struct metadata *m);
CLEANUP_VAL(metadata_done, struct metadata);

/* The text outputs of the action: version tags tag-names labels annotations json. NULL for a name
 * that is none of them (bake-file and its relatives are paths, which the caller makes). */
int metadata_output(const struct metadata *m, const struct metadata_spec *spec, const char *name,
	struct buf *ret, struct err *err);

/* {"version", "latest", "partial", "tags", "tag-names", "labels", "annotations", "bake",
 * "warnings"} */
void metadata_write_json(const struct metadata *m, struct json_out *o);

#endif
