import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { eventsOfType, noticesOf } from '../../support/events-of.ts';
import { eventually } from '../../support/eventually.ts';
import { shell } from '../../support/scenario-rules.ts';
import type { SessionRig } from '../../support/session-rig.ts';

import { type FaultRow, faultTable } from './fault-row.ts';

const AT_THE_GATE = 'waiting/qa_answers';
/** Takes long the first time, and no time when repeated. */
const LONG_ONCE = 'if [ -e .begun ]; then touch .over; else touch .begun; sleep 60; touch .over; fi';

function inWorktree(rig: SessionRig, name: string): Promise<void> {
  return access(join(rig.file.worktreesDir, rig.file.folder, name));
}

async function begun(rig: SessionRig): Promise<void> {
  await eventually(() => inWorktree(rig, '.begun').then(() => true), { what: 'the command' });
}

async function stopAtOnce(rig: SessionRig): Promise<void> {
  await rig.stop('now');
  await rig.until(({ status }) => status.kind === 'stopped');
  expect(await rig.processesWithMark()).toEqual([]);
}

const rows: FaultRow[] = [
  {
    ci: true,
    name: 'a SETUP whose worker is killed is run again by the next one',
    from: 'start',
    lines: { SETUP: LONG_ONCE },
    act: async (rig) => {
      await begun(rig);
      await rig.killWorker();
    },
    ends: AT_THE_GATE,
    also: async (rig) => await inWorktree(rig, '.over'),
  },
  {
    name: 'a SETUP is ended by a stop at once, and run again when the session continues',
    from: 'start',
    lines: { SETUP: LONG_ONCE },
    act: async (rig) => {
      await begun(rig);
      await stopAtOnce(rig);
      expect((await rig.state()).prepared).toBe(false);
      await rig.resume();
    },
    ends: AT_THE_GATE,
    also: async (rig) => await inWorktree(rig, '.over'),
  },
  {
    name: 'a CHECK is ended by a stop at once, and run again before the session is done; what its iteration reports is reported once',
    from: 'start',
    rules: Array.from({ length: 20 }, (_, at) => ({
      when: { iteration: at + 1 },
      do: [
        shell('git -C "$(git rev-parse --git-common-dir)/.." commit -q --allow-empty -m Mine'),
        { act: 'normal' },
      ],
    })),
    lines: { CHECK: LONG_ONCE, CHECK_IN: 'worktree', GATES: 'none' },
    act: async (rig) => {
      await begun(rig);
      await stopAtOnce(rig);
      await rig.resume();
    },
    ends: 'done',
    also: async (rig) => {
      await inWorktree(rig, '.over');
      const numbers = (await eventsOfType(rig, 'iteration_started')).map(({ iteration }) => iteration);
      expect(numbers).toEqual([...new Set(numbers)]);
      const moved = await noticesOf(rig, 'main_checkout_moved');
      expect(moved.map(({ text }) => /iteration (\d+)/.exec(text)?.[1])).toEqual(numbers.map(String));
    },
  },
];

faultTable(rows);
