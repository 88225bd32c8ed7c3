/* Where a registry may send us.
 *
 * Content often lies elsewhere (a CDN, an object store), so GETs follow redirects. Never to another
 * scheme than http and https, never from https to http, and never to an address that only means
 * something on this machine or its link: those are answers of a server that wants us to ask our own
 * metadata service or neighbours. */
#include "remote/remote_priv.h"

#include "http/url.h"

#include <arpa/inet.h>

static bool is_link_local(struct str host)
{
	char text[64];
	struct in_addr v4;
	struct in6_addr v6;
	snprintf(text, sizeof(text), "%.*s", STR_ARG(str_sub(host, 0, 60)));
	/* also the old ways to write IPv4: 0xa9fe…, 2852039166, 169.16689918 */
	if (inet_aton(text, &v4))
		return ntohl(v4.s_addr) >> 16 == 0xa9fe || ntohl(v4.s_addr) >> 24 == 0;
	if (inet_pton(AF_INET6, text, &v6) != 1)
		return str_eq_nocase(host, S("metadata.google.internal"));
	if (IN6_IS_ADDR_V4MAPPED(&v6))
		return v6.s6_addr[12] == 169 && v6.s6_addr[13] == 254;
	return IN6_IS_ADDR_LINKLOCAL(&v6) || IN6_IS_ADDR_UNSPECIFIED(&v6) ||
		inet_ntop(AF_INET6, &v6, text, sizeof(text)) == NULL ||
		strcmp(text, "fd00:ec2::254") == 0;
}

static int check_target(const struct url *from, const struct url *to, struct err *err)
{
	bool was_tls = str_eq_nocase(from->scheme, S("https"));
	if (was_tls && !str_eq_nocase(to->scheme, S("https")))
		return err_set(err, ERR_DENIED, "it points from https to http");
	if (to->user.n)
		return err_set(err, ERR_DENIED, "it holds a user name");
	if (is_link_local(to->host))
		return err_set(err, ERR_DENIED, "'%.*s' is an address of this link only",
			STR_ARG(to->host));
	if (host_name_is_loopback(to->host) && !host_name_is_loopback(from->host))
		return err_set(err, ERR_DENIED, "'%.*s' is this machine", STR_ARG(to->host));
	return 0;
}

static int resolve(struct str from_url, struct str location, struct buf *ret, struct err *err)
{
	struct url from, to;
	if (!location.n)
		return err_set(err, ERR_NET, "it points nowhere");
	if (url_resolve(from_url, location, ret, err) < 0 || url_parse(from_url, &from, err) < 0 ||
		url_parse(buf_str(ret), &to, err) < 0)
		return -1;
	return check_target(&from, &to, err);
}

int redirect_target(struct str from_url, const struct http_response *a, struct buf *ret,
	struct err *err)
{
	struct str location = http_response_header(a, "location");
	if (resolve(from_url, location, ret, err) == 0)
		return 0;
	struct url from;
	struct err ignored;
	if (url_parse(from_url, &from, &ignored) < 0)
		return -1;
	return err_wrap(err, "redirect of %.*s to '%.*s'", STR_ARG(from.host),
		STR_ARG(str_sub(location, 0, 200)));
}

/* An upload's session may live elsewhere too. A registry behind a TLS proxy often does not know that
 * it is reached by https: its own host is taken by https then. */
int redirect_session(const struct endpoint *at, struct str from_url, const struct http_response *a,
	struct buf *ret, struct err *err)
{
	struct url from, to;
	struct str location = http_response_header(a, "location");
	CLEANUP(buf_done) struct buf plain = BUF(REMOTE_URL_MAX);
	if (!location.n)
		return err_set(err, ERR_NET, "%s began an upload without a Location",
			at->host->name);
	if (url_resolve(from_url, location, &plain, err) < 0 ||
		url_parse(from_url, &from, err) < 0 || url_parse(buf_str(&plain), &to, err) < 0)
		return err_wrap(err, "upload to %s", at->host->name);
	bool is_downgrade = str_eq_nocase(from.scheme, S("https")) &&
		str_eq_nocase(to.scheme, S("http")) && str_eq_nocase(from.host, to.host) &&
		(!to.has_port || to.port == from.port);
	if (is_downgrade) {
		buf_fmt(ret, "https%.*s", STR_ARG(str_skip(buf_str(&plain), 4)));
		return buf_check(ret, "url", err);
	}
	buf_add(ret, buf_str(&plain));
	if (check_target(&from, &to, err) < 0)
		return err_wrap(err, "upload to %s leads to '%.*s'", at->host->name,
			STR_ARG(str_sub(location, 0, 200)));
	return buf_check(ret, "url", err);
}
