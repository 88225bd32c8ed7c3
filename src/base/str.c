#include "base/str.h"

#include "base/num.h"

bool str_eq_nocase(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (ch_lower(a.p[i]) != ch_lower(b.p[i]))
			return false;
	return true;
}

int str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;
	if (order)
		return order;
	return a.n < b.n ? -1 : a.n > b.n;
}

bool str_starts(struct str s, struct str with)
{
	return s.n >= with.n && str_eq(str_sub(s, 0, with.n), with);
}

bool str_ends(struct str s, struct str with)
{
	return s.n >= with.n && str_eq(str_skip(s, s.n - with.n), with);
}

ssize_t str_chr(struct str s, char c)
{
	const char *hit = s.n ? memchr(s.p, c, s.n) : NULL;
	return hit ? hit - s.p : -1;
}

ssize_t str_rchr(struct str s, char c)
{
	const char *hit = s.n ? memrchr(s.p, c, s.n) : NULL;
	return hit ? hit - s.p : -1;
}

ssize_t str_find(struct str s, struct str needle)
{
	if (!needle.n)
		return 0;
	const char *hit = s.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;
	return hit ? hit - s.p : -1;
}

bool str_has(struct str s, struct str needle)
{
	return str_find(s, needle) >= 0;
}

size_t str_edits(struct str a, struct str b, bool any_case)
{
	size_t row[STR_EDITS_MAX + 1];
	if (a.n > STR_EDITS_MAX || b.n > STR_EDITS_MAX)
		return SIZE_MAX;
	for (size_t k = 0; k <= b.n; k++)
		row[k] = k;
	for (size_t i = 0; i < a.n; i++) {
		size_t diagonal = row[0];
		row[0] = i + 1;
		for (size_t k = 0; k < b.n; k++) {
			bool is_same =
				any_case ? ch_lower(a.p[i]) == ch_lower(b.p[k]) : a.p[i] == b.p[k];
			size_t change = diagonal + !is_same;
			diagonal = row[k + 1];
			row[k + 1] = num_min(change, num_min(row[k], row[k + 1]) + 1);
		}
	}
	return row[b.n];
}

struct str str_sub(struct str s, size_t from, size_t to)
{
	if (to > s.n)
		to = s.n;
	if (from > to)
		from = to;
	return (struct str){s.p ? s.p + from : NULL, to - from};
}

struct str str_trim_left(struct str s)
{
	while (s.n && ch_is_space(s.p[0]))
		s = str_skip(s, 1);
	return s;
}

struct str str_trim_right(struct str s)
{
	while (s.n && ch_is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct str str_trim(struct str s)
{
	return str_trim_left(str_trim_right(s));
}

bool str_cut(struct str *rest, char sep, struct str *ret_part)
{
	if (!rest->p)
		return false;
	ssize_t at = str_chr(*rest, sep);
	if (at < 0) {
		*ret_part = *rest;
		*rest = STR_NONE;
	} else {
		*ret_part = str_sub(*rest, 0, (size_t)at);
		*rest = str_skip(*rest, (size_t)at + 1);
	}
	return true;
}

bool str_line(struct str *rest, struct str *ret_line)
{
	if (!rest->n)
		return false;
	(void)str_cut(rest, '\n', ret_line); /* true: rest is not empty */
	if (ret_line->n && ret_line->p[ret_line->n - 1] == '\r')
		ret_line->n--;
	return true;
}

bool str_word(struct str *rest, struct str *ret_word)
{
	*rest = str_trim_left(*rest);
	if (!rest->n)
		return false;
	size_t n = 0;
	while (n < rest->n && !ch_is_space(rest->p[n]))
		n++;
	*ret_word = str_sub(*rest, 0, n);
	*rest = str_skip(*rest, n);
	return true;
}

int ch_hex(char c)
{
	if (ch_is_digit(c))
		return c - '0';
	char low = ch_lower(c);
	return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}
