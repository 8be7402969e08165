import { expect, test } from 'vitest';
import { NO_OPENINGS } from '../../../../src/core/kernel/sandbox-level.ts';
import { insideGuard, type Mount, makeGuard } from '../../../../src/core/sandbox/guard/make-guard.ts';
import { macProfile } from '../../../../src/core/sandbox/guard-of.ts';
import { forbiddenFolders, type GuardPlaces, guardProfile } from '../../../../src/core/sandbox/places.ts';

const PLACES: GuardPlaces = {
  mainRepo: '/home/p/repo',
  commonDir: '/home/p/repo/.git',
  otherCheckouts: ['/home/p/other'],
  otherSessions: ['/home/p/third/sessions'],
  sessionsDir: '/home/p/repo/_samocode/sessions',
  runRoot: '/home/p/repo/_samocode/sessions/.run',
  worktreesDir: '/home/p/repo/_samocode/worktrees',
  configFolder: '/home/p/.config/samocode',
  programs: ['/srv/samocode/dist'],
  openings: NO_OPENINGS,
  home: { dir: '/home/p', env: {} },
  session: {
    sessionDir: '/home/p/repo/_samocode/sessions/one',
    worktree: '/home/p/repo/_samocode/worktrees/one',
    gitDir: '/home/p/repo/.git/worktrees/one',
    branch: 'samocode/one',
  },
};

/** The effect of the last mount for a path, as in the kernel; undefined: it is not there. */
function kindAt(path: string, profile: readonly Mount[]): Mount['kind'] | undefined {
  return profile.findLast((mount) => path === mount.path || path.startsWith(`${mount.path}/`))?.kind;
}

const runDir = `${PLACES.runRoot}/one`;
const git = {
  runDir,
  dir: `${runDir}/git`,
  bound: ['modules'],
  objects: `${runDir}/git/base/objects`,
  lfs: `${runDir}/git/base/lfs`,
};
const SESSION = { ...PLACES, ...(PLACES.session && { session: { ...PLACES.session, git } }) };

test.each<[Mount['kind'] | undefined, string]>([
  [undefined, '/home/q/.bashrc'],
  [undefined, '/srv/other'],
  ['hidden', '/home/p/.bashrc'],
  ['hidden', '/home/p/.config/samocode/.env'],
  ['hidden', '/home/p/other/a.ts'],
  ['hidden', '/home/p/third/sessions/.run/one/events.jsonl'],
  ['hidden', '/tmp/x'],
  ['read_only', '/usr/bin/env'],
  ['read_only', '/srv/samocode/dist/samocode.js'],
  ['empty', '/home/p/repo/src/a.ts'],
  ['empty', '/home/p/repo/_samocode/sessions/two/_qa.md'],
  ['empty', '/home/p/repo/_samocode/worktrees/two/a.ts'],
  ['hidden', `${PLACES.runRoot}/two/events.jsonl`],
  ['read_only', `${runDir}/events.jsonl`],
  ['read_only', '/home/p/repo/.git/modules/lib/config'],
  ['read_only', '/home/p/repo/_samocode/worktrees/one/.git'],
  ['writable', '/home/p/repo/.git/config'],
  ['writable', '/home/p/repo/_samocode/worktrees/one/a.ts'],
  ['writable', '/home/p/repo/_samocode/sessions/one/_signal.json'],
])('the profile holds %s: %s', (kind, path) => {
  expect(kindAt(path, guardProfile(SESSION))).toBe(kind);
});

test('a session sees only its private git folder, and the real objects read-only', () => {
  const profile = guardProfile(SESSION);
  const mounts = profile.map(({ kind, path, from }) => ({ kind, path, from }));
  expect(mounts).toContainEqual({ kind: 'writable', path: '/home/p/repo/.git', from: git.dir });
  const from = '/home/p/repo/.git/objects';
  expect(mounts).toContainEqual({ kind: 'read_only', path: git.objects, from });
});

test('guard and strict differ in what is known about the machine and about names of hosts, not in files', () => {
  const paths = (isStrict: boolean) => guardProfile({ ...SESSION, isStrict }).map(({ path }) => path);
  const [guard, strict] = [paths(false), paths(true)];
  expect(strict.filter((path) => !guard.includes(path))).toEqual(['/sys/fs/cgroup', '/sys/devices/system']);
  expect(guard.filter((path) => !strict.includes(path) && !/^\/run\/|resolv/.test(path))).toEqual(['/sys']);
});

test('SANDBOX_WRITE opens a folder inside a protected one, and no longer probes it', () => {
  const places = { ...SESSION, openings: { ...NO_OPENINGS, write: ['/home/p/repo/build', '/home/p/other'] } };
  expect(kindAt('/home/p/repo/build/a.o', guardProfile(places))).toBe('writable');
  expect(kindAt('/home/p/repo/src/a.ts', guardProfile(places))).toBe('empty');
  expect(forbiddenFolders(places)).toContain('/home/p/repo');
});

test.each(['/home/p', '/home', '/home/p/repo'])(
  'SANDBOX_WRITE=%s, which contains protected folders, opens none of them',
  (path) => {
    const openings = { ...NO_OPENINGS, write: [path] };
    const profile = guardProfile({ ...SESSION, openings });
    expect(kindAt('/home/p/repo/.git/config', profile)).toBe('writable');
    expect(kindAt('/home/p/repo/src/a.ts', profile)).toBe('empty');
    expect(kindAt('/home/p/.config/samocode/.env', profile)).toBe('hidden');
    expect(kindAt('/home/p/repo/_samocode/sessions/two/_qa.md', profile)).toBe('empty');
    const others = forbiddenFolders(PLACES).filter(
      (folder) => folder !== '/home/p' || path === '/home/p/repo',
    );
    expect(forbiddenFolders({ ...PLACES, openings })).toEqual(others);
  },
);

test('SANDBOX_READ of a folder that contains the worktree leaves the worktree writable', () => {
  const profile = guardProfile({ ...SESSION, openings: { ...NO_OPENINGS, read: ['/home/p'] } });
  expect(kindAt('/home/p/.bashrc', profile)).toBe('read_only');
  expect(kindAt('/home/p/repo/_samocode/worktrees/one/a.ts', profile)).toBe('writable');
});

test.each<[Mount['kind'] | undefined, string]>([
  [undefined, '/tmp/x'],
  ['read_only', '/home/p/.bashrc'],
  ['writable', '/home/p/.claude/settings.json'],
  ['hidden', '/home/p/.config/samocode/.env'],
  ['read_only', '/home/p/repo/.git/config'],
  ['read_only', '/home/p/repo/_samocode/sessions/.run/one/events.jsonl'],
  ['writable', '/home/p/repo/.git/objects/ab/cd'],
  ['writable', '/home/p/repo/_samocode/worktrees/one/a.ts'],
])('on a Mac the profile holds %s: %s', (kind, path) => {
  expect(kindAt(path, macProfile(PLACES))).toBe(kind);
});

test('root loses the rights that break the guard, while other users have none of them', () => {
  const tool = { kind: 'bwrap', path: '/usr/bin/bwrap' } as const;
  expect(makeGuard({ ...tool, isRoot: true }, []).args).toContain('--cap-drop');
  expect(makeGuard({ ...tool, isRoot: false }, []).args).not.toContain('--cap-drop');
});

test('sandbox-exec gets the same rules in the same order, with paths of any characters', () => {
  const tool = { kind: 'sandbox-exec', path: '/usr/bin/sandbox-exec', isRoot: false } as const;
  const profile: Mount[] = [
    { kind: 'hidden', path: '/a "b" \\c' },
    { kind: 'read_only', path: '/d' },
    { kind: 'writable', path: '/d/e' },
  ];
  expect(insideGuard(makeGuard(tool, profile), ['true', 'x'])).toEqual([
    '/usr/bin/sandbox-exec',
    '-p',
    [
      '(version 1)',
      '(allow default)',
      '(deny file-read* file-write* (subpath "/a \\"b\\" \\\\c"))',
      '(deny file-write* (subpath "/d"))',
      '(allow file-write* (subpath "/d/e"))',
    ].join('\n'),
    'true',
    'x',
  ]);
});
