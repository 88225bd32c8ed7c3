/* GITHUB_ENV, GITHUB_OUTPUT, GITHUB_PATH, GITHUB_STATE, GITHUB_STEP_SUMMARY: files a step writes to.
 *
 * Each step gets fresh ones in RUNNER_TEMP/_runner_file_commands, which it may replace, remove or turn
 * into anything else: they are read by name, below that folder, only when they are plain files of at
 * most RUNNER_MAX_FILE_COMMAND bytes. One that was removed says nothing.
 */
#include "file_pairs_priv.h"
#include "run_priv.h"

#include <fcntl.h>

#define FOLDER "_runner_file_commands"
enum { NAME_ROOM = 96 };

static int take_path(struct step *s, struct str text, struct err *err);
static int take_env(struct step *s, struct str text, struct err *err);
static int take_summary(struct step *s, struct str text, struct err *err);
static int take_state(struct step *s, struct str text, struct err *err);
static int take_output(struct step *s, struct str text, struct err *err);

/* In the order in which GitHub's runner reads them. */
static const struct file_command {
	const char *context; /* github.env, and GITHUB_ENV */
	const char *file;
	int (*take)(struct step *s, struct str text, struct err *err);
} commands[] = {
	{"path", "add_path", take_path},
	{"env", "set_env", take_env},
	{"step_summary", "step_summary", take_summary},
	{"state", "save_state", take_state},
	{"output", "set_output", take_output},
};

static void name_of(const struct step *s, const struct file_command *c, char room[NAME_ROOM])
{
	snprintf(room, NAME_ROOM, FOLDER "/%s_%u", c->file, s->file_number);
}

void file_commands_name(struct step *s)
{
	char name[NAME_ROOM];
	s->file_number = ++s->job->n_files;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		name_of(s, &commands[i], name);
		step_github(s, commands[i].context,
			arena_fmt(s->a, "%s/%s", s->job->place.temp, name));
	}
}

int file_commands_make(struct step *s, struct err *err)
{
	int temp_fd = s->job->place.temp_fd;
	char name[NAME_ROOM];
	if (fs_mkdirs_in(temp_fd, FOLDER, 0755, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		CLEANUP(fd_close) int fd = -1;
		name_of(s, &commands[i], name);
		if (fs_open_in(temp_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644, &fd,
			    err) < 0)
			return -1;
	}
	return 0;
}

/* 1 = there is none any more. */
static int read_file(const struct step *s, const char *name, size_t max, struct buf *ret,
	struct err *err)
{
	int temp_fd = s->job->place.temp_fd;
	CLEANUP(fd_close) int fd = -1;
	struct stat st;
	struct err why = {0};
	if (fs_open_in(temp_fd, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0, &fd, &why) < 0) {
		if (why.kind == ERR_NOT_FOUND)
			return 1;
		return err_set(err, ERR_DENIED, "the file was replaced by something else");
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, ERR_DENIED, "the file was replaced by something else");
	if ((uint64_t)st.st_size > max)
		return err_set(err, ERR_LIMIT, "the file has %lld bytes, more than %zu",
			(long long)st.st_size, max);
	return fs_read_fd(fd, ret, err);
}

/* Text for people that is too long is left out; the step has not failed. */
static bool is_long_summary(struct step *s, const struct file_command *c, const struct err *err)
{
	if (c->take != take_summary || err->kind != ERR_LIMIT)
		return false;
	step_notef(s, EVENT_ERROR,
		"$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of %dk",
		RUNNER_MAX_SUMMARY >> 10);
	return true;
}

static void take(struct step *s, const struct file_command *c)
{
	CLEANUP(buf_done) struct buf text = BUF(RUNNER_MAX_FILE_COMMAND);
	struct err err = {0}, ignored;
	char name[NAME_ROOM];
	name_of(s, c, name);
	int rc = read_file(s, name, RUNNER_MAX_FILE_COMMAND, &text, &err);
	if (rc == 0 && text.n)
		rc = c->take(s, buf_str(&text), &err);
	if (rc < 0 && !is_long_summary(s, c, &err)) {
		step_notef(s, EVENT_ERROR, "Unable to process file command '%s' successfully.",
			c->context);
		step_note_err(s, &err);
		s->has_bad_command = true;
	}
	/* A folder in its place may stay until the job ends. */
	int dir_fd = -1;
	const char *last;
	if (fs_parent_in(s->job->place.temp_fd, name, 0, &dir_fd, &last, &ignored) == 0)
		(void)unlinkat(dir_fd, last, 0);
	fd_close(dir_fd);
}

void file_commands_take(struct step *s)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		take(s, &commands[i]);
}

/* ---- what they do ---- */

static int take_path(struct step *s, struct str text, struct err *err)
{
	struct str line;
	while (str_line(&text, &line)) {
		if (!line.n)
			continue;
		if (str_chr(line, '\0') >= 0)
			return err_set(err, ERR_INPUT, "a path holds a NUL byte");
		step_add_path(s, line);
	}
	return 0;
}

static int tell_env(void *ctx, struct str name, struct str value, struct err *err)
{
	if (str_eq_nocase(name, S("NODE_OPTIONS"))) { /* every node would run what it says */
		step_notef(ctx, EVENT_ERROR,
			"Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.");
		return 0;
	}
	return step_set_env(ctx, name, value, err);
}

static int take_env(struct step *s, struct str text, struct err *err)
{
	return file_pairs(text, tell_env, s, err);
}

static int tell_state(void *ctx, struct str name, struct str value, struct err *err)
{
	return step_set_state(ctx, name, value, err);
}

static int take_state(struct step *s, struct str text, struct err *err)
{
	return file_pairs(text, tell_state, s, err);
}

static int tell_output(void *ctx, struct str name, struct str value, struct err *err)
{
	if (str_chr(name, '\0') >= 0 || str_chr(value, '\0') >= 0)
		return err_set(err, ERR_INPUT, "output '%.*s' holds a NUL byte", STR_ARG(name));
	step_set_output(ctx, name, value);
	return 0;
}

static int take_output(struct step *s, struct str text, struct err *err)
{
	return file_pairs(text, tell_output, s, err);
}

/* Markdown for people; too much of it is not worth a failed step. */
static int take_summary(struct step *s, struct str text, struct err *err)
{
	CLEANUP(buf_done) struct buf masked = BUF(4 * RUNNER_MAX_SUMMARY);
	masker_write(s->job->run->masker, text, &masked);
	s->summary = arena_str(s->a, buf_str(&masked));
	return 0;
}
