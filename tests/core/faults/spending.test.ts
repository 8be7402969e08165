import { expect } from 'vitest';
import { refNameOf } from '../../../src/core/session/layout/names.ts';
import { eventsOfType } from '../../support/events-of.ts';
import { always, shell } from '../../support/scenario-rules.ts';
import type { SessionRig } from '../../support/session-rig.ts';
import { type FaultRow, faultTable } from './fault-row.ts';
import { LATE } from './late-costs.ts';

const STAYS = { act: 'signal-file', text: '{"status":"continue"}' };
const MORE = { act: 'write', path: 'session:notes.md', text: 'one more line\n', append: true };
const costs = (json: object) => ({ act: 'result', json });
const BLOCKED = 'blocked/budget';

const iterations = async (rig: SessionRig) => (await rig.state()).progress.totalIterations;
const started = (count: number) => async (rig: SessionRig) => expect(await iterations(rig)).toBe(count);

const zero: FaultRow[] = ['MAX_COST_USD', 'MAX_TOKENS', 'MAX_HOURS', 'MAX_ITERATIONS'].map((key) => ({
  name: `${key}=0 spends nothing`,
  lines: { [key]: '0' },
  ends: BLOCKED,
  also: started(0),
}));

const limits: FaultRow[] = [
  {
    ci: true,
    name: 'a money limit applies from the start, with one last agent that wraps up',
    from: 'start',
    rules: always(MORE, STAYS, costs({ total_cost_usd: 4.6 })),
    lines: { MAX_COST_USD: '10' },
    ends: BLOCKED,
    also: started(3),
  },
  {
    name: 'a token limit applies, and tokens read from a cache do not count',
    rules: always(
      MORE,
      STAYS,
      costs({ usage: { input_tokens: 30_000, output_tokens: 20_000, cache_read_input_tokens: 9_000_000 } }),
    ),
    lines: { MAX_TOKENS: '100000' },
    ends: BLOCKED,
    also: started(2),
  },
  {
    name: 'the budget of one phase, which earlier versions set, applies until the session ends',
    rules: always(MORE, STAYS, costs({ total_cost_usd: 1 })),
    settings: { limits: { session: {}, phases: { investigation: { usd: 2 } } } },
    ends: BLOCKED,
    also: started(2),
  },
  {
    name: 'the limit on the number of agents applies',
    rules: always(MORE, STAYS, costs({})),
    lines: { MAX_ITERATIONS: '4' },
    ends: BLOCKED,
    also: started(4),
  },
  {
    name: 'an agent that hangs is ended when the hours are used up, and so is the last one',
    rules: always({ act: 'hang' }),
    lines: { MAX_HOURS: '0.0012' },
    ends: BLOCKED,
    also: async (rig) => expect(await iterations(rig)).toBeLessThanOrEqual(2),
  },
  {
    ci: true,
    name: 'an agent is ended within one answer of its limit, and its files are kept',
    rules: always(
      { act: 'write', path: 'worktree:half.txt', text: 'half\n' },
      {
        act: 'event',
        json: { type: 'assistant', message: { id: 'a', content: [], usage: { input_tokens: 95_000 } } },
      },
      { act: 'hang' },
    ),
    lines: { MAX_TOKENS: '100000' },
    ends: 'blocked',
    also: async (rig) => {
      const kept = `refs/samocode/${refNameOf(rig.file)}/001:worktree/half.txt`;
      expect(await rig.repo.git(['show', kept])).toBe('half');
    },
  },
  {
    name: 'a person is warned at fifty and at eighty percent, once each',
    rules: always(MORE, STAYS, costs({ total_cost_usd: 1 })),
    lines: { MAX_COST_USD: '10' },
    ends: BLOCKED,
    also: async (rig) => {
      expect(await eventsOfType(rig, 'budget_warned')).toMatchObject([{ percent: 50 }, { percent: 80 }]);
    },
  },
  {
    name: 'a higher limit lets the session continue, while one that is already used up does not',
    rules: [{ when: { iteration: [1, 2] }, do: [MORE, STAYS, costs({ total_cost_usd: 3 })] }],
    lines: { MAX_COST_USD: '3' },
    sparesWorker: true,
    act: async (rig) => {
      await rig.until(({ status }) => status.kind === 'blocked');
      await expect(rig.resume()).rejects.toMatchObject({ code: 'budget_spent' });
      await expect(rig.resume({ limits: { usd: 3 } })).rejects.toMatchObject({ code: 'budget_spent' });
      await rig.resume({ limits: { usd: 50 } });
    },
    ends: 'waiting/qa_answers',
  },
];

const loops: FaultRow[] = [
  {
    name: 'an agent that only says that it continues gets a nudge, then is stopped',
    rules: always({ act: 'signal-file', text: '{"status":"continue","phase":"investigation"}' }, costs({})),
    ends: 'blocked/no_progress',
    also: started(5),
  },
  {
    name: 'an agent that hands off forever is stopped',
    rules: always({ act: 'signal-file', text: '{"status":"handoff","note":"Context is full"}' }, costs({})),
    ends: 'blocked/no_progress',
  },
  {
    ci: true,
    name: 'commits without content are not progress',
    rules: always(shell('git commit -q --allow-empty -m again'), STAYS, costs({})),
    ends: 'blocked/no_progress',
  },
  {
    name: 'alternating between two states is not progress',
    rules: always(shell('if [ -e a ]; then rm a; else echo a > a; fi'), STAYS, costs({})),
    ends: 'blocked/no_progress',
    also: started(5),
  },
  {
    name: 'the same document under new names is not progress',
    rules: always(
      shell('d=$(ls -d ../../sessions/*/ | head -1); echo same > "$d/11-20-08$(ls "$d" | wc -l)-dive-x.md"'),
      STAYS,
      costs({}),
    ),
    ends: 'blocked/no_progress',
  },
];

faultTable([...zero, ...limits, ...LATE, ...loops]);
