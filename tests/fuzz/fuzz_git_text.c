/* fuzz_git_text -- what git, its files and people say. The first byte chooses the reader. */
#include "git/git_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_commit(struct str text)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct git_commit c = {0};
	struct err err;
	if (git_parse_commit(text, &a, &c, &err) == 0)
		assert(git_is_commit_id(c.tree) && c.message.n <= text.n);
}

static void check_packed(struct str text)
{
	struct str rest = text, ref;
	if (!str_cut(&rest, '\n', &ref) || !ref.n || !rest.p)
		return;
	struct str id = git_packed_ref(rest, ref);
	assert(!id.n || (id.p >= rest.p && id.p + id.n < rest.p + rest.n));
}

static void check_remote(struct str text)
{
	struct git_remote_ref r;
	struct str line;
	while (str_line(&text, &line))
		if (git_parse_remote_ref(line, &r))
			assert(r.ref.n && (!r.id.n || !r.target.p));
}

/* What is accepted can be no option and no helper, and cleaning it leaves no login. */
static void check_words(const char *text)
{
	CLEANUP(buf_done) struct buf clean = BUF(1 << 20);
	CLEANUP(buf_done) struct buf with = BUF(1 << 20);
	CLEANUP(buf_done) struct buf without = BUF(1 << 20);
	struct err err;
	bool is_local;
	if (git_check_ref(text, &err) == 0)
		assert(text[0] != '-' && !strchr(text, ':') && !strchr(text, ' '));
	if (git_check_url(text, false, &is_local, &err) == 0)
		assert(text[0] != '-' && !is_local && strncmp(text, "ext::", 5) != 0);
	git_url_clean(text, &clean);
	assert(!git_url_login(buf_cstr(&clean), &with, &without));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	char *text = mem_new(size, 1); /* ends in NUL: one byte was the choice */
	memcpy(text, data + 1, size - 1);
	struct str s = str_n(text, size - 1);
	switch (data[0] % 4) {
	case 0: check_commit(s); break;
	case 1: check_packed(s); break;
	case 2: check_remote(s); break;
	case 3: check_words(text); break;
	}
	free(text);
	return 0;
}
