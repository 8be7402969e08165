import { randomBytes } from 'node:crypto';
import { readFile, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionContext } from '../../actions/acting/context.ts';
import {
  type DoctorCheck,
  fail,
  failed,
  type Machine,
  ok,
  warn,
  warnIf,
} from '../../actions/preconditions/check.ts';
import { BASE_ERRORS } from '../../base/base-errors.ts';
import { isSamocodeError } from '../../base/errors.ts';
import { createWhole } from '../../base/files/atomic-file.ts';
import { runCommand } from '../../base/processes/run-command.ts';
import { isOlder } from '../../base/versions.ts';
import { nodePath } from '../../providers/starting/node-path.ts';

/** What the machine itself allows. */
export async function machineChecks(
  machine: Machine,
  env: ActionContext['env'] = {},
): Promise<DoctorCheck[]> {
  if (machine.platform === 'win32') {
    return [
      fail(
        'machine.platform',
        'This is Windows itself, whose processes samocode cannot end reliably.',
        'Install it inside WSL 2 (wsl --install), with the repository on the Linux side.',
      ),
    ];
  }
  return [
    ok('machine.platform', machine.platform),
    await nodeCheck(machine, env),
    ...(await linuxChecks(machine)),
  ];
}

async function nodeCheck({ nodeVersion }: Machine, env: ActionContext['env']): Promise<DoctorCheck> {
  if (isOlder(nodeVersion, '20.19.0'))
    return fail('machine.node', `Node.js ${nodeVersion} is too old.`, 'Install Node.js 20.19 or newer.');
  try {
    await nodePath(env);
    return ok('machine.node', `Node.js ${nodeVersion}`);
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    return failed('machine.node', error);
  }
}

/** Whether git is there, and new enough. */
export async function gitCheck({ env }: ActionContext): Promise<DoctorCheck> {
  const { exitCode, stdout } = await runCommand('git', ['--version'], { env: { PATH: env.PATH ?? '' } });
  if (exitCode !== 0) return fail('git', 'git was not found on PATH.', 'Install git 2.31 or newer.');
  const [, major, minor] = /(\d+)\.(\d+)/.exec(stdout) ?? [];
  // Older ones know nothing of the variables by which planted settings are undone.
  const isTooOld = Number(major) < 2 || (Number(major) === 2 && Number(minor) < 31);
  return isTooOld
    ? fail('git', `${stdout.trim()} is too old.`, 'Install git 2.31 or newer.')
    : ok('git', stdout.trim());
}

const FEW_INSTANCES = 64;

async function linuxChecks({ platform, root }: Machine): Promise<DoctorCheck[]> {
  if (platform !== 'linux') return [];
  const text = (path: string) => readFile(join(root, path), 'utf8').catch(() => '');
  const instances = Number(await text('proc/sys/fs/inotify/max_user_instances'));
  const isWsl = /microsoft/i.test(await text('proc/version'));
  const endsWithLogin = /^\s*KillUserProcesses\s*=\s*(?:yes|true|1|on)\b/im.test(
    await text('etc/systemd/logind.conf'),
  );
  return [
    instances > 0 && instances < FEW_INSTANCES
      ? warn(
          'machine.inotify',
          `Only ${instances} inotify instances are allowed per user; changes may be noticed late.`,
          'Raise the limit: sysctl fs.inotify.max_user_instances=512.',
        )
      : ok('machine.inotify', 'enough inotify instances'),
    ...warnIf(
      isWsl,
      'machine.wsl',
      'WSL ends all processes when its last terminal is closed.',
      'Keep a terminal open while sessions run, or set vmIdleTimeout=-1 in .wslconfig.',
    ),
    ...warnIf(
      endsWithLogin,
      'machine.logout',
      'Logging out ends all your processes (KillUserProcesses), workers included.',
      'Run: loginctl enable-linger.',
    ),
  ];
}

/** Numbers by which the kernel knows file systems of other machines, as statfs(2) lists them. */
const REMOTE: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0x01021997, '9p'],
]);
const SYNCED =
  /\/(?:Dropbox|OneDrive[^/]*|Google ?Drive|iCloud[^/]*|Mobile Documents|CloudStorage|Nextcloud)\//i;
const MB = 1024 * 1024;
const LITTLE_MB = 2048;
const TOO_LITTLE_MB = 200;

/** Whether a folder is one that a session can live in for days. */
export async function folderChecks(id: string, path: string): Promise<DoctorCheck[]> {
  const stats = await statfs(path).catch(() => undefined);
  if (stats === undefined) {
    return [fail(`${id}.disk`, `${path} cannot be read.`, 'Create the folder, or correct its setting.')];
  }
  const remote = REMOTE.get(stats.type);
  const freeMb = Math.floor((stats.bavail * stats.bsize) / MB);
  const free = `${freeMb} MB free in ${path}`;
  const space =
    freeMb < TOO_LITTLE_MB
      ? fail(`${id}.disk`, free, 'Free some space first: logs and worktrees grow.')
      : freeMb < LITTLE_MB
        ? warn(`${id}.disk`, free, 'Watch the free space: logs and worktrees grow.')
        : ok(`${id}.disk`, free);
  const place =
    remote !== undefined
      ? `${path} is on ${remote}, where two workers could run one session.`
      : SYNCED.test(`${path}/`)
        ? `${path} is synchronized with a cloud, which may change files during a session.`
        : undefined;
  return [
    space,
    place === undefined
      ? ok(`${id}.place`, 'on a disk of this machine')
      : warn(`${id}.place`, place, 'Choose a folder on a disk of this machine.'),
  ];
}

/** Tries the hard link that leases and commands rely on; another check reports a folder that cannot be written to. */
export async function linkChecks(id: string, path: string): Promise<DoctorCheck[]> {
  const trial = join(path, `.samocode-doctor-${randomBytes(6).toString('hex')}`);
  try {
    await createWhole(trial, '');
  } catch (error) {
    if (BASE_ERRORS.no_hard_links.is(error)) return [fail(`${id}.links`, error.why, error.hint)];
  } finally {
    await rm(trial, { force: true }).catch(() => undefined);
  }
  return [];
}
