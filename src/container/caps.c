#include "container/stage_priv.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

const char *const caps_names[CAPS_COUNT] = {
	[CAP_CHOWN] = "CAP_CHOWN",
	[CAP_DAC_OVERRIDE] = "CAP_DAC_OVERRIDE",
	[CAP_DAC_READ_SEARCH] = "CAP_DAC_READ_SEARCH",
	[CAP_FOWNER] = "CAP_FOWNER",
	[CAP_FSETID] = "CAP_FSETID",
	[CAP_KILL] = "CAP_KILL",
	[CAP_SETGID] = "CAP_SETGID",
	[CAP_SETUID] = "CAP_SETUID",
	[CAP_SETPCAP] = "CAP_SETPCAP",
	[CAP_LINUX_IMMUTABLE] = "CAP_LINUX_IMMUTABLE",
	[CAP_NET_BIND_SERVICE] = "CAP_NET_BIND_SERVICE",
	[CAP_NET_BROADCAST] = "CAP_NET_BROADCAST",
	[CAP_NET_ADMIN] = "CAP_NET_ADMIN",
	[CAP_NET_RAW] = "CAP_NET_RAW",
	[CAP_IPC_LOCK] = "CAP_IPC_LOCK",
	[CAP_IPC_OWNER] = "CAP_IPC_OWNER",
	[CAP_SYS_MODULE] = "CAP_SYS_MODULE",
	[CAP_SYS_RAWIO] = "CAP_SYS_RAWIO",
	[CAP_SYS_CHROOT] = "CAP_SYS_CHROOT",
	[CAP_SYS_PTRACE] = "CAP_SYS_PTRACE",
	[CAP_SYS_PACCT] = "CAP_SYS_PACCT",
	[CAP_SYS_ADMIN] = "CAP_SYS_ADMIN",
	[CAP_SYS_BOOT] = "CAP_SYS_BOOT",
	[CAP_SYS_NICE] = "CAP_SYS_NICE",
	[CAP_SYS_RESOURCE] = "CAP_SYS_RESOURCE",
	[CAP_SYS_TIME] = "CAP_SYS_TIME",
	[CAP_SYS_TTY_CONFIG] = "CAP_SYS_TTY_CONFIG",
	[CAP_MKNOD] = "CAP_MKNOD",
	[CAP_LEASE] = "CAP_LEASE",
	[CAP_AUDIT_WRITE] = "CAP_AUDIT_WRITE",
	[CAP_AUDIT_CONTROL] = "CAP_AUDIT_CONTROL",
	[CAP_SETFCAP] = "CAP_SETFCAP",
	[CAP_MAC_OVERRIDE] = "CAP_MAC_OVERRIDE",
	[CAP_MAC_ADMIN] = "CAP_MAC_ADMIN",
	[CAP_SYSLOG] = "CAP_SYSLOG",
	[CAP_WAKE_ALARM] = "CAP_WAKE_ALARM",
	[CAP_BLOCK_SUSPEND] = "CAP_BLOCK_SUSPEND",
	[CAP_AUDIT_READ] = "CAP_AUDIT_READ",
	[CAP_PERFMON] = "CAP_PERFMON",
	[CAP_BPF] = "CAP_BPF",
	[CAP_CHECKPOINT_RESTORE] = "CAP_CHECKPOINT_RESTORE",
};

const uint64_t caps_default = CAP_BIT(CAP_CHOWN) | CAP_BIT(CAP_DAC_OVERRIDE) | CAP_BIT(CAP_FSETID) |
	CAP_BIT(CAP_FOWNER) | CAP_BIT(CAP_MKNOD) | CAP_BIT(CAP_NET_RAW) | CAP_BIT(CAP_SETGID) |
	CAP_BIT(CAP_SETUID) | CAP_BIT(CAP_SETFCAP) | CAP_BIT(CAP_SETPCAP) |
	CAP_BIT(CAP_NET_BIND_SERVICE) | CAP_BIT(CAP_SYS_CHROOT) | CAP_BIT(CAP_KILL) |
	CAP_BIT(CAP_AUDIT_WRITE);

static int find_cap(const char *name, uint64_t *ret, struct err *err)
{
	struct str s = str_of(name);
	if (str_eq_nocase(s, S("ALL"))) {
		*ret = CAPS_ALL;
		return 0;
	}
	bool has_prefix = str_eq_nocase(str_sub(s, 0, 4), S("CAP_"));
	for (unsigned i = 0; i < CAPS_COUNT; i++)
		if (str_eq_nocase(s, str_of(caps_names[i] + (has_prefix ? 0 : 4)))) {
			*ret = CAP_BIT(i);
			return 0;
		}
	return err_set(err, ERR_INPUT, "unknown capability '%s'", name);
}

/* The bits of a list; CAPS_ALL in it is told apart, because docker treats it as a word. */
struct cap_words {
	uint64_t named;
	bool has_all;
};

static int read_words(const char *const *list, struct cap_words *ret, struct err *err)
{
	*ret = (struct cap_words){0};
	for (size_t i = 0; list && list[i]; i++) {
		uint64_t bits = 0;
		if (find_cap(list[i], &bits, err) < 0)
			return -1;
		if (bits == CAPS_ALL)
			ret->has_all = true;
		else
			ret->named |= bits;
	}
	return 0;
}

int caps_for(const struct container_spec *s, uint64_t ours, uint64_t *ret, struct err *err)
{
	struct cap_words add, drop;
	if (read_words(s->cap_add, &add, err) < 0 || read_words(s->cap_drop, &drop, err) < 0)
		return -1;
	for (unsigned i = 0; i < CAPS_COUNT; i++)
		if (add.named & ~ours & CAP_BIT(i))
			return err_set(err, ERR_DENIED,
				"this process has no capability '%s' to give", caps_names[i]);
	/* As docker's TweakCapabilities: what is added by name wins over what is dropped. */
	uint64_t caps = (caps_default & ~drop.named) | add.named;
	if (s->is_privileged)
		caps = CAPS_ALL;
	else if (add.has_all)
		caps = CAPS_ALL & ~drop.named;
	else if (drop.has_all)
		caps = add.named;
	*ret = caps & ours;
	return 0;
}

uint64_t caps_ours(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};
	if (syscall(SYS_capget, &header, data) < 0)
		return 0;
	uint64_t caps = (uint64_t)data[1].permitted << 32 | data[0].permitted;
	for (unsigned i = 0; i < CAPS_COUNT; i++)
		if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) != 1)
			caps &= ~CAP_BIT(i);
	return caps;
}
