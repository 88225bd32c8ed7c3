/* The process that becomes a step. */
#include "container/helper/box_priv.h"
#include "fs/fs.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>

static int read_request(int fd, struct arena *a, struct sandbox_exec *ret, struct err *err)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return err_sys(err, "read the step");
	if (st.st_size <= 0 || st.st_size > WIRE_MAX)
		return err_set(err, ERR_CORRUPT, "a step without content");
	size_t n = (size_t)st.st_size;
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return err_sys(err, "read the step");
	struct wire w = {.in = str_n(p, n), .arena = a};
	sandbox_exec_wire(&w, ret);
	return wire_end(&w, err);
}

static int take_streams(const int fds[STEP_FDS], struct err *err)
{
	for (int i = 0; i < 3; i++)
		if (dup2(fds[STEP_STDIN + i], i) < 0)
			return err_sys(err, "dup");
	return close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0 ? err_sys(err, "close_range") : 0;
}

static int become_user(const char *name, struct err *err)
{
	struct container_user u;
	CLEANUP(fd_close) int root = -1;
	if (!name || !name[0])
		return 0;
	if (fs_open(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0, &root, err) < 0 ||
		container_find_user(root, name, &u, err) < 0)
		return -1;
	gid_t groups[CONTAINER_GROUPS_MAX];
	for (size_t i = 0; i < u.n_groups; i++)
		groups[i] = u.groups[i];
	if (setgroups(u.n_groups, groups) < 0 || setresgid(u.gid, u.gid, u.gid) < 0 ||
		setresuid(u.uid, u.uid, u.uid) < 0)
		return err_sys(err, "become user '%s'", name);
	return 0;
}

static int enter_folder(const char *cwd, struct err *err)
{
	if (chdir(cwd) == 0)
		return 0;
	int number = errno;
	err_sys(err, "enter working folder '%s'", cwd);
	if (number == ENOENT || number == ENOTDIR)
		err->kind = ERR_NOT_FOUND;
	return -1;
}

/* All signals as they are for a fresh process; ours are blocked. */
static int reset_signals(struct err *err)
{
	sigset_t none;
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) < 0 ? err_sys(err, "unblock signals") : 0;
}

static const char *path_of(const char *const *env)
{
	const char *path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	for (size_t i = 0; env && env[i]; i++)
		if (strncmp(env[i], "PATH=", 5) == 0)
			path = env[i] + 5;
	return path;
}

static void try_exec(const char *path, const struct sandbox_exec *e)
{
	static const char *const no_env[] = {NULL};
	/* execve's parameters lack a const for C's sake; it writes nothing (execve(2)). */
	execve(path, (char *const *)(uintptr_t)e->args,
		(char *const *)(uintptr_t)(e->env ? e->env : no_env));
}

/* As execvpe: a file that may not be run does not end the search, but is what is told. */
static int search(const struct sandbox_exec *e)
{
	struct str rest = str_of(path_of(e->env)), folder;
	char path[PATH_MAX];
	int number = ENOENT;
	while (str_cut(&rest, ':', &folder)) {
		int n = snprintf(path, sizeof(path), "%.*s%s%s", STR_ARG(folder),
			folder.n ? "/" : "", e->args[0]);
		if (n < 0 || (size_t)n >= sizeof(path))
			continue;
		try_exec(path, e);
		if (errno == EACCES)
			number = errno;
		else if (errno != ENOENT && errno != ENOTDIR)
			return errno;
	}
	return number;
}

static int run_program(const struct sandbox_exec *e, struct err *err)
{
	int number = ENOENT;
	if (strchr(e->args[0], '/')) {
		try_exec(e->args[0], e);
		number = errno;
	} else if (e->args[0][0]) {
		number = search(e);
	}
	err_sysno(err, number, "run '%s'", e->args[0]);
	if (number == ENOENT || number == ENOTDIR)
		err->kind = ERR_NOT_FOUND;
	else if (number == EACCES || number == ENOEXEC)
		err->kind = ERR_INPUT;
	else if (number == E2BIG)
		err->kind = ERR_LIMIT;
	return -1;
}

static int become_step(const int fds[STEP_FDS], struct err *err)
{
	struct arena a = {0}; /* until execve */
	struct sandbox_exec e = {0};
	if (read_request(fds[STEP_REQUEST], &a, &e, err) < 0 || take_streams(fds, err) < 0)
		return -1;
	if (setsid() < 0)
		return err_sys(err, "setsid");
	if (become_user(e.user, err) < 0 || enter_folder(e.cwd, err) < 0 || reset_signals(err) < 0)
		return -1;
	return run_program(&e, err);
}

void box_step(const int fds[STEP_FDS])
{
	struct helper_report r = {.is_error = true};
	CLEANUP(buf_done) struct buf b = BUF(HELPER_REPORT_MAX);
	struct wire w = {.out = &b};
	(void)become_step(fds, &r.err); /* it came back: r.err says why */
	helper_report_wire(&w, &r);
	(void)send(fds[STEP_SOCKET], buf_cstr(&b), b.n, MSG_NOSIGNAL);
	_exit(127);
}
