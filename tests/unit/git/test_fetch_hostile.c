#include "script.h"

#include "git/git.h"

/* A program that leaves "ran-<word>" in the folder of the test. */
#define EVIL                                                                                       \
	"top=$PWD; echo '#!/bin/sh' > evil; echo \"echo x > $top/ran-\\$1; cat\" >> evil;"         \
	"chmod +x evil;"

static void nothing_ran(const struct temp_dir *d)
{
	STR_IS(script_says(d, "ls -a . src out 2>/dev/null | grep ^ran || true"), "");
}

static int fetch(const struct temp_dir *d, struct git_fetch f, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct git_commit c;
	char url[200], into[200];
	snprintf(url, sizeof(url), "%s/src", d->path);
	snprintf(into, sizeof(into), "%s/out", d->path);
	f.url = f.url ? f.url : url;
	f.into = into;
	return git_fetch(&f, &a, &c, err);
}

static void git_fetch_takes_no_word_for_an_option_or_program(void **state)
{
	const struct git_fetch cases[] = {
		{.url = "ext::sh -c echo% x% >ran-ext"},
		{.url = "--upload-pack=echo x > ran-option"}, {.url = "-oProxyCommand=touch ran:x"},
		{.url = "ssh://-oProxyCommand=touch ran/x"}, {.url = "fd::3"},
		{.accepts_local = true, .ref = "--upload-pack=echo x > ran-ref"},
		{.accepts_local = true, .ref = "-x"},
		{.accepts_local = true, .ref = "main:refs/heads/other"},
		{.accepts_local = true, .ref = "main --exec=x"},
		{.accepts_local = true, .ref = "ma*n"},
		{.accepts_local = true, .filter = "blob:none\n--upload-pack=x"},
		{.accepts_local = true, .filter = ""},
		{.accepts_local = true, .sparse = (const char *const[]){"a\nb", NULL}},
		{.accepts_local = false}, /* a path */
	};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	script(&d, SOURCE);
	assert_int_equal(chdir(d.path), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err;
		FAILS(ERR_INPUT, fetch(&d, cases[i], &err));
		assert_false(temp_dir_exists(&d, "out"));
	}
	assert_int_equal(chdir("/"), 0);
	nothing_ran(&d);
}

/* A sparse pattern is a line on stdin: an option there is only a pattern. */
static void git_fetch_takes_patterns_for_patterns(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	script(&d, SOURCE);
	const char *const sparse[] = {"--end-of-options", "-x", "/d/", NULL};
	OK(fetch(&d, (struct git_fetch){.accepts_local = true, .depth = 1, .sparse = sparse},
		&err));
	temp_dir_has(&d, "out/d/b.txt", "x\n");
	assert_false(temp_dir_exists(&d, "out/a.txt"));
}

static void git_fetch_runs_nothing_of_a_hostile_submodule(void **state)
{
	static const char *const modules[] = {
		"[submodule \"s\"]\n path = s\n url = ext::$top/evil ext\n",
		"[submodule \"s\"]\n path = s\n url = file://$top/lib\n",
		"[submodule \"s\"]\n path = s\n url = $top/lib\n",
		"[submodule \"s\"]\n path = s\n url = ../lib\n",
		"[submodule \"s\"]\n path = s\n url = --upload-pack=$top/evil option\n",
		"[submodule \"s\"]\n path = s\n url = ssh://-oProxyCommand=$top/evil ssh/x\n",
		"[submodule \"s\"]\n path = s\n url = ../lib\n update = !$top/evil update\n",
		"[submodule \"../../x\"]\n path = s\n url = ../lib\n",
		"[submodule \"s\"]\n path = -s\n url = ../lib\n",
		("[core]\n fsmonitor = $top/evil fsmonitor\n"
		 "[submodule \"s\"]\n path = s\n url = https://127.0.0.1:1/x\n"),
	};
	for (size_t i = 0; i < ARRAY_LEN(modules); i++) {
		struct err err = {0};
		char text[3000];
		CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
		snprintf(text, sizeof(text),
			EVIL SOURCE
			"git init -q lib; cd lib; echo f > f; git add .; git commit -qm l;"
			"id=$(git rev-parse HEAD); cd ../src; cat > .gitmodules <<END\n%s\nEND\n"
			"git add .gitmodules; git update-index --add --cacheinfo 160000,$id,s;"
			"git commit -qm sub",
			modules[i]);
		script(&d, text);
		struct git_fetch f = {.accepts_local = true,
			.depth = 1,
			.has_submodules = true,
			.is_recursive = true};
		assert_true(fetch(&d, f, &err) < 0);
		nothing_ran(&d);
		assert_false(temp_dir_exists(&d, "out/s/f"));
	}
}

/* Whoever wrote into the checkout before must not decide what runs in the next one. */
static void git_fetch_does_not_believe_the_git_it_finds(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	struct git_fetch f = {
		.accepts_local = true, .depth = 1, .keeps_git_dir = true, .is_clean = true};
	script(&d, EVIL SOURCE);
	OK(fetch(&d, f, &err));
	script(&d,
		"top=$PWD; cd out; for h in post-checkout post-index-change reference-transaction "
		"pre-auto-gc post-merge fsmonitor-watchman; do mkdir -p .git/hooks;"
		"  printf '#!/bin/sh\\necho x > %s/ran-hook\\n' $top > .git/hooks/$h;"
		"  chmod +x .git/hooks/$h; done;"
		"git config core.fsmonitor \"$top/evil fsmonitor\";"
		"git config core.sshCommand \"$top/evil ssh\";"
		"git config core.gitProxy \"$top/evil proxy\";"
		"git config filter.x.smudge \"$top/evil smudge\";"
		"git config filter.x.clean \"$top/evil clean\";"
		"git config filter.x.process \"$top/evil process\";"
		"git config remote.origin.uploadpack \"$top/evil uploadpack\";"
		"git config protocol.ext.allow always; git config core.worktree $top;"
		"git config url.ext::$top/evil.insteadOf $top/src;"
		"git config gc.auto 1; git config credential.helper \"!$top/evil credential\";"
		"mkdir -p .git/info; echo '* filter=x' > .git/info/attributes;"
		"echo $top/src/.git/objects > .git/objects/info/alternates; echo y > a.txt;"
		"echo .. > .git/commondir; cd ../src; echo 6 > a.txt; git commit -qam six");
	OK(fetch(&d, f, &err));
	nothing_ran(&d);
	temp_dir_has(&d, "out/a.txt", "6\n");
	assert_false(temp_dir_exists(&d, "out/.git/hooks"));
	STR_IS(script_says(&d, "git -C out config --get-regexp 'filter|fsmonitor|ext' || true"),
		"");
}

/* .gitattributes of the repository name filters; what they run is the user's to configure. */
static void git_fetch_uses_no_configuration_of_the_user(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	script(&d,
		EVIL SOURCE
		"cd src; echo '* filter=x' > .gitattributes; git add .; git commit -qm f; cd ..;"
		"git config --global filter.x.smudge \"$top/evil smudge\";"
		"git config --global core.hooksPath $top/hooks; mkdir hooks;"
		"git config --global init.templateDir $top/templates; mkdir -p templates/hooks;"
		"cp evil hooks/post-checkout; cp evil templates/hooks/post-checkout");
	assert_int_equal(setenv("HOME", d.path, 1), 0);
	OK(fetch(&d, (struct git_fetch){.accepts_local = true, .depth = 1}, &err));
	nothing_ran(&d);
	temp_dir_has(&d, "out/a.txt", "two\n");
}

static void git_fetch_keeps_no_password(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	script(&d, SOURCE);
	char key[300];
	/* What git really asks for is the address with the password: only there it is redirected. */
	snprintf(key, sizeof(key), "GIT_CONFIG_KEY_0=url.%s/src.insteadOf", d.path);
	const char *const env[] = {"GIT_CONFIG_COUNT=1", key,
		"GIT_CONFIG_VALUE_0=https://me:s3cret@example.invalid/x.git", NULL};
	struct git_fetch f = {.url = "https://me:s3cret@example.invalid/x.git",
		.depth = 1,
		.accepts_local = true,
		.keeps_git_dir = true,
		.env = env};
	(void)fetch(&d, f, &err); /* insteadOf is not applied twice, so there may be no net */
	assert_null(strstr(err.what, "s3cret"));
	STR_IS(script_says(&d, "grep -r s3cret out || true"), "");
	STR_IS(script_says(&d, "git -C out config remote.origin.url || true"),
		temp_dir_exists(&d, "out/.git") ? "https://example.invalid/x.git" : "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(git_fetch_takes_no_word_for_an_option_or_program),
		cmocka_unit_test(git_fetch_takes_patterns_for_patterns),
		cmocka_unit_test(git_fetch_runs_nothing_of_a_hostile_submodule),
		cmocka_unit_test(git_fetch_does_not_believe_the_git_it_finds),
		cmocka_unit_test(git_fetch_uses_no_configuration_of_the_user),
		cmocka_unit_test(git_fetch_keeps_no_password),
	};
	return cmocka_run_group_tests_name("git/fetch_hostile", tests, NULL, NULL);
}
