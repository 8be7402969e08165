import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type RunFolder,
  runFolderChanges,
  runFolderEntries,
} from '../../../../src/core/worker/guarding/changes.ts';
import { tempLog } from '../../../support/temp-log.ts';
import { workerWithChild } from './worker-with-child.ts';

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

test.each(ROWS)('a record of another build is compared only with what it names: $name', async (row) => {
  await using log = await tempLog();
  await using it = await workerWithChild(log);
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
