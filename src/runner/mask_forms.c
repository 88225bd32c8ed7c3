/* What programs make of a secret before they print it. The first eleven are those of GitHub's
 * runner; the rest is what `set -x`, URL-safe base64 and hex dumps show.
 *
 * Base64 shows three bytes as four characters, so the same bytes look different at each of three
 * places: a secret inside "user:secret" is found by what does not depend on its neighbours.
 */
#include "mask_priv.h"

#include "base/base64.h"

enum {
	FORM_MAX = 8 * MASK_MAX_SECRET,
	PIECE_MIN = 6,      /* of base64 that is cut at both ends */
	POWERSHELL_MIN = 6, /* of what PowerShell prints by itself */
	HEX_MIN = 4,        /* bytes of a secret that is looked for in hex */
};

struct teller {
	void (*tell)(void *ctx, struct str form);
	void *ctx;
	struct buf room;
};

static void tell(struct teller *t, struct str form)
{
	if (form.n >= MASK_MIN && str_chr(form, '\n') < 0 && str_chr(form, '\r') < 0)
		t->tell(t->ctx, form);
}

static void tell_room(struct teller *t)
{
	if (!t->room.is_over)
		tell(t, buf_str(&t->room));
	buf_clear(&t->room);
}

/* ---- base64 ---- */

/* The characters that all bits of which come from the secret. */
static struct str whole_part(struct str base64, size_t n_bytes)
{
	return str_sub(base64, 0, n_bytes * 8 / 6);
}

static void tell_base64(struct teller *t, struct str bytes)
{
	if (bytes.n < MASK_MIN)
		return;
	base64_add(&t->room, bytes);
	struct str piece = whole_part(buf_str(&t->room), bytes.n);
	if (piece.n >= PIECE_MIN)
		tell(t, piece);
	tell_room(t);
	base64_url_add(&t->room, bytes);
	piece = whole_part(buf_str(&t->room), bytes.n);
	if (piece.n >= PIECE_MIN)
		tell(t, piece);
	tell_room(t);
}

/* ---- escapes ---- */

struct escape {
	char c;
	const char *with;
};

static void tell_escaped(struct teller *t, struct str s, const struct escape *e, size_t n)
{
	bool is_other = false;
	for (size_t i = 0; i < s.n; i++) {
		size_t k = 0;
		while (k < n && e[k].c != s.p[i])
			k++;
		if (k < n)
			buf_add_cstr(&t->room, e[k].with);
		else
			buf_add_ch(&t->room, s.p[i]);
		is_other = is_other || k < n;
	}
	if (is_other)
		tell_room(t);
	buf_clear(&t->room);
}

static void tell_json(struct teller *t, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		static const char named[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
		unsigned char c = (unsigned char)s.p[i];
		const char *at = c ? strchr(named, c) : NULL;
		if (at)
			buf_fmt(&t->room, "\\%c", letters[at - named]);
		else if (c < 0x20)
			buf_fmt(&t->room, "\\u%04x", c);
		else
			buf_add_ch(&t->room, (char)c);
	}
	tell_room(t);
}

static bool is_plain_in_url(char c)
{
	return ch_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/* fmt "%%%02X" or "%%%02x"; forms are sent with '+' for a space. */
static void tell_url(struct teller *t, struct str s, bool is_lower, bool is_form)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (is_plain_in_url((char)c))
			buf_add_ch(&t->room, (char)c);
		else if (is_form && c == ' ')
			buf_add_ch(&t->room, '+');
		else
			buf_fmt(&t->room, is_lower ? "%%%02x" : "%%%02X", c);
	}
	tell_room(t);
}

static void tell_hex(struct teller *t, struct str s, bool is_lower)
{
	if (s.n < HEX_MIN)
		return;
	for (size_t i = 0; i < s.n; i++)
		buf_fmt(&t->room, is_lower ? "%02x" : "%02X", (unsigned char)s.p[i]);
	tell_room(t);
}

/* ---- PowerShell ---- */

static void tell_section(struct teller *t, struct str s)
{
	if (s.n >= POWERSHELL_MIN)
		tell(t, s);
}

/* When a secret is taken for a command, PowerShell prints it in two parts, cut at an '&'; with "&+"
 * the letter behind it is printed alone. */
static void tell_powershell(struct teller *t, struct str s)
{
	ssize_t plus = str_find(s, S("&+")), last = str_rchr(s, '&');
	if (plus >= 0) {
		tell_section(t, str_sub(s, 0, (size_t)plus + 2));
		tell_section(t, str_skip(s, (size_t)plus + 3));
	} else if (last >= 0) {
		tell_section(t, str_sub(s, 0, (size_t)last + 1));
		tell_section(t, str_skip(s, (size_t)last + 1));
	}
}

/* ---- all ---- */

static void tell_forms(struct teller *t, struct str s)
{
	static const struct escape quote[] = {{'"', "\\\""}};
	static const struct escape expression[] = {{'\'', "''"}};
	static const struct escape shell[] = {{'\'', "'\\''"}};
	static const struct escape xml[] = {
		{'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&apos;"}, {'&', "&amp;"}};
	tell(t, s);
	for (size_t shift = 0; shift < 3; shift++)
		tell_base64(t, str_skip(s, shift));
	tell_escaped(t, s, quote, ARRAY_LEN(quote));
	tell_escaped(t, s, expression, ARRAY_LEN(expression));
	tell_json(t, s);
	tell_url(t, s, false, false);
	tell_escaped(t, s, xml, ARRAY_LEN(xml));
	if (s.n > 8 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		tell(t, str_sub(s, 1, s.n - 1));
	tell_powershell(t, s);
	tell_url(t, s, true, false);
	tell_url(t, s, false, true);
	tell_escaped(t, s, shell, ARRAY_LEN(shell));
	tell_hex(t, s, true);
	tell_hex(t, s, false);
}

/* A line like "}," would hide a lot and protect nothing. */
static bool is_worth_hiding(struct str line)
{
	bool has_word = false;
	for (size_t i = 0; i < line.n; i++)
		has_word = has_word || ch_is_alnum(line.p[i]) || (line.p[i] & 0x80);
	return line.n >= 4 || (line.n >= MASK_MIN && has_word);
}

void mask_forms(struct str secret, void (*fn)(void *ctx, struct str form), void *ctx)
{
	struct teller t = {fn, ctx, BUF(FORM_MAX)};
	struct str rest = secret, line, part, trimmed = str_trim(secret);
	tell_forms(&t, secret);
	if (trimmed.n != secret.n)
		tell_forms(&t, trimmed);
	bool has_lines = str_chr(trimmed, '\n') >= 0 || str_chr(trimmed, '\r') >= 0;
	while (has_lines && str_cut(&rest, '\n', &line)) {
		while (str_cut(&line, '\r', &part))
			if (is_worth_hiding(str_trim(part)))
				tell_forms(&t, str_trim(part));
	}
	buf_done(&t.room);
}
