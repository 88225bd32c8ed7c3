#include "remote/remote_priv.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A docker config that parses is written as one that parses, and a login in it is found again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf b = BUF(64 << 20);
	struct docker_config c;
	struct err err = {0};
	struct credentials set = {.user = S("user"), .password = S("p:w")};
	if (docker_config_parse(str_n(data, size), &a, &c, &err) < 0)
		return 0;
	(void)config_match(&c, S("docker.io"), S("library/debian"));
	(void)config_match(&c, S("ghcr.io"), S("me/app"));
	config_write(&b, &c, S("fuzz.example"), &set);
	if (b.is_over || b.n > 3 << 20)
		return 0;
	assert(docker_config_parse(buf_str(&b), &a, &c, &err) == 0);
	const struct config_auth *found = config_match(&c, S("fuzz.example"), S("x"));
	assert(found && found->c.user.n);
	return 0;
}
