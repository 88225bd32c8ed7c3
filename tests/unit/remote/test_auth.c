#include "rig.h"

/* ---- the docker config ---- */

static struct docker_config parse(struct arena *a, const char *text)
{
	struct docker_config c = {0};
	struct err err = {0};
	OK(docker_config_parse(str_of(text), a, &c, &err));
	return c;
}

static void config_match_finds_the_right_key(void **state)
{
	/* auth = base64("<letter>:x") */
	static const char text[] =
		"{\"auths\":{"
		"\"https://index.docker.io/v1/\":{\"auth\":\"aHViOng=\"},"
		"\"ghcr.io\":{\"auth\":\"Z2hjcjp4\"},"
		"\"ghcr.io/me\":{\"auth\":\"bWU6eA==\"},"
		"\"https://quay.io/v2/\":{\"auth\":\"cXVheTp4\"},"
		"\"[::1]:5000\":{\"auth\":\"djY6eA==\"},"
		"\"empty.example\":{},"
		"\"null.example\":null,"
		"\"plain.example\":{\"username\":\"u\",\"password\":\"p:q\"},"
		"\"token.example\":{\"auth\":\"PHRva2VuPjo=\",\"identitytoken\":\"T\"}},"
		"\"HttpHeaders\":{\"a\":\"b\"}}";
	static const struct {
		const char *domain, *path, *user;
	} cases[] = {
		{"docker.io", "library/debian", "hub"},
		{"ghcr.io", "you/app", "ghcr"},
		{"ghcr.io", "me/app", "me"},
		{"ghcr.io", "me", "me"},
		{"ghcr.io", "mehmet/app", "ghcr"},
		{"quay.io", "x", "quay"},
		{"[::1]:5000", "x", "v6"},
		{"empty.example", "x", NULL},
		{"null.example", "x", NULL},
		{"plain.example", "x", "u"},
		{"ghcr.io.evil.example", "x", NULL},
		{"evil-ghcr.io", "x", NULL},
		{"hcr.io", "x", NULL},
		{"index.docker.io.evil", "x", NULL},
	};
	CLEANUP(arena_done) struct arena a = {0};
	struct docker_config c = parse(&a, text);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct config_auth *auth =
			config_match(&c, str_of(cases[i].domain), str_of(cases[i].path));
		if (!auth != !cases[i].user || (auth && !str_is(auth->c.user, cases[i].user)))
			fail_msg("%s/%s: %.*s", cases[i].domain, cases[i].path,
				auth ? (int)auth->c.user.n : 4, auth ? auth->c.user.p : "none");
	}
	const struct config_auth *t = config_match(&c, S("token.example"), S("x"));
	STR_IS(t->c.identity_token, "T");
	STR_IS(config_match(&c, S("plain.example"), S("x"))->c.password, "p:q");
}

static void config_parse_bad(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{"[]", "expected an object, got an array"},
		{"{\"auths\":[]}", "auths"},
		{"{\"auths\":{\"x\":1}}", "auths: 'x': expected an object"},
		{"{\"auths\":{\"x\":{\"auth\":1}}}", "auths: 'x': "},
		{"{\"auths\":{\"x\":{\"auth\":\"%%\"}}}", "auths: 'x': auth: is not base64"},
		{"{\"auths\":{\"x\":{\"auth\":\"YWJj\"}}}", "expected user:password"},
		{"{\"credHelpers\":{\"x\":1}}", "credHelpers: 'x'"},
		{"{\"credsStore\":[]}", "credsStore"},
		{"{", ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct docker_config c;
		struct err err = {0};
		FAILS(ERR_INPUT, docker_config_parse(str_of(bad[i].text), &a, &c, &err));
		assert_non_null(strstr(err.what, bad[i].says));
	}
	CLEANUP(arena_done) struct arena a = {0};
	parse(&a, "");
	parse(&a, " \n");
	parse(&a, "{\"auths\":null,\"credHelpers\":null,\"credsStore\":null}");
	/* a NUL at the end, as very old dockers wrote */
	struct docker_config c = parse(&a, "{\"auths\":{\"x\":{\"auth\":\"YTpiAAA=\"}}}");
	STR_IS(c.auths[0].c.password, "b");
}

static void config_write_keeps_what_it_does_not_know(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf b = BUF(4096);
	struct docker_config c = parse(&a,
		"{\"HttpHeaders\":{\"X\":\"y\"},\"auths\":{\"a\":{\"auth\":"
		"\"YTpi\",\"email\":\"e\"},\"b\":{}},\"z\":[1]}");
	struct credentials set = {.user = S("u"), .password = S("p:\xc3\xbc")};
	config_write(&b, &c, S("b"), &set);
	assert_string_equal(buf_cstr(&b),
		"{\n"
		"    \"HttpHeaders\": {\n        \"X\": \"y\"\n    },\n"
		"    \"auths\": {\n"
		"        \"a\": {\n            \"auth\": \"YTpi\",\n"
		"            \"email\": \"e\"\n        },\n"
		"        \"b\": {\n            \"auth\": \"dTpwOsO8\"\n        }\n"
		"    },\n"
		"    \"z\": [\n        1\n    ]\n"
		"}\n");
	buf_clear(&b);
	config_write(&b, &c, S("a"), NULL);
	assert_null(strstr(buf_cstr(&b), "YTpi"));
}

/* ---- realms (CVE-2026-33540 and its kin) ---- */

static void realm_of_whom(void **state)
{
	static const char *const listed[] = {"login.partner.example", NULL};
	static const struct {
		const char *registry, *realm;
		bool is_http, has_credentials, may;
	} cases[] = {
		/* itself, and its site */
		{"ghcr.io", "https://ghcr.io/token", false, true, true},
		{"registry-1.docker.io", "https://auth.docker.io/token", false, true, true},
		{"registry.gitlab.com", "https://gitlab.com/jwt/auth", false, true, true},
		{"registry.example.co.uk", "https://auth.example.co.uk/t", false, true, true},
		{"GHCR.io", "https://ghcr.IO/token", false, true, true},
		{"ghcr.io:8443", "https://ghcr.io/token", false, true, true},
		/* others */
		{"ghcr.io", "https://evil.example/token", false, true, false},
		{"ghcr.io", "https://ghcr.io.evil.example/token", false, true, false},
		{"ghcr.io", "https://evil-ghcr.io/token", false, true, false},
		{"ghcr.io", "https://ghcr.io@evil.example/token", false, true, false},
		{"a.co.uk", "https://evil.co.uk/t", false, true, false},
		{"registry.example.co.uk", "https://auth.evil.co.uk/t", false, true, false},
		{"mine.azurecr.io", "https://yours.azurecr.io/t", false, true, false},
		{"mine.azurecr.io", "https://mine.azurecr.io/t", false, true, true},
		{"10.0.0.1", "https://10.0.0.2/t", false, true, false},
		{"10.0.0.1:5000", "https://10.0.0.1/t", false, true, true},
		{"localhost:5000", "https://127.0.0.1:6000/t", false, true, true},
		{"registry", "https://auth/t", false, true, false},
		{"127.0.0.1:5000", "https://evil.example/t", false, true, false},
		{"ghcr.io", "https://login.partner.example/t", false, true, true},
		/* without TLS */
		{"ghcr.io", "http://ghcr.io/token", false, true, false},
		{"ghcr.io", "http://ghcr.io/token", false, false, false},
		{"127.0.0.1:5000", "http://127.0.0.1:5001/t", true, true, true},
		{"127.0.0.1:5000", "http://evil.example/t", true, false, false},
		{"127.0.0.1:5000", "http://169.254.169.254/latest/meta-data", true, false, false},
		{"insecure.example", "http://insecure.example/t", true, true, true},
		/* nothing to lose */
		{"ghcr.io", "https://elsewhere.example/token", false, false, true},
		/* no URLs */
		{"ghcr.io", "file:///etc/passwd", false, false, false},
		{"ghcr.io", "", false, false, false},
		{"ghcr.io", "token", false, false, false},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char name[64];
		struct err err = {0};
		snprintf(name, sizeof(name), "%s", cases[i].registry);
		struct host h = {.name = name, .domain = name, .realms = listed};
		bool may = auth_check_realm(&h, cases[i].is_http, str_of(cases[i].realm),
				   cases[i].has_credentials, &err) == 0;
		if (may != cases[i].may)
			fail_msg("%s -> %s: %s", cases[i].registry, cases[i].realm, err.what);
	}
}

/* ---- redirects (F40) ---- */

static void redirect_where_to(void **state)
{
	static const struct {
		const char *from, *location, *to; /* to NULL = refused */
	} cases[] = {
		{"https://r.example/v2/a", "https://cdn.example/x?sig=1",
			"https://cdn.example/x?sig=1"},
		{"https://r.example/v2/a", "/other", "https://r.example/other"},
		{"http://127.0.0.1:5000/v2/a", "http://127.0.0.1:5001/x",
			"http://127.0.0.1:5001/x"},
		{"http://r.example/v2/a", "https://cdn.example/x", "https://cdn.example/x"},
		{"https://r.example/v2/a", "https://10.1.2.3/x", "https://10.1.2.3/x"},
		{"https://r.example/v2/a", "http://cdn.example/x", NULL},
		{"https://r.example/v2/a", "file:///etc/passwd", NULL},
		{"https://r.example/v2/a", "ftp://cdn.example/x", NULL},
		{"https://r.example/v2/a", "https://user:pw@cdn.example/x", NULL},
		{"https://r.example/v2/a", "https://169.254.169.254/latest/meta-data", NULL},
		{"http://r.example/v2/a", "http://169.254.169.254/latest/meta-data", NULL},
		{"http://r.example/v2/a", "http://2852039166/latest/meta-data", NULL},
		{"http://r.example/v2/a", "http://0xa9.0xfe.0xa9.0xfe/", NULL},
		{"http://r.example/v2/a", "http://[fe80::1]/x", NULL},
		{"http://r.example/v2/a", "http://[::ffff:169.254.169.254]/x", NULL},
		{"http://r.example/v2/a", "http://[fd00:ec2::254]/x", NULL},
		{"http://r.example/v2/a", "http://metadata.google.internal/x", NULL},
		{"http://r.example/v2/a", "http://127.0.0.1/x", NULL},
		{"http://r.example/v2/a", "http://localhost/x", NULL},
		{"http://r.example/v2/a", "http://[::1]/x", NULL},
		{"http://r.example/v2/a", "http://0.0.0.0/x", NULL},
		{"https://r.example/v2/a", "", NULL},
		{"https://r.example/v2/a", "https://", NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_done) struct buf to = BUF(4096);
		struct http_header header = {S("location"), str_of(cases[i].location)};
		struct http_response answer = {.headers = &header, .n_headers = 1};
		struct err err = {0};
		int rc = redirect_target(str_of(cases[i].from), &answer, &to, &err);
		if ((rc == 0) != (cases[i].to != NULL) ||
			(cases[i].to && strcmp(buf_cstr(&to), cases[i].to) != 0))
			fail_msg("%s: %s %s", cases[i].location, buf_cstr(&to), err.what);
	}
}

static void session_behind_a_tls_proxy_is_taken_by_https(void **state)
{
	char name[] = "r.example";
	struct host h = {.name = name};
	struct endpoint at = {.host = &h};
	static const struct {
		const char *location, *to;
	} cases[] = {
		{"http://r.example/v2/x/u1?a=b", "https://r.example/v2/x/u1?a=b"},
		{"/v2/x/u1", "https://r.example/v2/x/u1"},
		{"https://other.example/u", "https://other.example/u"},
		{"http://other.example/u", NULL},
		{"http://r.example:8080/u", NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_done) struct buf to = BUF(4096);
		struct http_header header = {S("location"), str_of(cases[i].location)};
		struct http_response answer = {.headers = &header, .n_headers = 1};
		struct err err = {0};
		int rc = redirect_session(&at, S("https://r.example/v2/x/blobs/uploads/"), &answer,
			&to, &err);
		assert_int_equal(rc == 0, cases[i].to != NULL);
		if (cases[i].to)
			assert_string_equal(buf_cstr(&to), cases[i].to);
	}
}

static void redirected_without_credentials(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	char headers[300], text[DIGEST_TEXT], match[200];
	make_image(g, &g->f, "me/app", "v1");
	make_image(g, &g->f2, "me/app", "v1");
	g->f.auth = FAKE_BASIC;
	g->f.user = "me";
	g->f.password = "secret";
	has_auth(g, g->host, "me:secret");
	digest_text(&g->layers[1], text);
	snprintf(headers, sizeof(headers), "Location: http://127.0.0.1:%u/v2/me/app/blobs/%s\r\n",
		g->f2.port, text);
	snprintf(match, sizeof(match), "GET /v2/me/app/blobs/%s", text);
	g->f.faults[0] =
		(struct fake_fault){.match = match, .times = -1, .status = 307, .headers = headers};
	OK(pull(g, "me/app:v1", &err));
	assert_int_equal(fake_asked(&g->f2, match), 1);
	assert_int_equal(fake_asked(&g->f2, "Auth="), 0);
	assert_true(fake_asked(&g->f, "Auth=Basic") > 3);
}

static void redirected_for_ever(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	make_image(g, &g->f, "me/app", "v1");
	g->f.faults[0] = (struct fake_fault){.match = "HEAD",
		.times = -1,
		.status = 302,
		.headers = "Location: /v2/me/app/manifests/v1\r\n"};
	FAILS(ERR_INPUT, pull(g, "me/app:v1", &err));
	assert_non_null(strstr(err.what, "more than 5 redirects"));
	assert_int_equal(fake_asked(&g->f, "HEAD"), 6);
}

/* ---- basic and bearer ---- */

static void basic_credentials_from_the_config(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	make_image(g, &g->f, "me/app", "v1");
	g->f.auth = FAKE_BASIC;
	g->f.user = "me";
	g->f.password = "secret";
	FAILS(ERR_DENIED, pull(g, "me/app:v1", &err));
	assert_non_null(strstr(err.hint, "knarr login 127.0.0.1:"));
	has_auth(g, g->host, "me:wrong");
	FAILS(ERR_DENIED, pull(g, "me/app:v1", &err));
	has_auth(g, g->host, "me:secret");
	OK(pull(g, "me/app:v1", &err));
}

static void bearer_token_is_fetched_once_per_scope(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	make_image(g, &g->f, "me/app", "v1");
	g->f.auth = FAKE_BEARER;
	g->f.user = "me";
	g->f.password = "secret";
	has_auth(g, g->host, "me:secret");
	OK(pull(g, "me/app:v1", &err));
	assert_int_equal(fake_asked(&g->f,
				 "/token?service=fake&scope=repository%3Ame%2Fapp%3Apull&"),
		1);
	assert_int_equal(fake_asked(&g->f, "/token"), 1);
	OK(push(g, &g->manifest, "me/two:v1", &err));
	assert_int_equal(fake_asked(&g->f, "pull%2Cpush"), 2); /* alone, and with the mount's */
	assert_int_equal(fake_asked(&g->f, "&scope=repository%3Ame%2Fapp%3Apull"), 2);
	OK(push(g, &g->manifest, "me/two:v2", &err));
	assert_int_equal(fake_asked(&g->f, "/token"), 3);
}

static void bearer_anonymous_and_refused(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	make_image(g, &g->f, "me/app", "v1");
	g->f.auth = FAKE_BEARER;
	OK(pull(g, "me/app:v1", &err));
	assert_int_equal(fake_asked(&g->f, "Auth=Basic"), 0);
	g->f.user = "me";
	g->f.password = "secret";
	new_remote(g);
	FAILS(ERR_DENIED, pull(g, "me/app:v1", &err));
	assert_non_null(strstr(err.what, "credentials are needed"));
	has_auth(g, g->host, "me:wrong");
	FAILS(ERR_DENIED, pull(g, "me/app:v1", &err));
	assert_non_null(strstr(err.what, "credentials are refused"));
}

static void bearer_identity_token_goes_by_post(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	make_image(g, &g->f, "me/app", "v1");
	g->f.auth = FAKE_BEARER;
	g->f.user = "nobody";
	g->f.password = "x";
	g->f.identity = "long&lived=token";
	write_config(g,
		arena_fmt(&g->a,
			"{\"auths\":{\"%s\":{\"auth\":\"PHRva2VuPjo=\","
			"\"identitytoken\":\"long&lived=token\"}}}",
			g->host)
			.p);
	OK(pull(g, "me/app:v1", &err));
	assert_int_equal(fake_asked(&g->f, "POST /token"), 1);
	assert_int_equal(fake_asked(&g->f, "long"), 0); /* never in a URL */
}

/* The registry sends us to another host with our password: no. */
static void bearer_realm_elsewhere_gets_nothing(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	make_image(g, &g->f, "me/app", "v1");
	g->f.auth = FAKE_BEARER;
	g->f.user = "me";
	g->f.password = "secret";
	g->f.realm = "https://evil.example/token";
	has_auth(g, g->host, "me:secret");
	FAILS(ERR_DENIED, pull(g, "me/app:v1", &err));
	assert_non_null(strstr(err.what, "'evil.example', which is another site"));
	g->f.realm = "http://192.0.2.1/token";
	new_remote(g);
	FAILS(ERR_DENIED, pull(g, "me/app:v1", &err));
	assert_non_null(strstr(err.what, "without TLS"));
}

/* What is kept for a name follows it to where the config says it lives, but not to mirrors. */
static void credentials_follow_the_name_but_not_to_mirrors(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	struct image_ref name;
	make_image(g, &g->f, "hub/me/app", "v1");
	g->f.auth = g->f2.auth = FAKE_BASIC;
	g->f.user = g->f2.user = "me";
	g->f.password = g->f2.password = "secret";
	g->registry = (struct remote_registry){
		.prefix = "ghcr.io", .location = arena_fmt(&g->a, "%s/hub", g->host).p};
	g->mirrors[0] = arena_fmt(&g->a, "127.0.0.1:%u", g->f2.port).p;
	g->registry.mirrors = g->mirrors;
	new_remote(g);
	has_auth(g, "ghcr.io", "me:secret");
	OK(image_ref_parse(S("ghcr.io/me/app:v1"), &g->a, &name, &err));
	OK(pull_as(g, name, &err));
	assert_int_equal(fake_asked(&g->f2, "Auth="), 0);
	assert_true(fake_asked(&g->f2, "HEAD") > 0);
	assert_true(fake_asked(&g->f, "Auth=Basic") > 0);
}

/* ---- login, helpers ---- */

static void login_tries_before_it_keeps(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	g->f.user = "me";
	g->f.password = "secret";
	for (g->f.auth = FAKE_BASIC; g->f.auth <= FAKE_BEARER; g->f.auth++) {
		FAILS(ERR_DENIED, remote_login(g->r, str_of(g->host), S("me"), S("wrong"), &err));
		assert_int_equal(faccessat(AT_FDCWD, g->config, F_OK, 0), -1);
		OK(remote_login(g->r, str_of(g->host), S("me"), S("secret"), &err));
		assert_non_null(strstr(read_config(g).p, "\"auth\": \"bWU6c2VjcmV0\""));
		struct stat st;
		assert_int_equal(stat(g->config, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
		assert_int_equal(remote_logout(g->r, str_of(g->host), &err), 1);
		assert_int_equal(remote_logout(g->r, str_of(g->host), &err), 0);
		assert_null(strstr(read_config(g).p, "bWU6"));
		assert_int_equal(unlink(g->config), 0);
	}
	FAILS(ERR_INPUT, remote_login(g->r, S("a b"), S("me"), S("x"), &err));
	FAILS(ERR_INPUT, remote_login(g->r, str_of(g->host), S(""), S("x"), &err));
	FAILS(ERR_INPUT, remote_login(g->r, str_of(g->host), S("a:b"), S("x"), &err));
}

/* A helper that keeps what it is given in a file. */
static const char helper_script[] =
	"#!/bin/sh\n"
	"f=${0%/*}/kept\n"
	"case $1 in\n"
	"store) cat > $f ;;\n"
	"get) if [ -s $f ]; then cat $f; else\n"
	"  echo 'credentials not found in native keychain'; exit 1; fi ;;\n"
	"erase) rm -f $f ;;\n"
	"esac\n";

static void helper_keeps_the_password(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	char path[200], *old = mem_cstr(getenv("PATH"));
	OK(fs_write_file(store_root_fd(g->t.s), "docker-credential-test-1", str_of(helper_script),
		0700, FS_NO_SYNC, &err));
	snprintf(path, sizeof(path), "%s:/usr/bin:/bin", store_root(g->t.s));
	setenv("PATH", path, 1);
	make_image(g, &g->f, "me/app", "v1");
	g->f.auth = FAKE_BASIC;
	g->f.user = "me";
	g->f.password = "secret";
	write_config(g,
		arena_fmt(&g->a, "{\"credHelpers\":{\"%s\":\"test-1\"},\"x\":1}", g->host).p);
	FAILS(ERR_DENIED, pull(g, "me/app:v1", &err));
	OK(remote_login(g->r, str_of(g->host), S("me"), S("secret"), &err));
	assert_null(strstr(read_config(g).p, "bWU6"));
	assert_non_null(strstr(read_config(g).p, "\"x\": 1"));
	OK(pull(g, "me/app:v1", &err));
	OK(remote_logout(g->r, str_of(g->host), &err));
	new_remote(g);
	FAILS(ERR_DENIED, pull(g, "me/app:v2", &err));
	/* names that are no names of helpers */
	static const char *const bad[] = {"../evil", "a/b", ".x", "a b"};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		write_config(g, arena_fmt(&g->a, "{\"credsStore\":\"%s\"}", bad[i]).p);
		FAILS(ERR_INPUT, pull(g, "me/app:v2", &err));
	}
	write_config(g, "{\"credsStore\":\"missing\"}");
	FAILS(ERR_NOT_FOUND, pull(g, "me/app:v2", &err));
	assert_non_null(strstr(err.what, "docker-credential-missing"));
	setenv("PATH", old, 1);
	free(old);
}

static void fetch_blob_into_a_sink(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	CLEANUP(blob_writer_free) struct blob_writer *w = NULL;
	make_image(g, &g->f, "me/app", "v1");
	struct image_ref name = ref(g, "me/app:v1");
	struct image_descriptor d = {.digest = g->layers[1], .size = g->layer_bytes[1].n};
	OK(blob_create(g->t.s, DIGEST_SHA256, &w, &err));
	OK(remote_fetch_blob(g->r, &name, &d, blob_writer_sink(w), &err));
	OK(blob_commit(w, &d.digest, NULL, NULL, &err));
	blob_writer_free(TAKE(w));
	OK(blob_create(g->t.s, DIGEST_SHA256, &w, &err));
	g->f.faults[0] = (struct fake_fault){.match = "GET", .times = -1, .is_garbled = true};
	FAILS(ERR_INPUT, remote_fetch_blob(g->r, &name, &d, blob_writer_sink(w), &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_match_finds_the_right_key),
		cmocka_unit_test(config_parse_bad),
		cmocka_unit_test(config_write_keeps_what_it_does_not_know),
		cmocka_unit_test(realm_of_whom),
		cmocka_unit_test(redirect_where_to),
		cmocka_unit_test(session_behind_a_tls_proxy_is_taken_by_https),
		CASE(redirected_without_credentials),
		CASE(redirected_for_ever),
		CASE(basic_credentials_from_the_config),
		CASE(bearer_token_is_fetched_once_per_scope),
		CASE(bearer_anonymous_and_refused),
		CASE(bearer_identity_token_goes_by_post),
		CASE(bearer_realm_elsewhere_gets_nothing),
		CASE(credentials_follow_the_name_but_not_to_mirrors),
		CASE(login_tries_before_it_keeps),
		CASE(helper_keeps_the_password),
		CASE(fetch_blob_into_a_sink),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
