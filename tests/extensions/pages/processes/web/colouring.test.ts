import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { type Clock, systemClock } from '../../../../../src/core/kernel/clock.ts';
import { Colouring } from '../../../../../src/extensions/pages/web/diff/colouring.ts';
import { builtPrograms } from '../../../../support/built-programs.ts';
import { eventually } from '../../../../support/eventually.ts';
import { heldBy } from '../../../../support/held-by.ts';

const CODE = ['const boat = 1;', 'const ship = 2;'];
const COLOURED = CODE.map(() => [
  [
    [0, 5, 'keyword'],
    [13, 14, 'number'],
  ],
]);

/** A clock on which nothing takes too long, and whose waits end when the test says so. */
function patientClock() {
  const waits = new Map<number, () => void>();
  const sleep: Clock['sleep'] = async (ms, signal) =>
    await new Promise((resolve, reject) => {
      waits.set(ms, resolve);
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  /** Ends the last wait of this length, if there was one. */
  const pass = (ms: number) => {
    waits.get(ms)?.();
    return waits.has(ms);
  };
  return { ...systemClock, sleep, pass };
}

async function colouringOn(clock: Clock, ended: AbortSignal) {
  return new Colouring({ programs: await builtPrograms(), clock }, ended);
}

/** The next thread of this process. */
async function nextThread(): Promise<Worker> {
  const [thread] = await once(process, 'worker');
  return thread as Worker;
}

test('one thread colours one file after the other', async () => {
  using end = ending();
  const threads: Worker[] = [];
  const started = (thread: Worker) => threads.push(thread);
  process.on('worker', started);
  const colouring = await colouringOn(patientClock(), end.signal);
  const both = await Promise.all([colouring.tokensOf('a.ts', CODE), colouring.tokensOf('src/b.js', CODE)]);
  expect(both).toEqual([COLOURED, COLOURED]);
  process.off('worker', started);
  expect(threads).toHaveLength(1);
});

test('a text that takes too long is plain, its thread ends, and the next file is coloured', async () => {
  using end = ending();
  const clock = patientClock();
  const colouring = await colouringOn(clock, end.signal);
  const [first, slow] = [nextThread(), colouring.tokensOf('a.java', ['a'.repeat(100_000)])];
  const ended = once(await first, 'exit');
  let isOver: boolean | undefined;
  void slow.then(() => {
    isOver = true;
  });
  await eventually(async () => clock.pass(200) && isOver);
  expect(await slow).toEqual([]);
  await ended;
  expect(await colouring.tokensOf('a.ts', CODE)).toEqual(COLOURED);
});

test.each([
  ['of more than 200,000 characters', 'a.ts', ['x'.repeat(1_000_000)], []],
  ['in a language that is not known', 'a.txt', CODE, [undefined, undefined]],
])('a text %s is plain', async (_name, file, texts, tokens) => {
  using end = ending();
  const colouring = await colouringOn(patientClock(), end.signal);
  expect(await colouring.tokensOf(file, texts)).toEqual(tokens);
});

test('a line of 199,000 characters is coloured', async () => {
  using end = ending();
  const colouring = await colouringOn(patientClock(), end.signal);
  const [[line]] = (await colouring.tokensOf('a.ts', [`/*${'x'.repeat(198_998)}`])) as [[unknown]];
  expect(line).toEqual([[0, 199_000, 'comment']]);
});

test('a text is not given up before its thread has had its time', async () => {
  using end = ending();
  const clock = patientClock();
  let waits = 0;
  const sleep: Clock['sleep'] = async (ms, signal) => {
    waits += 1;
    if (waits > 1) await clock.sleep(ms, signal);
  };
  const colouring = await colouringOn({ ...clock, sleep }, end.signal);
  expect(await colouring.tokensOf('a.ts', CODE)).toEqual(COLOURED);
});

test('the thread ends after a minute without a diff, and the next diff starts another', async () => {
  using end = ending();
  const clock = patientClock();
  const colouring = await colouringOn(clock, end.signal);
  const first = nextThread();
  await colouring.tokensOf('a.ts', CODE);
  const ended = once(await first, 'exit');
  clock.pass(60_000);
  await ended;
  expect(await colouring.tokensOf('a.ts', CODE)).toEqual(COLOURED);
});

test('the thread ends with its server, and a diff that waits for it is plain', async () => {
  const end = new AbortController();
  const colouring = await colouringOn(patientClock(), end.signal);
  const first = nextThread();
  const slow = colouring.tokensOf('a.java', ['a'.repeat(100_000)]);
  const ended = once(await first, 'exit');
  end.abort();
  expect(await slow).toEqual([]);
  await ended;
  expect(await colouring.tokensOf('a.ts', CODE)).toEqual([]);
});

test('the signal that ends the server keeps no reference to what was coloured', async () => {
  using end = ending();
  const colouring = await colouringOn(patientClock(), end.signal);
  const before = heldBy(end.signal);
  for (let time = 0; time < 3; time += 1) await colouring.tokensOf('a.ts', CODE);
  expect(heldBy(end.signal)).toBe(before);
});

test('without the file of the thread, as during an upgrade, diffs are plain', async () => {
  using end = ending();
  const programs = { worker: '/nowhere/worker.cjs', rehearsal: '' };
  const colouring = new Colouring({ programs, clock: patientClock() }, end.signal);
  expect(await colouring.tokensOf('a.ts', CODE)).toEqual([]);
  expect(await colouring.tokensOf('a.ts', CODE)).toEqual([]);
});

function ending(): AbortController & Disposable {
  const end = new AbortController();
  return Object.assign(end, { [Symbol.dispose]: () => end.abort() });
}
