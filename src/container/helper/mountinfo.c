#include "container/helper/mountinfo_priv.h"

/* "\040" is a space; the kernel writes space, tab, newline and backslash so. False when too long. */
static bool unescape(struct str s, char *room, size_t n)
{
	size_t at = 0;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (c == '\\' && s.n - i > 3) {
			unsigned value = 0;
			for (size_t k = 1; k <= 3; k++)
				value = value * 8 + (unsigned)(s.p[i + k] - '0');
			c = (char)value;
			i += 3;
		}
		if (at + 1 >= n || c == '\0')
			return false;
		room[at++] = c;
	}
	room[at] = '\0';
	return at > 0;
}

/* 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw */
static bool read_line(struct str line, struct mountinfo *ret)
{
	struct str word, path = STR_NONE;
	for (int i = 0; i < 5; i++)
		if (!str_word(&line, &path))
			return false;
	while (str_word(&line, &word))
		if (str_is(word, "-"))
			return str_word(&line, &ret->type) &&
				unescape(path, ret->path, sizeof(ret->path)) && ret->path[0] == '/';
	return false;
}

bool mountinfo_next(struct str *rest, struct mountinfo *ret)
{
	struct str line;
	while (str_line(rest, &line))
		if (read_line(line, ret))
			return true;
	return false;
}

bool mountinfo_is_kernels(struct str type)
{
	static const char *const types[] = {"proc", "sysfs", "devtmpfs", "devpts", "mqueue",
		"cgroup", "cgroup2", "securityfs", "debugfs", "tracefs", "bpf", "pstore",
		"configfs", "efivarfs", "binfmt_misc", "hugetlbfs", "autofs", "rpc_pipefs", "nsfs",
		"fusectl", "selinuxfs", "nfsd", "resctrl", "xenfs", "functionfs"};
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (str_is(type, types[i]))
			return true;
	return false;
}
