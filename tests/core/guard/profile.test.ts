import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemHost } from '../../../src/core/kernel/processes/host.ts';
import { ci } from '../../support/ci.ts';
import { eventually } from '../../support/eventually.ts';
import { type GuardScene, makeScene } from './guard-scene.ts';
import { PLACES, USUAL } from './places.ts';
import { REFUSED, type Row, VANISHES, WORKS } from './rows.ts';
import { rowsThat, type Tried, tryRows, tryTogether } from './try-rows.ts';
import { USERS } from './users.ts';

/** CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID and SETFCAP, as the kernel numbers them. */
const KEPT = [0, 1, 3, 4, 5, 6, 7, 31].reduce((sum, bit) => sum + 2 ** bit, 0);

/** Actions of the user outside, while a script inside waits. */
const MEANWHILE = [
  ['changes a git setting', 'git config person.was here'],
  ['commits', 'echo more >>README.md; git commit -qam Outside'],
  ['collects garbage', 'git reflog expire --expire=now --all; git gc -q --prune=now'],
  ['packs the refs', 'git pack-refs --all'],
] as const;

describe.each(USERS)('inside the guard, $name', (user) => {
  let scene: GuardScene;
  let tried: Record<string, Tried>;
  beforeAll(async () => {
    scene = await makeScene(user, USUAL);
    tried = await tryTogether(() => makeScene(user, USUAL), [...REFUSED, ...VANISHES, ...WORKS]);
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  test.each(REFUSED)('cannot $title', ci, ({ title }) => {
    expect(tried[title]).toMatchObject({ works: false, changed: [] });
  });

  test.each(VANISHES)('changes nothing outside: $title', ci, ({ title }) => {
    expect(tried[title]?.changed).toEqual([]);
  });

  test.each(WORKS)('can $title', ({ title }) => {
    expect(tried[title]).toMatchObject({ works: true, changed: [] });
  });

  test.each(PLACES)('is confined, and works, with $title', async (place) => {
    await using other = await makeScene(user, place);
    await holds(other);
  });

  test.each(MEANWHILE)('is confined, and works, if the user %s at the same time', async (_, act) => {
    await using other = await makeScene(user, USUAL);
    await holds(other, act);
  });

  test('can commit in a submodule of its worktree, but not in that of the main checkout', async () => {
    await using other = await makeScene(user, { title: '', repository: 'withSubmodule' });
    const commit = (folder: string) =>
      other.inside(`cd "${folder}/lib" && echo x >x && git add x && git commit -qm Inside`);
    expect((await commit('$WORKTREE')).exitCode).toBe(0);
    expect((await commit('$MAIN')).exitCode).not.toBe(0);
    expect(await other.outside('git -C "$WORKTREE/lib" log -1 --format=%s')).toBe('Inside');
  });

  test('may write only to the folders that SANDBOX_WRITE opens', async () => {
    await using other = await makeScene(user, { title: '', writable: ['cache'] });
    const before = other.others();
    expect((await other.inside('echo x >"$MAIN/cache/x"')).exitCode).toBe(0);
    expect((await other.inside('echo x >"$MAIN/cache.txt"')).exitCode).not.toBe(0);
    expect(await other.outside('cat "$MAIN/cache/x"')).toBe('x');
    expect(other.others()).toEqual(before);
  });

  test.each([
    ['MAIN_REPO', { repository: 'home' }],
    ['opened by SANDBOX_WRITE', { writable: ['../../home'] }],
  ] as const)('cannot read the bot token in a HOME that is %s', async (_, place) => {
    await using other = await makeScene(user, {
      title: '',
      sessions: 'outside',
      worktrees: 'outside',
      ...place,
    });
    expect((await other.inside('grep -r TELEGRAM "$HOME"')).stdout).toBe('');
    expect((await other.inside('git commit -q --allow-empty -m Works')).exitCode).toBe(0);
  });

  test.each([
    ['nothing is opened', {}],
    ['SANDBOX_WRITE opens HOME', { writable: ['../../home'] }],
  ] as const)('neither reads nor writes the compiled code of our programs where %s', async (_, place) => {
    await using other = await makeScene(user, {
      title: '',
      sessions: 'outside',
      worktrees: 'outside',
      ...place,
    });
    const code = '"$HOME/.local/state/samocode/code"';
    await other.outside(`mkdir -p -m 700 ${code}; echo compiled >${code}/worker`);
    expect((await other.inside(`cat ${code}/worker; ls ${code}`)).stdout).toBe('');
    await other.inside(`mkdir -p ${code}; echo x >${code}/worker; echo x >${code}/new`);
    expect(await other.outside(`ls ${code}; cat ${code}/worker`)).toBe('worker\ncompiled');
  });

  test('gains no rights from setuid programs', async () => {
    const { stdout } = await scene.inside('grep -E "NoNewPrivs|CapEff" /proc/self/status');
    expect(stdout).toContain('NoNewPrivs:\t1');
    expect(Number.parseInt(/CapEff:\s*(\w+)/.exec(stdout)?.[1] ?? '', 16)).toBe(user.isRoot ? KEPT : 0);
  });

  test.each([
    ['a program that it leaves in a separate process session', 'setsid sleep 600 >/dev/null 2>&1 &'],
    [
      'a program that ignores every signal but SIGKILL',
      "(trap '' TERM HUP INT; exec sleep 600) >/dev/null 2>&1 &",
    ],
  ])('leaves no process: %s ends with it', async (_, leaves) => {
    const name = `left-${randomUUID()}`;
    await scene.inside(`mkdir -p "$HOME/work"; ln -sf "$(command -v sleep)" "$HOME/work/${name}"
      PATH="$HOME/work:$PATH"; ${leaves.replace('sleep', name)}
      until grep -lq '[${name[0]}]${name.slice(1)}' /proc/[0-9]*/cmdline; do sleep 0.02; done`);
    const { processes } = await systemHost();
    await eventually(
      async () => {
        const commands = (await processes.list()).map(({ pid }) => processes.commandOf(pid));
        return (await Promise.all(commands)).every((command) => !command?.includes(name));
      },
      { what: 'its end' },
    );
  });
});

/** Attacks fail, ordinary work succeeds, and afterwards git finds nothing wrong. */
async function holds(scene: GuardScene, meanwhile = 'true'): Promise<void> {
  let before: Record<string, string> = {};
  const ends = await tryRows(scene, [...REFUSED, ...VANISHES, ...WORKS], async () => {
    await scene.outside(`cd "$MAIN"; ${meanwhile}`);
    before = scene.others();
  });
  const titles = (rows: readonly Row[]) => new Set(rows.map(({ title }) => title));
  expect(rowsThat(ends, 'work', titles(REFUSED))).toEqual([]);
  expect(rowsThat(ends, 'fail', titles(WORKS))).toEqual([]);
  expect(scene.others()).toEqual(before);
  expect(await scene.outside('git -C "$MAIN" fsck --no-dangling 2>&1')).toBe('');
}
