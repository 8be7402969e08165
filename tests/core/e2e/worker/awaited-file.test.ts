import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ci } from '../../../support/ci.ts';
import { LOOKS_FIRST, type SessionRig, startRig } from '../../../support/session-rig.ts';

/** The requirements agent waits for a file; the next one hangs. @param write a file that it creates first */
function waitsFor(file: string, write?: string): Promise<SessionRig> {
  const acts = [
    ...(write === undefined ? [] : [{ act: 'write', path: write, text: 'old\n' }]),
    {
      act: 'signal-file',
      text: JSON.stringify({ status: 'waiting', for: 'file_update', file, reason: 'key' }),
    },
    { act: 'result' },
  ];
  const rules = [
    { when: { phase: 'requirements', count: 1 }, do: acts },
    { when: { phase: 'requirements' }, do: [{ act: 'hang' }] },
    LOOKS_FIRST,
  ];
  return startRig({ supervised: true, scenario: { rules } });
}

const isWaiting = ({ status }: Awaited<ReturnType<SessionRig['state']>>) => status.kind === 'waiting';

test.each([
  ['even if given by a longer path', 'sub/../notes.md', 'notes.md'],
  ['even if its name begins like that of the log folder', '_logs-notes.md', '_logs-notes.md'],
])('a file of the session folder is waited for, %s', ci, async (_, named, file) => {
  await using rig = await waitsFor(named);
  const { status } = await rig.until(isWaiting);
  expect(status).toMatchObject({ for: 'file_update', file });
  await writeFile(join(rig.paths.sessionDir, file), 'here it is\n');
  await rig.until(({ openIteration }) => openIteration?.iteration === 3);
});

test.each([
  ['that the worker writes itself', '_overview.md', undefined],
  ['elsewhere on the machine', '/etc/boats.conf', undefined],
  ['outside the session folder', '../../boats.conf', undefined],
  ['of the worktree', 'boats.conf', 'worktree:boats.conf'],
])('for a file %s a person has to report the change', async (_where, file, write) => {
  await using rig = await waitsFor(file, write);
  const { status } = await rig.until(isWaiting);
  expect(status).toMatchObject({
    for: 'human_action',
    reason: `Change ${file} (key), then resume the session.`,
  });
  await rig.resume();
  await rig.until(({ openIteration }) => openIteration?.iteration === 3);
});
