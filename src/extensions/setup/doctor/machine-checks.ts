import { randomUUID } from 'node:crypto';
import { readFile, realpath, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import {
  checked,
  type DoctorCheck,
  fail,
  failed,
  type Machine,
  ok,
  warn,
  warnIf,
} from '../../../core/caller/refusals/check.ts';
import type { SamocodeError } from '../../../core/kernel/errors.ts';
import { fileRefused } from '../../../core/kernel/files/refused-file.ts';
import { runCommand } from '../../../core/kernel/processes/run-command.ts';
import { shellWord } from '../../../core/kernel/shell-quoted.ts';
import { isOlder } from '../../../core/kernel/versions.ts';
import { nodePath } from '../../../core/sandbox/programs/node-path.ts';

export async function machineChecks(
  machine: Machine,
  { env, clock }: Pick<ActionContext, 'env' | 'clock'>,
): Promise<DoctorCheck[]> {
  if (machine.platform !== 'win32')
    return [
      ...(await nodeChecks(machine, env)),
      ...supportCheck(machine, clock.now()),
      ...(await linuxChecks(machine)),
    ];
  return [
    fail(
      'machine.platform',
      'samocode does not run on Windows itself, where it cannot end processes reliably.',
      'Install it inside WSL 2 (wsl --install), with the repository on the Linux side.',
    ),
  ];
}

async function nodeChecks(
  { nodeVersion }: Machine,
  env: ActionContext['env'],
): Promise<readonly DoctorCheck[]> {
  const id = 'machine.node';
  if (isOlder(nodeVersion, '20.19.0'))
    return [fail(id, `Node.js ${nodeVersion} is too old.`, 'Install Node.js 20.19 or newer.')];
  const found = `Node.js ${nodeVersion}`;
  return await checked(
    id,
    () => nodePath(env),
    () => [ok(id, found, found)],
  );
}

/** The day on which a major version's support ends, as nodejs/Release: schedule.json had it on 2026-11-26. */
const SUPPORTED_UNTIL: Readonly<Record<number, string>> = {
  20: '2026-04-30',
  21: '2024-06-01',
  22: '2027-04-30',
  23: '2025-06-01',
  24: '2028-04-30',
  25: '2026-06-01',
  26: '2029-04-30',
};

// npm takes the newest version whose requirement is met, and says nothing about newer ones.
const OLD_CLIS = '; npm silently installs old agent CLIs on it (Claude Code 2.1.197 of June 2026)';

function supportCheck({ nodeVersion }: Machine, nowMs: number): DoctorCheck[] {
  const until = SUPPORTED_UNTIL[Number.parseInt(nodeVersion, 10)];
  if (until === undefined || nowMs < Date.parse(until) + DAY_MS) return [];
  const cost = isOlder(nodeVersion, '22.0') ? OLD_CLIS : '';
  const found = `Node.js ${nodeVersion} has been out of support since ${until}${cost}.`;
  return [warn('machine.node.support', found, 'Install Node.js 24.')];
}

export async function gitCheck({ env }: ActionContext): Promise<DoctorCheck> {
  const { exitCode, stdout } = await runCommand('git', ['--version'], { env: { PATH: env.PATH ?? '' } });
  const fix = 'Install git 2.31 or newer.';
  if (exitCode !== 0) return fail('git', 'git was not found on PATH.', fix);
  // Older versions ignore the variables that disable planted settings.
  return isOlder(stdout, '2.31')
    ? fail('git', `${stdout.trim()} is too old.`, fix)
    : ok('git', stdout.trim(), stdout.trim());
}

async function linuxChecks({ platform, root }: Machine): Promise<DoctorCheck[]> {
  if (platform !== 'linux') return [];
  const text = (path: string) => readFile(join(root, path), 'utf8').catch(() => '');
  return [
    ...warnIf(
      /microsoft/i.test(await text('proc/version')),
      'machine.wsl',
      'WSL ends all processes when its last terminal is closed.',
      'Keep a terminal open while sessions run, or set vmIdleTimeout=-1 in .wslconfig.',
    ),
    ...warnIf(
      /^\s*KillUserProcesses\s*=\s*(?:yes|true|1|on)\b/im.test(await text('etc/systemd/logind.conf')),
      'machine.logout',
      'Logging out ends all your processes (KillUserProcesses), workers included.',
      'Run: loginctl enable-linger.',
    ),
  ];
}

/** The magic numbers of network file systems, as listed in statfs(2). */
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
const DAY_MS = 24 * 60 * 60_000;
const WARN_BELOW_MB = 2048;

/** Checks that sessions can run in a folder for days. */
export async function folderChecks(id: string, path: string): Promise<DoctorCheck[]> {
  const stats = await statfs(path).catch(() => undefined);
  if (stats === undefined)
    return [fail(`${id}.disk`, `${path} cannot be read.`, 'Create the folder, or correct its setting.')];
  const refused = await trialIn(path);
  const remote = REMOTE.get(stats.type);
  const freeMb = Math.floor((stats.bavail * stats.bsize) / MB);
  const free = `${freeMb} MB free in ${path}`;
  const fix = 'Free some space: logs and worktrees grow.';
  return [
    ...(refused === undefined ? [] : [failed(`${id}.write`, refused)]),
    freeMb < WARN_BELOW_MB ? warn(`${id}.disk`, free, fix) : ok(`${id}.disk`, free),
    ...warnIf(
      remote !== undefined || SYNCED.test(`${path}/`),
      `${id}.place`,
      remote === undefined
        ? `${path} is synchronized with a cloud, which may change files during a session.`
        : `${path} is on ${remote}, where two workers could run one session.`,
      'Choose a folder on a local disk.',
    ),
  ];
}

/** Free bytes say little: inodes, quotas and reserves are others. @returns why a folder takes no file of some size */
async function trialIn(path: string): Promise<SamocodeError | undefined> {
  const trial = join(path, `.trial-${randomUUID()}`);
  try {
    await writeFile(trial, Buffer.alloc(64 * 1024), { flag: 'wx' });
    return undefined;
  } catch (error) {
    return fileRefused(error, { path });
  } finally {
    await rm(trial, { force: true }).catch(() => undefined);
  }
}

/** Checks that other users of the machine cannot read what agents printed. */
export async function privacyCheck(sessions: string): Promise<DoctorCheck[]> {
  const found = `Other users of this machine can read ${sessions}, where the output of agents is.`;
  return warnIf(
    await isOpen(sessions),
    'sessions.private',
    found,
    `Close it: chmod 700 ${shellWord(sessions)}`,
  );
}

/** Whether others may read a folder and get through all folders above it. */
async function isOpen(path: string): Promise<boolean> {
  const real = await realpath(path).catch(() => undefined);
  const mode = async (folder: string) => (await stat(folder).catch(() => undefined))?.mode ?? 0;
  if (real === undefined || ((await mode(real)) & 0o004) === 0) return false;
  for (let folder = real; ; folder = dirname(folder)) {
    if (((await mode(folder)) & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}
