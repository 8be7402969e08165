import { expect } from 'vitest';
import type { FrozenSettings } from '../../../src/core/session/events/bodies/session-file.ts';
import { endings } from '../../support/events-of.ts';
import type { SessionRig } from '../../support/session-rig.ts';
import { AT_THE_GATE, type FaultRow } from './fault-row.ts';
import { withSettings } from './with-settings.ts';

/** One iteration of a session with others of its kind. */
interface Step {
  name: string;
  acts: object[];
  /** How its iteration ends; after a failure an honest agent follows, so that failures do not add up. */
  ending: string;
  /** Its signal counts. */
  goesOn?: true;
  /** Checked at the end. */
  also?: (rig: SessionRig) => Promise<void>;
}

const MORE = { act: 'write', path: 'session:notes.md', text: 'one more line\n', append: true };
/** What an agent does that continues in its phase. */
export const WORKS = [MORE, { act: 'signal-file', text: '{"status":"continue"}' }];

/** For faults that cannot hide each other: each has a separate iteration, and must end as it would alone. */
export function inOneSession(
  settings: Partial<FrozenSettings>,
  steps: readonly Step[],
  options: Pick<FaultRow, 'ci'> = {},
): FaultRow {
  const played: Step[] = steps.flatMap((step) =>
    step.goesOn
      ? [step]
      : [step, { name: `the agent after: ${step.name}`, acts: WORKS, ending: 'signalled' }],
  );
  const rules = played.map(({ acts }, index) => ({ when: { iteration: index + 1 }, do: acts }));
  return withSettings(settings, {
    ...options,
    name: `one session recovers from: ${steps.map(({ name }) => name).join('; ')}`,
    rules,
    ends: AT_THE_GATE,
    also: async (rig) => {
      const ends = await endings(rig);
      expect(played.map(({ name }, index) => `${name}: ${ends[index]}`)).toEqual(
        played.map(({ name, ending }) => `${name}: ${ending}`),
      );
      for (const { also } of steps) await also?.(rig);
    },
  });
}
