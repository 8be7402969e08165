import { constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { mayAccess } from '../../base/files/path-stats.ts';
import type { Mount } from './mount.ts';

/** The program of the system that makes the guard. */
export interface GuardTool {
  kind: 'bwrap' | 'sandbox-exec';
  /** Absolute. */
  path: string;
}

/** How a command is started inside the guard. */
export interface Guard {
  tool: GuardTool;
  /** The tool's own arguments, without what parts them from the command. */
  args: readonly string[];
}

/** Beyond PATH, which a program with windows may have given us: where systems put it. */
const USUAL_FOLDERS = ['/usr/bin', '/bin', '/usr/local/bin', '/run/current-system/sw/bin'];

/** @returns undefined where the system has none */
export function findGuardTool(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): GuardTool | undefined {
  const kind = platform === 'darwin' ? 'sandbox-exec' : 'bwrap';
  // Below the home folder an agent may have put another program under that name.
  const { HOME, PATH = '' } = env;
  const isAtHome = (folder: string) => HOME !== undefined && folder.startsWith(`${HOME}/`);
  const named = PATH.split(delimiter).filter((folder) => isAbsolute(folder) && !isAtHome(folder));
  const folders = [...named, ...USUAL_FOLDERS];
  const path = folders.map((folder) => join(folder, kind)).find((each) => mayAccess(each, constants.X_OK));
  return path === undefined ? undefined : { kind, path };
}

/** @param isRoot whether the agent has root's rights, some of which open any guard */
export function makeGuard(tool: GuardTool, profile: readonly Mount[], isRoot: boolean): Guard {
  const args = tool.kind === 'bwrap' ? bwrapArgs(profile, isRoot) : sandboxExecArgs(profile);
  return { tool, args };
}

/** The whole command line of a command inside the guard. */
export function insideGuard({ tool, args }: Guard, command: readonly string[]): [string, ...string[]] {
  // sandbox-exec knows no "--".
  return [tool.path, ...args, ...(tool.kind === 'bwrap' ? ['--'] : []), ...command];
}

/** What root could leave the guard with: mounts, devices, modules, other processes, files past their rights. */
const DROPPED = [
  'SYS_ADMIN',
  'SYS_RAWIO',
  'SYS_MODULE',
  'SYS_PTRACE',
  'SYS_BOOT',
  'MKNOD',
  'DAC_READ_SEARCH',
];

/** Settings of the kernel, which root may write: one of them names a program that it starts outside. */
const KERNEL = ['/proc/sys', '/proc/sysrq-trigger', '/sys'];

function bwrapArgs(profile: readonly Mount[], isRoot: boolean): string[] {
  return [
    ...['--dev-bind', '/', '/', '--proc', '/proc', '--unshare-pid', '--die-with-parent'],
    ...(isRoot ? KERNEL.flatMap((path) => ['--ro-bind-try', path, path]) : []),
    ...profile.flatMap(bwrapMount),
    ...(isRoot ? DROPPED.flatMap((name) => ['--cap-drop', `CAP_${name}`]) : []),
  ];
}

/** Devices may lie below a folder that is held, and only there. */
const BINDS = { read_only: '--ro-bind', writable: '--bind', held: '--dev-bind' } as const;

function bwrapMount({ kind, path, from = path, ifThere }: Mount): string[] {
  if (kind === 'hidden') return ['--tmpfs', path];
  const bind = BINDS[kind];
  return [ifThere ? `${bind}-try` : bind, from, path];
}

/** Written after the manual of sandbox-exec and the profiles of the system; not tried on a Mac. */
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

/** How a command of the project is started: inside the guard, where there is one. */
export function insideOf(guard: Guard | undefined) {
  if (guard === undefined) return {};
  return { inside: (command: readonly string[]) => insideGuard(guard, command) };
}
