import { constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { mayAccess } from '../../kernel/files/path-stats.ts';
import { homeLast } from '../../kernel/processes/run-command.ts';

/** A rule for a folder or file. Later rules override earlier ones. */
export interface Mount {
  /** `empty`: hidden, and read-only. `link`: a symbolic link to `from`. */
  kind: 'read_only' | 'writable' | 'hidden' | 'empty' | 'link';
  /** Absolute, without links. */
  path: string;
  /** The source, if another path is mounted there. */
  from?: string;
  /** Skipped if missing. */
  ifThere?: true;
}

export function readOnly(path: string): Mount {
  return { kind: 'read_only', path };
}

export function writable(path: string): Mount {
  return { kind: 'writable', path };
}

export interface GuardTool {
  kind: 'bwrap' | 'sandbox-exec';
  /** Absolute. */
  path: string;
  /** Whether it is started with root's rights, some of which break any guard. */
  isRoot: boolean;
}

/** The command line by which a command is started inside the guard. */
export interface Guard {
  tool: GuardTool;
  /** The tool's arguments, without the separator before the command. */
  args: readonly string[];
  /** The program that runs the command inside and forwards its connections to the outside. */
  relay?: readonly string[];
}

/** Searched after PATH, which might come from a desktop program: the usual system folders. */
const USUAL_FOLDERS = ['/usr/bin', '/bin', '/usr/local/bin', '/run/current-system/sw/bin'];

/** @returns undefined if the tool is not installed */
export function findGuardTool(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): GuardTool | undefined {
  const kind = platform === 'darwin' ? 'sandbox-exec' : 'bwrap';
  // Skip the home folder: an agent might have put another program there under that name.
  const { HOME } = env;
  const isAtHome = (folder: string) => HOME !== undefined && folder.startsWith(`${HOME}/`);
  const named = (homeLast(env) ?? '').split(delimiter).filter((folder) => folder && !isAtHome(folder));
  const folders = [...named, ...USUAL_FOLDERS];
  const path = folders.map((folder) => join(folder, kind)).find((each) => mayAccess(each, constants.X_OK));
  return path === undefined ? undefined : { kind, path, isRoot: process.getuid?.() === 0 };
}

interface GuardOptions {
  /** There is no network. */
  isStrict?: boolean;
  /** Variables to remove, and to set. */
  unset?: readonly string[];
  set?: Readonly<Record<string, string>>;
}

export function makeGuard(tool: GuardTool, profile: readonly Mount[], options: GuardOptions = {}): Guard {
  const args = tool.kind === 'bwrap' ? bwrapArgs(tool, profile, options) : sandboxExecArgs(profile);
  return { tool, args };
}

/** The same guard with further mounts; their mount points must exist. */
export function withMounts(guard: Guard, mounts: readonly Mount[]): Guard {
  return { ...guard, args: [...guard.args, ...mounts.flatMap(bwrapMount)] };
}

/** The complete command line for a command inside the guard. */
export function insideGuard(
  { tool, args, relay = [] }: Guard,
  command: readonly string[],
): [string, ...string[]] {
  // sandbox-exec does not accept "--".
  return [tool.path, ...args, ...(tool.kind === 'bwrap' ? ['--'] : []), ...relay, ...command];
}

/**
 * The capabilities that root keeps: file owners and modes, signals, other users, and those that sandboxes of CLIs
 * and browsers need.
 */
const KEPT_CAPABILITIES = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'SETGID',
  'SETUID',
  'SETFCAP',
];

/** Kernel settings that root could write: one names a program that the kernel starts outside the guard. */
const KERNEL = ['/proc/sys', '/proc/sysrq-trigger'];

/** Devices beyond null, zero, random and the sandbox's own terminals: graphics cards, virtual machines. */
const DEVICES = ['dri', 'kvm', 'nvidia0', 'nvidiactl', 'nvidia-uvm', 'nvidia-uvm-tools', 'nvidia-modeset'];

function bwrapArgs(
  { isRoot }: GuardTool,
  profile: readonly Mount[],
  { isStrict = false, unset = [], set = {} }: GuardOptions,
): string[] {
  const devices = DEVICES.map((name) => `/dev/${name}`).flatMap((path) => ['--dev-bind-try', path, path]);
  return [
    ...(isStrict ? ['--unshare-net', '--unshare-uts', '--unshare-cgroup-try'] : []),
    ...['--proc', '/proc', '--unshare-pid', '--unshare-ipc', '--die-with-parent'],
    ...['--dev', '/dev', '--perms', '1777', '--tmpfs', '/dev/shm'],
    ...(isStrict ? [] : devices),
    ...(isRoot ? KERNEL.flatMap((path) => ['--ro-bind-try', path, path]) : []),
    ...profile.flatMap(bwrapMount),
    // Read-only only now, because mount points had to be made in them.
    ...profile.filter(({ kind }) => kind === 'empty').flatMap(({ path }) => ['--remount-ro', path]),
    ...['--remount-ro', '/'],
    ...(isRoot
      ? ['--cap-drop', 'ALL', ...KEPT_CAPABILITIES.flatMap((name) => ['--cap-add', `CAP_${name}`])]
      : []),
    ...unset.flatMap((name) => ['--unsetenv', name]),
    ...Object.entries(set).flatMap(([name, value]) => ['--setenv', name, value]),
  ];
}

const BINDS = { read_only: '--ro-bind', writable: '--bind' } as const;

function bwrapMount({ kind, path, from = path, ifThere }: Mount): string[] {
  if (kind === 'empty' || kind === 'hidden') return ['--tmpfs', path];
  if (kind === 'link') return ['--symlink', from, path];
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
    case 'empty':
      return `(deny file-read* file-write* ${where})`;
    case 'read_only':
      return `(deny file-write* ${where})`;
    case 'writable':
      return `(allow file-write* ${where})`;
    case 'link':
      return '';
    default:
      return kind satisfies never;
  }
}

/** The option that makes a command run inside the guard; none without a guard. */
export function guardOption(guard: Guard | undefined) {
  if (guard === undefined) return {};
  return { inside: (command: readonly string[]) => insideGuard(guard, command) };
}
