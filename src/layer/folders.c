/* Folders that stay open for the next entry. An archive names folder after folder, so a small table
 * by the path's hash does; a folder is freed when neither the table nor a file being written has it. */
#include "layer/plant_priv.h"

#include "layer/stack.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

void folder_release(struct folder *f)
{
	if (!f || --f->n_refs)
		return;
	fd_close(f->fd);
	free(f->real);
	free(f);
}

struct folder *folder_hold(struct folder *f)
{
	f->n_refs++;
	return f;
}

void folders_forget(struct folders *f)
{
	for (size_t i = 0; i < FOLDERS_CACHED; i++) {
		folder_release(f->cached[i]);
		f->cached[i] = NULL;
	}
}

void folders_done(struct folders *f)
{
	folders_forget(f);
}

/* Without following anything: ELOOP says that there is something to follow. */
int folder_open_real(int root_fd, const char *path, int flags)
{
	struct open_how how = {.flags = (uint64_t)(unsigned)flags | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
	long fd;
	do
		fd = syscall(SYS_openat2, root_fd, path[0] ? path : ".", &how, sizeof(how));
	while (fd < 0 && errno == EINTR);
	return (int)fd;
}

/* Where path leads, with every symlink resolved as if the root were "/". */
static char *resolve(int root_fd, const char *path)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct stack tree = {&root_fd, 1};
	struct stack_place place;
	struct err err = {0};
	if (stack_find(&tree, str_of(path), STACK_FOLLOW, &a, &place, &err) < 0) {
		errno = err.kind == ERR_NOT_FOUND ? ENOENT : err.kind == ERR_SYS ? err.sys : ELOOP;
		return NULL;
	}
	return mem_cstr(strcmp(place.path, ".") == 0 ? "" : place.path);
}

/* The fd of the folder, and its real path. */
static int open_in_root(int root_fd, const char *path, char **ret_real)
{
	int fd = folder_open_real(root_fd, path, O_PATH);
	if (fd >= 0 || errno != ELOOP) {
		*ret_real = fd >= 0 ? mem_cstr(path) : NULL;
		return fd;
	}
	char *real = resolve(root_fd, path);
	fd = real ? folder_open_real(root_fd, real, O_PATH) : -1;
	*ret_real = real;
	return fd;
}

static struct folder *new_folder(int take_fd, char *take_real, const char *path)
{
	struct stat st;
	if (take_fd < 0 || fstat(take_fd, &st) < 0) {
		fd_close(take_fd);
		free(take_real);
		return NULL;
	}
	size_t n = strlen(path) + 1;
	struct folder *folder = mem_new(1, sizeof(*folder) + n);
	folder->fd = take_fd;
	folder->dev = st.st_dev;
	folder->ino = st.st_ino;
	folder->n_refs = 1;
	folder->real = take_real;
	memcpy(folder->path, path, n);
	return folder;
}

struct folder *folders_open(struct folders *f, const char *path)
{
	return folders_open_as(f, path, path);
}

struct folder *folders_open_as(struct folders *f, const char *path, const char *as)
{
	struct folder **slot = &f->cached[map_hash(str_of(as)) % FOLDERS_CACHED];
	if (*slot && strcmp((*slot)->path, as) == 0)
		return *slot;
	char *real = NULL;
	int fd = open_in_root(f->root_fd, path, &real);
	struct folder *folder = new_folder(fd, real, as);
	if (!folder)
		return NULL;
	folder_release(*slot);
	*slot = folder;
	return folder;
}
