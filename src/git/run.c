#include "git/git_priv.h"

/* Of our own environment: programs, the net, and whose files git may believe (SUDO_UID). */
static const char *const kept[] = {"PATH", "HOME", "XDG_CONFIG_HOME", "USER", "LOGNAME", "SUDO_UID",
	"TMPDIR", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "http_proxy",
	"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"};

void git_add_env(struct argv *env)
{
	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		const char *value = getenv(kept[i]);
		if (value)
			argv_set(env, str_of(kept[i]), str_of(value));
	}
	argv_set(env, S("LC_ALL"), S("C"));
	argv_set(env, S("GIT_TERMINAL_PROMPT"), S("0"));
	argv_set(env, S("GIT_SSH_COMMAND"), S("ssh -o BatchMode=yes"));
}

void git_add_config(struct argv *env, const char *key, const char *value)
{
	const char *count = argv_value(env, S("GIT_CONFIG_COUNT"));
	long n = count ? strtol(count, NULL, 10) : 0; /* ours, or the caller's */
	char name[64];
	snprintf(name, sizeof(name), "GIT_CONFIG_KEY_%ld", n);
	argv_set(env, str_of(name), str_of(key));
	snprintf(name, sizeof(name), "GIT_CONFIG_VALUE_%ld", n);
	argv_set(env, str_of(name), str_of(value));
	snprintf(name, sizeof(name), "%ld", n + 1);
	argv_set(env, S("GIT_CONFIG_COUNT"), str_of(name));
}

/* git has no exit codes for these. Words of git 2.39, curl and ssh in the C locale; what is not
 * recognised stays ERR_FAILED, which is not wrong. */
static enum err_kind kind_of(struct str words)
{
	static const struct {
		const char *words;
		enum err_kind kind;
	} table[] = {
		{"Authentication failed", ERR_DENIED},
		{"could not read Username", ERR_DENIED},
		{"could not read Password", ERR_DENIED},
		{"Permission denied (", ERR_DENIED},
		{"Host key verification failed", ERR_DENIED},
		{"The requested URL returned error: 403", ERR_DENIED},
		{"detected dubious ownership", ERR_DENIED},
		{"Could not resolve host", ERR_NET},
		{"unable to look up", ERR_NET},
		{"unable to access '", ERR_NET},
		{"unable to connect to", ERR_NET},
		{"Connection refused", ERR_NET},
		{"Connection timed out", ERR_NET},
		{"the remote end hung up", ERR_NET},
		{"early EOF", ERR_NET},
		{"RPC failed", ERR_NET},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (str_has(words, str_of(table[i].words)))
			return table[i].kind;
	return ERR_FAILED;
}

int git_failed(const char *const *argv, const struct proc_end *end, const struct proc_tail *tail,
	struct err *err)
{
	char name[64];
	snprintf(name, sizeof(name), "git %s", argv[1]);
	proc_failed(name, end, tail, err);
	err->kind = kind_of(str_n(tail->p, tail->n));
	return -1;
}

struct said {
	struct buf *out;
	struct proc_tail tail;
};

static int listen(void *ctx, int stream, struct str text, struct err *err)
{
	struct said *s = ctx;
	if (stream == 2)
		proc_tail_add(&s->tail, text);
	else
		buf_add(s->out, text);
	return buf_check(s->out, "git's answer", err);
}

int git_read(const struct git_read *r, struct buf *ret, struct err *err)
{
	CLEANUP(argv_done) struct argv env = {0};
	struct said said = {.out = ret};
	struct proc_end end;
	git_add_env(&env);
	argv_set(&env, S("GIT_OPTIONAL_LOCKS"), S("0")); /* reading does not write the index */
	/* A partial clone would fetch what is missing, by a program its configuration may name. */
	argv_set(&env, S("GIT_NO_LAZY_FETCH"), S("1"));
	argv_set(&env, S("GIT_ALLOW_PROTOCOL"), S("none"));
	git_add_config(&env, "core.fsmonitor", "false");
	git_add_config(&env, "core.hooksPath", "/dev/null");
	if (!r->runs_config)
		git_add_config(&env, "safe.directory", "*");
	struct proc_run run = {.spec = {.argv = r->argv, .env = argv_list(&env), .cwd = r->top},
		.stdin_text = r->stdin_text,
		.on_output = listen,
		.ctx = &said};
	if (proc_run(&run, &end, err) < 0)
		return -1;
	if (r->ret_status)
		*r->ret_status = end.status;
	/* 128 is git's own trouble, never an answer. */
	if (end.status && (!r->ret_status || end.status >= 128))
		return git_failed(r->argv, &end, &said.tail, err);
	return 0;
}
