#include "build/chmod.h"

#include "base/num.h"

static bool take_who(struct str *s, mode_t *ret)
{
	static const char letters[] = "ugo";
	static const mode_t masks[] = {04700, 02070, 01007};
	*ret = 0;
	for (; s->n; *s = str_skip(*s, 1)) {
		const char *at = s->p[0] ? strchr(letters, s->p[0]) : NULL;
		if (at)
			*ret |= masks[at - letters];
		else if (s->p[0] == 'a')
			*ret |= 07777;
		else
			break;
	}
	if (!*ret)
		*ret = 07777;
	return s->n > 0;
}

static bool take_bits(struct str *s, struct chmod_clause *c)
{
	for (; s->n && !strchr("=+-", s->p[0]); *s = str_skip(*s, 1)) {
		switch (s->p[0]) {
		case 'r': c->bits |= 0444; break;
		case 'w': c->bits |= 0222; break;
		case 'x': c->bits |= 0111; break;
		case 'X': c->is_exec_if_any = true; break;
		case 's': c->bits |= 06000; break;
		case 't': c->bits |= 01000; break;
		default: return false;
		}
	}
	return true;
}

/* One comma-separated part: "u=rw", "a+X", "u+x-w". */
static bool parse_part(struct str part, struct chmod *ret)
{
	mode_t who;
	if (!take_who(&part, &who))
		return false;
	while (part.n) {
		if (ret->n == CHMOD_CLAUSES_MAX || !strchr("=+-", part.p[0]))
			return false;
		struct chmod_clause *c = &ret->clauses[ret->n++];
		*c = (struct chmod_clause){.who = who, .how = part.p[0]};
		part = str_skip(part, 1);
		if (!take_bits(&part, c))
			return false;
	}
	return true;
}

int chmod_parse(struct str text, struct chmod *ret, struct err *err)
{
	struct err not_octal = {0};
	struct str rest = text, part;
	uint64_t octal;
	*ret = (struct chmod){.is_set = text.n > 0};
	if (!text.n)
		return 0;
	if (num_parse_octal(text, 07777, &octal, &not_octal) == 0) {
		ret->is_octal = true;
		ret->octal = (mode_t)octal;
		return 0;
	}
	while (str_cut(&rest, ',', &part)) {
		if (!parse_part(part, ret)) {
			err_set(err, ERR_INPUT, "invalid chmod '%.*s'", STR_ARG(text));
			return err_hint(err, "write it as 755 or u=rwX,go=rX");
		}
	}
	return 0;
}

mode_t chmod_apply(const struct chmod *c, mode_t mode, bool is_dir)
{
	mode &= 07777;
	if (!c->is_set)
		return mode;
	if (c->is_octal)
		return c->octal;
	for (size_t i = 0; i < c->n; i++) {
		const struct chmod_clause *k = &c->clauses[i];
		mode_t bits = k->bits;
		if (k->is_exec_if_any && (is_dir || (mode & 0111)))
			bits |= 0111;
		bits &= k->who;
		if (k->how == '=')
			mode = (mode & ~k->who) | bits;
		else if (k->how == '+')
			mode |= bits;
		else
			mode &= ~bits;
	}
	return mode;
}
