import { constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { mayAccess } from '../../base/files/path-stats.ts';
import type { Mount } from './mount.ts';

/** The system program that creates the guard. */
export interface GuardTool {
  kind: 'bwrap' | 'sandbox-exec';
  /** Absolute. */
  path: string;
}

/** How to start a command inside the guard. */
export interface Guard {
  tool: GuardTool;
  /** The tool's arguments, without the separator before the command. */
  args: readonly string[];
}

/** Besides PATH, which may come from a desktop program: the usual system folders. */
const USUAL_FOLDERS = ['/usr/bin', '/bin', '/usr/local/bin', '/run/current-system/sw/bin'];

/** @returns undefined if the system has none */
export function findGuardTool(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): GuardTool | undefined {
  const kind = platform === 'darwin' ? 'sandbox-exec' : 'bwrap';
  // Skip the home folder: an agent may have put another program there under that name.
  const { HOME, PATH = '' } = env;
  const isAtHome = (folder: string) => HOME !== undefined && folder.startsWith(`${HOME}/`);
  const named = PATH.split(delimiter).filter((folder) => isAbsolute(folder) && !isAtHome(folder));
  const folders = [...named, ...USUAL_FOLDERS];
  const path = folders.map((folder) => join(folder, kind)).find((each) => mayAccess(each, constants.X_OK));
  return path === undefined ? undefined : { kind, path };
}

/** @param isRoot whether the agent has root's rights, some of which break any guard */
export function makeGuard(tool: GuardTool, profile: readonly Mount[], isRoot: boolean): Guard {
  const args = tool.kind === 'bwrap' ? bwrapArgs(profile, isRoot) : sandboxExecArgs(profile);
  return { tool, args };
}

/** The complete command line for a command inside the guard. */
export function insideGuard({ tool, args }: Guard, command: readonly string[]): [string, ...string[]] {
  // sandbox-exec does not accept "--".
  return [tool.path, ...args, ...(tool.kind === 'bwrap' ? ['--'] : []), ...command];
}

/** Capabilities with which root could escape: mounts, devices, modules, other processes, files beyond its rights. */
const DROPPED = [
  'SYS_ADMIN',
  'SYS_RAWIO',
  'SYS_MODULE',
  'SYS_PTRACE',
  'SYS_BOOT',
  'MKNOD',
  'DAC_READ_SEARCH',
];

/** Kernel settings that root may write: one names a program that the kernel starts outside. */
const KERNEL = ['/proc/sys', '/proc/sysrq-trigger', '/sys'];

function bwrapArgs(profile: readonly Mount[], isRoot: boolean): string[] {
  return [
    ...['--dev-bind', '/', '/', '--proc', '/proc', '--unshare-pid', '--die-with-parent'],
    ...(isRoot ? KERNEL.flatMap((path) => ['--ro-bind-try', path, path]) : []),
    ...profile.flatMap(bwrapMount),
    ...(isRoot ? DROPPED.flatMap((name) => ['--cap-drop', `CAP_${name}`]) : []),
  ];
}

/** Only held folders may contain devices. */
const BINDS = { read_only: '--ro-bind', writable: '--bind', held: '--dev-bind' } as const;

function bwrapMount({ kind, path, from = path, ifThere }: Mount): string[] {
  if (kind === 'hidden') return ['--tmpfs', path];
  const bind = BINDS[kind];
  return [ifThere ? `${bind}-try` : bind, from, path];
}

/** Based on the manual of sandbox-exec and the system's profiles; untested on a Mac. */
function sandboxExecArgs(profile: readonly Mount[]): string[] {
  return ['-p', ['(version 1)', '(allow default)', ...profile.map(sandboxRule)].join('\n')];
}

function sandboxRule({ kind, path }: Mount): string {
  const where = `(subpath "${path.replaceAll(/["\\]/g, '\\$&')}")`;
  switch (kind) {
    case 'hidden':
      return `(deny file-read* file-write* ${where})`;
    case 'read_only':
      return `(deny file-write* ${where})`;
    case 'writable':
      return `(allow file-write* ${where})`;
    case 'held':
      return `(deny file-write-unlink ${where.replace('subpath', 'literal')})`;
    default:
      return kind satisfies never;
  }
}

/** Runs a project's command inside the guard, if there is one. */
export function insideOf(guard: Guard | undefined) {
  if (guard === undefined) return {};
  return { inside: (command: readonly string[]) => insideGuard(guard, command) };
}
