import type { FaultRow } from '../faults/fault-row.ts';

/** The outcome of a session whose agents play one scenario of the kit: played by the soak suite, printed in the README. */
export interface Outcome extends Pick<FaultRow, 'settings' | 'lines'> {
  /** Name of the scenario. */
  child: string;
  /** The final state of the session, as rows of tests/core/faults name it. */
  ends: string;
  /** How its first agents ended, in order. */
  endings: readonly string[];
  /** What a person sees. */
  words: string;
}

/** The state of a session that was not stopped: the next step is a question to the person. */
const ASKS = 'waiting/qa_answers';

/** Time limits are those of a test; everything else is as on a person's machine. */
export const OUTCOMES: readonly Outcome[] = [
  {
    child: 'liar',
    ends: 'blocked/signal_phase',
    endings: ['signalled', 'signalled', 'signalled'],
    words: 'one corrective retry, then blocked: the rule is named, and no gate opened',
  },
  {
    child: 'looper',
    ends: 'blocked/no_progress',
    endings: ['signalled', 'signalled', 'signalled', 'signalled', 'signalled'],
    words: 'blocked after five agents that changed nothing',
  },
  {
    child: 'hanger',
    settings: { timeLimitMs: 8000 },
    ends: ASKS,
    endings: ['timeout'],
    words: 'ended at the time limit after a checkpoint; the next agent gets a smaller step',
  },
  {
    child: 'forker',
    ends: ASKS,
    endings: ['signalled'],
    words: 'every process is ended before the iteration counts as over',
  },
  {
    child: 'daemoniser',
    ends: ASKS,
    endings: ['signalled'],
    words: 'the daemons are ended before they can forge anything',
  },
  {
    child: 'spender',
    lines: { MAX_COST_USD: '10' },
    ends: 'blocked/budget',
    endings: ['signalled'],
    words: 'with `MAX_COST_USD=10`: blocked after the first agent, with the limit that would be enough',
  },
  {
    child: 'vandal',
    ends: ASKS,
    endings: ['signalled', 'signalled'],
    words: 'samocode runs none of the planted settings; without a guard, those for others are not compared',
  },
  {
    child: 'flooder',
    ends: ASKS,
    endings: ['signalled'],
    words: 'the log takes it all; the memory of the worker stays flat',
  },
  {
    child: 'forgetter',
    ends: ASKS,
    endings: ['no_signal', 'signalled', 'no_signal', 'signalled'],
    words: 'another agent continues the work; without a change, it says what was missing',
  },
  {
    child: 'torn-writer',
    ends: ASKS,
    endings: ['crashed', 'no_signal', 'signalled'],
    words: 'half a signal does not count; the next agent is corrected once',
  },
  {
    child: 'limit-hitter',
    ends: ASKS,
    endings: ['usage_limit', 'usage_limit', 'signalled'],
    words: 'waits until the stated time, twice, and continues automatically; no retry is used up',
  },
];
