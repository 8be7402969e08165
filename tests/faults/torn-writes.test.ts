import { AT_THE_GATE, type FaultRow, faultTable } from './fault-row.ts';

/** Writes of a worker that begins a session, up to where the prepared one rests and some more. */
const AT_THE_START = 14;
/** Writes of the worker that goes on from there, before it parks with the questions. */
const TO_THE_QUESTIONS = 30;
/** Those behind are met on the way to the plan: the same kinds again, of which `npm run soak` tears each. */
const TO_THE_PLAN = 46;
const STEP = process.env.SAMOCODE_ROUNDS === undefined ? 4 : 1;

function torn(write: number, row: Pick<FaultRow, 'from' | 'settings' | 'ends'>): FaultRow {
  const worker = row.from === 'start' ? 'the first worker' : 'a later worker';
  return {
    name: `write ${write} of ${worker} is torn by a crash, and the session goes on as if nothing had happened`,
    env: { SAMOCODE_TEAR_AT: `write@${write}` },
    sameFiles: true,
    ...row,
  };
}

const numbers = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

faultTable([
  ...numbers(1, AT_THE_START).map((write) => torn(write, { from: 'start', ends: AT_THE_GATE })),
  ...numbers(1, TO_THE_QUESTIONS).map((write) => torn(write, { from: 'rest', ends: AT_THE_GATE })),
  ...numbers(TO_THE_QUESTIONS + 1, TO_THE_PLAN)
    .filter((write) => (TO_THE_PLAN - write) % STEP === 0)
    .map((write) =>
      torn(write, { from: 'rest', settings: { acceptSuggestions: true }, ends: 'waiting/plan_approval' }),
    ),
]);
