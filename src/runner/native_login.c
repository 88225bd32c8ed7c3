/* docker/login-action: `login` with the job's own docker configuration, `logout` at its end.
 * Source: docker/login-action README. */
#include "native_priv.h"

static int refuse(const char *input, const char *hint, struct err *err)
{
	err_set(err, ERR_UNSUPPORTED, "input '%s' of docker/login-action is not supported", input);
	return err_hint(err, "%s", hint);
}

/* "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "public.ecr.aws" */
static bool is_ecr(struct str registry)
{
	return str_is(registry, "public.ecr.aws") ||
		(str_has(registry, S(".dkr.ecr")) && str_has(registry, S(".amazonaws.com")));
}

static int check_inputs(const struct step *s, struct err *err)
{
	struct str ecr = native_input(s, "ecr");
	if (native_input(s, "registry-auth").n)
		return refuse("registry-auth", "write one step for each registry", err);
	if (native_input(s, "scope").n)
		return refuse("scope", "leave it out: the credentials die with the job", err);
	if (str_is(ecr, "true") || (!str_is(ecr, "false") && is_ecr(native_input(s, "registry")))) {
		err_set(err, ERR_UNSUPPORTED, "AWS is not asked for a password");
		return err_hint(err,
			"username: AWS, password: of 'aws ecr get-login-password', and "
			"ecr: false");
	}
	if (str_starts(native_input(s, "registry"), S("-")))
		return err_set(err, ERR_INPUT, "'%.*s' is no registry",
			STR_ARG(native_input(s, "registry")));
	if (!native_input(s, "username").n && !native_input(s, "password").n)
		return err_set(err, ERR_INPUT, "Username and password required");
	if (!native_input(s, "username").n)
		return err_set(err, ERR_INPUT, "Username required");
	if (!native_input(s, "password").n && !native_is_dry(s)) {
		err_set(err, ERR_INPUT, "Password required");
		return err_hint(err, "is the secret known? --secret NAME=VALUE");
	}
	return 0;
}

static void add_registry(struct native_command *c, const struct step *s)
{
	struct str registry = native_input(s, "registry");
	if (registry.n)
		argv_add_str(&c->argv, registry);
}

static int log_out(struct step *s, struct post *p, struct err *err)
{
	CLEANUP(native_command_done) struct native_command c = {0};
	struct runner_command_result ignored;
	argv_add(&c.argv, "logout");
	add_registry(&c, s);
	return native_command_run(s, &c, &ignored, err);
}

static int log_in(struct step *s, struct err *err)
{
	CLEANUP(native_command_done) struct native_command c = {0};
	struct runner_command_result ignored;
	struct str password = native_input(s, "password");
	/* It is a secret, wherever it comes from. */
	if (masker_add(s->job->run->masker, password, err) < 0)
		return -1;
	argv_add(&c.argv, "login");
	argv_add(&c.argv, "--username");
	argv_add_str(&c.argv, native_input(s, "username"));
	argv_add(&c.argv, "--password-stdin");
	add_registry(&c, s);
	c.stdin_text = password;
	return native_command_run(s, &c, &ignored, err);
}

static int run(struct step *s, struct err *err)
{
	bool logs_out;
	if (check_inputs(s, err) < 0 || native_flag(s, "logout", &logs_out, err) < 0 ||
		log_in(s, err) < 0)
		return -1;
	if (native_is_dry(s))
		return 0;
	step_printf(s, "Login Succeeded!\n");
	if (logs_out)
		step_add_post(s,
			&(struct post){.name = arena_fmt(s->a, "Post %.*s", STR_ARG(s->name)),
				.run = log_out});
	return 0;
}

static const struct native_input inputs[] = {{"registry"}, {"username"}, {"password"}, {"scope"},
	{"ecr", "auto"}, {"logout", "true"}, {"registry-auth"}, {NULL}};

const struct native native_login = {"docker/login-action", inputs, run};
