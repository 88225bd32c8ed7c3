#include "rig.h"

#include "container/doctor.h"

static const struct container_finding *find(const struct container_findings *f, const char *what)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->p[i].what, what) == 0)
			return &f->p[i];
	fail_msg("no finding '%s'", what);
	abort(); /* fail_msg does not return */
}

static void doctor_as_root_finds_what_works(void **state)
{
	struct err err = {0};
	struct container_findings f;
	rig_need_root();
	rig_need_runtime("crun");
#ifdef __SANITIZE_ADDRESS__
	print_message(
		"skipped: with sanitizers the helper is not static, so it runs in no image\n");
	skip();
#endif
	size_t mounts = rig_count_mounts();
	CLEANUP(rig_names_done) struct rig_names names = rig_names_before(".tmp-");
	OK(container_doctor(&f, &err));
	for (size_t i = 0; i < f.n; i++) {
		assert_true(f.p[i].detail[0] != '\0');
		if (f.p[i].is_needed && !f.p[i].is_ok)
			fail_msg("%s: %s", f.p[i].what, f.p[i].detail);
		if (f.p[i].is_ok)
			assert_string_equal(f.p[i].hint, "");
	}
	assert_non_null(strstr(find(&f, "runtime")->detail, "crun"));
	assert_non_null(strstr(find(&f, "limits")->detail, "cgroups v"));
	assert_int_equal(rig_count_mounts(), mounts);
	RIG_GONE(rig_names_left(&names));
	RIG_GONE(rig_count_cgroups("probe")); /* other knarrs' come and go */
	RIG_GONE(rig_count_cgroups("doctor"));
}

/* In a process that gives up root: nothing may crash, and the answer is clear. */
static int check_without_root(void)
{
	struct err err = {0};
	struct container_findings f;
	struct container_spec spec = {.args = (const char *[]){"true", NULL}};
	struct proc_end end;
	if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)
		return 1;
	if (container_doctor(&f, &err) < 0 || find(&f, "root")->is_ok ||
		!strstr(find(&f, "root")->hint, "sudo"))
		return 2;
	if (container_run(&spec, &end, &err) == 0 || err.kind != ERR_UNSUPPORTED || !err.hint[0])
		return 3;
	return 0;
}

static void doctor_without_root_says_so(void **state)
{
	int status;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(check_without_root());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doctor_as_root_finds_what_works),
		cmocka_unit_test(doctor_without_root_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
