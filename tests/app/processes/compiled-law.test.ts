// @module-tag ci
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse } from 'jsonc-parser';
import { expect, test } from 'vitest';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { type TempDir, tempDir } from '../../support/temp-dir.ts';

// The compiler refuses an import from core to an extension, and one between two extensions: each is a project of its
// own, which compiles with nothing but what it references.

const ROOT = join(import.meta.dirname, '../../..');
const TSC = join(ROOT, 'node_modules/.bin/tsc');
const EXTENSIONS = (await readdir(join(ROOT, 'src/extensions'))).sort();
const PROJECTS = ['core', ...EXTENSIONS.map((name) => `extensions/${name}`), 'app'];

interface Project {
  extends: string;
  compilerOptions?: object;
  include: string[];
  references?: { path: string }[];
}

async function projectAt(folder: string): Promise<Project> {
  return parse(await readFile(join(ROOT, folder, 'tsconfig.json'), 'utf8'));
}

const referenced = ({ references = [] }: Project) => references.map(({ path }) => path).sort();

test('core references no project and has no file of another room', async () => {
  expect(await projectAt('src/core')).toEqual({
    extends: '../../tsconfig.base.json',
    include: ['.', '../globals.d.ts'],
  });
});

test.each(EXTENSIONS)('%s references core alone and has no file of another room', async (name) => {
  const { include, ...rest } = await projectAt(`src/extensions/${name}`);
  expect(rest).toEqual({ extends: '../../../tsconfig.base.json', references: [{ path: '../../core' }] });
  expect(include.filter((line) => line.startsWith('..'))).toEqual(['../../globals.d.ts']);
});

test('app references core and every extension, and all are checked with the tests', async () => {
  const app = await projectAt('src/app');
  expect(app).toMatchObject({ extends: '../../tsconfig.base.json', include: ['.', '../globals.d.ts'] });
  expect(referenced(app)).toEqual(PROJECTS.slice(0, -1).map((room) => `../${room}`));
  const tests = await projectAt('.');
  expect(referenced(tests)).toEqual(PROJECTS.map((room) => `src/${room}`).sort());
  expect(tests.include.filter((line) => line.startsWith('src'))).toEqual(['src/globals.d.ts']);
});

/** A repository with the projects of this one, each with one small file that imports what it may. */
async function smallCopy(): Promise<TempDir> {
  const dir = await tempDir();
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(dir.path, path)), { recursive: true });
    await writeFile(join(dir.path, path), text);
  };
  for (const path of ['package.json', 'tsconfig.base.json', 'src/globals.d.ts'])
    await cp(join(ROOT, path), join(dir.path, path));
  await symlink(join(ROOT, 'node_modules'), join(dir.path, 'node_modules'));
  for (const room of PROJECTS)
    await write(`src/${room}/tsconfig.json`, JSON.stringify(await projectAt(`src/${room}`)));
  await write('src/core/work.ts', 'export const work = 1;\n');
  for (const name of EXTENSIONS)
    await write(`src/extensions/${name}/part.ts`, "export { work } from '../../core/work.ts';\n");
  const parts = EXTENSIONS.map(
    (name) => `export { work as ${name} } from '../extensions/${name}/part.ts';\n`,
  );
  await write('src/app/main.ts', parts.join(''));
  return dir;
}

test('core, extensions and an app that imports them all compile', async () => {
  await using copy = await smallCopy();
  const { stdout, exitCode } = await runCommand(TSC, ['-b', 'src/app'], { cwd: copy.path });
  expect([stdout, exitCode]).toEqual(['', 0]);
});

test.each<[string, room: string, line: string]>([
  ['an import from core to an extension', 'core', "export { work } from '../extensions/notify/part.ts';"],
  [
    'a type from an extension in core',
    'core',
    "export type Work = typeof import('../extensions/notify/part.ts').work;",
  ],
  [
    'a late import from core to an extension',
    'core',
    "export const late = async () => (await import('../extensions/notify/part.ts')).work;",
  ],
  ['an import between two extensions', 'extensions/github', "export { work } from '../notify/part.ts';"],
  ['an import from an extension to app', 'extensions/github', "export { notify } from '../../app/main.ts';"],
  ['an import of a test', 'core', "export { test } from '../../tests/a.ts';"],
])('%s is not compiled', async (_name, room, line) => {
  await using copy = await smallCopy();
  await mkdir(join(copy.path, 'tests'));
  await writeFile(join(copy.path, 'tests/a.ts'), 'export const test = 1;\n');
  await writeFile(join(copy.path, `src/${room}/planted.ts`), `${line}\n`);
  const { stdout, exitCode } = await runCommand(TSC, ['-b', `src/${room}`], { cwd: copy.path });
  expect(stdout).toMatch(new RegExp(`^src/${room}/planted\\.ts\\(1,\\d+\\): error TS(?:6059|6307): `, 'm'));
  expect(exitCode).not.toBe(0);
});
