#include "cli/cmd_list.h"

#include "fs/fs.h"
#include "json/json.h"

#include <termios.h>

enum { PASSWORD_MAX = 16 * 1024 };

/* Reads a line from the terminal without showing it. */
static int ask_password(struct buf *ret, struct err *err)
{
	struct termios shown, hidden;
	char line[1024];
	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &shown) < 0) {
		err_set(err, ERR_USAGE, "no password given");
		return err_hint(err, "echo $TOKEN | knarr login REGISTRY -u USER --password-stdin");
	}
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	fputs("Password: ", stderr);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	char *got = fgets(line, sizeof(line), stdin);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	fputc('\n', stderr);
	if (!got)
		return err_set(err, ERR_USAGE, "no password given");
	buf_add(ret, str_trim_right(str_of(line)));
	explicit_bzero(line, sizeof(line));
	return 0;
}

static int read_password(const char *given, bool from_stdin, struct buf *ret, struct err *err)
{
	if (given && from_stdin)
		return err_set(err, ERR_USAGE,
			"--password and --password-stdin exclude each other");
	if (given) {
		fputs("knarr: warning: a password on the command line can be seen by others; "
		      "use --password-stdin\n",
			stderr);
		buf_add_cstr(ret, given);
	} else if (!from_stdin) {
		return ask_password(ret, err);
	} else {
		if (fs_read_fd(STDIN_FILENO, ret, err) < 0)
			return err_wrap(err, "password");
		buf_cut(ret, str_trim_right(buf_str(ret)).n);
	}
	return ret->n ? 0 : err_set(err, ERR_USAGE, "the password is empty");
}

static int answer(const struct cmd_globals *g, const char *registry, bool is_login,
	bool has_changed)
{
	CLEANUP(buf_done) struct buf b = BUF(4096);
	struct err err = {0};
	struct json_out o;
	if (cmd_is_json(g)) {
		json_out_init(&o, &b, 0);
		json_object(&o);
		json_key(&o, "registry");
		json_add_cstr(&o, registry);
		json_key(&o, is_login ? "logged_in" : "logged_out");
		json_add_bool(&o, has_changed);
		json_end(&o);
		buf_add_ch(&b, '\n');
	} else if (is_login) {
		buf_add(&b, S("Login Succeeded\n"));
	} else {
		buf_fmt(&b, has_changed ? "Removed the login for %s\n" : "Not logged in to %s\n",
			registry);
	}
	return cmd_answer(&b, &err) < 0 ? exit_with(&err) : EXIT_OK;
}

int cmd_login(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	const char *user = NULL, *given = NULL;
	bool from_stdin = false;
	struct remote *remote;
	CLEANUP(session_done) struct session s = {0};
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	CLEANUP(buf_done) struct buf password = BUF(PASSWORD_MAX);
	const struct opt own[] = {
		{"username", 'u', OPT_TEXT, &user, "USER", "user name"},
		{"password", 'p', OPT_TEXT, &given, "TOKEN",
			"token (others can see it: prefer stdin)"},
		{"password-stdin", 0, OPT_FLAG, &from_stdin, NULL, "read the token from stdin"},
	};
	int rc = cmd_parse(self, g, own, ARRAY_LEN(own), OPT_ANYWHERE, argc, argv, 0, 1, &args,
		&err);
	if (rc == 0 && !user) {
		rc = err_set(&err, ERR_USAGE, "no user name given");
		err_hint(&err, "knarr login %s -u USER --password-stdin",
			args.n ? args.p[0] : "REGISTRY");
	}
	if (rc == 0)
		rc = read_password(given, from_stdin, &password, &err);
	if (rc == 0)
		rc = session_init(&s, g, &err);
	if (rc == 0)
		rc = session_remote(&s, &remote, &err);
	if (rc == 0)
		rc = remote_login(remote, str_of(args.n ? args.p[0] : "docker.io"), str_of(user),
			buf_str(&password), &err);
	if (password.p)
		explicit_bzero(password.p, password.n);
	if (rc < 0)
		return exit_with(&err);
	return rc > 0 ? EXIT_OK : answer(g, args.n ? args.p[0] : "docker.io", true, true);
}

int cmd_logout(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	struct remote *remote;
	CLEANUP(session_done) struct session s = {0};
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	int rc = cmd_parse(self, g, NULL, 0, OPT_ANYWHERE, argc, argv, 0, 1, &args, &err);
	const char *registry = args.n ? args.p[0] : "docker.io";
	bool is_help = rc > 0;
	if (rc == 0)
		rc = session_init(&s, g, &err);
	if (rc == 0)
		rc = session_remote(&s, &remote, &err);
	if (rc == 0)
		rc = remote_logout(remote, str_of(registry), &err);
	if (rc < 0)
		return exit_with(&err);
	return is_help ? EXIT_OK : answer(g, registry, false, rc > 0);
}
