/* Scopes, lists of repositories, tokens as text: what people type and clients send. */
#include "auth/auth_priv.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = str_n(data, n);
	struct err err;
	unsigned scopes, again;
	CLEANUP(buf_done) struct buf b = BUF(200);
	if (auth_scopes_parse(text, &scopes, &err) == 0) {
		auth_scopes_add(&b, scopes);
		assert(auth_scopes_parse(buf_str(&b), &again, &err) == 0 && again == scopes);
	}
	if (auth_list_check(text, &err) == 0) {
		assert(!auth_list_has(text, S("a/../b")) || str_has(text, S("*")) ||
			!str_trim(text).n);
		(void)auth_list_has(text, S("me/app")); /* must only not crash */
	}
	assert(!auth_text_is_token(text) || n == 44);
	assert(!auth_path_is_plain(text) || !str_has(text, S("..")));
	return 0;
}
