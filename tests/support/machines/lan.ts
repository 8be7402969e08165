import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { eventually } from '../eventually.ts';
import { tempDir } from '../temp-dir.ts';

/** What runs in it sees its own processes, network, mounts and host name, and ends with it. */
export interface Box {
  name: string;
  address: string;
  /** Its first process, as seen from outside. */
  pid: number;
  /** Runs one program in it. @returns its trimmed output @throws if it fails */
  exec(command: readonly string[], options?: ExecOptions): Promise<string>;
  /** Takes its network cable out, or plugs it in again. */
  link(state: 'up' | 'down'): Promise<void>;
  /** Kills all of its processes at once, as a power failure does. */
  kill(): Promise<void>;
}

export interface ExecOptions {
  env?: Record<string, string>;
  /** A folder as it is named in the box. */
  cwd?: string;
}

interface BoxPlan {
  name: string;
  /** The last number of its address. */
  number: number;
  /** Shell commands that run in it first. */
  boot?: string;
}

/** Boxes on one bridge, and a folder that all of them see. */
export interface Lan extends AsyncDisposable {
  root: string;
  box(plan: BoxPlan): Promise<Box>;
}

const NETWORK = '10.67.0';

/** @throws where this user or kernel cannot make namespaces */
export async function startLan(): Promise<Lan> {
  const dir = await tempDir();
  // PostgreSQL runs as another user, below this folder.
  await runCommand('chmod', ['711', dir.path]);
  const first = await startNamespaces('switch', BRIDGE);
  const boxes: Box[] = [];
  let cables = 0;
  return {
    root: dir.path,
    async box({ name, number, boot = '' }) {
      const made = await startNamespaces(name, `hostname ${name}\n${boot}`);
      const address = `${NETWORK}.${number}`;
      cables += 1;
      const cable = `cable${cables}`;
      const ends = ['name', cable, 'netns', `${first.pid}`, 'type', 'veth', 'peer', 'name', 'eth0'];
      await run('ip', ['link', 'add', ...ends, 'netns', `${made.pid}`]);
      await first.exec(['ip', 'link', 'set', cable, 'master', 'br0', 'up']);
      await made.exec(['ip', 'address', 'add', `${address}/24`, 'dev', 'eth0']);
      await made.exec(['ip', 'link', 'set', 'eth0', 'up']);
      const link = async (state: 'up' | 'down') =>
        void (await first.exec(['ip', 'link', 'set', cable, state]));
      const box = { ...made, name, address, link };
      boxes.push(box);
      return box;
    },
    async [Symbol.asyncDispose]() {
      for (const { kill } of [...boxes, first]) await kill();
      await dir[Symbol.asyncDispose]();
    },
  };
}

const BRIDGE = 'ip link add br0 type bridge; ip link set br0 up';
/** Everything in a box ends with `unshare`, and that with us. */
const UNSHARE = ['--net', '--pid', '--mount', '--uts', '--fork', '--kill-child=KILL', '--mount-proc'];

async function startNamespaces(name: string, boot: string): Promise<Pick<Box, 'pid' | 'exec' | 'kill'>> {
  // Bash as the first process collects those whose parents have ended.
  const script = `set -e; ip link set lo up\n${boot}\necho ready; sleep infinity & wait`;
  const args = ['--pdeathsig', 'KILL', 'unshare', ...UNSHARE, 'bash', '-c', script];
  const child = spawn('setpriv', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  await isReady(name, child);
  const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
  const pid = Number(children.trim());
  // Its number may be given to another process later.
  const own = await namespaceOf(pid);
  return {
    pid,
    exec: (command, { env, cwd = '/' } = {}) =>
      run('nsenter', ['-t', `${pid}`, '-n', '-p', '-m', '-u', `--wdns=${cwd}`, ...command], env),
    async kill() {
      child.kill('SIGKILL');
      await ended;
      await eventually(async () => (await namespaceOf(pid)) !== own, { what: `the end of ${name}` });
    },
  };
}

async function isReady(name: string, { stdout, stderr }: ChildProcess): Promise<void> {
  let told = '';
  for (const stream of [stdout, stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      told += text;
    });
  const ended = stdout && once(stdout, 'end').then(() => true);
  while (!told.includes('ready'))
    if (stdout === null || (await Promise.race([ended, once(stdout, 'data').then(() => false)])))
      throw new Error(`No machine ${name}: Linux namespaces need root, unshare and iproute2: ${told}`);
}

const namespaceOf = (pid: number) => readlink(`/proc/${pid}/ns/pid`).catch(() => undefined);

async function run(program: string, args: string[], env?: Record<string, string>): Promise<string> {
  const { exitCode, stdout, stderr } = await runCommand(program, args, { env, leavesBehind: true });
  if (exitCode !== 0) throw new Error(`${[program, ...args].join(' ')}: ${stderr}${stdout}`);
  return stdout.trim();
}

const SSHD = '/usr/sbin/sshd';

/** A server with git over its own protocol and over ssh, for the repositories below `root`. */
export async function gitServer(lan: Lan, number = 2) {
  const root = join(lan.root, 'git');
  const keys = join(lan.root, 'ssh');
  await run('mkdir', ['-p', root, keys]);
  const box = await lan.box({ name: 'git', number, boot: 'mount -t tmpfs run /run; mkdir /run/sshd' });
  for (const name of ['host', 'member'])
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(keys, name)]);
  const settings = {
    ListenAddress: box.address,
    HostKey: join(keys, 'host'),
    AuthorizedKeysFile: join(keys, 'member.pub'),
    StrictModes: 'no',
    UsePAM: 'no',
    PermitRootLogin: 'prohibit-password',
    PidFile: 'none',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} ${value}\n`);
  await writeFile(join(keys, 'sshd_config'), lines.join(''));
  const daemon = ['--reuseaddr', '--export-all', '--enable=receive-pack', `--base-path=${root}`];
  await box.exec(['git', 'daemon', '--detach', `--listen=${box.address}`, ...daemon, root]);
  return {
    ...{ root, box },
    url: (name: string) => `git://${box.address}/${name}`,
    /** Needs Debian's openssh-server. @returns where the server of `sshUrl` takes logins of `keys` */
    async startSsh() {
      await access(SSHD).catch(() => {
        throw new Error('sshd is not installed (Debian: apt install openssh-server).');
      });
      await box.exec([SSHD, '-f', join(keys, 'sshd_config')]);
      const host = await readFile(join(keys, 'host.pub'), 'utf8');
      return {
        url: (name: string) => `ssh://root@${box.address}${join(root, name)}`,
        key: join(keys, 'member'),
        knownHosts: `${box.address} ${host}`,
      };
    },
  };
}
