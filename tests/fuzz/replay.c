/* replay -- runs a fuzz target over the files of the folders given: its corpus, its old crashes.
 * Folders that do not exist hold nothing. */
#include "base/buf.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 64 << 20 };

static void replay_file(const char *path)
{
	CLEANUP(buf_done) struct buf b = BUF(INPUT_MAX);
	FILE *f = fopen(path, "re");
	if (!f) {
		perror(path);
		exit(1);
	}
	for (char *room; (room = buf_room(&b, 65536));) {
		size_t n = fread(room, 1, 65536, f);
		buf_added(&b, n);
		if (!n)
			break;
	}
	fclose(f);
	/* A copy of the exact size, so that sanitizers see a read behind its end. */
	uint8_t *exact = mem_copy(buf_cstr(&b), b.n);
	LLVMFuzzerTestOneInput(exact, b.n);
	free(exact);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct dirent **names = NULL;
		int n = scandir(argv[i], &names, NULL, alphasort);
		for (int k = 0; k < n; k++) {
			char path[4096];
			snprintf(path, sizeof(path), "%s/%s", argv[i], names[k]->d_name);
			if (names[k]->d_name[0] != '.') {
				printf("%s\n", path);
				fflush(stdout);
				replay_file(path);
			}
			free(names[k]);
		}
		free(names);
	}
	return 0;
}
