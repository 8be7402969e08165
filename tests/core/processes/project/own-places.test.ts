import { lstatSync, readdirSync } from 'node:fs';
import { appendFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { setupProject } from '../../../../src/core/acts/set-up/setup-project.act.ts';
import { findProjectFor } from '../../../../src/core/caller/context/find-project-for.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { fingerprint } from '../../../../src/core/kernel/files/fingerprint.ts';
import { requireOwnPlaces } from '../../../../src/core/project/finding/own-places.ts';
import { trustFile } from '../../../../src/core/project/finding/trust.ts';
import { ci } from '../../../support/ci.ts';
import { EffectCounter } from '../../../support/counted.ts';
import { INSIDE, projectOf } from '../../../support/project.ts';
import { startSession } from '../../../support/start-session.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';

interface Scene {
  /** Committed files and links, by path from the folder around the repository. */
  files?: Readonly<Record<string, string>>;
  links?: Readonly<Record<string, string>>;
  /** Links that no commit has: they came with an archive. */
  loose?: Readonly<Record<string, string>>;
  /** Lines of `.samocode`; without them `init` writes its own. */
  lines?: Readonly<Record<string, string>>;
  /** More that happens to the repository. */
  more?: (repo: TempRepo) => Promise<unknown>;
}

const DEFAULT = '_samocode/worktrees';
const HOME = '../../../../home';
const OF_RUN = '_samocode/sessions/.run/26-01-08-boat';
const COMMAND = `${OF_RUN}/commands/01KEE000000000000000000000.json`;

/** A repository with what others committed to it, whose `.samocode` a person has trusted. */
async function laid({ files = {}, links = {}, loose = {}, lines, more }: Scene) {
  const repo = await makeRepo();
  const filePath = join(repo.path, '.samocode');
  for (const folder of ['.cache', '.claude/skills', 'data'])
    await mkdir(join(repo.homeDir, folder), { recursive: true });
  await repo.write(files);
  await addLinks(repo, links);
  await repo.git(['add', '-A', '-f']);
  await repo.git(['commit', '-q', '--allow-empty', '-m', 'Theirs']);
  await addLinks(repo, loose);
  await more?.(repo);
  if (lines !== undefined) {
    const all = Object.entries({
      MAIN_REPO: '.',
      WORKTREES: DEFAULT,
      SESSIONS: '_samocode/sessions',
      ...lines,
    });
    const text = all.map(([key, value]) => `${key}=${value}\n`).join('');
    await writeFile(filePath, `${text}PROVIDER=rehearsal\nSANDBOX=off\n`);
    await trustFile(filePath, fingerprint(await readFile(filePath)), {
      homeDir: repo.homeDir,
      clock: systemClock,
    });
  }
  const { context } = await projectOf(repo);
  return { repo, context };
}

async function addLinks({ path }: TempRepo, links: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, target] of Object.entries(links)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await symlink(target, join(path, name));
  }
}

/** Everything in home but samocode's own settings. */
function inHome({ homeDir }: TempRepo): string[] {
  const names = readdirSync(homeDir, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => !name.startsWith('.config')).sort();
}

/** A submodule whose commit is in the index of the repository. */
async function addGitlink(repo: TempRepo, name: string): Promise<void> {
  await repo.git(['init', '-q', join(repo.path, name)]);
  const head = await repo.git(['rev-parse', 'HEAD']);
  await repo.git(['update-index', '--add', '--cacheinfo', `160000,${head},${name}`]);
}

const ATTACKS: [string, Scene, string][] = [
  ['a link to caches', { links: { [`${DEFAULT}/.sandbox/.caches`]: `../${HOME}` } }, '.sandbox/.caches'],
  ['WORKTREES that is a link', { links: { [DEFAULT]: '../../home/.claude/skills' } }, 'is a link'],
  ['a link above WORKTREES', { links: { _samocode: '../home/data' } }, '_samocode'],
  ...['.sandbox', '_checks', '_data', '.checks', '.data'].map((name): [string, Scene, string] => [
    `a link ${name}`,
    { links: { [`${DEFAULT}/${name}`]: HOME } },
    `${DEFAULT}/${name}`,
  ]),
  [
    'a link with results on a base',
    { links: { [`${DEFAULT}/_checks/.base`]: `../${HOME}` } },
    '_checks/.base',
  ],
  ['a link that no commit has', { loose: { [`${DEFAULT}/.sandbox`]: HOME } }, 'rm '],
  ['SESSIONS that is a link', { links: { '_samocode/sessions': '../../home/data' } }, 'SESSIONS='],
  ['a link to run folders', { links: { '_samocode/sessions/.run': HOME } }, '.run'],
  ['a command', { files: { [COMMAND]: '{}' } }, COMMAND],
  ['a run folder', { files: { [`${OF_RUN}/session.json`]: '{}' } }, 'rm -r --cached'],
  ['documents', { files: { '_samocode/sessions/26-01-08-boat/_qa.md': '' } }, '_qa.md'],
  ['names in other case', { files: { '_SAMOCODE/WorkTrees/a': '' } }, '_SAMOCODE/WorkTrees/a'],
  [
    'names in other letters',
    { files: { 'w\u00f6rk [1]/a': '' }, lines: { WORKTREES: 'wo\u0308rk [1]' } },
    'rk [1]/a',
  ],
  [
    'a submodule',
    { lines: { WORKTREES: 'sub/w', SESSIONS: 'sub/s' }, more: (repo) => addGitlink(repo, 'sub') },
    'tracks sub;',
  ],
  [
    'a file that only the index has',
    {
      more: async (repo) => {
        await repo.write({ [`${DEFAULT}/a`]: '' });
        await repo.git(['add', '-f', DEFAULT]);
      },
    },
    `${DEFAULT}/a`,
  ],
  [
    'a repository around the repository',
    {
      lines: { WORKTREES: '../w' },
      more: async ({ git, root }) => {
        await git(['init', '-q', root], root);
        await mkdir(join(root, 'w'));
        await writeFile(join(root, 'w/a'), '');
        await git(['add', 'w'], root);
      },
    },
    'tracks w/a',
  ],
  [
    'a repository below WORKTREES',
    {
      more: async ({ git, path }) => {
        const folder = join(path, DEFAULT, '.sandbox');
        await mkdir(folder, { recursive: true });
        await git(['init', '-q'], folder);
        await symlink('x', join(folder, '26-01-08-boat'));
        await git(['add', '.'], folder);
      },
    },
    '26-01-08-boat',
  ],
];

describe.each(ATTACKS)('%s', (_, scene, said) => {
  const REFUSED = { code: 'place_not_ours', message: expect.stringContaining(said) };

  test.skipIf(scene.lines !== undefined)('is found by init, which writes nothing', async () => {
    const { repo, context } = await laid(scene);
    await using _repo = repo;
    const before = inHome(repo);
    const by = { channel: 'cli' } as const;
    await expect(setupProject(INSIDE, { ...context, by })).rejects.toMatchObject(REFUSED);
    expect(inHome(repo)).toEqual(before);
    expect(lstatSync(join(repo.path, '.samocode'), { throwIfNoEntry: false })).toBeUndefined();
  });

  test('is found by a start and by what a resume asks, although the file is trusted', async () => {
    const { repo, context } = await laid({ lines: {}, ...scene });
    await using _repo = repo;
    await mkdir(join(repo.path, '_samocode/sessions'), { recursive: true }).catch(() => {});
    const { worktrees } = { worktrees: join(repo.path, scene.lines?.WORKTREES ?? DEFAULT) };
    await mkdir(worktrees, { recursive: true }).catch(() => {});
    if (scene.lines?.SESSIONS) await mkdir(join(repo.path, scene.lines.SESSIONS), { recursive: true });
    const before = inHome(repo);
    await expect(findProjectFor({}, context).then(({ mainRepo }) => mainRepo)).rejects.toMatchObject(REFUSED);
    await expect(startSession({ task: 'x' }, context)).rejects.toThrow(said);
    expect(inHome(repo)).toEqual(before);
  });
});

const HONEST: [string, Scene][] = [
  ['the usual layout', {}],
  [
    'a place that a link of the person names, outside of every repository',
    {
      lines: { WORKTREES: '../link/w', SESSIONS: '../link/s' },
      more: async ({ root, homeDir }) => {
        await symlink(join(homeDir, 'data'), join(root, 'link'));
        for (const name of ['w', 's']) await mkdir(join(homeDir, 'data', name));
      },
    },
  ],
  [
    'SESSIONS in a repository of notes, with committed documents',
    {
      lines: { SESSIONS: '../notes/s' },
      more: async ({ git, root }) => {
        await mkdir(join(root, 'notes/s/26-01-08-boat'), { recursive: true });
        await writeFile(join(root, 'notes/s/26-01-08-boat/_qa.md'), '');
        await git(['init', '-q'], join(root, 'notes'));
        await git(['add', '.'], join(root, 'notes'));
      },
    },
  ],
  [
    'a repository around all, without our places',
    { more: async ({ git, root }) => await git(['init', '-q', root], root) },
  ],
  [
    'an entry .git above that is no repository',
    { more: async ({ root }) => await mkdir(join(root, '.git')) },
  ],
  [
    'files beside our places, with names that begin alike',
    { files: { '_samocode/worktrees2/a': '', _samocodes: '' } },
  ],
];

test.each(HONEST)('%s is used', async (_, scene) => {
  const { repo, context } = await laid({ lines: {}, ...scene });
  await using _repo = repo;
  await setupProject({}, { ...context, by: { channel: 'cli' } });
  expect((await findProjectFor({}, context)).mainRepo).toBe(repo.path);
});

test('a link that a pull exchanges after the trust is found at the next act', async () => {
  const { repo, context } = await laid({ lines: { WORKTREES: 'w', SESSIONS: 's' } });
  await using _repo = repo;
  for (const name of ['w', 's']) await mkdir(join(repo.path, name));
  await findProjectFor({}, context);
  await repo.git(['clean', '-fdq', 'w']);
  await symlink('../home/.claude/skills', join(repo.path, 'w'));
  await expect(findProjectFor({}, context)).rejects.toMatchObject({ code: 'place_not_ours' });
});

test('git is asked once for each repository around, and again when its index has changed', ci, async () => {
  const { repo } = await laid({});
  await using _repo = repo;
  const places = {
    ...{ mainRepo: repo.path, worktrees: join(repo.path, DEFAULT) },
    sessions: join(repo.path, '_samocode/sessions'),
  };
  const look = async () => {
    using counter = new EffectCounter();
    await requireOwnPlaces(places, { baseEnv: repo.env });
    return counter.of('').programs;
  };
  expect([await look(), await look()]).toEqual([1, 0]);
  await appendFile(join(repo.path, 'README.md'), 'More\n');
  await repo.git(['commit', '-qam', 'More']);
  expect([await look(), await look()]).toEqual([1, 0]);
});
