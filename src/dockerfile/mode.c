#include "dockerfile/mode.h"

#include "base/num.h"

enum { ALL_BITS = 07777, ANY_EXEC = 0111 };

static uint32_t who_bits(char c)
{
	switch (c) {
	case 'u': return 04700;
	case 'g': return 02070;
	case 'o': return 01007;
	case 'a': return ALL_BITS;
	default: return 0;
	}
}

/* What a letter behind the operator stands for, everywhere; false when it is none. */
static bool perm_bits(char c, uint32_t mode, bool is_folder, uint32_t *ret)
{
	switch (c) {
	case 'r': *ret = 0444; return true;
	case 'w': *ret = 0222; return true;
	case 'x': *ret = ANY_EXEC; return true;
	case 'X': *ret = is_folder || (mode & ANY_EXEC) ? ANY_EXEC : 0; return true;
	case 's': *ret = 06000; return true;
	case 't': *ret = 01000; return true;
	case 'u': *ret = (mode >> 6 & 7) * ANY_EXEC; return true;
	case 'g': *ret = (mode >> 3 & 7) * ANY_EXEC; return true;
	case 'o': *ret = (mode & 7) * ANY_EXEC; return true;
	default: return false;
	}
}

/* One clause, "ug+x-w". */
static bool apply_clause(struct str s, bool is_folder, uint32_t *mode)
{
	uint32_t who = 0, bits, perms;
	size_t i = 0;
	while (i < s.n && who_bits(s.p[i]))
		who |= who_bits(s.p[i++]);
	if (!who)
		who = ALL_BITS;
	if (i == s.n)
		return false;
	while (i < s.n) {
		char op = s.p[i++];
		if (op != '+' && op != '-' && op != '=')
			return false;
		for (perms = 0; i < s.n && perm_bits(s.p[i], *mode, is_folder, &bits); i++)
			perms |= bits;
		if (op == '=')
			*mode &= ~who;
		*mode = op == '-' ? *mode & ~(perms & who) : *mode | (perms & who);
	}
	return true;
}

int mode_change(struct str text, uint32_t mode, bool is_folder, uint32_t *ret, struct err *err)
{
	struct err ignored = {0}; /* the whole text says more */
	struct str rest = text, clause;
	uint64_t octal;
	if (text.n && ch_is_digit(text.p[0])) {
		if (num_parse_octal(text, ALL_BITS, &octal, &ignored) < 0)
			return err_set(err, ERR_INPUT,
				"invalid chmod parameter: '%.*s'. it should be octal string and "
				"between 0 and 07777",
				STR_ARG(text));
		*ret = (uint32_t)octal;
		return 0;
	}
	while (str_cut(&rest, ',', &clause))
		if (!apply_clause(clause, is_folder, &mode)) {
			err_set(err, ERR_INPUT, "invalid chmod parameter: '%.*s': invalid syntax",
				STR_ARG(text));
			return err_hint(err, "write it as 0755 or u=rwX,go=rX");
		}
	*ret = mode;
	return 0;
}
