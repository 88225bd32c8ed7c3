/* build/add -- what ADD can do beyond COPY: downloads, git repositories, archives. */
#ifndef BUILD_ADD_H
#define BUILD_ADD_H

#include "build/build_priv.h"
#include "build/put.h"

/* A source from elsewhere, fetched: a file, or the folder of a repository. */
struct add_source {
	struct str name; /* file name it gets in a folder */
	struct digest digest;
	int fd;    /* of the file; -1 = a folder */
	char *dir; /* of the repository, below tmp/; removed at the end */
};
struct add_sources {
	struct add_source *p;
	size_t n;
	struct store *store;
};
void add_sources_done(struct add_sources *s);

bool add_is_url(struct str source);
bool add_is_git(struct str source);
/* The sources that are neither. */
struct inst_words add_local_sources(const struct inst_copy *c, struct arena *a);
/* Downloads a URL into a temporary file without a name. */
int add_download(struct build *b, struct str url, int *ret_fd, struct err *err);
/* Fetches the others and puts their digests into the key. */
int add_fetch(struct work *w, const struct inst_copy *c, struct add_sources *ret, struct key *k,
	struct err *err);
int add_place(struct work *w, const struct add_sources *s, struct put *p, struct str dest,
	bool is_folder, struct err *err);
/* Unpacks selected files that are archives into dest and takes them off the selection. */
int add_unpack_archives(struct work *w, const struct inst_copy *c, struct view *from,
	struct selection *files, struct put *p, struct str dest, struct err *err);

#endif
