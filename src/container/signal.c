#include "container/container.h"

#include "base/num.h"

#include <signal.h>

static const struct {
	const char *name;
	int number;
} names[] = {
	{"HUP", SIGHUP},
	{"INT", SIGINT},
	{"QUIT", SIGQUIT},
	{"ILL", SIGILL},
	{"TRAP", SIGTRAP},
	{"ABRT", SIGABRT},
	{"IOT", SIGABRT},
	{"BUS", SIGBUS},
	{"FPE", SIGFPE},
	{"KILL", SIGKILL},
	{"USR1", SIGUSR1},
	{"SEGV", SIGSEGV},
	{"USR2", SIGUSR2},
	{"PIPE", SIGPIPE},
	{"ALRM", SIGALRM},
	{"TERM", SIGTERM},
	{"STKFLT", SIGSTKFLT},
	{"CHLD", SIGCHLD},
	{"CLD", SIGCHLD},
	{"CONT", SIGCONT},
	{"STOP", SIGSTOP},
	{"TSTP", SIGTSTP},
	{"TTIN", SIGTTIN},
	{"TTOU", SIGTTOU},
	{"URG", SIGURG},
	{"XCPU", SIGXCPU},
	{"XFSZ", SIGXFSZ},
	{"VTALRM", SIGVTALRM},
	{"PROF", SIGPROF},
	{"WINCH", SIGWINCH},
	{"IO", SIGIO},
	{"POLL", SIGIO},
	{"PWR", SIGPWR},
	{"SYS", SIGSYS},
};

/* The kernel's numbers: libc keeps the first two real-time signals to itself, containers do not. */
enum { RTMIN = 34, RTMAX = 64 };

/* "RTMIN", "RTMIN+3", "RTMAX-1": 0 when it is none of these. */
static int real_time(struct str s)
{
	bool is_min = str_starts(s, S("RTMIN"));
	int base = is_min ? RTMIN : RTMAX;
	uint64_t offset = 0;
	struct err ignored; /* the caller says what is wrong with the whole name */
	if (!is_min && !str_starts(s, S("RTMAX")))
		return 0;
	s = str_skip(s, 5);
	if (!s.n)
		return base;
	if (s.p[0] != (is_min ? '+' : '-') ||
		num_parse_u64(str_skip(s, 1), 0, RTMAX - RTMIN, &offset, &ignored) < 0)
		return 0;
	return is_min ? base + (int)offset : base - (int)offset;
}

int container_signal(const char *name, int *ret, struct err *err)
{
	struct str s = str_of(name);
	char upper[16] = "";
	uint64_t number;
	struct err ignored; /* not a number: a name then */
	if (num_parse_u64(s, 1, RTMAX, &number, &ignored) == 0) {
		*ret = (int)number;
		return 0;
	}
	for (size_t i = 0; i < s.n && s.n < sizeof(upper); i++)
		upper[i] = ch_upper(s.p[i]);
	struct str u = str_of(upper);
	if (str_starts(u, S("SIG")))
		u = str_skip(u, 3);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_is(u, names[i].name)) {
			*ret = names[i].number;
			return 0;
		}
	int rt = real_time(u);
	if (!rt)
		return err_set(err, ERR_INPUT, "unknown signal '%s'", name);
	*ret = rt;
	return 0;
}
