#include "container/sealed_priv.h"

#include <fcntl.h>
#include <sys/mman.h>

#ifndef MFD_EXEC /* Linux 6.3 */
#define MFD_EXEC 0x10U
#endif

int sealed_new(const char *name, int *ret_fd, struct err *err)
{
	unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create(name, flags | MFD_EXEC);
	if (fd < 0 && errno == EINVAL) /* a kernel that lets all of them run */
		fd = memfd_create(name, flags);
	if (fd < 0 && errno == EACCES) {
		err_sys(err, "make a program in memory");
		return err_hint(err, "sysctl vm.memfd_noexec=1 lets those run that ask for it");
	}
	if (fd < 0)
		return err_sys(err, "make a program in memory");
	*ret_fd = fd;
	return 0;
}

int sealed_close(int fd, struct err *err)
{
	int seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
	return fcntl(fd, F_ADD_SEALS, seals) < 0 ? err_sys(err, "seal a program in memory") : 0;
}
