import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { SessionState } from '../../../src/core/session/events/state.ts';
import { endings } from '../../support/events-of.ts';
import { always, fails } from '../../support/scenario-rules.ts';
import type { SessionRig } from '../../support/session-rig.ts';
import { AT_THE_GATE, type FaultRow, faultTable } from './fault-row.ts';
import { withSettings } from './with-settings.ts';

const times = (most: number, json: object) => [
  { when: { iteration: Array.from({ length: most }, (_, index) => index + 1) }, do: [fails(json)] },
];

const OVERLOADED = { api_error_status: 529 };
const UNREACHABLE = { api_error: 'connection_failed' };
/** A tenth of a second and twice that, instead of one and two minutes. */
const SHORT = { outageMs: 100, maxRetries: 1 };
/** Every later wait after the quick retries takes an hour or more. */
const LONG = { outageMs: 3_600_000, retryHours: 100 };

const isWaiting = (state: SessionState) => state.status.kind === 'limited';

const outages: FaultRow[] = [
  withSettings(SHORT, {
    ci: true,
    name: 'a provider that is overloaded five times in a row is waited out, and the session continues without a person',
    rules: times(5, OVERLOADED),
    ends: AT_THE_GATE,
    also: async (rig) => {
      expect(await endings(rig)).toEqual([...Array(5).fill('overloaded'), 'signalled', 'signalled']);
      const state = await rig.state();
      expect(state.outage).toBeUndefined();
      expect(state.progress.counted.investigation).toBe(1);
    },
  }),
  withSettings(
    { ...SHORT, fallback: ['gemini'] },
    {
      name: 'a network outage five times in a row is waited out, without affecting other providers or sessions',
      rules: times(5, UNREACHABLE),
      ends: AT_THE_GATE,
      also: async (rig) => {
        const started = (await rig.events()).filter((event) => event.type === 'iteration_started');
        expect(new Set(started.map(({ provider }) => provider))).toEqual(new Set(['rehearsal']));
        expect(existsSync(join(rig.repo.homeDir, '.config/samocode/limits'))).toBe(false);
      },
    },
  ),
  ...[OVERLOADED, UNREACHABLE].map((json) => {
    const kind = json === OVERLOADED ? 'overloaded' : 'network';
    return withSettings(
      { ...SHORT, retryHours: 0.0001 },
      {
        name: `${kind} for longer than RETRY_HOURS blocks with its message, and counts for no phase and no retry`,
        rules: always(fails({ ...json, result: 'Its own words' })),
        ends: `blocked/${kind}`,
        also: async (rig: SessionRig) => {
          const { status, progress } = await rig.state();
          expect(status).toMatchObject({
            needs: 'human_decision',
            reason: expect.stringMatching(/\d+ tries in .* A resume tries again at once.*Its own words/),
          });
          expect(progress.counted.investigation).toBe(0);
          expect(progress.failureCounts.failures).toBe(0);
        },
      },
    );
  }),
  withSettings(LONG, {
    name: 'an outage is not a usage limit: it shows its reason, and when a person is asked',
    rules: always(fails(OVERLOADED)),
    ends: 'limited/overloaded',
    also: async (rig) => {
      const { status } = await rig.state();
      expect(status.kind === 'limited' && (status.outage?.asksAt ?? 0) - status.until).toBeGreaterThan(
        90 * 3_600_000,
      );
      expect(await readFile(rig.paths.overview, 'utf8')).not.toContain('Usage limit');
    },
  }),
  withSettings(LONG, {
    name: 'a person may declare an outage over',
    rules: times(4, OVERLOADED),
    sparesWorker: true,
    act: async (rig) => {
      await rig.until(isWaiting);
      await rig.resume();
    },
    ends: AT_THE_GATE,
    also: async (rig) => {
      expect((await endings(rig)).slice(0, 5)).toEqual([...Array(4).fill('overloaded'), 'signalled']);
    },
  }),
  withSettings(LONG, {
    name: 'a stop during an outage counts as a stop',
    rules: always(fails(UNREACHABLE)),
    sparesWorker: true,
    act: async (rig) => {
      await rig.until(isWaiting);
      await rig.stop();
    },
    ends: 'stopped',
  }),
  withSettings(
    { outageMs: 3000 },
    {
      name: 'an outage is waited for across the death of the worker',
      supervised: true,
      rules: times(4, OVERLOADED),
      act: async (rig) => {
        await rig.until(isWaiting);
        await rig.killWorker();
      },
      ends: AT_THE_GATE,
    },
  ),
];

faultTable(outages);
