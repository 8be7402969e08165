import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { AT_THE_GATE, faultTable } from '../../../core/faults/fault-row.ts';
import { BROUGHT, TALKED, talk } from '../../../support/chat-with-changes.ts';
import type { SessionRig } from '../../../support/session-rig.ts';
import type { TempRepo } from '../../../support/temp-repo.ts';

/** In the order in which a session reaches them; the worktree is made between the second and the third pair. */
const WHILE_IT_STARTS = [
  'before-events@1',
  'after-events@1',
  'before-events@2',
  'after-events@2',
  'before-events@3',
  'after-events@3',
];

async function beginsWithCopies({ repo, file, events }: SessionRig): Promise<void> {
  const { branch } = file.settings;
  const commits = await repo.git(['log', '--format=%s', `main..${branch}`, '--', 'a.txt', 'new.txt']);
  expect(commits).toBe('Files that the chat had changed');
  expect(await repo.git(['show', `${branch}:new.txt`])).toBe('new');
  expect(await repo.git(['status', '--porcelain'])).toBe('M a.txt\n M b.txt\n?? .samocode\n?? new.txt');
  // The neutral checks expect a clean main checkout.
  await repo.git(['checkout', '--quiet', '.']);
  await repo.git(['clean', '--quiet', '--force', 'new.txt']);
  const said = (await events()).filter((event) => event.type === 'notice' && event.code === 'prepare');
  expect(said).toMatchObject([{ text: expect.stringMatching(/^The first commit of the branch /) }]);
}

/** As a person does who has places in the repository: afterwards the main checkout is compared with an empty one. */
async function excludesPlaces(repo: TempRepo): Promise<void> {
  await talk(repo);
  await appendFile(join(repo.path, '.git/info/exclude'), '/_samocode/\n');
}

faultTable([
  {
    name: 'after workers die at each step of the start, the branch begins with the copies once, and that is said once',
    deaths: WHILE_IT_STARTS.map((name) => ({ name, env: { SAMOCODE_CRASH_AT: name } })),
    from: 'start',
    repo: { ...TALKED, rearrange: excludesPlaces },
    start: BROUGHT,
    ends: AT_THE_GATE,
    also: beginsWithCopies,
  },
]);
