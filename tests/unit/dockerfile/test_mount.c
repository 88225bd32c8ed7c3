#include "../test.h"

#include "base/buf.h"
#include "dockerfile/mount.h"

/* What was said, in one line. */
static void show(const struct mount *m, struct buf *b)
{
	buf_fmt(b, "%s%s", mount_type_name(m->type), m->is_read_only ? " ro" : "");
	if (m->target.n)
		buf_fmt(b, " target=%.*s", STR_ARG(m->target));
	if (m->source.n)
		buf_fmt(b, " source=%.*s", STR_ARG(m->source));
	if (m->from.n)
		buf_fmt(b, " from=%.*s", STR_ARG(m->from));
	if (m->id.n)
		buf_fmt(b, " id=%.*s", STR_ARG(m->id));
	if (m->sharing != MOUNT_SHARED)
		buf_fmt(b, " %s", m->sharing == MOUNT_PRIVATE ? "private" : "locked");
	if (m->size_bytes)
		buf_fmt(b, " size=%llu", (unsigned long long)m->size_bytes);
	if (m->is_required)
		buf_add_cstr(b, " required");
	if (m->has_env)
		buf_fmt(b, " env=%.*s", STR_ARG(m->env));
	if (m->has_mode)
		buf_fmt(b, " mode=%o", m->mode);
	if (m->has_uid)
		buf_fmt(b, " uid=%u", m->uid);
	if (m->has_gid)
		buf_fmt(b, " gid=%u", m->gid);
}

static void mount_parse_knows_all_keys(void **state)
{
	static const struct {
		const char *text, *mount;
	} cases[] = {
		{"target=/a", "bind ro target=/a"},
		{"type=bind,dst=/a,src=b,from=c", "bind ro target=/a source=b from=c"},
		{"TYPE=Bind,Destination=/a,rw", "bind target=/a"},
		{"target=/a,readonly=false", "bind target=/a"},
		{"target=/a,readwrite=0", "bind ro target=/a"},
		{"type=cache,target=/a", "cache target=/a"},
		{"type=cache,target=/a,id=b,sharing=LOCKED,mode=01777,uid=1,gid=4294967295,ro",
			"cache ro target=/a id=b locked mode=1777 uid=1 gid=4294967295"},
		{"type=cache,target=/a,sharing=private,from=b,source=c",
			"cache target=/a source=c from=b private"},
		{"type=tmpfs,target=/a,size=64m", "tmpfs target=/a size=67108864"},
		{"type=secret,id=a", "secret ro id=a"},
		{"type=secret,source=a,target=/b,required,mode=0400",
			"secret ro target=/b source=a required mode=400"},
		{"type=secret,id=a,env=B,required=false", "secret ro id=a env=B"},
		{"type=ssh", "ssh ro"},
		{"type=ssh,id=a,required=1", "ssh ro id=a required"},
		{"target=/a,\"source=b,c\"", "bind ro target=/a source=b,c"},
		{"target=/a,target=/b", "bind ro target=/b"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		CLEANUP(buf_done) struct buf b = BUF(1000);
		struct dockerfile_word w = {str_of(cases[i].text), {1, 1}};
		struct err err = {0};
		struct mount m;
		OK(mount_parse(w, NULL, &a, &m, &err));
		show(&m, &b);
		assert_string_equal(buf_cstr(&b), cases[i].mount);
	}
}

static void mount_parse_refuses_the_rest(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"", "failed to parse csv mounts: EOF"},
		{"type=bind,\"target=/a", "failed to parse csv mounts: quote is not closed"},
		{"target", "invalid field 'target' must be a key=value pair"},
		{"foo=1", "unexpected key 'foo' in 'foo=1' (did you mean from?)"},
		{"tagret=/a", "unexpected key 'tagret' in 'tagret=/a' (did you mean target?)"},
		{"type=cach", "unsupported mount type \"cach\" (did you mean cache?)"},
		{"type=", "unsupported mount type \"\""},
		{"ro=x", "invalid value for ro: x"},
		{"required", "unexpected key 'required' for mount type 'bind'"},
		{"required,type=secret,id=a", "unexpected key 'required' for mount type 'bind'"},
		{"size=1", "unexpected key 'size' for mount type 'bind'"},
		{"type=tmpfs,size=x", "invalid value for size: x"},
		{"type=tmpfs,mode=7", "mode not allowed for \"tmpfs\" type mounts"},
		{"uid=1", "uid not allowed for \"bind\" type mounts"},
		{"type=cache,mode=9", "invalid value 9 for mode"},
		{"type=cache,gid=4294967296", "invalid value 4294967296 for gid"},
		{"type=cache,sharing=lock",
			"unsupported sharing value \"lock\" (did you mean locked?)"},
		{"sharing=shared", "invalid cache sharing set for bind mount"},
		{"type=secret", "invalid secret mount. one of source, target required"},
		{"type=secret,id=a,source=b", "both source and id can't be set"},
		{"type=secret,id=a,from=b", "secret mount should not have a from"},
		{"type=secret,id=a,sharing=shared", "secret mount should not define sharing"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct dockerfile_word w = {str_of(cases[i].text), {4, 2}};
		struct err err = {0};
		struct mount m;
		FAILS(ERR_INPUT, mount_parse(w, NULL, &a, &m, &err));
		if (strcmp(err.what, cases[i].error) != 0)
			fail_msg("%s: %s", cases[i].text, err.what);
		assert_int_equal(err.at.line, 4);
		assert_int_equal(err.at.col, 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mount_parse_knows_all_keys),
		cmocka_unit_test(mount_parse_refuses_the_rest),
	};
	return cmocka_run_group_tests_name("dockerfile/mount", tests, NULL, NULL);
}
