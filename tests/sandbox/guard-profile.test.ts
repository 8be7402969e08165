import { expect, test } from 'vitest';
import { NO_OPENINGS } from '../../src/base/sandbox-level.ts';
import { forbiddenFolders, type GuardPlaces, guardProfile } from '../../src/sandbox/guard-profile.ts';
import { insideGuard, makeGuard } from '../../src/sandbox/make-guard.ts';
import type { Mount } from '../../src/sandbox/mount.ts';

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

/** The effect of the last rule for a path, as in the kernel; a held path is unrestricted. */
function kindAt(path: string, profile: readonly Mount[]): Mount['kind'] | undefined {
  const rule = profile.findLast((mount) => path === mount.path || path.startsWith(`${mount.path}/`));
  return rule?.kind === 'held' ? undefined : rule?.kind;
}

test.each<[Mount['kind'] | undefined, string]>([
  [undefined, '/home/p/.claude/settings.json'],
  [undefined, '/tmp/x'],
  ['hidden', '/home/p/.config/samocode/.env'],
  ['read_only', '/home/p/repo/src/a.ts'],
  ['read_only', '/home/p/other/a.ts'],
  ['read_only', '/home/p/third/sessions/.run/one/events.jsonl'],
  [undefined, '/home/p/third/a.ts'],
  ['read_only', '/home/p/repo/.git/config'],
  ['read_only', '/home/p/repo/.git/hooks/pre-commit'],
  ['read_only', '/home/p/repo/.git/packed-refs'],
  ['read_only', '/home/p/repo/.git/refs/heads/main'],
  ['read_only', '/home/p/repo/.git/refs/samocode/one/001'],
  ['read_only', '/home/p/repo/.git/worktrees/two/HEAD'],
  ['read_only', '/home/p/repo/.git/worktrees/one/commondir'],
  ['read_only', '/home/p/repo/_samocode/worktrees/one/.git'],
  ['read_only', '/home/p/repo/_samocode/worktrees/two/a.ts'],
  ['read_only', '/home/p/repo/_samocode/sessions/two/_qa.md'],
  ['read_only', '/home/p/repo/_samocode/sessions/.run/one/events.jsonl'],
  ['read_only', '/srv/samocode/dist/samocode.js'],
  ['writable', '/home/p/repo/.git/objects/ab/cd'],
  ['writable', '/home/p/repo/.git/refs/heads/samocode/one'],
  ['writable', '/home/p/repo/.git/refs/tags/v1'],
  ['writable', '/home/p/repo/.git/worktrees/one/index'],
  ['writable', '/home/p/repo/_samocode/worktrees/one/a.ts'],
  ['writable', '/home/p/repo/_samocode/sessions/one/_signal.json'],
])('the profile holds %s: %s', (kind, path) => {
  expect(kindAt(path, guardProfile(PLACES))).toBe(kind);
});

test('the parents of protected folders are held, outer ones first', () => {
  const held = guardProfile(PLACES).filter(({ kind }) => kind === 'held');
  const paths = held.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining(['/home', '/srv', '/home/p', '/home/p/.config', '/srv/samocode']),
  );
  expect(paths.indexOf('/home')).toBeLessThan(paths.indexOf('/home/p'));
});

test('SANDBOX_WRITE opens a folder inside a protected one, and no longer probes it', () => {
  const openings = { ...NO_OPENINGS, write: ['/home/p/repo/build', '/home/p/other'] };
  const places = { ...PLACES, openings };
  expect(kindAt('/home/p/repo/build/a.o', guardProfile(places))).toBe('writable');
  expect(kindAt('/home/p/repo/src/a.ts', guardProfile(places))).toBe('read_only');
  expect(forbiddenFolders(places)).toContain('/home/p/repo');
});

test.each(['/home/p', '/home', '/home/p/repo'])(
  'SANDBOX_WRITE=%s, which contains protected folders, opens none of them',
  (path) => {
    const profile = guardProfile({ ...PLACES, openings: { ...NO_OPENINGS, write: [path] } });
    expect(kindAt('/home/p/repo/.git/config', profile)).toBe('read_only');
    expect(kindAt('/home/p/.config/samocode/.env', profile)).toBe('hidden');
    const others = forbiddenFolders(PLACES).filter(
      (folder) => folder !== '/home/p' || path === '/home/p/repo',
    );
    expect(forbiddenFolders({ ...PLACES, openings: { ...NO_OPENINGS, write: [path] } })).toEqual(others);
  },
);

test('a branch without a prefix opens the folder of all branches, if a guard can only deny access', () => {
  const session = { sessionDir: '/s', worktree: '/w', gitDir: '/g', branch: 'fix' };
  expect(kindAt('/home/p/repo/.git/refs/heads/main', guardProfile({ ...PLACES, session }))).toBe('writable');
});

test('with a private git folder a session sees only that, and the real objects read-only', () => {
  const runDir = `${PLACES.runRoot}/one`;
  const git = {
    runDir,
    dir: `${runDir}/git`,
    bound: ['modules'],
    objects: `${runDir}/git/base/objects`,
    lfs: `${runDir}/git/base/lfs`,
  };
  const profile = guardProfile({ ...PLACES, ...(PLACES.session && { session: { ...PLACES.session, git } }) });
  expect(profile).toContainEqual({ kind: 'writable', path: '/home/p/repo/.git', from: git.dir });
  expect(profile).toContainEqual({ kind: 'read_only', path: git.objects, from: '/home/p/repo/.git/objects' });
  expect(kindAt('/home/p/repo/.git/modules/lib/config', profile)).toBe('read_only');
  expect(kindAt(`${PLACES.runRoot}/two/events.jsonl`, profile)).toBe('hidden');
  expect(kindAt(`${runDir}/events.jsonl`, profile)).toBe('read_only');
});

test('root loses the rights that break the guard, while other users have none of them', () => {
  const tool = { kind: 'bwrap', path: '/usr/bin/bwrap' } as const;
  expect(makeGuard(tool, [], { isRoot: true }).args).toContain('--cap-drop');
  expect(makeGuard(tool, [], { isRoot: false }).args).not.toContain('--cap-drop');
});

test('sandbox-exec gets the same rules in the same order, with paths of any characters', () => {
  const tool = { kind: 'sandbox-exec', path: '/usr/bin/sandbox-exec' } as const;
  const profile: Mount[] = [
    { kind: 'hidden', path: '/a "b" \\c' },
    { kind: 'read_only', path: '/d' },
    { kind: 'writable', path: '/d/e' },
  ];
  expect(insideGuard(makeGuard(tool, profile, { isRoot: false }), ['true', 'x'])).toEqual([
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
