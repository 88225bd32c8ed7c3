#include "script.h"

#include "git/git.h"

/* Fetches "src" into "out". */
static int fetch(const struct temp_dir *d, struct git_fetch f, struct arena *a,
	struct git_commit *ret, struct err *err)
{
	char url[200], into[200];
	snprintf(url, sizeof(url), "%s/src", d->path);
	snprintf(into, sizeof(into), "%s/out", d->path);
	if (!f.url)
		f.url = url;
	f.into = into;
	f.accepts_local = true;
	return git_fetch(&f, a, ret, err);
}

static void git_fetch_checks_out_every_kind_of_ref(void **state)
{
	static const struct {
		const char *ref, *same_as, *branch, *kept_as;
	} cases[] = {
		{NULL, "main", "main", "refs/remotes/origin/main"},
		{"main", "main", "main", "refs/remotes/origin/main"},
		{"refs/heads/main", "main", "main", "refs/remotes/origin/main"},
		{"feature/x", "feature/x", "feature/x", "refs/remotes/origin/feature/x"},
		{"v1", "v1^{commit}", "", "refs/tags/v1"},
		{"refs/tags/v2", "v2^{commit}", "", "refs/tags/v2"},
		{"refs/pull/7/merge", "feature/x", "", "refs/remotes/pull/7/merge"},
		{"both", "feature/x", "both", "refs/remotes/origin/both"}, /* a branch wins */
		{"refs/tags/both", "v1^{commit}", "", "refs/tags/both"},
	};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	script(&d, SOURCE "git -C src branch both feature/x; git -C src tag both v1");
	for (size_t k = 0; k < 2 * ARRAY_LEN(cases); k++) {
		size_t i = k / 2;
		struct err err = {0};
		CLEANUP(arena_done) struct arena a = {0};
		struct git_commit c;
		struct str sha, branch;
		char text[300];
		struct git_fetch f = {.ref = cases[i].ref, .keeps_git_dir = true, .depth = k % 2};
		OK(fs_remove_tree(d.fd, "out", &err));
		OK(fetch(&d, f, &a, &c, &err));
		snprintf(text, sizeof(text), "git -C src rev-parse '%s'", cases[i].same_as);
		assert_true(str_eq(c.sha, script_says(&d, text)));
		OK(git_head(PATH_IN(&d, "out"), &a, &sha, &branch, &err));
		assert_true(str_eq(sha, c.sha));
		STR_IS(branch, cases[i].branch);
		snprintf(text, sizeof(text), "git -C out rev-parse '%s^{commit}'",
			cases[i].kept_as);
		assert_true(str_eq(c.sha, script_says(&d, text)));
		STR_IS(script_says(&d, "git -C out status --porcelain"), "");
	}
}

static void git_fetch_gets_a_commit_by_its_id(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	CLEANUP(arena_done) struct arena a = {0};
	struct git_commit c;
	char id[41] = {0};
	script(&d, SOURCE);
	memcpy(id, script_says(&d, "git -C src rev-parse v1").p, 40);
	for (unsigned depth = 0; depth < 2; depth++) {
		OK(fetch(&d, (struct git_fetch){.ref = id, .depth = depth}, &a, &c, &err));
		STR_IS(c.sha, id);
		STR_IS(c.message, "one");
		temp_dir_has(&d, "out/a.txt", "one\n");
		assert_false(temp_dir_exists(&d, "out/.git"));
		OK(fs_remove_tree(d.fd, "out", &err));
	}
	id[0] = id[0] == '0' ? '1' : '0';
	FAILS(ERR_NOT_FOUND, fetch(&d, (struct git_fetch){.ref = id, .depth = 1}, &a, &c, &err));
	assert_non_null(strstr(err.what, "has no commit"));
}

static void git_fetch_gets_only_what_is_asked(void **state)
{
	const struct {
		struct git_fetch f;
		const char *question, *answer;
	} cases[] = {
		{{.depth = 1}, "git -C out rev-list --count --all", "1"},
		{{.depth = 2}, "git -C out rev-list --count HEAD", "2"},
		{{.depth = 0}, "git -C out rev-list --count --all", "3"},
		{{.depth = 1}, "git -C out tag", ""},
		{{.depth = 1, .has_tags = true}, "git -C out tag | tr '\\n' ' '", "v1 v2"},
		{{.depth = 0}, "git -C out tag | tr '\\n' ' '", "v1 v2"},
		{{.depth = 0},
			"git -C out for-each-ref --format='%(refname)' refs/remotes | tr '\\n' ' '",
			"refs/remotes/origin/feature/x refs/remotes/origin/main"},
		{{.depth = 1, .sparse = (const char *const[]){"d", NULL}, .sparse_is_cone = true},
			"cd out; ls -R | tr '\\n' ' '", ".: a.txt d  ./d: b.txt"},
		{{.depth = 1, .sparse = (const char *const[]){"/d/", "!/d/c", NULL}},
			"cd out; ls -R | tr '\\n' ' '", ".: d  ./d: b.txt"},
		{{.depth = 1, .filter = "blob:none"}, "cat out/a.txt", "two"},
		{{.depth = 0, .filter = "tree:0"}, "cat out/a.txt", "two"},
		{{.depth = 1}, "stat -c %a out/a.txt out/d | tr '\\n' ' '", "644 755"},
		{{.depth = 1}, "git -C out config remote.origin.url | sed s,^$PWD,,", "/src"},
	};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	script(&d, SOURCE "git -C src config uploadpack.allowFilter true");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		CLEANUP(arena_done) struct arena a = {0};
		struct git_commit c;
		struct git_fetch f = cases[i].f;
		f.keeps_git_dir = true;
		OK(fs_remove_tree(d.fd, "out", &err));
		mode_t before = umask(077);
		OK(fetch(&d, f, &a, &c, &err));
		umask(before);
		STR_IS(script_says(&d, cases[i].question), cases[i].answer);
	}
}

static void git_fetch_updates_a_repository(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	CLEANUP(arena_done) struct arena a = {0};
	struct git_commit c;
	struct git_fetch f = {.depth = 1, .keeps_git_dir = true};
	script(&d, SOURCE);
	OK(fetch(&d, f, &a, &c, &err));
	script(&d,
		"cd out; echo changed > a.txt; echo mine > new; mkdir build; echo o > build/x;"
		"touch .git/index.lock .git/shallow.lock; cd ../src; echo 5 > a.txt;"
		"git commit -qam five");
	OK(fetch(&d, f, &a, &c, &err));
	STR_IS(c.message, "five");
	temp_dir_has(&d, "out/a.txt", "5\n");
	temp_dir_has(&d, "out/new", "mine\n"); /* not asked to clean */
	f.is_clean = true;
	f.ref = "feature/x";
	OK(fetch(&d, f, &a, &c, &err));
	assert_false(temp_dir_exists(&d, "out/new"));
	assert_false(temp_dir_exists(&d, "out/build"));
	temp_dir_has(&d, "out/c.txt", "three\n");
	f = (struct git_fetch){.depth = 0, .keeps_git_dir = true};
	OK(fetch(&d, f, &a, &c, &err)); /* the rest of the history */
	STR_IS(script_says(&d, "git -C out rev-list --count HEAD"), "3");
	/* Rewritten history, and a branch where a folder of branches was. */
	script(&d,
		"cd src; git checkout -q --orphan o; git commit -qm fresh; git branch -M o main;"
		"git branch -D feature/x; git branch feature");
	OK(fetch(&d, f, &a, &c, &err));
	STR_IS(c.message, "fresh");
}

static void git_fetch_starts_anew_where_git_is_unusable(void **state)
{
	static const char *const damages[] = {
		"rm -r out/.git; echo 'gitdir: /elsewhere' > out/.git",
		"rm -r out/.git; ln -s ../src/.git out/.git",
		"rm out/.git/HEAD",
		"rm -r out/.git/objects",
		"rm -r out/.git; mkdir out/.git",
		"rm -r out/.git",
		"rm out/.git/config",
		"mv out/.git/refs x; ln -s ../../x out/.git/refs",
	};
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	CLEANUP(arena_done) struct arena a = {0};
	struct git_commit c;
	script(&d, SOURCE);
	for (size_t i = 0; i < ARRAY_LEN(damages); i++) {
		struct git_fetch f = {.depth = 1, .keeps_git_dir = true, .is_clean = i % 2};
		script(&d, "rm -rf x");
		OK(fetch(&d, f, &a, &c, &err));
		script(&d, damages[i]);
		OK(fetch(&d, f, &a, &c, &err));
		temp_dir_has(&d, "out/a.txt", "two\n");
		STR_IS(script_says(&d, "test -d out/.git -a ! -L out/.git; git -C out status -s"),
			"");
	}
	/* Another kind of ids, there and back. */
	script(&d,
		"git init -q --object-format=sha256 long; cd long; echo x > a.txt; git add .;"
		"git commit -qm long");
	char url[200];
	snprintf(url, sizeof(url), "file://%s/long", d.path);
	for (int i = 0; i < 4; i++) {
		struct git_fetch f = {.depth = 1, .keeps_git_dir = true, .url = i % 2 ? NULL : url};
		OK(fetch(&d, f, &a, &c, &err));
		assert_int_equal(c.sha.n, i % 2 ? 40 : 64);
	}
}

/* A folder inside another repository that is no repository itself. */
static void git_fetch_does_not_touch_a_repository_above(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	CLEANUP(arena_done) struct arena a = {0};
	struct git_commit c;
	script(&d, SOURCE "git init -q .; echo precious > file; mkdir out; echo x > out/y");
	OK(fetch(&d, (struct git_fetch){.depth = 1, .is_clean = true}, &a, &c, &err));
	temp_dir_has(&d, "file", "precious\n");
	temp_dir_has(&d, "out/a.txt", "two\n");
	STR_IS(script_says(&d, "git config --get remote.origin.url || true"), "");
}

static void git_fetch_gets_submodules_when_asked(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	CLEANUP(arena_done) struct arena a = {0};
	struct git_commit c;
	script(&d,
		SOURCE
		"git init -q leaf; cd leaf; echo leaf > l; git add .; git commit -qm l; cd ..;"
		"git init -q lib; cd lib; git submodule --quiet add ../leaf leaf; echo lib > f;"
		"git add .; git commit -qm lib; cd ../src;"
		"git submodule --quiet add ../lib lib; git commit -qm sub");
	struct git_fetch f = {.depth = 1, .keeps_git_dir = true};
	OK(fetch(&d, f, &a, &c, &err));
	assert_false(temp_dir_exists(&d, "out/lib/f"));
	f.has_submodules = true;
	FAILS(ERR_FAILED, fetch(&d, f, &a, &c, &err)); /* local ones only when accepted */
	assert_non_null(strstr(err.what, "not allowed"));
	f.accepts_local_submodules = true;
	OK(fetch(&d, f, &a, &c, &err));
	temp_dir_has(&d, "out/lib/f", "lib\n");
	assert_false(temp_dir_exists(&d, "out/lib/leaf/l"));
	f.is_recursive = true;
	OK(fetch(&d, f, &a, &c, &err)); /* again, over the old ones */
	temp_dir_has(&d, "out/lib/leaf/l", "leaf\n");
	STR_IS(script_says(&d, "git -C out status --porcelain"), "");
	f.keeps_git_dir = false;
	OK(fetch(&d, f, &a, &c, &err));
	temp_dir_has(&d, "out/lib/leaf/l", "leaf\n");
	STR_IS(script_says(&d, "find out -name .git"), "");
}

static void git_fetch_tells_what_is_not_there(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	CLEANUP(arena_done) struct arena a = {0};
	struct git_commit c;
	script(&d, SOURCE "git init -q --bare empty");
	struct git_fetch f = {.depth = 1, .ref = "missing"};
	FAILS(ERR_NOT_FOUND, fetch(&d, f, &a, &c, &err));
	assert_non_null(strstr(err.what, "has no branch or tag 'missing'"));
	f.ref = "refs/pull/99/merge";
	FAILS(ERR_NOT_FOUND, fetch(&d, f, &a, &c, &err));
	f = (struct git_fetch){.url = PATH_IN(&d, "empty")};
	FAILS(ERR_NOT_FOUND, fetch(&d, f, &a, &c, &err));
	assert_non_null(strstr(err.what, "has no default branch"));
	f.url = "/no/such/repository";
	FAILS(ERR_NOT_FOUND, fetch(&d, f, &a, &c, &err));
	f.url = "http://127.0.0.1:1/x.git";
	FAILS(ERR_NET, fetch(&d, f, &a, &c, &err));
	f.url = "http://me:secret@127.0.0.1:1/x.git";
	FAILS(ERR_NET, fetch(&d, f, &a, &c, &err));
	assert_null(strstr(err.what, "secret"));
}

static void git_fetch_stops_when_canceled(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(cancel_done) struct cancel cancel = {0};
	struct git_commit c;
	script(&d, SOURCE);
	OK(cancel_init(&cancel, &err));
	cancel_ask(&cancel);
	FAILS(ERR_CANCELED, fetch(&d, (struct git_fetch){.cancel = &cancel}, &a, &c, &err));
}

static int hear(void *ctx, int stream, struct str text, struct err *err)
{
	buf_add(ctx, text);
	return 0;
}

static void git_fetch_hands_on_what_git_says(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf said = BUF(100000);
	struct git_commit c;
	script(&d, SOURCE);
	OK(fetch(&d, (struct git_fetch){.on_output = hear, .ctx = &said}, &a, &c, &err));
	assert_true(str_has(buf_str(&said), S("main")));
}

static void git_fetch_uses_the_environment_given(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	CLEANUP(arena_done) struct arena a = {0};
	struct git_commit c;
	char key[300];
	script(&d, SOURCE);
	snprintf(key, sizeof(key), "GIT_CONFIG_KEY_0=url.%s/src.insteadOf", d.path);
	const char *const env[] = {"GIT_CONFIG_COUNT=1", key,
		"GIT_CONFIG_VALUE_0=https://example.invalid/x", "GIT_ALLOW_PROTOCOL=ext", NULL};
	struct git_fetch f = {.url = "https://example.invalid/x", .env = env, .depth = 1};
	OK(fetch(&d, f, &a, &c, &err)); /* its settings come before ours, and stay */
	temp_dir_has(&d, "out/a.txt", "two\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(git_fetch_checks_out_every_kind_of_ref),
		cmocka_unit_test(git_fetch_gets_a_commit_by_its_id),
		cmocka_unit_test(git_fetch_gets_only_what_is_asked),
		cmocka_unit_test(git_fetch_updates_a_repository),
		cmocka_unit_test(git_fetch_starts_anew_where_git_is_unusable),
		cmocka_unit_test(git_fetch_does_not_touch_a_repository_above),
		cmocka_unit_test(git_fetch_gets_submodules_when_asked),
		cmocka_unit_test(git_fetch_tells_what_is_not_there),
		cmocka_unit_test(git_fetch_stops_when_canceled),
		cmocka_unit_test(git_fetch_hands_on_what_git_says),
		cmocka_unit_test(git_fetch_uses_the_environment_given),
	};
	return cmocka_run_group_tests_name("git/fetch", tests, NULL, NULL);
}
