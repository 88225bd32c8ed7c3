#include "script.h"

#include "git/git.h"

static void git_find_climbs_to_the_top(void **state)
{
	static const struct {
		const char *dir, *top; /* NULL = in none */
	} cases[] = {{"src", "src"}, {"src/d", "src"}, {"src/sub/deep/er", "src"},
		{"src/inner/x", "src/inner"}, {"linked", "linked"}, {"linked/d", "linked"},
		{"via", "src/d/.."}, {"src/empty", "src"}, {"outside", NULL}, {"missing", NULL}};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	script(&d,
		SOURCE "mkdir -p src/sub/deep/er src/inner/x outside src/empty/.git;"
		       "git -C src worktree add -q ../linked feature/x; git init -q src/inner;"
		       "ln -s src/d via");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		CLEANUP(arena_done) struct arena a = {0};
		char expected[PATH_MAX];
		struct str top;
		if (!cases[i].top) {
			FAILS(ERR_NOT_FOUND, git_find(PATH_IN(&d, cases[i].dir), &a, &top, &err));
			continue;
		}
		OK(git_find(PATH_IN(&d, cases[i].dir), &a, &top, &err));
		assert_non_null(realpath(PATH_IN(&d, cases[i].top), expected));
		STR_IS(top, expected);
	}
}

/* Compares with what git itself says. */
static void head_is_as_git_says(const struct temp_dir *d, const char *dir, const char *branch)
{
	struct err err = {0};
	CLEANUP(arena_done) struct arena a = {0};
	struct str sha, name;
	char text[300];
	OK(git_head(PATH_IN(d, dir), &a, &sha, &name, &err));
	STR_IS(name, branch);
	snprintf(text, sizeof(text), "git -C %s rev-parse -q --verify HEAD || true", dir);
	assert_true(str_eq(sha, script_says(d, text)));
}

static void git_head_reads_every_layout(void **state)
{
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	script(&d, SOURCE);
	head_is_as_git_says(&d, "src", "main");
	script(&d, "git -C src worktree add -q ../linked feature/x");
	head_is_as_git_says(&d, "linked", "feature/x");
	script(&d, "git -C src pack-refs --all");
	assert_false(temp_dir_exists(&d, "src/.git/refs/heads/main"));
	head_is_as_git_says(&d, "src", "main");
	head_is_as_git_says(&d, "linked", "feature/x");
	script(&d, "cd src; echo 4 > a.txt; git commit -qam four"); /* loose before packed */
	head_is_as_git_says(&d, "src", "main");
	script(&d, "git -C src checkout -q --detach v1");
	head_is_as_git_says(&d, "src", "");
	script(&d, "git -C src checkout -q main; git clone -q --bare src bare.git");
	head_is_as_git_says(&d, "bare.git", "main");
	script(&d,
		"git -C src symbolic-ref refs/heads/alias refs/heads/main;"
		"git -C src symbolic-ref HEAD refs/heads/alias");
	head_is_as_git_says(&d, "src", "alias");
	script(&d,
		"git -C src checkout -q main; mv src/.git elsewhere; ln -s ../elsewhere src/.git");
	head_is_as_git_says(&d, "src", "main");
	script(&d, "rm src/.git; echo 'gitdir: ../elsewhere' > src/.git");
	head_is_as_git_says(&d, "src", "main");
	script(&d, "rm elsewhere/HEAD; ln -s refs/heads/main elsewhere/HEAD");
	head_is_as_git_says(&d, "src", "main");
	script(&d,
		"git init -q --object-format=sha256 long; cd long; echo x > x; git add x;"
		"git commit -qm x");
	head_is_as_git_says(&d, "long", "main");
}

static void git_head_of_an_unborn_branch_is_empty(void **state)
{
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	script(&d,
		"git init -q -b trunk new; git init -q other; mkdir new/.git/refs/heads/trunk;"
		"git -C other symbolic-ref HEAD refs/heads/a/b");
	head_is_as_git_says(&d, "new", "trunk"); /* a folder has the branch's name */
	head_is_as_git_says(&d, "other", "a/b");
}

static void git_head_believes_only_refs(void **state)
{
	static const char *const heads[] = {"ref: ../../../etc/passwd\n", "ref: refs/../../x\n",
		"ref: /etc/passwd\n", "ref: refs/heads/../../config\n", "nonsense\n", "", "ref: \n",
		"ref: refs/heads/loop\n", "1111\n", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\n"};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	script(&d, "git init -q r; mkdir -p other empty/.git");
	temp_dir_file(&d, "r/.git/refs/heads/loop", "ref: refs/heads/loop\n");
	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		struct err err;
		CLEANUP(arena_done) struct arena a = {0};
		struct str sha, branch;
		temp_dir_file(&d, "r/.git/HEAD", heads[i]);
		FAILS(ERR_CORRUPT, git_head(PATH_IN(&d, "r"), &a, &sha, &branch, &err));
	}
	struct err err;
	CLEANUP(arena_done) struct arena a = {0};
	struct str sha, branch;
	FAILS(ERR_NOT_FOUND, git_head(PATH_IN(&d, "other"), &a, &sha, &branch, &err));
	FAILS(ERR_NOT_FOUND, git_head(PATH_IN(&d, "empty"), &a, &sha, &branch, &err));
	temp_dir_file(&d, "other/.git", "nonsense");
	FAILS(ERR_NOT_FOUND, git_head(PATH_IN(&d, "other"), &a, &sha, &branch, &err));
	temp_dir_file(&d, "other/.git", "gitdir: /no/such/folder");
	FAILS(ERR_CORRUPT, git_head(PATH_IN(&d, "other"), &a, &sha, &branch, &err));
}

static void git_default_branch_asks_origin_then_configuration(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	CLEANUP(arena_done) struct arena a = {0};
	struct str branch;
	script(&d, SOURCE "git -C src branch -m main trunk; git clone -q src clone");
	OK(git_default_branch(PATH_IN(&d, "clone"), &a, &branch, &err));
	STR_IS(branch, "trunk");
	script(&d, "git -C src config init.defaultBranch develop");
	OK(git_default_branch(PATH_IN(&d, "src"), &a, &branch, &err));
	STR_IS(branch, "develop");
	script(&d, "git -C src config --unset init.defaultBranch");
	assert_int_equal(setenv("GIT_CONFIG_NOSYSTEM", "1", 1), 0);
	assert_int_equal(setenv("HOME", d.path, 1), 0);
	OK(git_default_branch(PATH_IN(&d, "src"), &a, &branch, &err));
	STR_IS(branch, "main");
	FAILS(ERR_NOT_FOUND, git_default_branch(d.path, &a, &branch, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(git_find_climbs_to_the_top),
		cmocka_unit_test(git_head_reads_every_layout),
		cmocka_unit_test(git_head_of_an_unborn_branch_is_empty),
		cmocka_unit_test(git_head_believes_only_refs),
		cmocka_unit_test(git_default_branch_asks_origin_then_configuration),
	};
	return cmocka_run_group_tests_name("git/repo", tests, NULL, NULL);
}
