import {
  chmod,
  chown,
  copyFile,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fingerprint } from '../../../../src/core/kernel/files/fingerprint.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { launchWorker } from '../../../../src/core/sandbox/programs/launch-worker.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { eventually } from '../../../support/eventually.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

// V8 compares the length of a program with that of its compiled code, never the content: two of one length show which ran.
const PROGRAM = `exports.said = () => 'program';`;
const PLANTED = `exports.said = () => 'planted';`;

let built: TempDir;
let loads: string;

beforeAll(async () => {
  built = await tempDir();
  loads = join(built.path, 'loads.cjs');
  const contents = `import { loadProgram } from './src/core/sandbox/programs/code-cache.ts';
    process.stdout.write(loadProgram(process.argv[2], 'boat', process.env).said());`;
  await build({ stdin: { contents, resolveDir: '.' }, bundle: true, platform: 'node', outfile: loads });
});

afterAll(() => built[Symbol.asyncDispose]());

/** A user with a program and the folder of states, in which compiled code may be. */
async function user() {
  const dir = await tempDir();
  const root = join(dir.path, '.local/state/samocode');
  const folder = join(root, 'code');
  const program = join(dir.path, 'program.cjs');
  await mkdir(root, { recursive: true, mode: 0o700 });
  await writeFile(program, PROGRAM);
  const says = async (env: Record<string, string> = {}) => {
    const { stdout, stderr } = await runCommand(process.execPath, [loads, program], {
      cwd: dir.path,
      env: { PATH: process.env.PATH ?? '', HOME: dir.path, ...env },
    });
    expect(stderr).toBe('');
    return stdout;
  };
  const kept = async () => (await readdir(folder).catch(() => [])).sort();
  return { root, folder, program, says, kept, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

/** The same, whose cache holds another program of the same length: `cache` is its path. */
async function deceived() {
  const person = await user();
  await writeFile(person.program, PLANTED);
  await person.says();
  const [planted = ''] = await person.kept();
  await writeFile(person.program, PROGRAM);
  const cache = join(person.folder, planted.replace(fingerprint(PLANTED), fingerprint(PROGRAM)));
  await rename(join(person.folder, planted), cache);
  return { ...person, cache };
}

test('the first run keeps the compiled code, for its user alone, and the next one takes it', async () => {
  await using person = await user();
  expect(await person.says()).toBe('program');
  const [name = ''] = await person.kept();
  expect(name).toBe(`boat-${process.version}-${process.arch}-${fingerprint(PROGRAM)}`);
  const modes = await Promise.all([person.folder, join(person.folder, name)].map((path) => lstat(path)));
  expect(modes.map(({ mode }) => mode & 0o777)).toEqual([0o700, 0o600]);
  expect(await person.says()).toBe('program');
  expect(await person.kept()).toEqual([name]);
  await using other = await deceived();
  expect(await other.says()).toBe('planted');
});

type Deceived = Awaited<ReturnType<typeof deceived>>;
const ROWS: readonly [title: string, change: (person: Deceived) => Promise<unknown>][] = [
  ['is cut', ({ cache }) => truncate(cache, 500)],
  ['is empty', ({ cache }) => truncate(cache, 0)],
  [
    'has another byte',
    async ({ cache }) => {
      const bytes = await readFile(cache);
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      await writeFile(cache, bytes);
    },
  ],
  [
    'is a link',
    async ({ cache, root }) => {
      await rename(cache, join(root, 'elsewhere'));
      await symlink(join(root, 'elsewhere'), cache);
    },
  ],
  ['has a second name', ({ cache, root }) => link(cache, join(root, 'elsewhere'))],
  [
    'is a folder',
    async ({ cache }) => {
      await rename(cache, `${cache}.moved`);
      await mkdir(cache);
    },
  ],
  ['may be written by a group', ({ cache }) => chmod(cache, 0o620)],
  ['lies in a folder that others may read', ({ folder }) => chmod(folder, 0o755)],
  [
    'lies in a folder that is a link',
    async ({ folder, root }) => {
      await rename(folder, join(root, 'elsewhere'));
      await symlink(join(root, 'elsewhere'), folder);
    },
  ],
  ['is that of another Node', ({ cache }) => rename(cache, cache.replace(process.version, 'v20.0.0'))],
  ['is that of another processor', ({ cache }) => rename(cache, cache.replace(process.arch, 'mips'))],
  [
    'is that of another program',
    ({ cache }) => rename(cache, cache.replace(fingerprint(PROGRAM), fingerprint('x'))),
  ],
];

test.each(ROWS)('compiled code that %s changes nothing', async (_, change) => {
  await using person = await deceived();
  await change(person);
  expect(await person.says()).toBe('program');
});

// Only root can give a file away.
test.runIf(process.getuid?.() === 0)('compiled code of another user changes nothing', async () => {
  await using person = await deceived();
  await chown(person.cache, 65534, 65534);
  expect(await person.says()).toBe('program');
});

test.each([
  ['an agent', { SAMOCODE_SESSION: '01' }],
  ['the worker of a session without a guard', { SAMOCODE_CODE_CACHE: 'off' }],
])('%s neither takes compiled code nor keeps any', async (_, env) => {
  await using person = await deceived();
  expect(await person.says(env)).toBe('program');
  await using other = await user();
  await other.says(env);
  expect(await other.kept()).toEqual([]);
});

test('code that was compiled under other flags of V8 is replaced', async () => {
  await using person = await user();
  await person.says({ NODE_OPTIONS: '--stack-trace-limit=20' });
  const [name = ''] = await person.kept();
  const before = await readFile(join(person.folder, name));
  expect(await person.says()).toBe('program');
  expect(await readFile(join(person.folder, name))).not.toEqual(before);
  expect(await person.kept()).toEqual([name]);
});

test('the first eight runs add what they use, and no later one', async () => {
  await using person = await user();
  const used: Buffer[] = [];
  for (let run = 1; run <= 10; run += 1) {
    await person.says();
    const [name = ''] = await person.kept();
    used.push(await readFile(join(person.folder, name)));
  }
  const changes = used.slice(1).map((bytes, at) => !bytes.equals(used[at] ?? bytes));
  expect(changes).toEqual([true, true, true, true, true, true, true, false, false]);
});

test('nothing is kept before the first session, or in a state folder that others can write', async () => {
  await using person = await user();
  await chmod(person.root, 0o777);
  await person.says();
  expect(await readdir(person.root)).toEqual([]);
  await rename(person.root, `${person.root}-moved`);
  await person.says();
  await expect(lstat(person.root)).rejects.toThrow('ENOENT');
});

test('the newest twelve remain', async () => {
  await using person = await user();
  await person.says();
  const [first = ''] = await person.kept();
  for (let each = 10; each < 30; each += 1)
    await copyFile(join(person.folder, first), join(person.folder, `old-${each}`));
  await writeFile(person.program, PLANTED);
  await person.says();
  expect(await person.kept()).toHaveLength(12);
  expect((await person.kept())[0]).toContain(fingerprint(PLANTED));
});

test.each([
  ['guard', undefined],
  ['best effort', undefined],
  ['provider sandbox', 'off'],
  ['none', 'off'],
  ['unknown', 'off'],
] as const)('a worker with the sandbox "%s" is started with the code cache "%s"', async (level, expected) => {
  await using dir = await tempDir();
  const program = join(dir.path, 'worker.cjs');
  const noted = join(dir.path, 'noted');
  await writeFile(
    program,
    `const fs = require('node:fs');
fs.writeFileSync('${noted}.draft', JSON.stringify([process.env.SAMOCODE_CODE_CACHE ?? null]));
fs.renameSync('${noted}.draft', '${noted}');`,
  );
  const paths = sessionPaths(dir.path, '26-01-08-boat');
  const place = { ...paths, runDir: dir.path, sessionFile: join(dir.path, 'session.json') };
  if (level !== 'unknown')
    await writeFile(place.sessionFile, JSON.stringify(sessionFileSample({ sandbox: level })));
  await launchWorker(
    { ...place, workerErrors: join(dir.path, 'errors') },
    { program, env: { PATH: process.env.PATH } },
  );
  const [found] = JSON.parse(await eventually(() => readFile(noted, 'utf8'), { what: 'its note' }));
  expect(found ?? undefined).toBe(expected);
});
