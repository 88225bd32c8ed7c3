#include "dockerfile/scope.h"

#include "base/num.h"

#include <signal.h>

/* Numbers of Linux on most machines; real-time signals are counted as libc does. */
enum { FIRST_REALTIME = 34, LAST_REALTIME = 64, HALF_REALTIME = 15 };

static const struct {
	const char *name;
	int number;
} names[] = {{"ABRT", SIGABRT}, {"ALRM", SIGALRM}, {"BUS", SIGBUS}, {"CHLD", SIGCHLD},
	{"CLD", SIGCHLD}, {"CONT", SIGCONT}, {"FPE", SIGFPE}, {"HUP", SIGHUP}, {"ILL", SIGILL},
	{"INT", SIGINT}, {"IO", SIGIO}, {"IOT", SIGABRT}, {"KILL", SIGKILL}, {"PIPE", SIGPIPE},
	{"POLL", SIGPOLL}, {"PROF", SIGPROF}, {"PWR", SIGPWR}, {"QUIT", SIGQUIT}, {"SEGV", SIGSEGV},
	{"STKFLT", SIGSTKFLT}, {"STOP", SIGSTOP}, {"SYS", SIGSYS}, {"TERM", SIGTERM},
	{"TRAP", SIGTRAP}, {"TSTP", SIGTSTP}, {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU}, {"URG", SIGURG},
	{"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"VTALRM", SIGVTALRM}, {"WINCH", SIGWINCH},
	{"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ}};

/* RTMIN, RTMIN+1 … RTMIN+15, RTMAX-14 … RTMAX */
static int realtime(struct str name)
{
	struct err ignored = {0}; /* then it is no signal */
	uint64_t n = 0;
	bool is_min = str_eq_nocase(str_sub(name, 0, 5), S("RTMIN"));
	if (!is_min && !str_eq_nocase(str_sub(name, 0, 5), S("RTMAX")))
		return 0;
	name = str_skip(name, 5);
	if (name.n &&
		(name.p[0] != (is_min ? '+' : '-') ||
			num_parse_u64(str_skip(name, 1), 1,
				is_min ? HALF_REALTIME : HALF_REALTIME - 1, &n, &ignored) < 0))
		return 0;
	return is_min ? FIRST_REALTIME + (int)n : LAST_REALTIME - (int)n;
}

int stop_signal_parse(struct str text, int *ret, struct err *err)
{
	struct err ignored = {0}; /* then it is a name */
	uint64_t n = 0;
	if (num_parse_u64(text, 1, LAST_REALTIME, &n, &ignored) < 0) {
		bool has_sig = str_eq_nocase(str_sub(text, 0, 3), S("SIG"));
		struct str name = str_skip(text, has_sig ? 3 : 0);
		n = (uint64_t)realtime(name);
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			if (str_eq_nocase(name, str_of(names[i].name)))
				n = (uint64_t)names[i].number;
	}
	if (!n)
		return err_set(err, ERR_INPUT, "invalid signal: %.*s", STR_ARG(text));
	*ret = (int)n;
	return 0;
}
