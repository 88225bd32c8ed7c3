/* http/client_priv -- libcurl behind a table of functions, loaded with the first request. */
#ifndef HTTP_CLIENT_PRIV_H
#define HTTP_CLIENT_PRIV_H

#include "base/clock.h"
#include "http/client.h"

#include <curl/curl.h>
#include <pthread.h>

#define CURL_FUNCTIONS(F)                                                                          \
	F(global_init)                                                                             \
	F(easy_init)                                                                               \
	F(easy_cleanup)                                                                            \
	F(easy_reset)                                                                              \
	F(easy_setopt)                                                                             \
	F(easy_getinfo)                                                                            \
	F(easy_strerror)                                                                           \
	F(multi_init)                                                                              \
	F(multi_cleanup)                                                                           \
	F(multi_add_handle)                                                                        \
	F(multi_remove_handle)                                                                     \
	F(multi_perform)                                                                           \
	F(multi_poll)                                                                              \
	F(multi_info_read)                                                                         \
	F(multi_strerror)                                                                          \
	F(share_init)                                                                              \
	F(share_setopt)                                                                            \
	F(share_cleanup)                                                                           \
	F(slist_append)                                                                            \
	F(slist_free_all)

struct curl_lib {
#define CURL_MEMBER(name) __typeof__(curl_##name) *name;
	CURL_FUNCTIONS(CURL_MEMBER)
#undef CURL_MEMBER
};

/* A handle with connections of its own: one request at a time. Sharing connections between threads
 * is something libcurl does not support (CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT). */
struct line {
	CURL *easy;
	CURLM *multi;
	char origin[300]; /* where its connections lead */
	struct line *next;
};

struct http_client {
	struct http_client_spec spec; /* with every default filled in */
	char *ca_file, *user_agent;
	pthread_mutex_t lock; /* of what follows */
	bool is_loaded;
	struct line *idle; /* latest used first */
	unsigned n_idle;
	CURLSH *share; /* names looked up, TLS sessions */
	pthread_mutex_t share_locks[CURL_LOCK_DATA_LAST];
	struct curl_lib curl;
};

int http_curl_load(struct curl_lib *ret, struct err *err);

/* client_call.c: one request on a line that nobody else uses. */
int http_line_call(struct http_client *c, struct line *l, const struct http_call *call,
	struct http_response *ret, struct err *err);

#endif
