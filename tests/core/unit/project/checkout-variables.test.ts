import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  checkoutsOf,
  ledEnvironment,
  namesInto,
  withoutMissing,
} from '../../../../src/core/project/proving/checkout-variables.ts';
import { childEnvironment, ledText } from '../../../../src/core/sandbox/programs/environment.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

/** Written for a checkout at `/repo` with a worktree at `/repo/wt`, and what a child in `/clone` gets. */
const ROWS: ReadonlyArray<readonly [name: string, value: string, led: string]> = [
  ['PATH', '/repo/bin:/usr/bin:/repo/.venv/bin:/bin', '/usr/bin:/bin:/clone/bin:/clone/.venv/bin'],
  ['VIRTUAL_ENV', '/repo/.venv', '/clone/.venv'],
  ['PYTHONPATH', '/repo/src:/opt/lib:/repo', '/clone/src:/opt/lib:/clone'],
  ['NODE_PATH', '/repo/wt/lib', '/clone/lib'],
  [
    'NODE_OPTIONS',
    '--max-old-space-size=4096 --require /repo/hook.js',
    '--max-old-space-size=4096 --require /clone/hook.js',
  ],
  [
    'NODE_OPTIONS',
    '--import=file:///repo/hook.mjs --require "/repo/my hook.js"',
    '--import=file:///clone/hook.mjs --require "/clone/my hook.js"',
  ],
  ['GOWORK', '/repo/go.work', '/clone/go.work'],
  ['GOFLAGS', '-mod=mod -modfile=/repo/tools.mod', '-mod=mod -modfile=/clone/tools.mod'],
  ['BUNDLE_GEMFILE', '/repo/Gemfile', '/clone/Gemfile'],
  ['RUBYOPT', '-W0 -I/repo/lib -r/repo/boot', '-W0 -I/clone/lib -r/clone/boot'],
  ['RUBYLIB', '/repo/my lib', '/clone/my lib'],
  ['CARGO_TARGET_DIR', '/repo/target', '/clone/target'],
  ['CLASSPATH', '/repo/lib/*:/repo/classes', '/clone/lib/*:/clone/classes'],
  [
    'JAVA_TOOL_OPTIONS',
    '-javaagent:/repo/a.jar=x -Djava.library.path=/opt:/repo/n',
    '-javaagent:/clone/a.jar=x -Djava.library.path=/opt:/clone/n',
  ],
  ['PERL5OPT', '-Mlib=/repo/lib', '-Mlib=/clone/lib'],
  ['JDK_JAVAC_OPTIONS', '@/repo/opts', '@/clone/opts'],
  ['ANYTHING', "x='/repo/a' /repo/b", "x='/clone/a' /clone/b"],
  ...[
    '/mnt/repo/src',
    '/repository/src',
    'src/repo/x',
    'https://host/repo/x',
    '/repo/../other',
    './repo',
    'repo',
  ].map((value) => ['OTHER', value, value] as const),
  ['HOME', '/repo/home', '/repo/home'],
  ['BASH_FUNC_x%%', '() { cd /repo/a\n}', '() { cd /repo/a\n}'],
];

test.each(ROWS)('%s=%s leads to %s', (name, value, led) => {
  const place = { checkouts: ['/repo/wt', '/repo'], to: '/clone' };
  expect(ledEnvironment({ [name]: value }, place)).toEqual({ [name]: led });
});

test('a checkout is known by each of its names, and one with home in it is none', async () => {
  await using repo = await makeRepo({ folder: 'my boat' });
  await symlink(repo.path, join(repo.root, 'link'));
  await repo.git(['worktree', 'add', '--quiet', '-b', 'x', join(repo.root, 'other')]);
  const places = { mainRepo: repo.path, worktreesDir: join(repo.path, '_samocode/worktrees') };
  const checkouts = await checkoutsOf(places, repo.env);
  const env = {
    A: `${repo.root}/link/src/not/there`,
    B: `-r${repo.root}/other/x`,
    C: `${places.worktreesDir}/gone/lib`,
    D: repo.homeDir,
  };
  expect(namesInto(env, checkouts)).toEqual(['A', 'B', 'C']);
  expect(ledEnvironment(env, { checkouts, to: '/clone' })).toMatchObject({
    A: '/clone/src/not/there',
    B: '-r/clone/x',
  });
  expect(await checkoutsOf(places, { HOME: join(repo.path, 'home') })).not.toContain(repo.path);
});

/** `there/` and `there/hook.js` exist. */
const LEFT: ReadonlyArray<readonly [value: string, left: string | undefined]> = [
  ['@/there', '@/there'],
  ['@/.venv', undefined],
  ['@/.venv/bin:/usr/bin:@/there', '/usr/bin:@/there'],
  ['--max-old-space-size=4 --require @/gone.js --no-warnings', '--max-old-space-size=4  --no-warnings'],
  ['--require=@/gone.js --no-warnings', '--no-warnings'],
  ['--require @/there/hook', '--require @/there/hook'],
  ['--import file://@/gone.mjs', undefined],
  ['-javaagent:@/gone.jar=x -Xmx1g', '-Xmx1g'],
  ['@/there/*', '@/there/*'],
  ['@/gone/*', undefined],
  ['/elsewhere/gone', '/elsewhere/gone'],
  ['', ''],
];

test.each(LEFT)('of %s, what is not in the folder of a child is left out', async (written, left) => {
  await using repo = await makeRepo({ files: { 'there/hook.js': '' } });
  const at = (value: string) => value.replaceAll('@', repo.path);
  const expected = left === undefined ? {} : { X: at(left) };
  expect(withoutMissing({ X: at(written) }, repo.path)).toEqual(expected);
});

test('a start names what it leads elsewhere, and neither the place of the shell nor what a CLI keeps', async () => {
  const env = {
    PWD: '/repo',
    HOME: '/repo/x',
    CODEX_HOME: '/repo/.codex',
    PYTHONPATH: '/repo/src',
    GOWORK: 'off',
  };
  expect(ledText(env, ['/repo'])).toMatch(/^PYTHONPATH of your environment names your checkout: /);
  expect(ledText({ PWD: '/repo' }, ['/repo'])).toBe('');
  const led = { checkouts: ['/repo'], to: '/clone' };
  const given = childEnvironment(env, { sessionUlid: '', iteration: 0, led, own: { OWN: '/repo/x' } });
  expect(given).toMatchObject({
    PWD: '/clone',
    CODEX_HOME: '/repo/.codex',
    PYTHONPATH: '/clone/src',
    OWN: '/repo/x',
  });
});

test("git's settings of the environment stay whole", async () => {
  await using repo = await makeRepo();
  const env = { GIT_CONFIG_VALUE_0: join(repo.path, 'gone') };
  expect(withoutMissing(env, repo.path)).toEqual(env);
});
