/* docker-credential-* programs: the server's name or a JSON object on stdin, JSON on stdout.
 * https://docs.docker.com/reference/cli/docker/login/#credential-helper-protocol */
#include "remote/remote_priv.h"

#include "proc/proc.h"

#include <unistd.h>

extern char **environ;

enum { OUTPUT_MAX = 256 * 1024 };
#define HELPER_TIMEOUT_NS (120 * CLOCK_SECOND) /* somebody may have to unlock a key ring */

struct said {
	struct buf out;
	struct proc_tail tail;
};

static int on_output(void *ctx, int stream, struct str text, struct err *err)
{
	struct said *said = ctx;
	proc_tail_add(&said->tail, text);
	if (stream == 1)
		buf_add(&said->out, text);
	return buf_check(&said->out, "output of a credential helper", err);
}

/* The name is part of a program's name: nothing that could be a path. */
static int check_name(struct str name, struct err *err)
{
	for (size_t i = 0; i < name.n; i++)
		if (!ch_is_alnum(name.p[i]) && str_chr(S("-_."), name.p[i]) < 0)
			return err_set(err, ERR_INPUT, "'%.*s' is not a credential helper",
				STR_ARG(str_sub(name, 0, 100)));
	return name.n && name.n < 100 && name.p[0] != '.'
		? 0
		: err_set(err, ERR_INPUT, "'%.*s' is not a credential helper",
			  STR_ARG(str_sub(name, 0, 100)));
}

/* 1 = said yes, 0 = said no, with its words in said. */
static int ask(struct str name, const char *verb, struct str input, struct said *said,
	struct err *err)
{
	char program[128];
	struct proc_end end;
	if (check_name(name, err) < 0)
		return -1;
	snprintf(program, sizeof(program), "docker-credential-%.*s", STR_ARG(name));
	const char *argv[] = {program, verb, NULL};
	struct proc_run run = {
		.spec = {.program = program, .argv = argv, .env = (const char *const *)environ},
		.stdin_text = input,
		.on_output = on_output,
		.ctx = said,
		.timeout_ns = HELPER_TIMEOUT_NS,
	};
	if (proc_run(&run, &end, err) < 0) {
		if (err->kind == ERR_NOT_FOUND)
			err_hint(err, "the docker config asks for it in credsStore or credHelpers");
		return err_wrap(err, "credential helper '%s'", program);
	}
	if (end.status == 0)
		return 1;
	return 0;
}

static int refused(struct str name, const struct said *said, struct err *err)
{
	struct str words = str_trim(str_n(said->tail.p, said->tail.n));
	return err_set(err, ERR_DENIED, "credential helper 'docker-credential-%.*s': %.*s",
		STR_ARG(name), STR_ARG(str_sub(words, 0, 300)));
}

static int read_answer(struct str text, struct arena *a, struct credentials *ret, struct err *err)
{
	struct json *v = NULL;
	struct str user = STR_NONE, secret = STR_NONE;
	if (json_parse(text, NULL, a, &v, err) < 0 || json_get_str(v, "Username", &user, err) < 0 ||
		json_get_str(v, "Secret", &secret, err) < 0)
		return -1;
	if (str_is(user, "<token>"))
		*ret = (struct credentials){.identity_token = secret};
	else
		*ret = (struct credentials){.user = user, .password = secret};
	return user.n && secret.n;
}

int helper_get(struct str name, struct str server, struct arena *a, struct credentials *ret,
	struct err *err)
{
	struct said said = {.out = BUF(OUTPUT_MAX)};
	int rc = ask(name, "get", server, &said, err);
	struct str out = buf_str(&said.out);
	if (rc > 0) {
		rc = read_answer(out, a, ret, err);
		if (rc < 0)
			err_wrap(err, "credential helper 'docker-credential-%.*s'", STR_ARG(name));
	} else if (rc == 0 && !str_has(out, S("credentials not found"))) {
		rc = refused(name, &said, err);
	}
	buf_done(&said.out);
	return rc;
}

static int ask_simply(struct str name, const char *verb, struct str input, struct err *err)
{
	struct said said = {.out = BUF(OUTPUT_MAX)};
	int rc = ask(name, verb, input, &said, err);
	if (rc == 0)
		rc = refused(name, &said, err);
	buf_done(&said.out);
	return rc < 0 ? -1 : 0;
}

int helper_store(struct str name, struct str server, const struct credentials *c, struct err *err)
{
	CLEANUP(buf_done) struct buf text = BUF(OUTPUT_MAX);
	struct json_out o;
	json_out_init(&o, &text, 0);
	json_object(&o);
	json_key(&o, "ServerURL");
	json_add_str(&o, server);
	json_key(&o, "Username");
	json_add_str(&o, c->identity_token.n ? S("<token>") : c->user);
	json_key(&o, "Secret");
	json_add_str(&o, c->identity_token.n ? c->identity_token : c->password);
	json_end(&o);
	return buf_check(&text, "credentials", err) < 0
		? -1
		: ask_simply(name, "store", buf_str(&text), err);
}

int helper_erase(struct str name, struct str server, struct err *err)
{
	return ask_simply(name, "erase", server, err);
}
