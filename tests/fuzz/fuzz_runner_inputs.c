/* What people write for actions and steps: lists, shells, remotes. */
#include "runner/native_priv.h"
#include "runner/repo_priv.h"
#include "runner/shell_priv.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_list(struct str text, struct list_rule rule)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct str_vec list = {0};
	struct err err = {0};
	int rc = list_read(text, rule, &a, &list, &err);
	assert(rc == 0 || err.kind == ERR_INPUT || err.kind == ERR_LIMIT);
	for (size_t i = 0; i < list.n; i++)
		assert(list.p[i].n > 0 && list.p[i].n <= text.n + 2);
	vec_done(&list);
}

static void read_shell(struct str text)
{
	CLEANUP(argv_done) struct argv argv = {0};
	struct shell shell;
	struct err err = {0};
	if (shell_parse(text, true, &shell, &err) < 0) {
		assert(err.kind == ERR_INPUT);
		return;
	}
	shell_argv(&shell, "/script", &argv);
	assert(argv_list(&argv)[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct str server, name;
	if (size < 1)
		return 0;
	struct str text = str_n(data + 1, size - 1);
	read_list(text, (struct list_rule){data[0] & 1, data[0] & 2});
	read_shell(text);
	if (repo_parse_url(text, &a, &server, &name))
		assert(str_starts(server, S("http")) && str_chr(name, '/') > 0);
	return 0;
}
