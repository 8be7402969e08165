import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allProviders } from '../../../../src/core/agents/registry.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { NO_OPENINGS } from '../../../../src/core/kernel/sandbox-level.ts';
import { rememberProject } from '../../../../src/core/project/finding/known-projects.ts';
import { commonDirOf } from '../../../../src/core/project/git/repository.ts';
import { copyState, loginPlaces, variablesOfClis } from '../../../../src/core/sandbox/cli-state.ts';
import { unusableProxy } from '../../../../src/core/sandbox/egress-proxy.ts';
import { insideGuard, type Mount, makeGuard } from '../../../../src/core/sandbox/guard/make-guard.ts';
import { guardOf, macProfile } from '../../../../src/core/sandbox/guard-of.ts';
import {
  findProtectedPlaces,
  forbiddenFolders,
  type GuardPlaces,
  guardProfile,
} from '../../../../src/core/sandbox/places.ts';
import { probeGuard } from '../../../../src/core/sandbox/probe-guard.ts';
import { childEnvironment, closedText } from '../../../../src/core/sandbox/programs/environment.ts';
import { closedFolder, NAMES_OF_PATHS } from '../../../support/closed-variables.ts';
import { asOrdinaryUser } from '../../../support/ordinary-user.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';

const PLACES: GuardPlaces = {
  mainRepo: '/home/p/repo',
  commonDir: '/home/p/repo/.git',
  otherCheckouts: ['/home/p/other'],
  otherSessions: ['/home/p/third/sessions'],
  sessionsDir: '/home/p/repo/_samocode/sessions',
  stateRoot: '/home/p/.local/state/samocode',
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

const runDir = `${PLACES.stateRoot}/0123/one`;
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
  ['hidden', '/home/p/third/sessions/one/_qa.md'],
  ['hidden', '/tmp/x'],
  ['read_only', '/usr/bin/env'],
  ['read_only', '/srv/samocode/dist/samocode.js'],
  ['empty', '/home/p/repo/src/a.ts'],
  ['empty', '/home/p/repo/_samocode/sessions/two/_qa.md'],
  ['empty', '/home/p/repo/_samocode/worktrees/two/a.ts'],
  ['hidden', `${PLACES.stateRoot}/0123/two/events.jsonl`],
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
  ['read_only', `${runDir}/events.jsonl`],
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

const placesOf = async ({ path, root, homeDir, env }: TempRepo) =>
  await findProtectedPlaces(
    {
      mainRepo: path,
      sessionsDir: join(root, 'sessions'),
      worktreesDir: join(root, 'worktrees'),
      settings: { sandbox: 'guard', openings: NO_OPENINGS },
    },
    {
      ...{ env, home: homeDir, stateRoot: join(root, 'state'), programFolder: join(root, 'dist') },
      commonDir: () => commonDirOf(path, { baseEnv: env }),
    },
  );

test("checkouts of the user and sessions of other projects are found, samocode's own worktrees are not", async () => {
  await using repo = await makeRepo({ files: { a: '1' } });
  await repo.git(['worktree', 'add', '-q', join(repo.root, 'beside')]);
  await repo.git(['worktree', 'add', '-q', join(repo.root, 'worktrees/one')]);
  const sessions = join(repo.root, 'third/sessions');
  await mkdir(sessions, { recursive: true });
  const other = {
    filePath: join(repo.root, 'third/.samocode'),
    mainRepo: join(repo.root, 'third'),
    sessions,
  };
  await rememberProject(other, { homeDir: repo.homeDir, clock: systemClock });
  const places = await placesOf(repo);
  expect(places.otherCheckouts).toEqual([join(repo.root, 'beside')]);
  expect(places.otherSessions).toEqual([sessions]);
  expect(places.commonDir).toBe(join(repo.path, '.git'));
});

test('the units that start the supervisor are protected', async () => {
  await using repo = await makeRepo();
  const { programs } = await placesOf(repo);
  const units = [
    join(repo.homeDir, '.config/systemd/user/samocode-supervisor.service'),
    join(repo.homeDir, 'Library/LaunchAgents/dev.samocode.supervisor.plist'),
  ];
  expect(programs).toEqual(expect.arrayContaining(units));
});

const TOOL = { kind: 'bwrap', path: '/usr/bin/bwrap', isRoot: false } as const;
const OPENINGS = {
  ...NO_OPENINGS,
  sockets: ['docker', 'ssh-agent', 'gpg-agent', 'keyring'] as const,
};

describe.each(['guard', 'strict'] as const)('with SANDBOX=%s', (sandbox) => {
  let closed: Awaited<ReturnType<typeof closedFolder>>;
  beforeAll(async () => {
    closed = await closedFolder();
  });
  afterAll(() => closed[Symbol.asyncDispose]());

  test.each(NAMES_OF_PATHS)('%s of another user is absent and named', async (name) => {
    await using dir = await tempDir();
    const at = (folder: string) => join(dir.path, folder);
    for (const folder of ['home', 'repo/.git', 'copies']) await mkdir(at(folder), { recursive: true });
    const env = { PATH: '/usr/bin:/bin', HOME: at('home'), [name]: closed.at(name) };
    await chmod(dir.path, 0o777);
    await chmod(at('copies'), 0o777);
    await asOrdinaryUser(async () => {
      const places = await findProtectedPlaces(
        {
          ...{ mainRepo: at('repo'), sessionsDir: at('sessions'), worktreesDir: at('worktrees') },
          settings: { sandbox, openings: { ...OPENINGS, sockets: [...OPENINGS.sockets] } },
        },
        {
          ...{ env, home: at('home'), stateRoot: at('state') },
          programFolder: '/usr/lib',
          commonDir: async () => at('repo/.git'),
        },
      );
      const clis = allProviders().map((provider) => provider.name);
      for (const cli of clis) await copyState(cli, places.home, join(at('copies'), cli));
      await loginPlaces(places.home, clis);
      await variablesOfClis(clis, places.home.env);
      guardOf(TOOL, places, { clis: clis.map((cli) => ({ name: cli })) });
      expect(Object.keys(childEnvironment(env, { sessionUlid: 'x', iteration: 1 }))).not.toContain(name);
      expect(closedText(env)).toContain(`${name} (${closed.at(name)})`);
    });
  });
});

const tool = { kind: 'bwrap', path: '/nowhere/bwrap', isRoot: false } as const;
/** The proxy is judged before anything else of the places is read. */
const strict = { isStrict: true } as GuardPlaces;

test.each<[Record<string, string>, string]>([
  [{ ALL_PROXY: 'socks5://me:word@127.0.0.1:1080' }, 'ALL_PROXY names a proxy of the kind socks5://'],
  [{ all_proxy: 'socks5h://127.0.0.1:1080' }, 'all_proxy names a proxy of the kind socks5h://'],
  [{ HTTPS_PROXY: 'https://proxy' }, 'HTTPS_PROXY names a proxy of the kind https://'],
  [{ HTTPS_PROXY: 'http://a', HTTP_PROXY: 'socks4://b' }, 'HTTP_PROXY names a proxy of the kind socks4://'],
  [{ HTTP_PROXY: 'http://a', https_proxy: 'http://[' }, 'https_proxy names no address'],
])('a strict sandbox is refused behind a proxy that it cannot use: %j', async (env, said) => {
  const now = await probeGuard(strict, { env, tool });
  expect(now).toMatchObject({ level: 'none', why: expect.stringContaining(said) });
  expect(JSON.stringify(now)).not.toContain('word');
});

test.each<Record<string, string>>([
  {},
  { HTTPS_PROXY: 'http://me:word@proxy:3128', HTTP_PROXY: 'proxy:3128' },
  { HTTPS_PROXY: 'http://a', HTTP_PROXY: 'http://a', ALL_PROXY: 'socks5://b' },
  { ALL_PROXY: 'socks5://b', NO_PROXY: '*' },
])('a proxy that is usable, or not used, refuses nothing: %j', (env) => {
  expect(unusableProxy(env)).toBeUndefined();
});
