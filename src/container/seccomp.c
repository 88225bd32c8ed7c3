/* The system calls a container is kept from.
 *
 * docker lists what is allowed and refuses the rest; we list what is refused. Its list is 400 names
 * long, costs libseccomp 12 ms per container (ours 1.2), and breaks programs whenever a kernel gains a
 * call. The calls below are those that docker's documentation names as blocked, each with the
 * capability that makes it harmless to allow (without it the kernel mostly refuses anyway: this is
 * the second wall, and the first one for what needs no capability, as userfaultfd and io_uring).
 */
#include "container/stage_priv.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>

enum { NEVER = -1 }; /* no capability unlocks it; privileged containers have no filter at all */

struct refusal {
	int cap;
	const char *names[12];
};

static const struct refusal refusals[] = {
	{CAP_SYS_ADMIN,
		{"mount", "umount", "umount2", "mount_setattr", "move_mount", "open_tree", "fsopen",
			"fsconfig", "fsmount", "fspick", "pivot_root"}},
	{CAP_SYS_ADMIN,
		{"unshare", "setns", "quotactl", "quotactl_fd", "fanotify_init", "lookup_dcookie",
			"swapon", "swapoff", "nfsservctl", "sysfs", "_sysctl"}},
	{CAP_SYS_MODULE,
		{"init_module", "finit_module", "delete_module", "create_module", "query_module",
			"get_kernel_syms"}},
	{CAP_SYS_BOOT, {"reboot", "kexec_load", "kexec_file_load"}},
	{CAP_BPF, {"bpf"}},
	{CAP_PERFMON, {"perf_event_open"}},
	{CAP_SYS_PTRACE, {"kcmp", "process_madvise"}},
	{CAP_SYS_PACCT, {"acct"}},
	{CAP_SYS_TIME,
		{"settimeofday", "stime", "clock_settime", "clock_settime64", "clock_adjtime",
			"clock_adjtime64"}},
	{CAP_SYS_RAWIO, {"iopl", "ioperm", "vm86", "vm86old"}},
	{CAP_SYS_NICE,
		{"mbind", "set_mempolicy", "set_mempolicy_home_node", "get_mempolicy", "move_pages",
			"migrate_pages"}},
	{CAP_SYS_TTY_CONFIG, {"vhangup"}},
	{CAP_SYSLOG, {"syslog"}},
	{CAP_DAC_READ_SEARCH, {"open_by_handle_at"}},
	{NEVER,
		{"userfaultfd", "add_key", "request_key", "keyctl", "uselib", "ustat",
			"io_uring_setup", "io_uring_enter", "io_uring_register"}},
};

static void add_names(struct json_out *o, const char *const *names, size_t max)
{
	json_key(o, "names");
	json_array(o);
	for (size_t i = 0; i < max && names[i]; i++)
		json_add_cstr(o, names[i]);
	json_end(o);
}

static void add_refusal(struct json_out *o, const struct refusal *r)
{
	json_object(o);
	add_names(o, r->names, ARRAY_LEN(r->names));
	json_key(o, "action");
	json_add_cstr(o, "SCMP_ACT_ERRNO");
	json_key(o, "errnoRet");
	json_add_i64(o, EPERM);
	json_end(o);
}

/* Refused when argument number `arg` is `value`, or has all its bits (SCMP_CMP_MASKED_EQ). */
static void add_with_arg(struct json_out *o, const char *name, unsigned arg, const char *op,
	uint64_t value)
{
	json_object(o);
	add_names(o, &name, 1);
	json_key(o, "action");
	json_add_cstr(o, "SCMP_ACT_ERRNO");
	json_key(o, "errnoRet");
	json_add_i64(o, EPERM);
	json_key(o, "args");
	json_array(o);
	json_object(o);
	json_key(o, "index");
	json_add_u64(o, arg);
	json_key(o, "value");
	json_add_u64(o, value);
	json_key(o, "valueTwo");
	json_add_u64(o, value);
	json_key(o, "op");
	json_add_cstr(o, op);
	json_end(o);
	json_end(o);
	json_end(o);
}

/* New namespaces, user namespaces above all: they open the kernel's widest doors. */
static void add_clone(struct json_out *o)
{
	static const uint64_t flags[] = {CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
		CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET};
#ifdef __s390x__
	unsigned arg = 1;
#else
	unsigned arg = 0;
#endif
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		add_with_arg(o, "clone", arg, "SCMP_CMP_MASKED_EQ", flags[i]);
	/* Its flags lie behind a pointer that a filter cannot follow; ENOSYS makes libc use clone. */
	const char *name = "clone3";
	json_object(o);
	add_names(o, &name, 1);
	json_key(o, "action");
	json_add_cstr(o, "SCMP_ACT_ERRNO");
	json_key(o, "errnoRet");
	json_add_i64(o, ENOSYS);
	json_end(o);
}

/* Calls of the machine's older instruction sets count too, or the filter could be walked around. */
static void add_architectures(struct json_out *o)
{
	static const char *const names[] = {
#if defined(__x86_64__)
		"SCMP_ARCH_X86_64",
		"SCMP_ARCH_X86",
		"SCMP_ARCH_X32",
#elif defined(__aarch64__)
		"SCMP_ARCH_AARCH64",
		"SCMP_ARCH_ARM",
#elif defined(__s390x__)
		"SCMP_ARCH_S390X",
		"SCMP_ARCH_S390",
#endif
		NULL
	};
	if (!names[0])
		return;
	json_key(o, "architectures");
	json_array(o);
	for (size_t i = 0; names[i]; i++)
		json_add_cstr(o, names[i]);
	json_end(o);
}

void seccomp_add(struct json_out *o, uint64_t caps)
{
	enum { AF_VSOCK_FAMILY = 40 }; /* reaches the virtual machine's host */
	json_object(o);
	json_key(o, "defaultAction");
	json_add_cstr(o, "SCMP_ACT_ALLOW");
	add_architectures(o);
	json_key(o, "syscalls");
	json_array(o);
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		int cap = refusals[i].cap;
		bool is_unlocked = cap != NEVER && caps & CAP_BIT(cap);
		/* As docker: CAP_SYS_ADMIN still covers what later got capabilities of its own. */
		if ((cap == CAP_BPF || cap == CAP_PERFMON) && caps & CAP_BIT(CAP_SYS_ADMIN))
			is_unlocked = true;
		if (!is_unlocked)
			add_refusal(o, &refusals[i]);
	}
	if (!(caps & CAP_BIT(CAP_SYS_ADMIN)))
		add_clone(o);
	add_with_arg(o, "socket", 0, "SCMP_CMP_EQ", AF_VSOCK_FAMILY);
	json_end(o);
	json_end(o);
}
