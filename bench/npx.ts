import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../src/core/kernel/processes/run-command.ts';
import { INITIALIZE } from '../tests/support/raw-server.ts';
import { type Bench, round, rounded } from './bench.ts';

const ROUNDS = 3;
const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** How long the first start takes in a client that uses `npx`, without the download. */
export const npxBench: Bench = {
  name: 'npx',
  title: 'First start by npx',
  about:
    'from starting npx on the packed tarball, with an empty cache, to the answer to initialize; nothing is downloaded',
  means: {
    npxMs: 'ms, with an empty cache',
    npxAgainMs: 'ms, the second time',
    bareNpxMs: 'ms of npx --version',
    tarballKb: 'kB of the packed tarball',
  },
  async run() {
    const folder = await mkdtemp(join(tmpdir(), 'samocode-bench-'));
    try {
      const { tarball, tarballKb } = await pack(folder);
      const times = { npxMs: [] as number[], npxAgainMs: [] as number[], bareNpxMs: [] as number[] };
      for (let index = 1; index <= ROUNDS; index += 1) {
        const home = join(folder, `home-${index}`);
        await mkdir(home);
        // Alternate with an npx that does nothing, so that a busy machine is noticed.
        times.bareNpxMs.push(await bareNpx(home));
        times.npxMs.push(await firstAnswer(tarball, home));
        times.npxAgainMs.push(await firstAnswer(tarball, home));
      }
      return {
        values: {
          npxMs: rounded(times.npxMs),
          npxAgainMs: rounded(times.npxAgainMs),
          bareNpxMs: rounded(times.bareNpxMs),
          tarballKb,
          rounds: ROUNDS,
        },
        goals: [
          { value: 'npxMs', atMost: 1000 },
          { value: 'tarballKb', atMost: 1000 },
        ],
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function pack(folder: string): Promise<{ tarball: string; tarballKb: number }> {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const { exitCode, stdout, stderr } = await runCommand('npm', args, { cwd: ROOT });
  if (exitCode !== 0) throw new Error(`npm pack: ${stderr}`);
  const [packed] = JSON.parse(stdout) as [{ filename: string; size: number }];
  return { tarball: join(folder, packed.filename), tarballKb: round(packed.size / 1000) };
}

const environment = (home: string) => ({
  PATH: process.env.PATH ?? '',
  HOME: home,
  npm_config_cache: join(home, 'cache'),
  npm_config_update_notifier: 'false',
});

async function bareNpx(home: string): Promise<number> {
  const begun = performance.now();
  await runCommand('npx', ['--version'], { cwd: home, env: environment(home) });
  return performance.now() - begun;
}

/** Milliseconds; `home` holds npm's cache too. */
async function firstAnswer(tarball: string, home: string): Promise<number> {
  const begun = performance.now();
  // Offline: no further package is needed, so the registry must not be asked either.
  const npx = spawn('npx', ['--yes', '--offline', `--package=${tarball}`, 'samocode-mcp'], {
    cwd: home,
    env: environment(home),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(npx, 'exit');
  npx.stdin.write(`${JSON.stringify(INITIALIZE)}\n`);
  let answered: number | undefined;
  for await (const _line of createInterface({ input: npx.stdout })) {
    answered ??= performance.now() - begun;
    npx.stdin.end();
  }
  await exited;
  if (answered === undefined) throw new Error('The server that npx started ended without an answer.');
  return answered;
}
