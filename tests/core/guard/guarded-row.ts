import { expect } from 'vitest';
import type { FrozenSettings } from '../../../src/core/session/events/bodies/session-file.ts';
import { setPhase } from '../../support/session-rig.ts';
import type { FaultRow } from '../faults/fault-row.ts';
import { expectNoProcessLeftIn, namespacesOf, REPORTS_NAMESPACE } from './survivors.ts';

/**
 * A row whose agents must run in the guard and leave nothing there, not even processes without a marker. At the gate,
 * its first agent is the one that asks, as if a person had already investigated.
 */
export function guardedRow(settings: Partial<FrozenSettings>, row: FaultRow): FaultRow {
  return {
    before: (rig) => setPhase(rig, 'requirements'),
    ...row,
    settings: { retryDelayMs: 50, ...settings },
    also: async (rig) => {
      await expectNoProcessLeftIn(await namespacesOf(rig));
      expect(await rig.processesWithMark(), 'processes with the marker').toEqual([]);
      await row.also?.(rig);
    },
  };
}

/** What the first agent does after it has reported its namespace. */
export const first = (...acts: object[]) => [{ when: { iteration: 1 }, do: [REPORTS_NAMESPACE, ...acts] }];
