/* http/url -- pieces of URLs and headers as text (RFC 3986, RFC 9110). Touches nothing. */
#ifndef HTTP_URL_H
#define HTTP_URL_H

#include "base/arena.h"
#include "base/buf.h"

struct url {
	struct str scheme, user;
	struct str host;        /* without [] of IPv6 */
	struct str path, query; /* path starts with / */
	uint16_t port;          /* the scheme's default when not written */
	bool has_port;
};
/* Absolute http and https URLs. Pieces point into text; nothing is decoded. */
int url_parse(struct str text, struct url *ret, struct err *err);
/* Resolves a Location header against the URL it came with. */
int url_resolve(struct str base, struct str location, struct buf *ret, struct err *err);
/* Same scheme, host and port. */
bool url_same_origin(struct str a, struct str b);

/* Appends s with everything but unreserved characters as %XX; keep is a set of further characters
 * to leave ("/" for paths). */
void url_add_escaped(struct buf *b, struct str s, const char *keep);
/* %XX decoded ('+' stays); ERR_INPUT on a broken escape or a decoded NUL. */
int url_unescape(struct str s, struct buf *ret, struct err *err);
/* The value of a query parameter, decoded ('+' is a space), in the arena; false when absent. */
bool url_query(struct str query, const char *name, struct arena *a, struct str *ret);
/* Steps through all values of one name; *at starts 0. */
bool url_query_next(struct str query, const char *name, size_t *at, struct arena *a,
	struct str *ret);

/* WWW-Authenticate: the challenge with this scheme ("bearer", "basic") and its parameters. */
struct http_challenge {
	struct str realm, service, scope, error;
};
bool http_find_challenge(struct str header, const char *scheme, struct arena *a,
	struct http_challenge *ret);

#endif
