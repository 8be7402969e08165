import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { GitRemote, POOL_REFS, type RemotePlace } from '../../../../src/extensions/pool/board/git-remote.ts';
import { eventually } from '../../../support/eventually.ts';
import { freePort } from '../../../support/free-port.ts';
import { tempDir } from '../../../support/temp-dir.ts';

/** A bare repository, and machines with a repository each that use it. */
export interface Remotes extends AsyncDisposable {
  root: string;
  env: Record<string, string>;
  /** The bare repository. */
  url: string;
  git(cwd: string, ...args: string[]): Promise<string>;
  /** A new repository. @returns its folder */
  machine(name: string): Promise<string>;
  remote(folder: string, place?: Partial<RemotePlace>): GitRemote;
  /** A commit without files. */
  commit(folder: string, text: string, ...parents: string[]): Promise<string>;
}

const WHO = { NAME: 'Test', EMAIL: 'test@example.invalid' };
const IDENTITY = Object.fromEntries(
  Object.entries(WHO).flatMap(([key, value]) => [
    [`GIT_AUTHOR_${key}`, value],
    [`GIT_COMMITTER_${key}`, value],
  ]),
);

const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

export async function makeRemotes(): Promise<Remotes> {
  const dir = await tempDir();
  const root = dir.path;
  const url = join(root, 'remote.git');
  const home = join(root, 'home');
  await mkdir(home);
  const env = { PATH: process.env.PATH ?? '', HOME: home, ...IDENTITY };
  const git = async (cwd: string, ...args: string[]) => {
    const { exitCode, stdout, stderr } = await runCommand('git', args, { cwd, env });
    if (exitCode !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
    return stdout.trim();
  };
  const init = async (folder: string, ...options: string[]) => {
    await git(root, 'init', '--quiet', ...options, folder);
    await git(folder, 'hash-object', '-w', '-t', 'tree', '/dev/null');
  };
  await init(url, '--bare');
  return {
    ...{ root, env, url, git },
    async machine(name) {
      const folder = join(root, name);
      await init(folder);
      return folder;
    },
    remote: (cwd, place = {}) =>
      new GitRemote({ url, prefix: POOL_REFS, git: { cwd, baseEnv: env }, limitMs: 30_000, ...place }),
    commit: (folder, text, ...parents) =>
      git(folder, 'commit-tree', EMPTY_TREE, '-m', text, ...parents.flatMap((each) => ['-p', each])),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

/** Serves every repository of a folder over git's own protocol, with or without the right to push. */
export async function serve(root: string, { pushes = true } = {}) {
  const port = await freePort();
  const receive = pushes ? ['--enable=receive-pack'] : [];
  const where = [
    '--reuseaddr',
    '--listen=127.0.0.1',
    `--port=${port}`,
    '--export-all',
    `--base-path=${root}`,
  ];
  const daemon = spawn('git', ['daemon', ...receive, ...where, root], { stdio: 'ignore', detached: true });
  const ended = once(daemon, 'close');
  await eventually(async () => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return socket.destroy();
  });
  return {
    port,
    async [Symbol.asyncDispose]() {
      // Its group: the daemon is a child of git.
      process.kill(-(daemon.pid as number), 'SIGTERM');
      await ended;
    },
  };
}

/**
 * Once the client has sent so many bytes through it, either the connection is cut, or all that it sends still arrives
 * but no answer comes back.
 */
export async function cutting(target: number, afterBytes: number, loses: 'rest' | 'answer') {
  const server = createServer((client) => {
    const there = connect(target, '127.0.0.1');
    let sent = 0;
    const cut = () => [client, there].map((socket) => socket.destroy());
    for (const socket of [client, there]) socket.on('error', cut).on('close', cut);
    there.on('data', (data) => sent < afterBytes && client.write(data));
    client.on('data', (data) => {
      there.write(loses === 'answer' ? data : data.subarray(0, Math.max(0, afterBytes - sent)));
      sent += data.length;
      if (sent >= afterBytes && loses === 'rest') there.end(cut);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    [Symbol.asyncDispose]: async () => {
      server.close();
    },
  };
}
