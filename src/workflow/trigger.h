/* trigger -- whether something that happened starts a workflow, and when a schedule is due.
 *
 * Threads: any. Errors: ERR_INPUT for a broken pattern or cron line.
 * Source: docs.github.com "Events that trigger workflows", "Workflow syntax: on.<event>.*".
 */
#ifndef WORKFLOW_TRIGGER_H
#define WORKFLOW_TRIGGER_H

#include "base/clock.h"
#include "workflow/workflow.h"

struct trigger {
	struct str event;  /* "push" */
	struct str action; /* activity type, of events that have them: "opened" */
	/* push: the ref. pull_request: the base branch, as refs/heads/…. workflow_run: the head
	 * branch. merge_group: the base branch. */
	struct str ref;
	/* Files that changed; without has_paths path filters let everything pass, as GitHub does for
	 * pushes it cannot compare. A push of a tag is never looked at for its paths. */
	struct str_vec paths;
	bool has_paths;
	struct str workflow; /* workflow_run: the name of the one that ran */
};

/* 1 = it starts, 0 = it does not. */
int trigger_matches(const struct workflow *w, const struct trigger *t, struct err *err);

/* Five fields of cron, in UTC: minute, hour, day of month, month, day of week (0 = Sunday). */
struct cron {
	uint64_t minutes;
	uint32_t hours, days;
	uint16_t months;
	uint8_t weekdays;
	bool is_any_day, is_any_weekday; /* written as '*' */
};

int cron_parse(struct str text, struct cron *ret, struct err *err);
/* Due in the minute of this time. When both day fields are restricted, either may match. */
bool cron_is_due(const struct cron *c, const struct civil *time);

#endif
