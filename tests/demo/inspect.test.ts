import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeDemoPlace } from '../../src/demo/demo-place.ts';
import { readBranchWork, readCheckout, runTests, tryTakingBack } from '../../src/demo/inspect.ts';
import { runGit } from '../../src/project/git.ts';

async function newPlace() {
  const place = await makeDemoPlace({ env: { PATH: process.env.PATH }, paceMs: 0 });
  return { ...place, [Symbol.asyncDispose]: () => rm(place.root, { recursive: true, force: true }) };
}

test('the project lacks the feature before the session', async () => {
  await using place = await newPlace();
  expect(await tryTakingBack(place.repo, join(place.root, 'boat.json'), place.env)).toBeUndefined();
});

test('a command that is named and does nothing is not the feature', async () => {
  await using place = await newPlace();
  const cli = join(place.repo, 'src/cli.js');
  await writeFile(cli, 'if (process.argv[2] === "what-is-there") console.log("boat add | undo | list");\n');
  expect(await tryTakingBack(place.repo, join(place.root, 'boat.json'), place.env)).toBeUndefined();
});

test("the project's tests pass before the session, and are counted", async () => {
  await using place = await newPlace();
  expect(await runTests(place.repo, place.env)).toEqual({ exitCode: 0, passed: 8, failed: 0 });
});

test('a failing test is counted as one', async () => {
  await using place = await newPlace();
  await writeFile(
    join(place.repo, 'test/bad.test.js'),
    "import { test } from 'node:test';\ntest('no', () => { throw new Error('no'); });\n",
  );
  expect(await runTests(place.repo, place.env)).toEqual({ exitCode: 1, passed: 8, failed: 1 });
});

test('a new file in the main checkout is seen', async () => {
  await using place = await newPlace();
  const before = await readCheckout(place.repo, place.env);
  await mkdir(join(place.repo, 'left'));
  await writeFile(join(place.repo, 'left/over.txt'), 'x');
  expect(await readCheckout(place.repo, place.env)).not.toEqual(before);
});

test("a branch's work is its commits, oldest first, and what is not committed", async () => {
  await using place = await newPlace();
  const { head } = await readCheckout(place.repo, place.env);
  for (const name of ['one', 'two']) {
    await writeFile(join(place.repo, name), name);
    await runGit(['add', '-A'], { cwd: place.repo, baseEnv: place.env });
    await runGit(['commit', '-q', '-m', `Phase ${name}: more`], { cwd: place.repo, baseEnv: place.env });
  }
  await writeFile(join(place.repo, 'three'), 'three');
  const work = await readBranchWork(place.repo, head, place.env);
  expect(work.commits.map(({ subject }) => subject)).toEqual(['Phase one: more', 'Phase two: more']);
  expect(work.diffStat).toContain('2 files changed');
  expect(work.uncommitted).toBe('?? three');
});

test("the demo's processes read nothing of the person's own machine", async () => {
  const env = {
    PATH: process.env.PATH,
    HOME: '/home/person',
    ANTHROPIC_API_KEY: 'key',
    GIT_DIR: '/elsewhere',
  };
  const place = await makeDemoPlace({ env, paceMs: 0 });
  await place.remove();
  expect(Object.keys(place.env).sort()).toEqual([
    'HOME',
    'PATH',
    'REHEARSAL_SCENARIO',
    'SAMOCODE_SUPERVISOR',
  ]);
  expect(place.env.HOME).toBe(join(place.root, 'home'));
});
