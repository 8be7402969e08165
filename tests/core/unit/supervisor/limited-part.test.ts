import { expect, test } from 'vitest';
import { LimitedPart } from '../../../../src/core/supervisor/limited-part.ts';

/** A part whose calls end once they are released. */
function waiting() {
  let release: (atMs: number) => void = () => {};
  let polls = 0;
  const reports: string[] = [];
  const part = {
    poll: () => {
      polls += 1;
      return new Promise<number>((resolve) => {
        release = resolve;
      });
    },
    keepsAlive: () => true,
    end: () => new Promise<void>(() => {}),
  };
  const report = (_what: string, error: unknown) => void reports.push(String(error));
  const limited = new LimitedPart(part, report, 20);
  return { limited, reports, polls: () => polls, release: (atMs: number) => release(atMs) };
}

test('a part that waits for a program or a machine is reported, left to itself, and polled once it is back', async () => {
  const { limited, reports, polls, release } = waiting();
  expect(await limited.poll()).toBe(Number.POSITIVE_INFINITY);
  expect(reports).toEqual(['Error: It did not end within 0.02 s; the others go first.']);
  expect(await limited.poll()).toBe(Number.POSITIVE_INFINITY);
  expect([polls(), reports.length]).toEqual([1, 1]);
  release(7);
  await expect.poll(() => limited.poll()).toBe(Number.POSITIVE_INFINITY);
  expect(polls()).toBe(2);
});

test('a part that does not end holds up no end of the supervisor', async () => {
  const { limited, reports } = waiting();
  await limited.end();
  expect(reports).toHaveLength(1);
});
