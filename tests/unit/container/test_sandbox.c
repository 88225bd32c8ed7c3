#include "rig.h"

#include "container/helper/cgroup_priv.h"
#include "container/sandbox.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>

#define HOST_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* A sandbox, and what its steps print. */
struct bench {
	struct rig r;
	struct sandbox_spec spec;
	struct sandbox *sandbox;
	struct sandbox_exec step;
	struct cancel cancel;
	bool cancels_when_ready;
	size_t mounts;
	const char *env[4];
	char name[60]; /* one for each test: what a failed one leaves is not the next one's */
};

static int on_output(void *ctx, int stream, struct str text, struct err *err)
{
	struct bench *b = ctx;
	if (rig_collect(&b->r, stream, text, err) < 0)
		return -1;
	if (b->cancels_when_ready && str_has(buf_str(&b->r.out), S("ready")))
		cancel_ask(&b->cancel);
	return 0;
}

static void bench_init(struct bench *b)
{
	static int number;
	struct err err = {0};
	*b = (struct bench){.mounts = rig_count_mounts()};
	rig_init(&b->r);
	OK(cancel_init(&b->cancel, &err));
	snprintf(b->name, sizeof(b->name), "test-sandbox-%d-%s", ++number, rig_tag());
	b->env[0] = HOST_PATH;
	b->env[1] = b->r.env_tag;
	b->spec = (struct sandbox_spec){.name = b->name};
	b->step = (struct sandbox_exec){
		.env = b->env, .on_output = on_output, .ctx = b, .cancel = &b->cancel};
}

/* Over an image instead of the host. */
static void bench_use_image(struct bench *b)
{
	b->spec.lowers = b->r.lowers;
	b->spec.n_lowers = 1;
}

static void bench_start(struct bench *b)
{
	struct err err = {0};
	OK(sandbox_start(&b->spec, &b->sandbox, &err));
}

static void bench_stop(struct bench *b)
{
	struct err err = {0};
	OK(sandbox_stop(TAKE(b->sandbox), &err));
	assert_int_equal(rig_count_mounts(), b->mounts);
	assert_int_equal(rig_count_cgroups(b->name), 0);
	assert_int_equal(rig_count_processes(b->name), 0);
}

static void bench_done(struct bench *b)
{
	struct err ignored;
	(void)sandbox_stop(b->sandbox, &ignored); /* a test that failed midway */
	cancel_done(&b->cancel);
	rig_done(&b->r);
}
CLEANUP_VAL(bench_done, struct bench);

static int bench_exec(struct bench *b, const char *script, struct err *err)
{
	const char *args[] = {"sh", "-c", script, "sandbox-marker", NULL};
	buf_clear(&b->r.out);
	buf_clear(&b->r.err);
	b->step.args = args;
	int rc = sandbox_exec(b->sandbox, &b->step, &b->r.end, err);
	b->step.args = NULL;
	return rc;
}

static int bench_run(struct bench *b, const char *script)
{
	struct err err = {0};
	if (bench_exec(b, script, &err) < 0)
		fail_msg("%s: %s", script, err.what);
	return b->r.end.status;
}

#define STEP_SAYS(b, script, text)                                                                 \
	do {                                                                                       \
		int status_ = bench_run(b, script);                                                \
		if (status_)                                                                       \
			fail_msg("%s: status %d: %s", script, status_, buf_cstr(&(b)->r.err));     \
		STR_IS(buf_str(&(b)->r.out), text);                                                \
	} while (0)

/* ---- files ---- */

static void host_root_is_destroyed_host_stays(void **state)
{
	CLEANUP(bench_done) struct bench b = {0};
	struct stat passwd, again, usr, usr_again;
	bench_init(&b);
	assert_int_equal(stat("/etc/passwd", &passwd), 0);
	assert_int_equal(stat("/usr/sbin", &usr), 0);
	bench_start(&b);
	STEP_SAYS(&b,
		"rm -rf /etc/passwd /usr/sbin /home; echo x > /etc/knarr-test-new; "
		"ls /etc/passwd /usr/sbin 2>/dev/null; echo done",
		"done\n");
	STEP_SAYS(&b, "cat /etc/knarr-test-new; echo y >> /etc/hosts; chmod 000 /etc; echo ok",
		"x\nok\n");
	bench_stop(&b);
	assert_int_equal(stat("/etc/passwd", &again), 0);
	assert_int_equal(stat("/usr/sbin", &usr_again), 0);
	assert_true(passwd.st_ino == again.st_ino && passwd.st_ctime == again.st_ctime);
	assert_true(usr.st_ino == usr_again.st_ino && usr.st_mtime == usr_again.st_mtime);
	assert_true(access("/etc/knarr-test-new", F_OK) < 0);
}

static void sandbox_files_are_throw_away_but_mounts(void **state)
{
	CLEANUP(bench_done) struct bench b = {0};
	char work[100], hidden[100], scratch[100], secret[140], inside[140];
	bench_init(&b);
	snprintf(work, sizeof(work), "%s/store/job/work", b.r.dir.path);
	snprintf(hidden, sizeof(hidden), "%s/store", b.r.dir.path);
	snprintf(scratch, sizeof(scratch), "%s/scratch", b.r.dir.path);
	snprintf(secret, sizeof(secret), "%s/secret", hidden);
	snprintf(inside, sizeof(inside), "%s/job", hidden);
	temp_dir_file(&b.r.dir, "store/secret", "secret\n");
	temp_dir_file(&b.r.dir, "store/job/work/file", "work\n");
	temp_dir_file(&b.r.dir, "single", "single\n");
	char single[100], script[1000];
	snprintf(single, sizeof(single), "%s/single", b.r.dir.path);
	const char *hide[] = {hidden, single, "/nosuch/path", NULL};
	const struct container_mount mounts[] = {
		{.kind = CONTAINER_BIND, .source = work, .target = work},
		{.kind = CONTAINER_BIND, .source = work, .target = "/__w/elsewhere"},
		{.kind = CONTAINER_TMPFS, .target = "/opt/knarr-test"},
	};
	b.spec.hidden = hide;
	b.spec.mounts = mounts;
	b.spec.n_mounts = ARRAY_LEN(mounts);
	b.spec.scratch = scratch;
	bench_start(&b);
	/* /tmp is its own, so what the test has there shows only where it is mounted. */
	snprintf(script, sizeof(script),
		"cat %s/file /__w/elsewhere/file; echo new > %s/new; echo big > /tmp/big; "
		"echo v > /var/knarr-test-v; df -P /tmp | tail -1 | cut -d' ' -f1 | grep -c dev",
		work, work);
	STEP_SAYS(&b, script, "work\nwork\n1\n");
	STEP_SAYS(&b, "cat /tmp/big /var/knarr-test-v", "big\nv\n");
	bench_stop(&b);
	temp_dir_has(&b.r.dir, "store/job/work/new", "new\n");
	assert_false(temp_dir_exists(&b.r.dir, "scratch"));
	assert_true(access("/tmp/big", F_OK) < 0);
	assert_true(access("/var/knarr-test-v", F_OK) < 0);
}

static void hidden_folder_is_empty_and_read_only(void **state)
{
	CLEANUP(bench_done) struct bench b = {0};
	char script[400];
	bench_init(&b);
	bench_use_image(&b);
	temp_dir_file(&b.r.dir, "root/store/secret", "secret\n");
	temp_dir_file(&b.r.dir, "root/file", "secret\n");
	temp_dir_file(&b.r.dir, "work/file", "work\n");
	const char *hide[] = {"/store", "/file", NULL};
	const struct container_mount mount = {
		.kind = CONTAINER_BIND, .source = b.r.work, .target = "/store/job/work"};
	b.spec.hidden = hide;
	b.spec.mounts = &mount;
	b.spec.n_mounts = 1;
	bench_start(&b);
	STEP_SAYS(&b,
		"ls /store; cat /store/job/work/file /file; touch /store/x 2>/dev/null || "
		"echo refused; echo new > /store/job/work/new && echo written",
		"job\nwork\nrefused\nwritten\n");
	snprintf(script, sizeof(script), "ls /store/secret 2>/dev/null || echo none");
	STEP_SAYS(&b, script, "none\n");
	bench_stop(&b);
	temp_dir_has(&b.r.dir, "work/new", "new\n");
	temp_dir_has(&b.r.dir, "root/store/secret", "secret\n");
}

static void image_root_is_the_images(void **state)
{
	CLEANUP(bench_done) struct bench b = {0};
	bench_init(&b);
	bench_use_image(&b);
	b.spec.name = "box";
	bench_start(&b);
	STEP_SAYS(&b, "ls / | tr '\\n' ' '; hostname", "bin dev etc proc sys tmp box\n");
	STEP_SAYS(&b, "grep -c localhost /etc/hosts > /dev/null && cat /etc/hostname", "box\n");
	STEP_SAYS(&b, "rm -rf /bin/ls; echo $$ > /dev/null; test -c /dev/null && echo ok", "ok\n");
	bench_stop(&b);
	assert_true(temp_dir_exists(&b.r.dir, "root/bin/ls"));
	assert_false(temp_dir_exists(&b.r.dir, "root/etc"));
}

static void scratch_in_use_is_refused(void **state)
{
	CLEANUP(bench_done) struct bench b = {0};
	struct err err;
	char scratch[100];
	bench_init(&b);
	snprintf(scratch, sizeof(scratch), "%s/precious", b.r.dir.path);
	temp_dir_file(&b.r.dir, "precious/file", "precious");
	b.spec.scratch = scratch;
	FAILS(ERR_CONFLICT, sandbox_start(&b.spec, &b.sandbox, &err));
	temp_dir_has(&b.r.dir, "precious/file", "precious");
	b.spec.scratch = "relative";
	FAILS(ERR_INPUT, sandbox_start(&b.spec, &b.sandbox, &err));
	b.spec.scratch = NULL;
	b.spec.n_lowers = 1;
	b.spec.lowers = (const char *[]){"/nosuch/tree"};
	FAILS(ERR_NOT_FOUND, sandbox_start(&b.spec, &b.sandbox, &err));
}

/* The host's other file systems are shown, and as safe as its root. Tried in a mount namespace of
 * the test's own. */
static int check_host_mounts(struct bench *b)
{
	struct err err = {0};
	if (unshare(CLONE_NEWNS) < 0 || mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("tmpfs", "/mnt", "tmpfs", 0, NULL) < 0 ||
		mkdir("/mnt/knarr test", 0755) < 0 ||
		mount("tmpfs", "/mnt/knarr test", "tmpfs", 0, NULL) < 0)
		return 1;
	CLEANUP(fd_close)
	int fd = open("/mnt/knarr test/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || sandbox_start(&b->spec, &b->sandbox, &err) < 0)
		return 2;
	if (bench_exec(b, "rm '/mnt/knarr test/file' && echo x > '/mnt/knarr test/new' && echo ok",
		    &err) < 0)
		return 3;
	if (!str_is(buf_str(&b->r.out), "ok\n") || sandbox_stop(b->sandbox, &err) < 0)
		return 4;
	b->sandbox = NULL;
	bool is_same = access("/mnt/knarr test/file", F_OK) == 0 &&
		access("/mnt/knarr test/new", F_OK) < 0;
	return is_same ? 0 : 5;
}

static void host_has_more_mounts_all_are_safe(void **state)
{
	CLEANUP(bench_done) struct bench b = {0};
	int status;
	bench_init(&b);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(check_host_mounts(&b));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* A socket of the host's services is seen, but nobody answers. */
static void host_socket_does_not_answer(void **state)
{
	CLEANUP(bench_done) struct bench b = {0};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	CLEANUP(fd_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char variable[80];
	bench_init(&b);
	snprintf(variable, sizeof(variable), "SOCKET=/root/knarr-test-%s.sock", rig_tag());
	memcpy(address.sun_path, variable + strlen("SOCKET="),
		sizeof(variable) - strlen("SOCKET="));
	b.env[2] = variable;
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 5), 0);
	bench_start(&b);
	STEP_SAYS(&b,
		"test -S $SOCKET && echo seen; python3 -c 'import os, socket\n"
		"s = socket.socket(socket.AF_UNIX)\n"
		"try: s.connect(os.environ[\"SOCKET\"]); print(\"connected\")\n"
		"except OSError: print(\"refused\")'",
		"seen\nrefused\n");
	bench_stop(&b);
	unlink(address.sun_path);
}

/* ---- processes ---- */

static void steps_end_status_is_theirs(void **state)
{
	static const struct {
		const char *script;
		int status;
	} cases[] = {{"true", 0}, {"exit 3", 3}, {"kill -9 $$", 137}, {"kill -TERM $$", 143},
		{"nosuch-command 2>/dev/null", 127}};
	CLEANUP(bench_done) struct bench b = {0};
	struct err err = {0};
	bench_init(&b);
	bench_use_image(&b);
	bench_start(&b);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(bench_run(&b, cases[i].script), cases[i].status);
	assert_int_equal(b.r.end.signal, 0);
	b.step.args = (const char *[]){"nosuch", NULL};
	FAILS(ERR_NOT_FOUND, sandbox_exec(b.sandbox, &b.step, &b.r.end, &err));
	assert_non_null(strstr(err.what, "run 'nosuch'"));
	b.step.args = (const char *[]){"/etc/hosts", NULL};
	FAILS(ERR_INPUT, sandbox_exec(b.sandbox, &b.step, &b.r.end, &err));
	b.step.args = (const char *[]){"", NULL};
	FAILS(ERR_NOT_FOUND, sandbox_exec(b.sandbox, &b.step, &b.r.end, &err));
	b.step.cwd = "/nosuch";
	FAILS(ERR_NOT_FOUND, bench_exec(&b, "true", &err));
	b.step.cwd = "/etc";
	STEP_SAYS(&b, "pwd; ls /proc/self/fd | tr '\\n' ' '", "/etc\n0 1 2 3 ");
	b.step.user = "12:34";
	STEP_SAYS(&b, "id -u; id -g", "12\n34\n");
	b.step.user = "nobody-here";
	FAILS(ERR_NOT_FOUND, bench_exec(&b, "true", &err));
	b.step.user = NULL;
	STEP_SAYS(&b, "dd if=/dev/zero bs=65536 count=64 2>/dev/null | wc -c; echo to err >&2",
		"4194304\n");
	STR_IS(buf_str(&b.r.err), "to err\n");
	assert_int_equal(bench_run(&b, "dd if=/dev/zero bs=65536 count=64 2>/dev/null"), 0);
	assert_int_equal(b.r.out.n, 4194304);
	bench_stop(&b);
}

static void step_leaves_server_until_the_job_ends(void **state)
{
	CLEANUP(bench_done) struct bench b = {0};
	bench_init(&b);
	bench_use_image(&b);
	bench_start(&b);
	/* It goes on writing to the first step's stdout: that must not kill it, nor keep us. What it
	 * says before the step has ended may be heard. */
	assert_int_equal(bench_run(&b,
				 "(while :; do sleep 0.01; echo noise; echo 1 >> /served; done) & "
				 "setsid sleep 8531 & :"),
		0);
	STEP_SAYS(&b,
		"n=$(wc -l < /served 2>/dev/null || echo 0); "
		"while [ $(wc -l < /served 2>/dev/null || echo 0) -lt $((n + 5)) ]; do "
		"sleep 0.01; done; echo alive",
		"alive\n");
	assert_int_not_equal(rig_count_processes("8531"), 0);
	bench_stop(&b);
	assert_int_equal(rig_count_processes("8531"), 0);
}

/* Zombies of daemons are reaped. */
static void step_leaves_orphans_they_are_reaped(void **state)
{
	CLEANUP(bench_done) struct bench b = {0};
	bench_init(&b);
	bench_use_image(&b);
	bench_start(&b);
	STEP_SAYS(&b, "for i in $(seq 100); do (true & true); done; echo ok", "ok\n");
	STEP_SAYS(&b,
		"i=0; while [ $i -lt 500 ] && grep -q '^State:.Z' /proc/[0-9]*/status "
		"2>/dev/null; do sleep 0.01; i=$((i + 1)); done; "
		"grep '^State:.Z' /proc/[0-9]*/status 2>/dev/null | wc -l",
		"0\n");
	bench_stop(&b);
}

static void cancel_asked_step_hears_all_signals(void **state)
{
	CLEANUP(bench_done) struct bench b = {0};
	struct err err = {0};
	bench_init(&b);
	bench_use_image(&b);
	bench_start(&b);
	b.cancels_when_ready = true;
	b.step.interrupt_ns = 500 * CLOCK_MS; /* long enough for a busy machine */
	b.step.terminate_ns = 500 * CLOCK_MS;
	FAILS(ERR_CANCELED,
		bench_exec(&b,
			"trap 'echo int' INT; trap 'echo term' TERM; echo ready; "
			"while :; do sleep 0.005; done",
			&err));
	STR_IS(buf_str(&b.r.out), "ready\nint\nterm\n");
	/* Always-steps run after a cancel; the caller gives them another struct cancel. */
	b.cancels_when_ready = false;
	b.step.cancel = NULL;
	RIG_GONE(rig_count_processes("sandbox-marker"));
	STEP_SAYS(&b, "echo always", "always\n");
	bench_stop(&b);
}

static void step_takes_too_long_it_is_stopped(void **state)
{
	CLEANUP(bench_done) struct bench b = {0};
	struct err err = {0};
	bench_init(&b);
	bench_use_image(&b);
	bench_start(&b);
	b.step.timeout_ns = 100 * CLOCK_MS;
	FAILS(ERR_LIMIT, bench_exec(&b, "sleep 8532", &err));
	assert_non_null(strstr(err.what, "timed out after 100ms"));
	b.step.timeout_ns = 0;
	STEP_SAYS(&b, "echo fine", "fine\n");
	bench_stop(&b);
	assert_int_equal(rig_count_processes("8532"), 0);
}

struct parallel {
	struct bench *b;
	char script[100], expected[40];
	struct buf out;
	bool is_right;
};

static int collect(void *ctx, int stream, struct str text, struct err *err)
{
	struct parallel *p = ctx;
	buf_add(&p->out, text);
	return 0;
}

static void *run_parallel(void *arg)
{
	struct parallel *p = arg;
	struct err err = {0};
	struct proc_end end;
	struct sandbox_exec step = {.args = (const char *[]){"sh", "-c", p->script, NULL},
		.env = p->b->env,
		.on_output = collect,
		.ctx = p};
	p->is_right = true;
	for (int i = 0; i < 20; i++) {
		buf_clear(&p->out);
		if (sandbox_exec(p->b->sandbox, &step, &end, &err) < 0 || end.status != 0 ||
			!str_is(buf_str(&p->out), p->expected))
			p->is_right = false;
	}
	return NULL;
}

static void steps_at_once_do_not_mix(void **state)
{
	enum { N = 8 };
	CLEANUP(bench_done) struct bench b = {0};
	struct parallel p[N];
	pthread_t threads[N];
	bench_init(&b);
	bench_use_image(&b);
	bench_start(&b);
	for (int i = 0; i < N; i++) {
		p[i] = (struct parallel){.b = &b, .out = BUF(1000)};
		snprintf(p[i].script, sizeof(p[i].script), "echo step %d; sleep 0.00%d; echo %d", i,
			i, i);
		snprintf(p[i].expected, sizeof(p[i].expected), "step %d\n%d\n", i, i);
		assert_int_equal(pthread_create(&threads[i], NULL, run_parallel, &p[i]), 0);
	}
	for (int i = 0; i < N; i++) {
		pthread_join(threads[i], NULL);
		assert_true(p[i].is_right);
		buf_done(&p[i].out);
	}
	bench_stop(&b);
}

/* ---- isolation ---- */

static void sandbox_is_alone(void **state)
{
	CLEANUP(bench_done) struct bench b = {0};
	bench_init(&b);
	bench_use_image(&b);
	b.spec.network = CONTAINER_NET_NONE;
	b.spec.pids_max = cgroup_can_limit() & CGROUP_PIDS ? 30 : 0;
	bench_start(&b);
	STEP_SAYS(&b, "test $(ls -d /proc/[0-9]* | wc -l) -le 6 && echo alone", "alone\n");
	STEP_SAYS(&b,
		"ip -o link | wc -l; ip route | wc -l; ip -o addr show lo | grep -c 127.0.0.1",
		"1\n0\n1\n");
	STEP_SAYS(&b, "mknod /d b 254 0; cat /d 2>/dev/null || echo no disk", "no disk\n");
	STEP_SAYS(&b, "echo 1 2>/dev/null > /proc/sys/vm/drop_caches || echo no sysctl",
		"no sysctl\n");
	STEP_SAYS(&b, "kill -9 1; kill -TERM 1; sleep 0.01; echo 1 lives", "1 lives\n");
	/* A fork bomb ends in the sandbox. */
	assert_int_not_equal(bench_run(&b, "for i in $(seq 100); do sleep 8533 & done 2>/dev/null"),
		0);
	bench_stop(&b);
	assert_int_equal(rig_count_processes("8533"), 0);
}

static void container_runs_in_sandbox(void **state)
{
	CLEANUP(bench_done) struct bench b = {0};
	char self[PATH_MAX], script[200];
	bench_init(&b);
	rig_need_runtime("crun");
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	assert_true(n > 0);
	self[n] = '\0';
	/* Itself, too: it may have been built in /tmp, which is the sandbox's own. */
	const struct container_mount mounts[] = {
		{.kind = CONTAINER_BIND, .source = b.r.dir.path, .target = b.r.dir.path},
		{.kind = CONTAINER_BIND, .source = self, .target = "/opt/itself"},
	};
	b.spec.mounts = mounts;
	b.spec.n_mounts = ARRAY_LEN(mounts);
	bench_start(&b);
	snprintf(script, sizeof(script), "/opt/itself --container %s", b.r.root);
	STEP_SAYS(&b, script, "from the container in the sandbox\n");
	bench_stop(&b);
}

static int print(void *ctx, int stream, struct str text, struct err *err)
{
	return fs_write_fd(stream, text.p, text.n, err);
}

/* This program again, inside the sandbox. */
static int container_main(const char *root)
{
	struct err err = {0};
	struct proc_end end;
	struct container_spec spec = {.name = "nested",
		.lowers = &root,
		.n_lowers = 1,
		.env = (const char *[]){RIG_PATH, NULL},
		.on_output = print,
		.args = (const char *[]){
			"sh", "-c", "echo from the container in the sandbox", NULL}};
	if (container_run(&spec, &end, &err) < 0) {
		fprintf(stderr, "%s\n", err.what);
		return 1;
	}
	return end.status;
}

/* ---- the end ---- */

static void check_killed(struct bench *b, const char *scratch)
{
	int fds[2];
	char byte;
	struct err err = {0};
	b->spec.scratch = scratch;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid_t runner = fork();
	assert_true(runner >= 0);
	if (runner == 0) {
		close(fds[0]);
		if (sandbox_start(&b->spec, &b->sandbox, &err) < 0)
			_exit(1);
		b->step.stdin_fd = fds[1];
		b->step.on_output = NULL;
		(void)bench_exec(b, "setsid sleep 8534 & sleep 8535 & echo ready >&0; sleep 8536",
			&err);
		_exit(1);
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	kill(runner, SIGKILL);
	waitpid(runner, NULL, 0);
	while (read(fds[0], &byte, 1) == 1)
		; /* until nobody holds the pipe any more */
	close(fds[0]);
	RIG_GONE(rig_count_processes("8534"));
	RIG_GONE(rig_count_processes("8535"));
	RIG_GONE(rig_count_processes("8536"));
	RIG_GONE(rig_count_processes(b->name));
	RIG_GONE(rig_count_cgroups(b->name));
	RIG_GONE((size_t)temp_dir_exists(&b->r.dir, "scratch"));
	assert_int_equal(rig_count_mounts(), b->mounts);
}

static void knarr_is_killed_nothing_is_left(void **state)
{
	CLEANUP(bench_done) struct bench b = {0};
	char scratch[100];
	bench_init(&b);
	snprintf(scratch, sizeof(scratch), "%s/scratch", b.r.dir.path);
	check_killed(&b, scratch);
	b.step.stdin_fd = 0;
	bench_use_image(&b);
	check_killed(&b, NULL);
}

/* Its helper, the first child of ours. */
static pid_t find_helper(void)
{
	char path[64], text[64] = "";
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	CLEANUP(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text) - 1);
	return n > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

static void sandbox_is_killed_steps_fail(void **state)
{
	CLEANUP(bench_done) struct bench b = {0};
	struct err err = {0};
	bench_init(&b);
	bench_use_image(&b);
	bench_start(&b);
	STEP_SAYS(&b, "setsid sleep 8537 & echo fine", "fine\n");
	pid_t helper = find_helper();
	assert_true(helper > 0);
	kill(helper, SIGKILL);
	RIG_GONE(rig_count_processes("8537"));
	FAILS(ERR_SYS, bench_exec(&b, "true", &err));
	FAILS(ERR_SYS, sandbox_stop(TAKE(b.sandbox), &err));
	bench_start(&b); /* the next one sweeps up */
	bench_stop(&b);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--container") == 0)
		return container_main(argv[2]);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(host_root_is_destroyed_host_stays),
		cmocka_unit_test(sandbox_files_are_throw_away_but_mounts),
		cmocka_unit_test(hidden_folder_is_empty_and_read_only),
		cmocka_unit_test(image_root_is_the_images),
		cmocka_unit_test(scratch_in_use_is_refused),
		cmocka_unit_test(host_has_more_mounts_all_are_safe),
		cmocka_unit_test(host_socket_does_not_answer),
		cmocka_unit_test(steps_end_status_is_theirs),
		cmocka_unit_test(step_leaves_server_until_the_job_ends),
		cmocka_unit_test(step_leaves_orphans_they_are_reaped),
		cmocka_unit_test(cancel_asked_step_hears_all_signals),
		cmocka_unit_test(step_takes_too_long_it_is_stopped),
		cmocka_unit_test(steps_at_once_do_not_mix),
		cmocka_unit_test(sandbox_is_alone),
		cmocka_unit_test(container_runs_in_sandbox),
		cmocka_unit_test(knarr_is_killed_nothing_is_left),
		cmocka_unit_test(sandbox_is_killed_steps_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
