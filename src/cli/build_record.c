#include "cli/build_flags_priv.h"

#include "base/csv.h"

int field_list(const char *text, struct arena *a, struct fields *ret, struct err *err)
{
	struct str_vec parts = {0};
	int rc = csv_fields(str_of(text), a, &parts, err);
	for (size_t i = 0; rc == 0 && i < parts.n; i++) {
		struct field f = {.value = parts.p[i]};
		(void)str_cut(&f.value, '=', &f.key); /* a field is not NULL */
		f.key = str_trim(f.key);
		vec_push(ret, f);
	}
	vec_done(&parts);
	return rc;
}

int field_unknown(const struct field *f, const char *known, struct err *err)
{
	err_set(err, ERR_USAGE, "unknown key '%.*s'", STR_ARG(f->key));
	return err_hint(err, "known: %s", known);
}

int field_truth(const struct field *f, bool *ret, struct err *err)
{
	*ret = !f->value.p || str_is(f->value, "true") || str_is(f->value, "1");
	if (*ret || str_is(f->value, "false") || str_is(f->value, "0"))
		return 0;
	return err_set(err, ERR_USAGE, "'%.*s': expected true or false, got '%.*s'",
		STR_ARG(f->key), STR_ARG(f->value));
}

int field_compression(const struct field *f, enum compression *ret, struct err *err)
{
	static const struct {
		const char *name;
		enum compression c;
	} known[] = {
		{"gzip", COMPRESS_GZIP}, {"zstd", COMPRESS_ZSTD}, {"uncompressed", COMPRESS_NONE}};
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (str_is(f->value, known[i].name)) {
			*ret = known[i].c;
			return 0;
		}
	}
	err_set(err, ERR_UNSUPPORTED, "compression '%.*s' is not supported", STR_ARG(f->value));
	return err_hint(err, "gzip, zstd or uncompressed");
}
