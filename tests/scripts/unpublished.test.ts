import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageFiles } from '../../scripts/packages/package-files.ts';
import { filesBelow } from '../../scripts/packages/source.ts';

const ROOT = join(import.meta.dirname, '../..');
/** The only section that may describe starting the package from npm, once it is published there. */
const AFTER_PUBLICATION = /^## After publication\n[\s\S]*?(?=^#)/m;
const WAYS_TO_NPM =
  /npx["\s-].{0,40}samocode-mcp|"npx"|samocode-mcp@|npm (?:install|i) -g samocode-mcp|"identifier": "samocode-mcp"/g;

test('no text for people or clients starts the package from npm, where anyone could claim its name', async () => {
  const documents = [...(await readdir(ROOT)), ...(await filesBelow(ROOT, 'docs'))].filter((path) =>
    path.endsWith('.md'),
  );
  const written = [...documents, '.env.example', 'mcp.json.example', 'server.json'];
  const texts = await Promise.all(
    written.map(async (path) => [path, await readFile(join(ROOT, path), 'utf8')] as const),
  );
  const all = [...(await packageFiles(ROOT)), ...texts].map(
    ([path, text]) => [path, text.replace(AFTER_PUBLICATION, '').match(WAYS_TO_NPM)] as const,
  );
  expect(all.filter(([, found]) => found !== null)).toEqual([]);
});

test('only one section describes what applies after publication', async () => {
  const page = await readFile(join(ROOT, 'docs/clients.md'), 'utf8');
  expect(page.match(/npx/g)).toHaveLength(1);
  const section = page.match(AFTER_PUBLICATION)?.[0];
  expect(section).toContain('`npx -y samocode-mcp`');
  // To a chat, the command of another version is another server, which knows nothing of its tasks.
  expect(section).not.toMatch(/samocode(?:-mcp)?@\d/);
});

test('the package has no module that another program could import', async () => {
  const { exports } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  expect(exports).toEqual({ './package.json': './package.json' });
});

test('the lock file names no registry', async () => {
  expect(await readFile(join(ROOT, 'package-lock.json'), 'utf8')).not.toContain('"resolved"');
});
