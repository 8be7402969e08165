import { AT_THE_GATE, type FaultRow, faultTable } from './fault-row.ts';

type Begun = Required<Pick<FaultRow, 'from' | 'ends'>> & Pick<FaultRow, 'settings'>;

const START: Begun = { from: 'start', ends: AT_THE_GATE };
const REST: Begun = { from: 'rest', ends: AT_THE_GATE };
/** After the questions, where the same kinds of write recur. */
const PLAN: Begun = { from: 'rest', settings: { acceptSuggestions: true }, ends: 'waiting/plan_approval' };

/** The torn write of each worker. Each worker repairs the previous torn write and gets a little further. */
function torn(writes: readonly number[], begun: Begun): FaultRow {
  const deaths = writes.map((write, index) => ({
    name: `write ${write} of worker ${index + 1}`,
    env: { SAMOCODE_TEAR_AT: `write@${write}` },
  }));
  return {
    name: `the writes ${writes.join(', ')} of one worker after the other, from ${begun.from} to ${begun.ends}, are torn by crashes, and the session ends as if undisturbed`,
    deaths,
    sameFiles: true,
    ...begun,
  };
}

const numbers = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);
const times = (count: number, write: number) => Array.from({ length: count }, () => write);

/** Each in a separate session. */
const ALONE: [number, Begun][] = [
  ...numbers(1, 14).map((write): [number, Begun] => [write, START]),
  ...numbers(1, 24).map((write): [number, Begun] => [write, REST]),
  ...numbers(25, 40).map((write): [number, Begun] => [write, PLAN]),
];

/** `npm run soak`: the same writes from other starting points. */
const SOAKED = [torn(times(5, 8), START), ...ALONE.map(([write, begun]) => torn([write], begun))];

// A worker that takes over makes three or four writes before its first new one.
faultTable([
  torn(numbers(1, 10), START),
  { ...torn(numbers(1, 9), REST), ci: true },
  torn(times(9, 5), REST),
  torn(times(8, 6), REST),
  torn([25, 7, 7], PLAN),
  ...(process.env.SAMOCODE_ROUNDS === undefined ? [] : SOAKED),
]);
