/* semver -- strict semantic versions (semver.org 2.0.0), as npm's semver reads them. */
#include "metadata_priv.h"

#include "base/num.h"

enum { SEMVER_MAX_TEXT = 256 };
#define SEMVER_MAX_NUMBER UINT64_C(9007199254740991) /* what JavaScript counts exactly */

static bool take_number(struct str *rest, uint64_t *ret)
{
	struct err ignored = {0};
	size_t n = 0;
	while (n < rest->n && ch_is_digit(rest->p[n]))
		n++;
	if (n > 1 && rest->p[0] == '0')
		return false;
	struct str digits = str_sub(*rest, 0, n);
	*rest = str_skip(*rest, n);
	return num_parse_u64(digits, 0, SEMVER_MAX_NUMBER, ret, &ignored) == 0;
}

static bool take_ch(struct str *rest, char c)
{
	if (!rest->n || rest->p[0] != c)
		return false;
	*rest = str_skip(*rest, 1);
	return true;
}

/* One identifier between dots; a number has no leading zero where that matters. */
static bool is_identifier(struct str s, bool may_start_with_zero)
{
	bool is_number = true;
	for (size_t i = 0; i < s.n; i++) {
		if (!ch_is_alnum(s.p[i]) && s.p[i] != '-')
			return false;
		is_number = is_number && ch_is_digit(s.p[i]);
	}
	return s.n > 0 && (may_start_with_zero || !is_number || s.n == 1 || s.p[0] != '0');
}

static bool are_identifiers(struct str s, bool may_start_with_zero)
{
	struct str part;
	while (str_cut(&s, '.', &part))
		if (!is_identifier(part, may_start_with_zero))
			return false;
	return true;
}

bool semver_parse(struct str text, struct arena *a, struct semver *ret)
{
	struct semver v = {.raw = text};
	struct str rest = str_trim(text);
	if (text.n > SEMVER_MAX_TEXT)
		return false;
	(void)take_ch(&rest, 'v');
	if (!take_number(&rest, &v.major) || !take_ch(&rest, '.') ||
		!take_number(&rest, &v.minor) || !take_ch(&rest, '.') ||
		!take_number(&rest, &v.patch))
		return false;
	ssize_t plus = str_chr(rest, '+');
	if (plus >= 0) {
		v.build = str_skip(rest, (size_t)plus + 1);
		rest = str_sub(rest, 0, (size_t)plus);
		if (!are_identifiers(v.build, true))
			return false;
	}
	if (take_ch(&rest, '-')) {
		v.prerelease = rest;
		if (!are_identifiers(rest, false))
			return false;
	} else if (rest.n) {
		return false;
	}
	v.version = arena_fmt(a, "%llu.%llu.%llu%s%.*s", (unsigned long long)v.major,
		(unsigned long long)v.minor, (unsigned long long)v.patch, v.prerelease.n ? "-" : "",
		STR_ARG(v.prerelease));
	*ret = v;
	return true;
}
