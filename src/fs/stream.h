/* fs/stream -- open files as streams. The fd is the caller's. */
#ifndef FS_STREAM_H
#define FS_STREAM_H

#include "base/stream.h"

struct fs_source {
	struct source source;
	int fd;
};
struct fs_source fs_source(int fd);

struct fs_sink {
	struct sink sink;
	int fd;
};
struct fs_sink fs_sink(int fd);

#endif
