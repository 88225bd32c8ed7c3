/* A cgroup v2 folder refuses devices through a small BPF program: the kernel asks it with
 * struct bpf_cgroup_dev_ctx { u32 access << 16 | type; u32 major; u32 minor; } in r1, and opens the
 * device when it answers 1. As docker: any node may be made, only the harmless ones opened.
 */
#include "base/own.h"
#include "base/vec.h"
#include "container/helper/cgroup_priv.h"
#include "container/stage_priv.h"

#include <linux/bpf.h>
#include <sys/syscall.h>

enum { INSNS_MAX = 16 + 4 * DEVICES_ALLOWED };

struct program {
	struct bpf_insn p[INSNS_MAX];
	size_t n;
};

static void add(struct program *g, uint8_t code, uint8_t to, uint8_t from, int16_t off, int32_t imm)
{
	assert(g->n < INSNS_MAX);
	g->p[g->n++] = (struct bpf_insn){
		.code = code, .dst_reg = to & 15, .src_reg = from & 15, .off = off, .imm = imm};
}

static void answer(struct program *g, bool is_allowed)
{
	add(g, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, is_allowed);
	add(g, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void load(struct program *g, uint8_t reg, size_t offset)
{
	add(g, BPF_LDX | BPF_MEM | BPF_W, reg, BPF_REG_1, (int16_t)offset, 0);
}

/* Jumps over the n instructions that follow. */
static void skip_if(struct program *g, uint8_t compare, uint8_t reg, int32_t value, int16_t n)
{
	add(g, BPF_JMP | compare | BPF_K, reg, 0, n, value);
}

enum { ACCESS = BPF_REG_3, TYPE = BPF_REG_2, MAJOR = BPF_REG_4, MINOR = BPF_REG_5 };

static void load_context(struct program *g)
{
	load(g, TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	load(g, MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	load(g, MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	add(g, BPF_ALU64 | BPF_MOV | BPF_X, ACCESS, TYPE, 0, 0);
	add(g, BPF_ALU64 | BPF_RSH | BPF_K, ACCESS, 0, 0, 16);
	add(g, BPF_ALU64 | BPF_AND | BPF_K, TYPE, 0, 0, 0xffff);
}

static void allow(struct program *g, const struct device_id *d)
{
	bool has_minor = d->minor >= 0;
	skip_if(g, BPF_JNE, MAJOR, d->major, has_minor ? 3 : 2);
	if (has_minor)
		skip_if(g, BPF_JNE, MINOR, d->minor, 2);
	answer(g, true);
}

static void write_program(struct program *g)
{
	load_context(g);
	skip_if(g, BPF_JNE, ACCESS, BPF_DEVCG_ACC_MKNOD, 2);
	answer(g, true);
	skip_if(g, BPF_JEQ, TYPE, BPF_DEVCG_DEV_CHAR, 2);
	answer(g, false);
	for (size_t i = 0; i < DEVICES_ALLOWED; i++)
		allow(g, &devices_allowed[i]);
	answer(g, false);
}

int device_filter_attach(int cgroup_fd)
{
	struct program g = {.n = 0};
	write_program(&g);
	union bpf_attr a;
	memset(&a, 0, sizeof(a));
	a.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	a.insns = (uintptr_t)g.p;
	a.insn_cnt = (uint32_t)g.n;
	a.license = (uintptr_t) "Apache-2.0";
	CLEANUP(fd_close) int fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &a, sizeof(a));
	if (fd < 0)
		return -1;
	memset(&a, 0, sizeof(a));
	a.target_fd = (uint32_t)cgroup_fd;
	a.attach_bpf_fd = (uint32_t)fd;
	a.attach_type = BPF_CGROUP_DEVICE;
	/* MULTI: a container inside this one may add its own filter, and both count. */
	a.attach_flags = BPF_F_ALLOW_MULTI;
	return (int)syscall(SYS_bpf, BPF_PROG_ATTACH, &a, sizeof(a));
}
