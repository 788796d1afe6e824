/* SPDX-License-Identifier: MIT */
/* Gives each file of a corpus to the fuzz target once, without a fuzzer. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

#define MAX_BYTES (1 << 20)

int main(int argc, char **argv)
{
	uint8_t *bytes = malloc(MAX_BYTES), *exact;
	FILE *stream;
	size_t n_bytes;
	int i;

	for (i = 1; i < argc; i++) {
		stream = fopen(argv[i], "r");
		if (!stream || !bytes) {
			perror(argv[i]);
			return 1;
		}
		n_bytes = fread(bytes, 1, MAX_BYTES, stream);
		fclose(stream);
		/* No byte more, so that a checker of memory sees what reads beyond the end. */
		exact = malloc(n_bytes);
		for (size_t at = 0; exact && at < n_bytes; at++)
			exact[at] = bytes[at];
		printf("%s\n", argv[i]);
		fflush(stdout);
		LLVMFuzzerTestOneInput(exact, n_bytes);
		free(exact);
	}
	free(bytes);
	return 0;
}
