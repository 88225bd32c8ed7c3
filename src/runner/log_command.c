#include "log_priv.h"

/* What GitHub's runner acts upon; log_act.c does it. */
static const char *const names[] = {"add-mask", "add-matcher", "add-path", "debug", "echo",
	"endgroup", "error", "group", "internal-set-repo-path", "notice", "remove-matcher",
	"save-state", "set-env", "set-output", "stop-commands", "warning"};

bool log_is_command_name(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq_nocase(name, str_of(names[i])))
			return true;
	return false;
}

/* How a kind of command is written. */
struct grammar {
	char separator; /* of properties */
	/* Escapes that count, beside %0D, %0A and %25: as hex, the characters themselves. */
	const char *data_escapes, *property_escapes;
};

static const struct grammar colons = {',', "", ":,"}, brackets = {';', ";]", ";]"};

/* The character %XX stands for where `also` has it, or -1. The hex is upper case. */
static int escaped(struct str s, const char *also)
{
	if (s.n < 3 || s.p[0] != '%' || (ch_is_alpha(s.p[1]) && s.p[1] > 'F') ||
		(ch_is_alpha(s.p[2]) && s.p[2] > 'F'))
		return -1;
	int high = ch_hex(s.p[1]), low = ch_hex(s.p[2]);
	int c = high < 0 || low < 0 ? -1 : high * 16 + low;
	if (c == '\r' || c == '\n' || c == '%')
		return c;
	return c > 0 && strchr(also, c) ? c : -1;
}

static struct str unescape(struct str s, const char *also, struct arena *a)
{
	if (str_chr(s, '%') < 0)
		return s;
	char *room = arena_cstr(a, s);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		int c = escaped(str_skip(s, i), also);
		room[n++] = c < 0 ? s.p[i] : (char)c;
		if (c >= 0)
			i += 2;
	}
	room[n] = '\0';
	return str_n(room, n);
}

/* Properties without '=' do not count; those that are empty vanish. */
static void parse_properties(struct str text, const struct grammar *g, struct arena *a,
	struct log_command *c)
{
	struct str part;
	while (str_cut(&text, g->separator, &part)) {
		ssize_t equals = str_chr(part, '=');
		if (equals < 0 || c->n_properties == LOG_PROPERTIES_MAX)
			continue;
		c->properties[c->n_properties++] = (struct log_property){
			str_sub(part, 0, (size_t)equals),
			unescape(str_skip(part, (size_t)equals + 1), g->property_escapes, a)};
	}
}

/* "name key=value" and data. */
static bool parse(struct str head, struct str data, const struct grammar *g, struct str extra,
	struct arena *a, struct log_command *ret)
{
	ssize_t space = str_chr(head, ' ');
	struct str name = space < 0 ? head : str_sub(head, 0, (size_t)space);
	if (!log_is_command_name(name) && !(extra.n && str_eq_nocase(name, extra)))
		return false;
	*ret = (struct log_command){.name = name};
	if (space > 0)
		parse_properties(str_trim(str_skip(head, (size_t)space + 1)), g, a, ret);
	ret->data = unescape(data, g->data_escapes, a);
	return true;
}

bool log_command_parse(struct str line, struct str extra, struct arena *a, struct log_command *ret)
{
	struct str s = str_trim_left(line);
	if (str_starts(s, S("::"))) {
		struct str rest = str_skip(s, 2);
		ssize_t end = str_find(rest, S("::"));
		if (end >= 0 &&
			parse(str_sub(rest, 0, (size_t)end), str_skip(rest, (size_t)end + 2),
				&colons, extra, a, ret))
			return true;
	}
	ssize_t start = str_find(line, S("##["));
	if (start < 0)
		return false;
	struct str rest = str_skip(line, (size_t)start + 3);
	ssize_t end = str_chr(rest, ']');
	return end >= 0 &&
		parse(str_sub(rest, 0, (size_t)end), str_skip(rest, (size_t)end + 1), &brackets,
			extra, a, ret);
}

struct str log_property(const struct log_command *c, const char *key)
{
	for (size_t i = c->n_properties; i-- > 0;)
		if (str_eq_nocase(c->properties[i].key, str_of(key)))
			return c->properties[i].value;
	return S("");
}
