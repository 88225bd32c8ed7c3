/* EXPOSE [ip:][host:]port[-port][/proto] */
#include "dockerfile/scope.h"

#include "base/num.h"

static int bad_port(struct err *err, const char *what, struct str text)
{
	err_set(err, ERR_INPUT, "invalid %s: %.*s", what, STR_ARG(text));
	return err_hint(err, "write a port or a range, as in 80, 80/udp or 8000-8010");
}

static int parse_range(struct str text, const char *what, uint64_t *ret_first, uint64_t *ret_last,
	struct err *err)
{
	struct err ignored = {0}; /* the whole range says more */
	struct str last = text, first;
	(void)str_cut(&last, '-', &first); /* always gives a first part */
	if (!last.p)
		last = first;
	first = str_skip(first, str_starts(first, S("+")));
	last = str_skip(last, str_starts(last, S("+")));
	if (num_parse_u64(first, 0, 65535, ret_first, &ignored) < 0 ||
		num_parse_u64(last, 0, 65535, ret_last, &ignored) < 0 || *ret_last < *ret_first)
		return bad_port(err, what, text);
	return 0;
}

static int parse_proto(struct str text, struct str port, const char **ret, struct err *err)
{
	static const char *const protos[] = {"tcp", "udp", "sctp"};
	*ret = protos[0];
	if (!text.n)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(protos); i++)
		if (str_eq_nocase(text, str_of(protos[i]))) {
			*ret = protos[i];
			return 0;
		}
	return err_set(err, ERR_INPUT, "invalid port: \"%.*s\": invalid proto: %.*s", STR_ARG(port),
		STR_ARG(text));
}

static bool is_ip(struct str s)
{
	size_t dots = 0, colons = 0, others = 0;
	if (str_starts(s, S("[")) && str_ends(s, S("]")))
		s = str_sub(s, 1, s.n - 1);
	for (size_t i = 0; i < s.n; i++) {
		dots += s.p[i] == '.';
		colons += s.p[i] == ':';
		others += s.p[i] != '.' && s.p[i] != ':' && ch_hex(s.p[i]) < 0;
	}
	return !others && (colons >= 2 || (!colons && dots == 3));
}

/* The part before the container's port: [ip:]host, both may be empty. */
static int check_host(struct str host, struct str port, uint64_t n_ports, struct err *err)
{
	uint64_t first, last;
	ssize_t colon = str_rchr(host, ':');
	struct str ip = colon < 0 ? STR_NONE : str_sub(host, 0, (size_t)colon);
	struct str range = str_skip(host, (size_t)(colon + 1));
	if (ip.n && !is_ip(ip))
		return err_set(err, ERR_INPUT, "invalid IP address: %.*s", STR_ARG(ip));
	if (!range.n)
		return 0;
	if (parse_range(range, "hostPort", &first, &last, err) < 0)
		return -1;
	if (n_ports != last - first + 1 && n_ports != 1)
		return err_set(err, ERR_INPUT,
			"invalid ranges specified for container and host Ports: %.*s and %.*s",
			STR_ARG(port), STR_ARG(range));
	return 0;
}

int expose_parse(struct str text, struct port_range *ret, struct err *err)
{
	struct str proto = text, spec;
	struct port_range range = {0};
	uint64_t first = 0, last = 0;
	(void)str_cut(&proto, '/', &spec); /* always gives a first part */
	if (!spec.n)
		return err_set(err, ERR_INPUT, "invalid port: \"%.*s\": no port specified",
			STR_ARG(text));
	if (parse_proto(proto, text, &range.proto, err) < 0)
		return -1;
	ssize_t colon = str_rchr(spec, ':');
	struct str port = str_skip(spec, (size_t)(colon + 1));
	if (parse_range(port, "containerPort", &first, &last, err) < 0)
		return -1;
	if (colon > 0 &&
		check_host(str_sub(spec, 0, (size_t)colon), port, last - first + 1, err) < 0)
		return -1;
	range.first = (uint16_t)first;
	range.last = (uint16_t)last;
	*ret = range;
	return 0;
}
