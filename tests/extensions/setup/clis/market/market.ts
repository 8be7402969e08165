import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'vitest';
import { runCommand } from '../../../../../src/core/kernel/processes/run-command.ts';
import { makeCertificates } from '../../../../support/github-stub/certificates.ts';
import { serveGit } from '../../../../support/github-stub/git-backend.ts';
import { tempDir } from '../../../../support/temp-dir.ts';

const ROOT = join(import.meta.dirname, '../../../../..');
/** What the release's scripts read. */
const SOURCES = [
  'package.json',
  'tsconfig.base.json',
  'tsconfig.json',
  'LICENSE',
  'THIRD-PARTY-NOTICES.md',
  'docs/privacy.md',
  // The scripts hand the extensions over as the tests do.
  'tests/support/hand-over.ts',
  'tests/support/has-extensions.ts',
].concat(['src', 'scripts', 'packages', 'skills', 'commands', 'agents', 'prompts', 'workflow', 'dist']);
const PLACEHOLDER = 'https://github.example';

/** A repository with a marketplace and one release, served by git over https as a forge serves it. */
export interface Market extends AsyncDisposable {
  /** The address that people add. */
  url: string;
  /** For clients: they trust the CA of the test. */
  env: Record<string, string>;
  /** The text of a file of main. */
  read(path: string): Promise<string>;
  git(...args: string[]): Promise<string>;
  /** Ends the server and deletes everything that it has served. */
  vanish(): Promise<void>;
}

/** @param releases how many were made, each with a bundle of another text */
export async function openMarket(releases = 1): Promise<Market> {
  const dir = await tempDir('samocode-market-');
  const { caPath, key, cert } = await makeCertificates(dir.path);
  const served = join(dir.path, 'git');
  const server = createServer({ key, cert }, (request, response) => {
    serveGit(request, response, { root: served }).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const forge = `https://127.0.0.1:${port}`;
  const url = `${forge}/samocode/samocode-mcp.git`;
  const bare = join(served, 'samocode/samocode-mcp.git');
  const checkout = join(dir.path, 'checkout');
  const env = { GIT_SSL_CAINFO: caPath, NODE_EXTRA_CA_CERTS: caPath, SSL_CERT_FILE: caPath };
  const run = async (command: string, ...args: string[]): Promise<string> => {
    const home = { HOME: dir.path, PATH: process.env.PATH ?? '', ...WHO };
    const { exitCode, stdout, stderr } = await runCommand(command, args, { cwd: checkout, env: home });
    expect(exitCode, `${command} ${args.join(' ')}: ${stdout}${stderr}`).toBe(0);
    return stdout.trim();
  };
  const script = (name: string, ...args: string[]) =>
    run(
      process.execPath,
      '--import',
      'tsx',
      '--import',
      './scripts/markdown-as-text.mjs',
      `scripts/${name}`,
      ...args,
    );
  const commit = async (subject: string) => {
    await run(
      'git',
      'add',
      '--all',
      '--',
      ...SOURCES.slice(0, -1),
      '.claude-plugin',
      '.agents',
      'server.json',
    );
    await run('git', 'commit', '--quiet', '--allow-empty', '-m', subject);
    await run('git', 'push', '--quiet', bare, 'HEAD:main');
  };

  await mkdir(checkout);
  for (const path of SOURCES) await cp(join(ROOT, path), join(checkout, path), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
  // The one place with the project's address.
  const manifest = await readFile(join(checkout, 'package.json'), 'utf8');
  await writeFile(join(checkout, 'package.json'), manifest.replace(PLACEHOLDER, forge));
  await run('git', 'init', '--quiet', '--bare', '-b', 'main', bare);
  await run('git', 'init', '--quiet', '-b', 'main');
  await script('packages.ts');
  await commit('before the first release');
  for (let number = 1; number <= releases; number += 1) {
    await writeFile(join(dir.path, 'bundle'), `bundle ${number}`);
    await script(
      'plugin.ts',
      '--into',
      `plugin-${number}`,
      '--push',
      bare,
      '--bundle',
      join(dir.path, 'bundle'),
    );
    await script('packages.ts');
    await commit(`release ${number}`);
  }
  const vanish = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    for (const folder of [served, checkout]) await rm(folder, { recursive: true, force: true });
  };
  return {
    url,
    env,
    read: (path) => readFile(join(checkout, path), 'utf8'),
    git: (...args) => run('git', '--git-dir', bare, ...args),
    vanish,
    async [Symbol.asyncDispose]() {
      await vanish();
      await dir[Symbol.asyncDispose]();
    },
  };
}

const WHO = {
  GIT_AUTHOR_NAME: 'A',
  GIT_AUTHOR_EMAIL: 'a@example.com',
  GIT_COMMITTER_NAME: 'A',
  GIT_COMMITTER_EMAIL: 'a@example.com',
};
