/*
 * fork() as vfork(), for a copy of node that .ci/run makes: Linux on x86-64.
 *
 * libuv forks to start a program, and the child only sets up its descriptors and signals before it calls exec, so it
 * needs no address space of its own. Until then it shares the parent's memory, so put_back() restores for the parent
 * what libuv's child changes there: the stack of the functions that called fork(), environ and errno. Do not start
 * programs under another user id with it: glibc's setuid() acts on all threads of a process.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

/* Bytes of the stack above fork(): many times the frames of libuv, and less than the depth of any caller. */
#define KEPT 4096

extern char **environ;

static __thread char stack[KEPT];
static __thread char **environment;
static __thread int error_number;

__attribute__((used)) static void keep(const char *top) {
  memcpy(stack, top, KEPT);
  environment = environ;
  error_number = errno;
}

__attribute__((used)) static long put_back(char *top, long pid) {
  memcpy(top, stack, KEPT);
  environ = environment;
  errno = pid < 0 ? -pid : error_number;
  return pid < 0 ? -1 : pid;
}

/* 58 is vfork. The kernel restores the registers that a caller expects to keep. */
__asm__(".globl fork\n"
        ".type fork, @function\n"
        "fork:\n"
        "  subq $8, %rsp\n"
        "  movq %rsp, %rdi\n"
        "  call keep\n"
        "  movl $58, %eax\n"
        "  syscall\n"
        "  testq %rax, %rax\n"
        "  jz 1f\n"
        "  movq %rsp, %rdi\n"
        "  movq %rax, %rsi\n"
        "  call put_back\n"
        "1: addq $8, %rsp\n"
        "  ret\n"
        ".size fork, .-fork\n");
