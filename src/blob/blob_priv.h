/* blob_priv -- what the files of this room share. */
#ifndef BLOB_PRIV_H
#define BLOB_PRIV_H

#include "base/map.h"
#include "blob/blob.h"
#include "fs/fs.h"

#include <pthread.h>
#include <stdatomic.h>

/* ---- leases (lease.c) ---- */

enum lease_kind { LEASE_SHA256 = 1, LEASE_SHA512 = 2, LEASE_TREE = 3 };

/* What a lease file is made of, record by record. */
struct lease_key {
	uint8_t kind;
	uint8_t name[64]; /* a digest's bytes, or a tree's name; the rest is zero */
};

struct lease_file {
	char name[40]; /* in leases/; "" = none */
	int lock_fd;   /* holds the flock that says "alive" */
	int fd;
	uint64_t n_bytes;
};

struct leases {
	pthread_mutex_t mutex;
	struct lease_file now, before;
	struct map held;  /* keys written to `now` whose thing was found */
	int64_t since_ns; /* monotonic: when `now` was begun */
};

/* Between these two nothing is collected, by any process. */
int lease_begin(struct store *s, int *ret_lock_fd, struct err *err);
/* Writes key down. To be called inside; the caller then looks whether the thing is there. */
int lease_add(struct store *s, const struct lease_key *key, struct err *err);
/* The thing is there: later calls for the same key are answered from memory. */
void lease_found(struct store *s, const struct lease_key *key);
bool lease_is_held(struct store *s, const struct lease_key *key);
void leases_done(struct store *s);

struct lease_key lease_of_digest(const struct digest *d);
struct lease_key lease_of_tree(const char *name);

/* Locks in locks/: "sweep" is the one of lease_begin, "gc" is held by a whole collection. */
#define LOCK_SWEEP "sweep"
#define LOCK_GC "gc"

/* ---- uploads (upload.c) ---- */

/* The hash of a session between two connections, so that it need not be read again. */
struct upload_state {
	struct digester *hash;
	uint64_t offset;
};
struct upload_states {
	pthread_mutex_t mutex;
	struct map by_id; /* struct upload_state */
	unsigned n_begun; /* since the folder was last counted */
	bool was_counted;
};

/* ---- the store ---- */

/* Shared by all processes through a mapped file; see store_generation(). */
struct generation {
	_Atomic uint64_t begun, ended;
};

struct store {
	char *root;
	int root_fd;
	const struct clock *clock;
	int64_t lease_ns;
	struct db *db;
	struct generation *generation;
	pthread_mutex_t mutex; /* dirs, boot_id */
	struct map dirs;       /* name -> fd + 1 */
	char boot_id[40];
	struct leases leases;
	struct upload_states uploads;
};

/* A writing transaction that store_generation() tells of. */
int store_begin(struct store *s, struct err *err);
int store_commit(struct store *s, struct err *err);
void store_rollback(struct store *s);
/* Ends the transaction: commits when rc is 0 or more, else rolls back. Gives rc, or -1. */
int store_end(struct store *s, int rc, struct err *err);

/* ---- blobs (blob.c) ---- */

enum { BLOB_PATH = 6 + 7 + 3 + DIGEST_HEX + 16 };
#define BLOB_XATTR_SIZE "user.knarr.size"
#define BLOB_DAMAGED ".damaged"

/* "blobs/sha256/ab/abcd…", from the root. */
const char *blob_path(const struct digest *d, char room[BLOB_PATH]);
/* The folder part: "blobs/sha256/ab". */
const char *blob_folder(const struct digest *d, char room[BLOB_PATH]);
/* Puts a leased name on a finished, synced temporary file: makes the folder when it is missing,
 * replaces what is there. The folder is not synced yet. */
int blob_place(struct store *s, int from_dir_fd, const char *from, const struct digest *d,
	struct err *err);
/* Notes the size of the complete file on it; before the last fsync. */
int blob_seal(int fd, uint64_t size, struct err *err);
void blob_protect(int fd); /* read-only from now on */
/* Says on the file that the disk knows its name, so that those who find it need not wait for that. */
void blob_name_synced(int fd);
/* Digest of a whole open file. */
int blob_hash_fd(int fd, enum digest_algorithm a, struct digest *ret, uint64_t *ret_size,
	struct err *err);
int digest_differs(const struct digest *expected, const struct digest *actual, struct err *err);

/* fsync of several files or folders at once (sync.c). */
int sync_all(const int *fds, size_t n, struct err *err);

/* ---- rows (link.c) ---- */

int repository_check(struct str repository, struct err *err);
/* A digest column; ERR_CORRUPT when it is none. An empty one is "no digest". */
int row_digest(const struct db_row *q, int column, struct digest *ret, struct err *err);
/* Inside a transaction: the link, and the repository's row. */
int link_insert(struct store *s, struct str repository, const struct digest *d, bool is_manifest,
	struct err *err);
/* Before, and inside, a transaction that sets tags. 1 = some stayed at a newer order. */
int tag_keep_all(struct store *s, const struct tag_set *t, size_t n, struct err *err);
int tag_set_rows(struct store *s, const struct tag_set *t, size_t n, struct err *err);
/* Inside a transaction: forgets the repository's row when nothing is in it. */
int repository_tidy(struct store *s, struct str repository, struct err *err);

/* ---- trees (tree.c) ---- */

/* 1 = complete and trusted, 0 = not there, or left by a crash. */
int tree_is_whole(struct store *s, const char *name, struct err *err);

#endif
