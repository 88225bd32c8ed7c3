/* What COPY selects and where it puts it, as a user sees it: whole builds FROM scratch. */
#include "builds.h"

static void make_context(struct builds *g)
{
	static const char *const files[] = {"a.c", "b.c", "c.h", ".hidden", "src/main.c",
		"src/deep/d.c", "src/deep/e.h", "[x].txt", "over/x/y", "run.sh"};
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		temp_dir_file(&g->context, files[i], files[i]);
	int fd = g->context.fd;
	assert_int_equal(fchmodat(fd, "run.sh", 0751, 0), 0);
	assert_int_equal(symlinkat("main.c", fd, "src/link"), 0);
	assert_int_equal(symlinkat("/src/main.c", fd, "absolute"), 0);
	assert_int_equal(symlinkat("../../../../etc/passwd", fd, "outside"), 0);
	assert_int_equal(symlinkat("circle", fd, "circle"), 0);
	assert_int_equal(mkdirat(fd, "empty", 0755), 0);
	assert_int_equal(mkdirat(fd, "links", 0755), 0);
	assert_int_equal(symlinkat("real", fd, "links/way"), 0);
	assert_int_equal(symlinkat("../../../real", fd, "links/escape"), 0);
	assert_int_equal(symlinkat("not/there", fd, "links/dangling"), 0);
}

static void copy_puts_files_where_docker_does(void **state)
{
	static const struct {
		const char *dockerfile, *files;
	} cases[] = {
		{"COPY a.c /x", "x 644 'a.c'\n"},
		{"COPY a.c /x/", "x 755\nx/a.c 644 'a.c'\n"},
		{"COPY a.c /", "a.c 644 'a.c'\n"},
		{"COPY a.c x", "x 644 'a.c'\n"},
		{"COPY a.c ./", "a.c 644 'a.c'\n"},
		{"COPY a.c .", "a.c 644 'a.c'\n"},
		{"COPY a.c /one/two/x", "one 755\none/two 755\none/two/x 644 'a.c'\n"},
		{"WORKDIR /w\nCOPY a.c .", "w 755\nw/a.c 644 'a.c'\n"},
		{"WORKDIR /w\nWORKDIR v\nCOPY a.c x", "w 755\nw/v 755\nw/v/x 644 'a.c'\n"},
		{"WORKDIR /w\nCOPY a.c ../x", "w 755\nx 644 'a.c'\n"},
		{"COPY a.c b.c /d/", "d 755\nd/a.c 644 'a.c'\nd/b.c 644 'b.c'\n"},
		{"COPY [\"a.c\", \"/with space/\"]", "with space 755\nwith space/a.c 644 'a.c'\n"},
		/* out of the context there is nothing */
		{"COPY ../../a.c /x", "x 644 'a.c'\n"},
		{"COPY /a.c /x", "x 644 'a.c'\n"},
		{"COPY a.c /../../x", "x 644 'a.c'\n"},
		/* later ones replace */
		{"COPY a.c /x\nCOPY b.c /x", "x 644 'b.c'\n"},
		{"COPY <<EOF /h\nhello\nEOF", "h 644 'hello\n'\n"},
		{"COPY <<A <<B /d/\n1\nA\n2\nB", "d 755\nd/A 644 '1\n'\nd/B 644 '2\n'\n"},
	};
	struct builds *g = *state;
	make_context(g);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		builds_gives(g, arena_fmt(&g->arena, "FROM scratch\n%s\n", cases[i].dockerfile).p,
			cases[i].files);
}

static void copy_of_folders_takes_their_content(void **state)
{
	static const struct {
		const char *dockerfile, *files;
	} cases[] = {
		{"COPY src /d",
			"d 755\nd/deep 755\nd/deep/d.c 644 'src/deep/d.c'\n"
			"d/deep/e.h 644 'src/deep/e.h'\nd/link -> main.c\nd/main.c 644 'src/main.c'\n"},
		{"COPY src/deep/ /", "d.c 644 'src/deep/d.c'\ne.h 644 'src/deep/e.h'\n"},
		{"COPY src/deep /d/",
			"d 755\nd/d.c 644 'src/deep/d.c'\nd/e.h 644 'src/deep/e.h'\n"},
		{"COPY src/deep/. /d",
			"d 755\nd/d.c 644 'src/deep/d.c'\nd/e.h 644 'src/deep/e.h'\n"},
		{"COPY empty /d", "d 755\n"},
		{"COPY empty /d/e/", "d 755\nd/e 755\n"},
		/* into one that is there: both contents */
		{"COPY empty /d\nCOPY a.c /d", "d 755\nd/a.c 644 'a.c'\n"},
		{"COPY over /d\nCOPY src/deep /d",
			"d 755\nd/d.c 644 'src/deep/d.c'\nd/e.h 644 'src/deep/e.h'\nd/x 755\n"
			"d/x/y 644 'over/x/y'\n"},
		{"COPY over empty src/deep /d/",
			"d 755\nd/d.c 644 'src/deep/d.c'\nd/e.h 644 'src/deep/e.h'\nd/x 755\n"
			"d/x/y 644 'over/x/y'\n"},
	};
	struct builds *g = *state;
	make_context(g);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		builds_gives(g, arena_fmt(&g->arena, "FROM scratch\n%s\n", cases[i].dockerfile).p,
			cases[i].files);
}

static void copy_of_patterns_takes_what_matches(void **state)
{
	static const struct {
		const char *dockerfile, *files;
	} cases[] = {
		{"COPY *.c /d/", "d 755\nd/a.c 644 'a.c'\nd/b.c 644 'b.c'\n"},
		{"COPY ?.h /d/", "d 755\nd/c.h 644 'c.h'\n"},
		{"COPY [ab].c /d/", "d 755\nd/a.c 644 'a.c'\nd/b.c 644 'b.c'\n"},
		{"COPY src/*/*.c /d/", "d 755\nd/d.c 644 'src/deep/d.c'\n"},
		{"COPY sr[c]/deep/d.c /d/", "d 755\nd/d.c 644 'src/deep/d.c'\n"},
		{"COPY *hidden /d/", "d 755\nd/.hidden 644 '.hidden'\n"},
		{"COPY [\"[[]x].txt\", \"/y\"]", "y 644 '[x].txt'\n"},
		/* one that matches nothing beside one that does */
		{"COPY a.c nothing* /d/", "d 755\nd/a.c 644 'a.c'\n"},
		/* a folder that matches gives its content */
		{"COPY src/d* /d/", "d 755\nd/d.c 644 'src/deep/d.c'\nd/e.h 644 'src/deep/e.h'\n"},
	};
	struct builds *g = *state;
	make_context(g);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		builds_gives(g, arena_fmt(&g->arena, "FROM scratch\n%s\n", cases[i].dockerfile).p,
			cases[i].files);
}

static void copy_keeps_symlinks_inside(void **state)
{
	static const struct {
		const char *dockerfile, *files;
	} cases[] = {
		/* as a source it is followed, in a folder it is copied */
		{"COPY src/link /x", "x 644 'src/main.c'\n"},
		{"COPY src/link /d/", "d 755\nd/link 644 'src/main.c'\n"},
		{"COPY absolute /x", "x 644 'src/main.c'\n"},
		/* as a part of the target it is followed, and stays in the image */
		{"COPY links /\nCOPY a.c /way/",
			"dangling -> not/there\nescape -> ../../../real\nreal 755\n"
			"real/a.c 644 'a.c'\nway -> real\n"},
		{"COPY links /\nCOPY over /way",
			"dangling -> not/there\nescape -> ../../../real\nreal 755\n"
			"real/x 755\nreal/x/y 644 'over/x/y'\nway -> real\n"},
		{"COPY links /\nCOPY a.c /escape/",
			"dangling -> not/there\nescape -> ../../../real\nreal 755\n"
			"real/a.c 644 'a.c'\nway -> real\n"},
		{"COPY links /\nCOPY a.c /dangling/x",
			"dangling -> not/there\nescape -> ../../../real\nnot 755\nnot/there 755\n"
			"not/there/x 644 'a.c'\nway -> real\n"},
	};
	struct builds *g = *state;
	make_context(g);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		builds_gives(g, arena_fmt(&g->arena, "FROM scratch\n%s\n", cases[i].dockerfile).p,
			cases[i].files);
	builds_fails(g, "FROM scratch\nCOPY outside /x\n", ERR_NOT_FOUND, 2, "'outside'");
	builds_fails(g, "FROM scratch\nCOPY circle /x\n", ERR_INPUT, 2, "symlinks");
}

static void copy_flags_change_names_and_modes(void **state)
{
	static const struct {
		const char *dockerfile, *files;
	} cases[] = {
		{"COPY --parents src/deep/d.c /p/",
			"p 755\np/src 755\np/src/deep 755\np/src/deep/d.c 644 'src/deep/d.c'\n"},
		{"COPY --parents src/./deep/d.c /p/",
			"p 755\np/deep 755\np/deep/d.c 644 'src/deep/d.c'\n"},
		{"COPY --parents a.c src/*/e.h /p/",
			"p 755\np/a.c 644 'a.c'\np/src 755\np/src/deep 755\n"
			"p/src/deep/e.h 644 'src/deep/e.h'\n"},
		{"COPY --parents src/deep /p/",
			"p 755\np/src 755\np/src/deep 755\np/src/deep/d.c 644 'src/deep/d.c'\n"
			"p/src/deep/e.h 644 'src/deep/e.h'\n"},
		{"COPY --exclude=*.h src/deep /d", "d 755\nd/d.c 644 'src/deep/d.c'\n"},
		{"COPY --exclude=deep --exclude=link src /d", "d 755\nd/main.c 644 'src/main.c'\n"},
		{"COPY --exclude=**/*.c --exclude=link src /d",
			"d 755\nd/deep 755\nd/deep/e.h 644 'src/deep/e.h'\n"},
		{"COPY --exclude=b.c *.c /d/", "d 755\nd/a.c 644 'a.c'\n"},
		{"COPY run.sh /x", "x 751 'run.sh'\n"},
		{"COPY --chmod=600 run.sh /x", "x 600 'run.sh'\n"},
		{"COPY --chmod=4755 run.sh /x", "x 4755 'run.sh'\n"},
		{"COPY --chmod=u=rwX,go=rX run.sh a.c /d/",
			"d 755\nd/a.c 644 'a.c'\nd/run.sh 755 'run.sh'\n"},
		{"COPY --chmod=go-rx over /d", "d 755\nd/x 700\nd/x/y 600 'over/x/y'\n"},
		{"COPY --chmod=640 <<EOF /h\nx\nEOF", "h 640 'x\n'\n"},
	};
	struct builds *g = *state;
	make_context(g);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		builds_gives(g, arena_fmt(&g->arena, "FROM scratch\n%s\n", cases[i].dockerfile).p,
			cases[i].files);
}

static void copy_chown_takes_numbers_and_names_of_the_image(void **state)
{
	struct builds *g = *state;
	if (geteuid() != 0)
		skip();
	make_context(g);
	temp_dir_file(&g->context, "id/etc/passwd", "app:x:1000:100::/:/bin/sh\n");
	temp_dir_file(&g->context, "id/etc/group", "users:x:100:\nstaff:x:50:\n");
	builds_gives(g, "FROM scratch\nCOPY --chown=12 a.c /x\n", "x 644 12:12 'a.c'\n");
	builds_gives(g, "FROM scratch\nCOPY --chown=12:34 over /x\n",
		"x 755 12:34\nx/x 755 12:34\nx/x/y 644 12:34 'over/x/y'\n");
	builds_gives(g,
		"FROM scratch AS base\nCOPY id /\nFROM base AS b\nCOPY --chown=app a.c /x\n"
		"COPY --chown=app:staff a.c /y\nCOPY --chown=0:users a.c /z\n"
		"FROM scratch\nCOPY --from=b x y z /\n",
		"x 644 1000:100 'a.c'\ny 644 1000:50 'a.c'\nz 644 0:100 'a.c'\n");
	builds_fails(g, "FROM scratch\nCOPY --chown=nobody a.c /x\n", ERR_NOT_FOUND, 2, "nobody");
}

static void copy_from_a_stage_keeps_modes_and_links(void **state)
{
	struct builds *g = *state;
	make_context(g);
	builds_gives(g,
		"FROM scratch AS one\nCOPY --chmod=711 over /d\nCOPY run.sh /d/\n"
		"FROM scratch\nCOPY --from=one /d /e\nCOPY --from=0 d/run.sh /\n",
		"e 755\ne/run.sh 751 'run.sh'\ne/x 711\ne/x/y 711 'over/x/y'\n"
		"run.sh 751 'run.sh'\n");
	builds_gives(g,
		"FROM scratch AS one\nCOPY links /\nCOPY a.c /way/\n"
		"FROM scratch\nCOPY --from=one /way/a.c /x\nCOPY --from=one /way /y\n",
		"x 644 'a.c'\ny 755\ny/a.c 644 'a.c'\n");
	builds_fails(g, "FROM scratch AS one\nCOPY a.c /\nFROM scratch\nCOPY --from=one /b.c /\n",
		ERR_NOT_FOUND, 4, "'/b.c'");
}

static void copy_refuses_what_cannot_be(void **state)
{
	static const struct {
		const char *dockerfile;
		enum err_kind kind;
		uint32_t line;
		const char *words;
	} cases[] = {
		{"COPY missing /x", ERR_NOT_FOUND, 2, "'missing'"},
		{"COPY a.c src/missing /x/", ERR_NOT_FOUND, 2, "'src/missing'"},
		{"COPY a.c/below /x", ERR_NOT_FOUND, 2, "'a.c/below'"},
		{"COPY a.c /x\nCOPY b.c /x/", ERR_INPUT, 3, "is a file, not a folder"},
		{"COPY a.c /x\nCOPY src /x", ERR_INPUT, 3, "is a file, not a folder"},
		{"COPY a.c /d/x\nCOPY over /d", ERR_INPUT, 3, "over the file '/d/x'"},
		{"COPY empty /d/y/z/\nCOPY over/x /d", ERR_INPUT, 3, "replace the folder '/d/y'"},
		{"COPY a.c /x\nCOPY b.c /x/y", ERR_INPUT, 3, ""},
		{"COPY --chmod=999 a.c /x", ERR_INPUT, 2, "chmod"},
		{"COPY --chmod=u+q a.c /x", ERR_INPUT, 2, "chmod"},
		{"COPY --exclude=[ src /x", ERR_INPUT, 2, ""},
		{"COPY [ /x/", ERR_INPUT, 2, ""},
		{"COPY --nothing=1 a.c /x", ERR_INPUT, 2, ""},
		{"COPY --from=nope.invalid//x a.c /x", ERR_INPUT, 2, ""},
	};
	struct builds *g = *state;
	make_context(g);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		builds_fails(g, arena_fmt(&g->arena, "FROM scratch\n%s\n", cases[i].dockerfile).p,
			cases[i].kind, cases[i].line, cases[i].words);
	CLEANUP(fs_entries_done) struct fs_entries left = {0};
	struct err err = {0};
	int fd;
	OK(store_dir(builds_store(g), "tmp", &fd, &err));
	OK(fs_list(fd, &left, &err));
	assert_int_equal(left.n, 0);
}

static void copy_of_odd_files_is_told(void **state)
{
	struct builds *g = *state;
	make_context(g);
	assert_int_equal(mkfifoat(g->context.fd, "src/pipe", 0600), 0);
	builds_gives(g, "FROM scratch\nCOPY --exclude=*.* --exclude=deep --exclude=link src /d\n",
		"d 755\nd/pipe 600\n");
	if (geteuid() == 0 && mknodat(g->context.fd, "src/null", S_IFCHR | 0666, 0x103) == 0)
		builds_fails(g, "FROM scratch\nCOPY src /d\n", ERR_INPUT, 2,
			"'src/null' is a device");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(copy_puts_files_where_docker_does),
		CASE(copy_of_folders_takes_their_content),
		CASE(copy_of_patterns_takes_what_matches),
		CASE(copy_keeps_symlinks_inside),
		CASE(copy_flags_change_names_and_modes),
		CASE(copy_chown_takes_numbers_and_names_of_the_image),
		CASE(copy_from_a_stage_keeps_modes_and_links),
		CASE(copy_refuses_what_cannot_be),
		CASE(copy_of_odd_files_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
