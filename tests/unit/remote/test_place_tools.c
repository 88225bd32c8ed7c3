/* Our layouts and archives before the tools of others, where they are installed. */
#include "place_rig.h"

#include <sys/wait.h>

static int run(const char *const *argv)
{
	int status;
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void skopeo_reads_ours_and_we_read_skopeos(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	const char *const version[] = {"skopeo", "--version", NULL};
	if (run(version) != 0)
		skip();
	make_image(g);
	static const char *const kinds[] = {"oci", "oci-archive", "docker-archive"};
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
			struct place_images images = {0};
			char from[200], to[200], file[64];
			struct place ours = place_of(g, kinds[i], kinds[i], "");
			OK(write_to(g, &ours, &err));
			snprintf(file, sizeof(file), "skopeo-%zu-%zu", i, k);
			snprintf(from, sizeof(from), "%s:%s/%s%s", kinds[i], g->t.path, kinds[i],
				i == 2 ? ":ghcr.io/me/app:v1" : ":v1");
			snprintf(to, sizeof(to), "%s:%s/%s:ghcr.io/me/app:v1", kinds[k], g->t.path,
				file);
			const char *const copy[] = {
				"skopeo", "copy", "-q", "--insecure-policy", from, to, NULL};
			if (run(copy) != 0)
				fail_msg("skopeo copy %s %s", from, to);
			struct place theirs = place_of(g, kinds[k], file, "ghcr.io/me/app:v1");
			OK(read_from(g, &theirs, &images, &err));
			assert_int_equal(images.n, 1);
			/* through docker-archive only the config keeps its digest */
			if (i < 2 && k < 2)
				assert_true(digest_eq(&images.p[0].descriptor.digest, &g->image));
			assert_true(blob_exists(g->other.s, &g->config));
			vec_done(&images);
		}
	}
}

/* ---- umoci and buildah ---- */

static bool is_installed(const char *program)
{
	return run((const char *const[]){program, "--version", NULL}) == 0;
}

static void umoci_unpacks_ours(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	char image[200], bundle[200], file[300];
	struct stat st;
	if (!is_installed("umoci") || geteuid() != 0)
		skip();
	make_image(g);
	struct place p = place_of(g, "oci", "dir", "");
	OK(write_to(g, &p, &err));
	snprintf(image, sizeof(image), "%s/dir:v1", g->t.path);
	snprintf(bundle, sizeof(bundle), "%s/bundle", g->t.path);
	const char *const unpack[] = {"umoci", "unpack", "--image", image, bundle, NULL};
	assert_int_equal(run(unpack), 0);
	snprintf(file, sizeof(file), "%s/rootfs/b", bundle);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_size, 3000 * 1000);
}

static void umoci_writes_and_we_read(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	char layout[200], image[300];
	if (!is_installed("umoci"))
		skip();
	snprintf(layout, sizeof(layout), "%s/theirs", g->t.path);
	snprintf(image, sizeof(image), "%s:new", layout);
	const char *const init[] = {"umoci", "init", "--layout", layout, NULL};
	const char *const new[] = {"umoci", "new", "--image", image, NULL};
	const char *const config[] = {
		"umoci", "config", "--image", image, "--config.cmd", "/x", "--tag", "other", NULL};
	assert_int_equal(run(init), 0);
	assert_int_equal(run(new), 0);
	assert_int_equal(run(config), 0);
	struct place p = place_of(g, "oci", "theirs", "other");
	struct place_images images = {0};
	OK(read_from(g, &p, &images, &err));
	assert_int_equal(images.n, 1);
	/* and ours beside it stays readable for them */
	make_image(g);
	p.reference = S("");
	OK(write_to(g, &p, &err));
	const char *const list[] = {"umoci", "stat", "--image", image, NULL};
	assert_int_equal(run(list), 0);
	snprintf(image, sizeof(image), "%s:v1", layout);
	assert_int_equal(run(list), 0);
	vec_done(&images);
}

static void buildah_from_ours(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	static const char *const kinds[] = {"oci", "oci-archive", "docker-archive"};
	char root[200], runroot[200], image[300], alias[64];
	int n_failed = 0;
	if (!is_installed("buildah") || geteuid() != 0)
		skip();
	make_image(g);
	snprintf(root, sizeof(root), "%s/buildah", g->t.path);
	snprintf(runroot, sizeof(runroot), "%s/buildah-run", g->t.path);
	/* it names an image by its path, which must be lower-case then */
	snprintf(alias, sizeof(alias), "/tmp/knarr-buildah-%d", getpid());
	assert_int_equal(symlink(g->t.path, alias), 0);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct place p = place_of(g, kinds[i], kinds[i], "");
		OK(write_to(g, &p, &err));
		snprintf(image, sizeof(image), "%s:%s/%s", kinds[i], alias, kinds[i]);
		const char *const pull[] = {"buildah", "--root", root, "--runroot", runroot,
			"--storage-driver", "vfs", "pull", "-q", image, NULL};
		if (run(pull) != 0)
			print_error("buildah pull %s\n", image), n_failed++;
	}
	unlink(alias);
	assert_int_equal(n_failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(skopeo_reads_ours_and_we_read_skopeos),
		CASE(umoci_unpacks_ours),
		CASE(umoci_writes_and_we_read),
		CASE(buildah_from_ours),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
