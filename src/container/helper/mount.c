#include "container/helper/mount_priv.h"

#include "base/buf.h"

#include <fcntl.h>

int mount_make_private(struct err *err)
{
	if (mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_sys(err, "make mounts private");
	return 0;
}

static int set(int tree_fd, uint64_t attributes, bool is_recursive, struct err *err)
{
	struct mount_attr attr = {.attr_set = attributes, .propagation = MS_PRIVATE};
	unsigned flags = AT_EMPTY_PATH | (is_recursive ? AT_RECURSIVE : 0);
	if (mount_setattr(tree_fd, "", flags, &attr, sizeof(attr)) < 0)
		return err_sys(err, "set attributes of a mount");
	return 0;
}

int mount_set(int tree_fd, uint64_t attributes, struct err *err)
{
	return set(tree_fd, attributes, true, err);
}

int mount_set_one(int tree_fd, uint64_t attributes, struct err *err)
{
	return set(tree_fd, attributes, false, err);
}

int mount_clone(int fd, bool is_read_only, int *ret_fd, struct err *err)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE;
	CLEANUP(fd_close) int tree = open_tree(fd, "", flags);
	if (tree < 0)
		return err_sys(err, "copy a mount");
	if (mount_set(tree, is_read_only ? MOUNT_ATTR_RDONLY : 0, err) < 0)
		return -1;
	*ret_fd = TAKE_FD(tree);
	return 0;
}

int mount_clone_path(const char *path, bool is_read_only, int *ret_fd, struct err *err)
{
	CLEANUP(fd_close) int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0) {
		int number = errno;
		err_sys(err, "open '%s'", path);
		if (number == ENOENT || number == ENOTDIR)
			err->kind = ERR_NOT_FOUND;
		return -1;
	}
	return mount_clone(fd, is_read_only, ret_fd, err);
}

/* The kernel explains itself in the context: "e tmpfs: Bad value for 'size'". */
static int explain(int context, const char *what, struct err *err)
{
	int number = errno;
	char text[300];
	ssize_t n = read(context, text, sizeof(text) - 1);
	err_sysno(err, number, "%s", what);
	if (n <= 2)
		return -1;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return err_wrap(err, "%s", text + 2);
}

static int set_option(int context, const char *option, struct err *err)
{
	char key[32];
	const char *equals = strchr(option, '=');
	int rc;
	if (equals) {
		snprintf(key, sizeof(key), "%.*s", (int)(equals - option), option);
		rc = fsconfig(context, FSCONFIG_SET_STRING, key, equals + 1, 0);
	} else {
		rc = fsconfig(context, FSCONFIG_SET_FLAG, option, NULL, 0);
	}
	return rc < 0 ? explain(context, option, err) : 0;
}

int mount_make(const char *type, const char *const *options, unsigned attributes, int *ret_fd,
	struct err *err)
{
	CLEANUP(fd_close) int context = fsopen(type, FSOPEN_CLOEXEC);
	if (context < 0)
		return err_sys(err, "file system '%s'", type);
	for (size_t i = 0; options && options[i]; i++)
		if (set_option(context, options[i], err) < 0)
			return err_wrap(err, "file system '%s'", type);
	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return explain(context, "create", err), err_wrap(err, "file system '%s'", type);
	CLEANUP(fd_close) int tree = fsmount(context, FSMOUNT_CLOEXEC, attributes);
	if (tree < 0)
		return err_sys(err, "mount file system '%s'", type);
	*ret_fd = TAKE_FD(tree);
	return 0;
}

int mount_plain(const char *type, unsigned attributes, int *ret_fd, struct err *err)
{
	return mount_make(type, NULL, attributes, ret_fd, err);
}

int mount_tmpfs(uint64_t size_bytes, mode_t mode, unsigned attributes, int *ret_fd, struct err *err)
{
	char mode_option[24], size_option[40];
	snprintf(mode_option, sizeof(mode_option), "mode=%o", mode);
	snprintf(size_option, sizeof(size_option), "size=%llu", (unsigned long long)size_bytes);
	const char *options[] = {mode_option, size_bytes ? size_option : NULL, NULL};
	return mount_make("tmpfs", options, attributes, ret_fd, err);
}

int mount_attach(int tree_fd, int target_fd, struct err *err)
{
	unsigned flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
	if (move_mount(tree_fd, "", target_fd, "", flags) < 0)
		return err_sys(err, "mount");
	return 0;
}

int mount_attach_at(int tree_fd, int dir_fd, const char *path, struct err *err)
{
	if (move_mount(tree_fd, "", dir_fd, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_sys(err, "mount '%s'", path);
	return 0;
}
