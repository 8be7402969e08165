import { randomUUID } from 'node:crypto';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemHost } from '../../../src/core/kernel/processes/host.ts';
import { readSession } from '../../../src/core/session/folder/read-session.ts';
import type { SessionView } from '../../../src/core/session/folder/session-view.ts';
import { runRoot, sessionPaths } from '../../../src/core/session/layout/paths.ts';
import { builtPrograms } from '../built-programs.ts';
import { type Database, startDatabase } from './database.ts';
import { type Box, gitServer, type Lan, startLan } from './lan.ts';

/** Milliseconds since the kernel began, whatever the machine's own clock says. */
export interface Span {
  fromMs: number;
  toMs: number;
}

/** A computer with samocode: its disk outlives its power. */
export interface Machine {
  name: string;
  /** Its home, as seen from outside. */
  readonly home: string;
  /** Its current boot. */
  box: Box;
  /** Ends every process of it at once. */
  die(): Promise<void>;
  /** Starts it again, with a new boot identity. Its supervisor begins as a service does. */
  boot(): Promise<void>;
  /** Types a command in its clone. @returns what is printed @throws if it fails */
  samocode(...args: string[]): Promise<string>;
  /** Stops or continues its supervisor. */
  freeze(isFrozen: boolean): Promise<void>;
  /** A worker that runs on another boot is not seen from outside: only recorded states count. */
  views(): Promise<SessionView[]>;
  /** When each of its agents was at work, noted by themselves each tenth of a second. */
  agents(): Promise<Span[]>;
}

export interface MachinesPlan {
  names?: readonly string[];
  /** Needs the build with fault points; otherwise the released times apply. */
  times?: Readonly<Record<'leaseMs' | 'renewMs' | 'graceMs' | 'scanMs', number>>;
  /** How the machines reach the remote; git's own protocol by default. */
  over?: 'git' | 'ssh';
  /** Megabytes of the disk by the name of a machine; it is lost when that machine dies. */
  disks?: Readonly<Record<string, number>>;
  /** Text files of `/etc` by the name of a machine. */
  etc?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Where the disk of each machine is mounted: all have the same paths, as machines of one kind do. */
const HOME = '/srv';
const CLONE = `${HOME}/boat`;
/** A second of work, noted by a clock that all machines share, in milliseconds since the kernel began. */
const NOTE = `now() { read -r up _ </proc/uptime; echo "\${up%.*}\${up#*.}0"; }
from=$(now)
for i in 1 2 3 4 5 6 7 8 9 10; do echo "$from $(now)" >> "$HOME/at-work"; sleep 0.1; done`;
const WORK = { paceMs: 0, rules: [{ do: [{ act: 'run', command: ['sh', '-c', NOTE] }, { act: 'normal' }] }] };
const SETTINGS = { PROVIDER: 'rehearsal', SANDBOX: 'off', GATES: 'none' };

/** Machines as namespaces of this one, members of one pool; only Linux and root can have them. */
export async function poolMachines({
  names = ['anna', 'bert'],
  times,
  over = 'git',
  disks = {},
  etc = {},
}: MachinesPlan = {}) {
  const lan = await startLan();
  try {
    const server = await gitServer(lan);
    const database = await startDatabase(lan);
    await makeProject(server.root, server.box);
    const ssh = over === 'ssh' ? await server.startSsh() : undefined;
    const { cli } = await builtPrograms({}, { faults: times !== undefined });
    const env = { ...(times && { SAMOCODE_POOL_TIMES: JSON.stringify(times) }) };
    const machines: Machine[] = [];
    for (const [index, name] of names.entries()) {
      const home = await makeDisk(join(lan.root, name), { ssh, etc: etc[name] });
      const plan = { name, home, cli, env, number: 21 + index, sizeMb: disks[name] };
      const machine = await machineAt(lan, plan);
      await machine.box.exec(['git', 'clone', '--quiet', server.url('boat.git'), CLONE], { env: { HOME } });
      await machine.samocode(
        'init',
        '--yes',
        '--set',
        ...Object.entries(SETTINGS).map((line) => line.join('=')),
      );
      machines.push(machine);
    }
    const remote = (ssh ?? server).url('pool.git');
    await joinAll(machines, remote, database);
    const remoteFolder = join(server.root, 'pool.git');
    return {
      ...{ database, remoteFolder },
      machines: machines as [Machine, Machine],
      [Symbol.asyncDispose]: () => lan[Symbol.asyncDispose](),
    };
  } catch (error) {
    await lan[Symbol.asyncDispose]();
    throw error;
  }
}
export type MachinePool = Awaited<ReturnType<typeof poolMachines>>;

/** Everything that people do so that the machines are members of one pool, each by a login of its name. */
async function joinAll(machines: readonly Machine[], remote: string, database: Database): Promise<void> {
  await machines[0]?.samocode('pool', 'prepare', '--database', database.url);
  for (const { name, samocode } of machines) {
    await database.query(`create role "${name}" login in role samocode_hosts`);
    const address = database.url.replace('postgres@', `${name}@`);
    const where = ['--remote', remote, '--public', '--name', name, '--database', address];
    await samocode('pool', 'join', ...where);
  }
}

async function makeProject(root: string, { exec }: Box): Promise<void> {
  const env = { PATH: process.env.PATH ?? '', HOME: root };
  const git = (...args: string[]) => exec(['git', ...args], { cwd: root, env });
  for (const name of ['boat', 'pool']) await git('init', '--quiet', '--bare', '-b', 'main', `${name}.git`);
  await git('clone', '--quiet', 'boat.git', 'first');
  await writeFile(join(root, 'first/README.md'), '# A boat\n');
  await git('-C', 'first', 'add', 'README.md');
  await git('-C', 'first', ...WHO, 'commit', '--quiet', '-m', 'First commit');
  await git('-C', 'first', 'push', '--quiet', 'origin', 'HEAD:main');
}

const WHO = ['-c', 'user.name=Test Person', '-c', 'user.email=test@example.invalid'];

type Ssh = Awaited<ReturnType<Awaited<ReturnType<typeof gitServer>>['startSsh']>>;

/** @returns its home, with what the person of that machine has put there */
async function makeDisk(
  disk: string,
  { ssh, etc = {} }: { ssh: Ssh | undefined; etc: Readonly<Record<string, string>> | undefined },
): Promise<string> {
  const home = join(disk, 'home');
  await mkdir(join(home, '.ssh'), { recursive: true, mode: 0o700 });
  await cp('/etc', join(disk, 'etc'), { recursive: true, verbatimSymlinks: true });
  const passwd = await readFile('/etc/passwd', 'utf8');
  const own = {
    'machine-id': `${randomUUID().replaceAll('-', '')}\n`,
    // ssh looks for its files in the home that is named here.
    passwd: passwd.replace(/^(root:.*):[^:]*(:[^:]*)$/m, `$1:${HOME}$2`),
    ...etc,
  };
  for (const [name, text] of Object.entries(own)) await writeFile(join(disk, 'etc', name), text);
  const files = {
    'scenario.json': JSON.stringify(WORK),
    '.config/samocode/.env': `REHEARSAL_SCENARIO=${HOME}/scenario.json\n`,
    '.gitconfig': '[user]\n\tname = Test Person\n\temail = test@example.invalid\n',
    ...(ssh && { '.ssh/id_ed25519': await readFile(ssh.key, 'utf8'), '.ssh/known_hosts': ssh.knownHosts }),
  };
  for (const [name, text] of Object.entries(files)) {
    const path = join(home, name);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, text, { mode: 0o600 });
  }
  return home;
}

/** The sessions of its one project, whose paths are others from outside. */
async function viewsAt(home: string): Promise<SessionView[]> {
  const host = await systemHost();
  const [project = ''] = await readdir(join(home, 'samocode')).catch(() => []);
  const below = join('samocode', project, 'sessions');
  const runs = runRoot(join(HOME, below), join(home, '.local/state/samocode'));
  const folders = (await readdir(runs).catch(() => [])).filter((name) => !name.startsWith('.'));
  const pathsOf = (folder: string) => sessionPaths(join(home, below), folder, false, join(runs, folder));
  const read = await Promise.all(folders.map((folder) => readSession(pathsOf(folder), host)));
  return read.filter((view) => view !== undefined);
}

interface MachinePlan {
  name: string;
  home: string;
  cli: string;
  env: Record<string, string>;
  number: number;
  sizeMb: number | undefined;
}

async function machineAt(
  lan: Lan,
  { name, home: folder, cli, env, number, sizeMb }: MachinePlan,
): Promise<Machine> {
  const disk = dirname(folder);
  const boot = async () => {
    await writeFile(join(disk, 'boot_id'), `${randomUUID()}\n`);
    const mounts = [
      `mount --bind ${disk}/etc /etc`,
      sizeMb === undefined
        ? `mount --bind ${folder} ${HOME}`
        : `mount -t tmpfs -o size=${sizeMb}m disk ${HOME} && cp -a ${folder}/. ${HOME}`,
      `mount --bind ${disk}/boot_id /proc/sys/kernel/random/boot_id`,
    ];
    return await lan.box({ name, number, boot: mounts.join('\n') });
  };
  const whole = { PATH: process.env.PATH ?? '', HOME, SHELL: '/bin/sh', TERM: 'xterm', ...env };
  const machine: Machine = {
    name,
    get home() {
      return sizeMb === undefined ? folder : `/proc/${machine.box.pid}/root${HOME}`;
    },
    box: await boot(),
    die: () => machine.box.kill(),
    async boot() {
      machine.box = await boot();
      // As a service does.
      const command = ['setsid', '--fork', process.execPath, cli, 'supervisor'];
      await machine.box.exec(['sh', '-c', '"$@" >/dev/null 2>&1', 'sh', ...command], {
        cwd: HOME,
        env: whole,
      });
    },
    async samocode(...args) {
      const command = [process.execPath, cli, ...args].map((word) => `'${word}'`).join(' ');
      // A person decides about a pool, in a terminal.
      const typed = ['script', '-qec', command, '/dev/null'];
      return await machine.box.exec(typed, { cwd: CLONE, env: whole });
    },
    async freeze(isFrozen) {
      await machine.box.exec(['pkill', isFrozen ? '-STOP' : '-CONT', '-f', 'supervisor.cjs']);
    },
    views: async () => await viewsAt(machine.home),
    async agents() {
      const text = await readFile(join(machine.home, 'at-work'), 'utf8').catch(() => '');
      const notes = text.split('\n').map((line) => line.split(' ').map(Number));
      const spans = new Map<number, number>();
      for (const [fromMs = 0, toMs] of notes) if (toMs !== undefined) spans.set(fromMs, toMs);
      return [...spans].map(([fromMs, toMs]) => ({ fromMs, toMs }));
    },
  };
  return machine;
}
