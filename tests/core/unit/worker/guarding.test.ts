import fs from 'node:fs';
import { appendFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import {
  gitProgramsChanged,
  keepRunFolder,
  mainCheckoutNow,
  type RunFolder,
  runFolderChanges,
  runFolderEntries,
} from '../../../../src/core/worker/guarding/changes.ts';
import { GitGuard } from '../../../../src/core/worker/state/git-guard.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { WorkerGuard } from '../../../../src/core/worker/state/worker-guard.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { tempLog } from '../../../support/temp-log.ts';
import { makeRepo } from '../../../support/temp-repo.ts';
import { workerWithChild } from './worker-with-child.ts';

/** Until disposed, no folder can be listed, as with too many open files. */
function tooManyFiles(): Disposable {
  const real = fs.readdirSync;
  const replace = (readdirSync: unknown) => {
    Object.assign(fs, { readdirSync });
    syncBuiltinESMExports();
  };
  replace(() => {
    throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
  });
  return { [Symbol.dispose]: () => replace(real) };
}

test('a machine that briefly cannot open files does not change the executable git settings', async () => {
  await using repo = await makeRepo();
  const paths = sessionPaths(repo.root, '26-01-08-x');
  await mkdir(paths.runDir, { recursive: true });
  const file = sessionFileSample({ folder: paths.folder, sessionsDir: paths.sessionsDir });
  const git = new GitGuard(paths, { ...file, mainRepo: repo.path }, repo.env, () => 'none');
  await git.accept(undefined);
  const worker = { git, writer: { state: {} } } as Partial<Worker> as Worker;
  {
    using _busy = tooManyFiles();
    await expect(gitProgramsChanged(worker)).rejects.toMatchObject({
      code: 'EMFILE',
    });
  }
  expect(await gitProgramsChanged(worker)).toEqual([]);
});

test.each([
  ['none', 'main'],
  ['guard', undefined],
  ['strict', undefined],
])('at level %s, the main checkout is read as %j: a guard keeps agents from it', async (level, branch) => {
  await using repo = await makeRepo();
  const worker = {
    guard: { now: async () => ({ level }) },
    file: { mainRepo: repo.path },
    git: { context: { baseEnv: repo.env } },
  } as unknown as Worker;
  expect((await mainCheckoutNow(worker))?.branch).toBe(branch);
});

/** The shared folders of a build that knew no services; it always recorded them. */
const FOLDERS = { commands: 'folder', git: 'folder', checkpoints: 'folder', 'base-checks': 'folder' };

interface Row {
  name: string;
  /** What the record of the other build says besides what is there. */
  recorded?: Partial<RunFolder>;
  /** What happens in the run folder while the agent runs. */
  happens: (runDir: string) => Promise<unknown>;
  accused: readonly string[];
}

const makeService = async (runDir: string) => {
  await mkdir(join(runDir, 'services'));
  await writeFile(join(runDir, 'services/web.log'), 'listening');
};

const ROWS: readonly Row[] = [
  { name: 'an older one, which knew no services', happens: makeService, accused: [] },
  {
    name: 'an older one, which compared the files of services',
    recorded: { entries: { services: 'folder', 'services/db.log': 'a hash' } },
    happens: makeService,
    accused: [],
  },
  {
    name: 'a newer one, whose folder this one does not know',
    recorded: { written: ['later/', 'later.json'] },
    happens: async (runDir) => {
      await mkdir(join(runDir, 'later'));
      await writeFile(join(runDir, 'later/file'), 'x');
      await writeFile(join(runDir, 'later.json'), 'x');
    },
    accused: [],
  },
  {
    name: 'an older one, and a file appears that neither knows',
    happens: (runDir) => writeFile(join(runDir, 'planted.json'), 'x'),
    accused: ['planted.json'],
  },
  {
    name: 'an older one, and a link takes the place of a shared folder',
    happens: (runDir) => symlink('/etc', join(runDir, 'services')),
    accused: ['services'],
  },
  {
    name: 'an older one, and a file that it names changes',
    recorded: { entries: { 'base-checks.json': 'a hash' } },
    happens: (runDir) => writeFile(join(runDir, 'base-checks.json'), '{}'),
    accused: ['base-checks.json'],
  },
];

/** Root's agents in the guard, without which nothing but the log and one record is compared. */
const AS_ROOT = { sandbox: 'best effort' } as const;

test.each(ROWS)('a record of another build is compared only with what it names: $name', async (row) => {
  await using log = await tempLog();
  await using it = await workerWithChild(log, AS_ROOT);
  const { worker, open } = it;
  const { entries, ...rest } = row.recorded ?? {};
  const record = {
    entries: { ...(await runFolderEntries(worker.paths, open.iteration)), ...FOLDERS, ...entries },
    ...{ log: worker.writer.mark(), lease: worker.writer.lease },
    ...rest,
  };
  await row.happens(worker.paths.runDir);
  expect(await runFolderChanges(worker, open, async () => record)).toEqual(row.accused);
});

test.each([
  ['best effort', ['iterations/002', 'planted.json', 'git-settings.json', 'session.json']],
  ['provider sandbox', ['iterations/002', 'planted.json', 'git-settings.json', 'session.json']],
  ['none', ['git-settings.json']],
] as const)('at level %s, of what changed in the run folder is named: %j', async (sandbox, named) => {
  await using log = await tempLog();
  await using it = await workerWithChild(log, { sandbox });
  const { worker, open } = it;
  const { paths } = worker;
  await writeFile(paths.gitSettings, '{}');
  await keepRunFolder(worker, open, (kept) => writeFile(open.files.before, JSON.stringify(kept)));
  await writeFile(paths.gitSettings, '{"repository":[]}');
  for (const name of ['session.json', 'planted.json']) await writeFile(join(paths.runDir, name), 'x');
  await mkdir(join(paths.iterations, '002'));
  const changed = await runFolderChanges(worker, open, async () => undefined);
  expect(changed.sort()).toEqual([...named].sort());
  await appendFile(paths.events, '{"v":1}\n');
  expect(await runFolderChanges(worker, open, async () => undefined)).toContain('events.jsonl');
});

test('the failure of one egress proxy does not open the next one twice', async () => {
  await using dir = await tempDir();
  await using log = await tempLog();
  const { writer } = await log.open();
  const environments = [() => expect.fail('the first one fails')];
  const sample = sessionFileSample({ worktreesDir: dir.path });
  const guard = new WorkerGuard({
    file: { ...sample, settings: { ...sample.settings, provider: 'claude', providers: {} } },
    writer,
    get env() {
      return environments.pop()?.() ?? {};
    },
  } as Partial<Worker> as Worker);
  const failing = guard.egress();
  guard.served = { own: [8080], base: [] };
  const opening = guard.egress();
  await expect(failing).rejects.toThrow('the first one fails');
  const opened = await opening;
  expect(await guard.egress()).toBe(opened);
  await guard.leave({ isOver: true });
});
