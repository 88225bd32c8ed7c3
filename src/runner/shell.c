#include "shell_priv.h"

static const struct known {
	const char *name, *args, *extension;
} known[] = {
	{"bash", "--noprofile --norc -e -o pipefail {0}", ".sh"},
	{"sh", "-e {0}", ".sh"},
	{"python", "{0}", ".py"},
	{"pwsh", "-command \". '{0}'\"", ".ps1"},
	{"powershell", "-command \". '{0}'\"", ".ps1"},
	{"cmd", "/D /E:ON /V:OFF /S /C \"CALL \"{0}\"\"", ".cmd"},
};

static const struct known *find(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_is(name, known[i].name))
			return &known[i];
	return NULL;
}

int shell_parse(struct str option, bool has_bash, struct shell *ret, struct err *err)
{
	struct str rest = str_trim(option), name;
	struct shell s = {S("sh"), S("-e {0}"), ".sh"};
	if (!rest.n) {
		if (has_bash)
			s.command = S("bash");
		*ret = s;
		return 0;
	}
	(void)str_cut(&rest, ' ', &name); /* there is text */
	const struct known *k = find(name);
	s.command = name;
	s.args = str_trim(rest);
	s.extension = k ? k->extension : "";
	if (!s.args.n && k)
		s.args = str_of(k->args);
	if (!str_has(s.args, S("{0}"))) {
		err_set(err, ERR_INPUT,
			"Invalid shell option. Shell must be a valid built-in (bash, sh, cmd, "
			"powershell, pwsh) or a format string containing '{0}'");
		return err_hint(err, "shell: %.*s {0}", STR_ARG(str_trim(option)));
	}
	*ret = s;
	return 0;
}

void shell_show(const struct shell *s, struct buf *ret)
{
	buf_add(ret, s->command);
	buf_add_ch(ret, ' ');
	buf_add(ret, s->args);
}

/* The next word of a command line by the rules .NET has on every system: double quotes group, and a
 * backslash counts only before one. */
static bool next_word(struct str *rest, struct buf *ret)
{
	bool is_quoted = false, has_word = false;
	size_t i = 0;
	buf_clear(ret);
	while (i < rest->n && (rest->p[i] == ' ' || rest->p[i] == '\t'))
		i++;
	for (; i < rest->n; i++) {
		char c = rest->p[i];
		size_t n = 0;
		if (!is_quoted && (c == ' ' || c == '\t'))
			break;
		has_word = true;
		while (c == '\\' && i + n < rest->n && rest->p[i + n] == '\\')
			n++;
		bool is_before_quote = i + n < rest->n && rest->p[i + n] == '"';
		for (size_t k = 0; k < (is_before_quote ? n / 2 : n); k++)
			buf_add_ch(ret, '\\');
		i += n;
		if (n && !is_before_quote)
			i--;
		else if (n % 2)
			buf_add_ch(ret, '"');
		else if (is_before_quote)
			is_quoted = !is_quoted;
		else
			buf_add_ch(ret, c);
	}
	*rest = str_skip(*rest, i);
	return has_word;
}

static void add_word(struct str word, const char *script, struct argv *ret)
{
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	ssize_t at;
	while ((at = str_find(word, S("{0}"))) >= 0) {
		buf_add(&b, str_sub(word, 0, (size_t)at));
		buf_add_cstr(&b, script);
		word = str_skip(word, (size_t)at + 3);
	}
	buf_add(&b, word);
	argv_add(ret, buf_cstr(&b));
}

void shell_argv(const struct shell *s, const char *script, struct argv *ret)
{
	CLEANUP(buf_done) struct buf word = BUF(1 << 20);
	struct str rest = s->args;
	argv_add_str(ret, s->command);
	while (next_word(&rest, &word))
		add_word(buf_str(&word), script, ret);
}

/* PowerShell goes on after errors and forgets exit codes, unless told. */
void shell_script(const struct shell *s, struct str script, struct buf *ret)
{
	bool is_powershell = strcmp(s->extension, ".ps1") == 0;
	if (is_powershell)
		buf_add(ret, S("$ErrorActionPreference = 'stop'\n"));
	buf_add(ret, script);
	if (is_powershell)
		buf_add(ret,
			S("\nif ((Test-Path -LiteralPath variable:\\LASTEXITCODE)) { exit "
			  "$LASTEXITCODE }\n"));
}
