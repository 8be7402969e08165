import { copyFile, cp, mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { MAX_OVERVIEW_BYTES, type SessionPaths } from '../../../src/core/session/layout/paths.ts';
import { ci } from '../../support/ci.ts';
import { HANGS, type SessionRig, startRig } from '../../support/session-rig.ts';
import { endOfWorker } from '../../support/supervisors.ts';

/**
 * The run folder as restored by an object store or `cp -r`: new files, new times, the log before the files that it
 * describes.
 */
async function copyAnew({ runDir, events }: SessionPaths): Promise<void> {
  const away = `${runDir}-away`;
  await rename(runDir, away);
  await mkdir(runDir);
  await copyFile(events.replace(runDir, away), events);
  await cp(away, runDir, { recursive: true, filter: (path) => !path.endsWith('events.jsonl') });
}

const acts = async (rig: SessionRig) => (await rig.events()).map(({ n, type }) => `${n} ${type}`);

test(
  'a session whose folders were restored by a copy with new times loses no event, and takes the next answer',
  ci,
  async () => {
    await using rig = await startRig({ at: 'asking' });
    const before = await acts(rig);
    await copyAnew(rig.paths);
    await rig.answer();
    await rig.untilWaiting('plan_approval');
    const after = await acts(rig);
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after.join()).toContain('answers_recorded');
  },
);

test('a copy of a session whose machine died while an agent ran does not count as a changed run folder', async () => {
  await using rig = await startRig({ scenario: HANGS });
  await rig.until(({ openIteration }) => openIteration !== undefined);
  while ((await rig.processesWithMark()).length < 2);
  await rig.killWorker();
  for (const { pid } of await rig.processesWithMark()) process.kill(pid, 'SIGKILL');
  await copyAnew(rig.paths);
  await rig.untilWaiting('qa_answers');
  expect((await acts(rig)).join()).not.toMatch(/blocked|forgery_seen/);
});

test('a lease number that is only in the cached state does not prevent a worker', ci, async () => {
  await using rig = await startRig({ at: 'asking' });
  await rig.stop();
  await endOfWorker(rig);
  const { lease } = await rig.state();
  const cache = JSON.parse(await readFile(rig.paths.state, 'utf8'));
  cache.state.lease = Number.MAX_SAFE_INTEGER;
  await writeFile(rig.paths.state, JSON.stringify(cache));
  await rig.resume();
  await rig.untilWaiting('qa_answers');
  expect((await rig.state()).lease).toBe(lease + 1);
});

/** The overview after an agent that logs without end. */
const GROW = `
import { appendFileSync } from 'node:fs';
const line = '- [001 @ 01-08 14:37] Did one more thing\\n';
appendFileSync(process.env.REHEARSAL_SESSION_DIR + '/_overview.md', line.repeat(20_000_000 / line.length));
`;

test(
  'an overview of 20 MB is moved aside with a notice, and the session continues with one made from its events',
  ci,
  async () => {
    await using rig = await startRig({
      here: true,
      scenario: {
        rules: [{ when: { iteration: 1 }, do: [{ act: 'script', path: 'grow.mjs' }, { act: 'normal' }] }],
      },
      files: { 'grow.mjs': GROW },
    });
    await rig.untilWaiting('qa_answers');
    const { sessionDir, overview } = rig.paths;
    const aside = (await readdir(sessionDir)).filter((name) => name.startsWith('_overview.md.aside-'));
    expect(aside).toHaveLength(1);
    expect((await stat(`${sessionDir}/${aside[0]}`)).size).toBeGreaterThan(MAX_OVERVIEW_BYTES);
    expect((await stat(overview)).size).toBeLessThan(20_000);
    expect(await readFile(overview, 'utf8')).toMatch(/^Phase: investigation$/m);
    expect(await rig.events()).toContainEqual(
      expect.objectContaining({
        type: 'notice',
        code: 'overview_replaced',
        text: expect.stringContaining(`is now ${aside[0]}`),
      }),
    );
  },
);
