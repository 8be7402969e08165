/*
 * Preloaded into our programs by tests/support/disk-sweep.ts (Linux, a node that is linked to the C library): ends one of
 * them before or after its n-th change of the disk, or lets that change fail, alone or with all that follow. All programs
 * of a test count together.
 *
 * SWEEP_STATE     a file of four numbers: changes so far, points reached, the error of a disk that stays broken (the test
 *                 writes 0 to repair it), and the changes that this disk refused
 * SWEEP_PROGRAMS  names of scripts, as in "worker.cjs,samocode.js": node's first argument; other programs are left alone
 * SWEEP_ROOT      only changes below this folder count
 * SWEEP_POINTS    "120:before 300:ENOSPC 400:EIO-stays": each is reached once, in this order
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_POINTS 16
enum { NOTHING = 0, BEFORE = -1, AFTER = -2 }; /* or an errno */

enum { CHANGES, REACHED, BROKEN, REFUSED, NUMBERS };
static _Atomic unsigned long *state;
static const char *root;
static struct { unsigned long at; int how, stays; } points[MAX_POINTS];
static unsigned long point_count;

static int is_meant(const char *programs) {
  char line[4 * PATH_MAX];
  int file = open("/proc/self/cmdline", O_RDONLY);
  ssize_t size = file < 0 ? 0 : read(file, line, sizeof line - 1);
  if (file >= 0) close(file);
  if (size <= 0) return 0;
  line[size] = 0;
  const char *script = line + strlen(line) + 1;
  if (script >= line + size) return 0;
  const char *slash = strrchr(script, '/');
  return strstr(programs, slash ? slash + 1 : script) != NULL;
}

static int how_of(const char *word) {
  if (!strcmp(word, "before")) return BEFORE;
  if (!strcmp(word, "after")) return AFTER;
  return !strncmp(word, "ENOSPC", 6) ? ENOSPC : !strncmp(word, "EIO", 3) ? EIO : EROFS;
}

__attribute__((constructor)) static void begin(void) {
  const char *file_of_state = getenv("SWEEP_STATE"), *programs = getenv("SWEEP_PROGRAMS"), *given = getenv("SWEEP_POINTS");
  root = getenv("SWEEP_ROOT");
  if (!file_of_state || !programs || !given || !root || !is_meant(programs)) return;
  for (char *each = strtok(strdup(given), " "); each && point_count < MAX_POINTS; each = strtok(NULL, " ")) {
    char word[16] = "";
    if (sscanf(each, "%lu:%15s", &points[point_count].at, word) != 2) continue;
    points[point_count].stays = strstr(word, "-stays") != NULL;
    points[point_count++].how = how_of(word);
  }
  int file = open(file_of_state, O_RDWR);
  size_t size = NUMBERS * sizeof *state;
  void *mapped = file < 0 ? MAP_FAILED : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (mapped != MAP_FAILED) state = mapped;
}

static void die(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

/* What becomes of the change that follows. frees: it needs no space. */
static int due(const char *path, int frees) {
  if (!state || !path || strncmp(path, root, strlen(root))) return NOTHING;
  unsigned long number = atomic_fetch_add(&state[CHANGES], 1) + 1, reached = atomic_load(&state[REACHED]);
  int broken = atomic_load(&state[BROKEN]);
  if (broken) {
    if (broken == ENOSPC && frees) return NOTHING;
    atomic_fetch_add(&state[REFUSED], 1);
    return broken;
  }
  if (reached >= point_count || number < points[reached].at) return NOTHING;
  int how = points[reached].how;
  if (how == ENOSPC && frees) return NOTHING;
  int stays = points[reached].stays;
  if (!atomic_compare_exchange_strong(&state[REACHED], &reached, reached + 1)) return NOTHING;
  if (stays) atomic_store(&state[BROKEN], how);
  if (how == BEFORE) die();
  return how;
}

static int due_at(int file, int frees) {
  char link[32], path[PATH_MAX];
  if (!state) return NOTHING;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t size = readlink(link, path, sizeof path - 1);
  if (size < 0) return NOTHING;
  path[size] = 0;
  return due(path, frees);
}

#define CHANGE(type, name, takes, gives, when)                        \
  type name takes {                                                   \
    static type(*real) takes;                                         \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name);             \
    int how = when;                                                   \
    if (how > 0) return errno = how, -1;                              \
    type result = real gives;                                         \
    if (how == AFTER) die();                                          \
    return result;                                                    \
  }

CHANGE(ssize_t, write, (int file, const void *data, size_t size), (file, data, size), due_at(file, 0))
CHANGE(ssize_t, writev, (int file, const struct iovec *parts, int count), (file, parts, count), due_at(file, 0))
CHANGE(ssize_t, pwrite64, (int file, const void *data, size_t size, off64_t at), (file, data, size, at), due_at(file, 0))
CHANGE(ssize_t, sendfile64, (int to, int from, off64_t *at, size_t size), (to, from, at, size), due_at(to, 0))
CHANGE(int, ftruncate64, (int file, off64_t size), (file, size), due_at(file, 1))
CHANGE(int, fsync, (int file), (file), due_at(file, 0))
CHANGE(int, fdatasync, (int file), (file), due_at(file, 0))
CHANGE(int, fchmod, (int file, mode_t mode), (file, mode), due_at(file, 1))
CHANGE(int, futimens, (int file, const struct timespec times[2]), (file, times), due_at(file, 1))
CHANGE(int, rename, (const char *from, const char *to), (from, to), due(to, 0))
CHANGE(int, link, (const char *from, const char *to), (from, to), due(to, 0))
CHANGE(int, symlink, (const char *text, const char *path), (text, path), due(path, 0))
CHANGE(int, unlink, (const char *path), (path), due(path, 1))
CHANGE(int, mkdir, (const char *path, mode_t mode), (path, mode), due(path, 0))
CHANGE(int, rmdir, (const char *path), (path), due(path, 1))
CHANGE(int, chmod, (const char *path, mode_t mode), (path, mode), due(path, 1))
CHANGE(int, utimensat, (int at, const char *path, const struct timespec times[2], int flags), (at, path, times, flags), due(path, 1))

int open64(const char *path, int flags, ...) {
  static int (*real)(const char *, int, ...);
  if (!real) *(void **)&real = dlsym(RTLD_NEXT, "open64");
  va_list rest;
  va_start(rest, flags);
  mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  int how = flags & (O_CREAT | O_TRUNC) ? due(path, 0) : NOTHING;
  if (how > 0) return errno = how, -1;
  int file = real(path, flags, mode);
  if (how == AFTER) die();
  return file;
}
