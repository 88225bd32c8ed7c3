/* What ::commands:: in a step's output do. Source: docs.github.com "Workflow commands". */
#include "run_priv.h"

#include "base/num.h"

enum { SECRET_TOKEN = 6 }; /* a longer token of stop-commands is a secret */

static void fail(struct step *s, const struct log_command *c, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
static void fail(struct step *s, const struct log_command *c, const char *fmt, ...)
{
	struct err err = {0};
	char text[sizeof(err.what)];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	step_notef(s, EVENT_ERROR, "Unable to process command '::%.*s::' successfully.",
		STR_ARG(c->name));
	(void)err_set(&err, ERR_INPUT, "%s", text);
	step_note_err(s, &err);
	s->has_bad_command = true;
}

/* ---- one function per command ---- */

static void annotate(struct step *s, const struct log_command *c, enum event_level level)
{
	struct err_at at = {0};
	struct err ignored;
	uint64_t n;
	struct str file = log_property(c, "file"), line = log_property(c, "line"),
		   col = log_property(c, "col"), title = log_property(c, "title");
	snprintf(at.file, sizeof(at.file), "%.*s", STR_ARG(file));
	if (num_parse_u64(line, 0, UINT32_MAX, &n, &ignored) == 0)
		at.line = (uint32_t)n;
	if (num_parse_u64(col, 0, UINT32_MAX, &n, &ignored) == 0)
		at.col = (uint32_t)n;
	CLEANUP(buf_done) struct buf text = BUF(LOG_LINE_MAX * 2);
	if (title.n)
		buf_fmt(&text, "%.*s: ", STR_ARG(title));
	buf_add(&text, c->data);
	step_note(s, level, file.n ? &at : NULL, buf_str(&text));
}

static void notice(struct step *s, const struct log_command *c)
{
	annotate(s, c, EVENT_NOTICE);
}

static void warning(struct step *s, const struct log_command *c)
{
	annotate(s, c, EVENT_WARNING);
}

static void error(struct step *s, const struct log_command *c)
{
	annotate(s, c, EVENT_ERROR);
}

static void debug(struct step *s, const struct log_command *c)
{
	if (s->job->run->spec->is_debug)
		step_note(s, EVENT_DEBUG, NULL, c->data);
}

static void group(struct step *s, const struct log_command *c)
{
	step_printf(s, "##[group]%.*s\n", (int)num_min(c->data.n, INT32_MAX), c->data.p);
}

static void endgroup(struct step *s, const struct log_command *c)
{
	step_printf(s, "##[endgroup]\n");
}

static void add_mask(struct step *s, const struct log_command *c)
{
	struct err err = {0};
	if (!str_trim(c->data).n)
		step_notef(s, EVENT_WARNING,
			"Can't add secret mask for empty string in ##[add-mask] command.");
	else if (masker_add(s->job->run->masker, c->data, &err) < 0)
		fail(s, c, "%s", err.what);
}

static void set_output(struct step *s, const struct log_command *c)
{
	struct str name = log_property(c, "name");
	if (!name.n) {
		fail(s, c, "Required field 'name' is missing in ##[set-output] command.");
		return;
	}
	step_notef(s, EVENT_WARNING,
		"The `set-output` command is deprecated and will be disabled soon. Please upgrade "
		"to using Environment Files.");
	step_set_output(s, name, c->data);
}

static void save_state(struct step *s, const struct log_command *c)
{
	struct str name = log_property(c, "name");
	struct err err = {0};
	if (!name.n) {
		fail(s, c, "Required field 'name' is missing in ##[save-state] command.");
		return;
	}
	step_notef(s, EVENT_WARNING,
		"The `save-state` command is deprecated and will be disabled soon. Please upgrade "
		"to using Environment Files.");
	if (step_set_state(s, name, c->data, &err) < 0)
		fail(s, c, "%s", err.what);
}

/* What a program prints may come from strangers: it does not change the environment (CVE-2020-15228). */
static void refuse(struct step *s, const struct log_command *c)
{
	fail(s, c,
		"The `%.*s` command is disabled. Write to the file that $GITHUB_ENV or $GITHUB_PATH "
		"names.",
		STR_ARG(c->name));
}

static void matcher(struct step *s, const struct log_command *c)
{
	step_notef(s, EVENT_WARNING, "problem matchers are not supported: ::%.*s:: does nothing",
		STR_ARG(c->name));
}

static void echo(struct step *s, const struct log_command *c)
{
	struct str what = str_trim(c->data);
	if (str_eq_nocase(what, S("on")))
		s->is_echoing = true;
	else if (str_eq_nocase(what, S("off")))
		s->is_echoing = false;
	else
		fail(s, c,
			"Invalid echo command value. Possible values can be: 'on', 'off'. Current value "
			"is: '%.*s'.",
			STR_ARG(what));
}

/* checkout says where it is: for matchers */
static void nothing(struct step *s, const struct log_command *c)
{
}

/* ---- stop-commands ---- */

static void stop_commands(struct step *s, const struct log_command *c, struct str line)
{
	struct err err = {0};
	struct str token = c->data;
	if (!token.n || log_is_command_name(token) || str_eq_nocase(token, S("pause-logging"))) {
		fail(s, c,
			"You cannot use a endToken that is an empty string, the string "
			"'pause-logging', or another workflow command.");
		return;
	}
	s->stop_token = arena_str(s->a, token);
	if (token.n > SECRET_TOKEN && masker_add(s->job->run->masker, token, &err) < 0)
		fail(s, c, "%s", err.what);
	step_printf(s, "%.*s\n", (int)num_min(line.n, INT32_MAX), line.p);
}

/* ---- all ---- */

static const struct known {
	const char *name;
	void (*act)(struct step *s, const struct log_command *c);
	bool is_silent; /* not even with ::echo::on */
} actions[] = {
	{"add-mask", add_mask, true},
	{"add-matcher", matcher, false},
	{"add-path", refuse, false},
	{"debug", debug, true},
	{"echo", echo, false},
	{"endgroup", endgroup, true},
	{"error", error, true},
	{"group", group, true},
	{"internal-set-repo-path", nothing, false},
	{"notice", notice, true},
	{"remove-matcher", matcher, false},
	{"save-state", save_state, false},
	{"set-env", refuse, false},
	{"set-output", set_output, false},
	{"warning", warning, true},
};

static void act(struct step *s, const struct log_command *c, struct str line)
{
	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		if (!str_eq_nocase(c->name, str_of(actions[i].name)))
			continue;
		if (s->is_echoing && !actions[i].is_silent)
			step_printf(s, "%.*s\n", (int)num_min(line.n, INT32_MAX), line.p);
		actions[i].act(s, c);
		return;
	}
}

bool log_act(void *step, struct str line)
{
	struct step *s = step;
	struct log_command c;
	CLEANUP(arena_done) struct arena a = {0};
	if (!log_command_parse(line, s->stop_token, &a, &c))
		return false;
	if (s->stop_token.n) {
		if (!str_eq_nocase(c.name, s->stop_token))
			return false;
		s->stop_token = S("");
		step_printf(s, "%.*s\n", (int)num_min(line.n, INT32_MAX), line.p);
		return true;
	}
	if (str_eq_nocase(c.name, S("stop-commands")))
		stop_commands(s, &c, line);
	else
		act(s, &c, line);
	return true;
}
