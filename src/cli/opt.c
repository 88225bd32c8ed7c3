#include "cli/opt.h"

#include "base/clock.h"
#include "base/num.h"

const char *opt_nearest(struct str word, const char *const *names, size_t n)
{
	const char *best = NULL;
	size_t least = word.n / 3 + 2;
	for (size_t i = 0; i < n; i++) {
		size_t d = str_edits(word, str_of(names[i]), true);
		if (d < least) {
			least = d;
			best = names[i];
		}
	}
	return best;
}

static int unknown(const struct opt *opts, size_t n, struct str name, const char *dashes,
	struct err *err)
{
	const char *names[128];
	size_t n_names = 0;
	for (size_t i = 0; i < n && n_names < ARRAY_LEN(names); i++)
		if (opts[i].name)
			names[n_names++] = opts[i].name;
	err_set(err, ERR_USAGE, "unknown option '%s%.*s'", dashes, STR_ARG(name));
	const char *near = dashes[1] ? opt_nearest(name, names, n_names) : NULL;
	return near ? err_hint(err, "did you mean --%s?", near) : -1;
}

static int set_flag(const struct opt *o, const char *value, struct err *err)
{
	bool *into = o->into;
	if (!value || strcmp(value, "true") == 0 || strcmp(value, "1") == 0)
		*into = true;
	else if (strcmp(value, "false") == 0 || strcmp(value, "0") == 0)
		*into = false;
	else
		return err_set(err, ERR_USAGE, "expected true or false, got '%s'", value);
	return 0;
}

static int set_value(const struct opt *o, const char *value, struct err *err)
{
	switch (o->kind) {
	case OPT_FLAG: return set_flag(o, value, err);
	case OPT_COUNT: ++*(unsigned *)o->into; return 0;
	case OPT_TEXT: *(const char **)o->into = value; return 0;
	case OPT_LIST: vec_push((struct cstr_vec *)o->into, value); return 0;
	case OPT_U64: return num_parse_u64(str_of(value), 0, UINT64_MAX, o->into, err);
	case OPT_BYTES: return num_parse_bytes(str_of(value), UINT64_MAX, o->into, err);
	case OPT_TIME: return clock_parse_duration(str_of(value), o->into, err);
	}
	return 0;
}

static int set(const struct opt *o, const char *shown, const char *value, struct err *err)
{
	if (set_value(o, value, err) < 0) {
		err->kind = ERR_USAGE;
		return err_wrap(err, "option '%s'", shown);
	}
	return 0;
}

static bool takes_value(const struct opt *o)
{
	return o->kind != OPT_FLAG && o->kind != OPT_COUNT;
}

static int missing_value(const struct opt *o, const char *shown, struct err *err)
{
	return err_set(err, ERR_USAGE, "option '%s' needs a value: %s", shown,
		o->value ? o->value : "VALUE");
}

/* --name, --name=value or --name value; *at is the place in argv. */
static int long_option(const struct opt *opts, size_t n, int argc, char **argv, int *at,
	struct err *err)
{
	struct str rest = str_of(argv[*at] + 2), name;
	bool has_value = str_chr(rest, '=') >= 0;
	(void)str_cut(&rest, '=', &name); /* true: argv's text is not NULL */
	const struct opt *o = NULL;
	for (size_t i = 0; i < n && !o; i++)
		if (opts[i].name && str_is(name, opts[i].name))
			o = &opts[i];
	if (!o)
		return unknown(opts, n, name, "--", err);
	char shown[64];
	snprintf(shown, sizeof(shown), "--%s", o->name);
	if (has_value && o->kind == OPT_COUNT)
		return err_set(err, ERR_USAGE, "option '%s' takes no value", shown);
	if (has_value || !takes_value(o))
		return set(o, shown, has_value ? rest.p : NULL, err);
	if (++*at >= argc)
		return missing_value(o, shown, err);
	return set(o, shown, argv[*at], err);
}

/* -n value, -nvalue, -abc */
static int short_options(const struct opt *opts, size_t n, int argc, char **argv, int *at,
	struct err *err)
{
	for (const char *p = argv[*at] + 1; *p; p++) {
		const struct opt *o = NULL;
		for (size_t i = 0; i < n && !o; i++)
			if (opts[i].letter == *p)
				o = &opts[i];
		if (!o)
			return unknown(opts, n, str_n(p, 1), "-", err);
		char shown[3] = {'-', *p, '\0'};
		if (!takes_value(o)) {
			if (set(o, shown, NULL, err) < 0)
				return -1;
			continue;
		}
		if (p[1])
			return set(o, shown, p[1] == '=' ? p + 2 : p + 1, err);
		if (++*at >= argc)
			return missing_value(o, shown, err);
		return set(o, shown, argv[*at], err);
	}
	return 0;
}

int opt_parse(const struct opt *opts, size_t n, enum opt_order order, int argc, char **argv,
	struct cstr_vec *ret_args, struct err *err)
{
	bool only_args = false;
	for (int at = 1; at < argc; at++) {
		const char *word = argv[at];
		if (only_args || word[0] != '-' || !word[1]) {
			vec_push(ret_args, word);
			only_args = only_args || order == OPT_STOP_AT_FIRST;
		} else if (strcmp(word, "--") == 0) {
			only_args = true;
		} else if (word[1] == '-') {
			if (long_option(opts, n, argc, argv, &at, err) < 0)
				return -1;
		} else if (short_options(opts, n, argc, argv, &at, err) < 0) {
			return -1;
		}
	}
	return 0;
}

void opt_add_help(struct buf *b, const struct opt *opts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct opt *o = &opts[i];
		char left[64], letter[8] = "    ";
		if (!o->help)
			continue;
		if (o->letter)
			snprintf(letter, sizeof(letter), "-%c%s", o->letter, o->name ? ", " : "");
		snprintf(left, sizeof(left), "%s%s%s %s", letter, o->name ? "--" : "",
			o->name ? o->name : "", o->value ? o->value : "");
		buf_fmt(b, "  %-30s %s\n", left, o->help);
	}
}
