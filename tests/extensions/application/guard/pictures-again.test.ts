import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { changeLines } from '../../../core/faults/with-settings.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { NO_GATES, type SessionRig, setPhase, startRig } from '../../../support/session-rig.ts';
import {
  button,
  commitPage,
  installPlaywright,
  keptSets,
  NEVER_ANSWERED,
  PICTURED,
  picturesOf,
  withPage,
} from './pictured-session.ts';

beforeAll(async () => {
  await installPlaywright((await builtPrograms()).worker);
  await installPlaywright((await builtPrograms({}, { faults: true })).worker);
});

async function browsers(rig: SessionRig): Promise<number> {
  const { processes } = rig.context().host;
  const marked = await rig.processesWithMark();
  const commands = await Promise.all(marked.map(({ pid }) => processes.commandOf(pid)));
  return commands.filter((command) => command?.includes('--headless')).length;
}

// With a guard: the next worker also compares the run folder, in which the first one had written as it left.
test(
  'a stop ends the browser and keeps no picture of this commit, and the next proof uses those of the base again',
  ci,
  async () => {
    await using rig = await withPage(NEVER_ANSWERED);
    await eventually(async () => (await keptSets(rig)).size === 2 && (await browsers(rig)) > 0);
    const ofBase = await keptSets(rig);
    await rig.stop();
    await rig.until(({ status }) => status.kind === 'stopped');
    await expect.poll(rig.processesWithMark).toEqual([]);
    expect((await rig.state()).pictures).toBeUndefined();
    expect(await keptSets(rig)).toEqual(ofBase);

    const commit = await commitPage(rig, button('#c00000'));
    await rig.resume();
    const pictures = await picturesOf(rig);
    expect(pictures.commit).toBe(commit);
    expect(pictures.pages.map(({ differing = 0 }) => differing >= 4000)).toEqual([true, true]);
    const now = await keptSets(rig);
    expect(now.size).toBe(3);
    expect([...now]).toEqual(expect.arrayContaining([...ofBase]));
  },
);

test('a worker that dies after the pictures were taken leaves them to the next one', async () => {
  await using rig = await startRig({
    ...PICTURED,
    lines: { ...PICTURED.lines, ...NO_GATES },
    ...{ at: 'resting', faults: true },
  });
  await setPhase(rig, 'done');
  await commitPage(rig, button('#c00000'));
  const crashed = join(rig.repo.root, 'crashed');
  await rig.resume({}, { SAMOCODE_CRASH_AT: 'before-iteration-ended', SAMOCODE_CRASHED_FILE: crashed });
  await eventually(async () => existsSync(crashed));
  const kept = await keptSets(rig);
  expect(kept.size).toBe(3);
  const pictures = await picturesOf(rig);
  expect(pictures.pages.map(({ difference }) => difference !== undefined)).toEqual([true, true]);
  expect(await keptSets(rig)).toEqual(kept);
  const taken = (await rig.events()).filter(({ type }) => type === 'pictures_taken');
  expect(taken).toHaveLength(1);
});

test('without playwright-core the proof says so, and the next proof of the same commit has pictures once it is installed', async () => {
  const programs = { alone: 'tests/extensions/application/guard/services-starter.ts' };
  const { worker } = await builtPrograms(programs);
  await rm(join(worker, '../node_modules'), { recursive: true, force: true });
  await using rig = await withPage(button('#c00000'), {
    programs,
    scenario: { rules: [{ when: { iteration: 2 }, do: [{ act: 'hang' }] }] },
  });
  const without = await picturesOf(rig);
  expect(without).toMatchObject({
    pages: [],
    said: 'playwright-core is not installed beside samocode: npm install -g playwright-core',
  });

  await installPlaywright(worker);
  await proveAgain(rig);
  const { pictures } = await rig.until((state) => state.pictures?.pages.length === 2);
  expect(pictures?.commit).toBe(without.commit);
});

test('once other lines start the application, the next proof of the same commit has new pictures, and those before the last ones are removed', async () => {
  const hangs = [2, 4].map((iteration) => ({ when: { iteration }, do: [{ act: 'hang' as const }] }));
  await using rig = await withPage(button('#c00000'), { scenario: { rules: hangs } });
  const before = await picturesOf(rig);
  const shown: (string | undefined)[] = [before.pages[0]?.after?.file];
  for (const [at, start] of ['exec node', 'exec env node'].entries()) {
    await changeLines(rig, { ...PICTURED.lines, SERVICE_WEB: `${start} web.mjs {port.web}` });
    await proveAgain(rig, 2 * at + 2);
    const { pictures } = await rig.until((state) => state.pictures?.pages[0]?.after?.file !== shown.at(-1));
    expect(pictures?.commit).toBe(before.commit);
    shown.push(pictures?.pages[0]?.after?.file);
  }
  expect(shown.map((file = '') => existsSync(join(rig.paths.runDir, file)))).toEqual([false, true, true]);
  expect((await keptSets(rig)).size).toBe(6);
});

/** The agent of that iteration hangs, and changes nothing. */
async function proveAgain(rig: SessionRig, iteration = 2): Promise<void> {
  await rig.resume({ goal: 'The same once more' });
  await rig.until(({ openIteration }) => openIteration?.iteration === iteration);
  await rig.stop();
  await rig.until(({ status }) => status.kind === 'stopped');
  await setPhase(rig, 'done');
  await rig.resume();
}
