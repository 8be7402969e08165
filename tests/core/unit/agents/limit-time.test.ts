import { expect, test } from 'vitest';
import { problemOfTurn } from '../../../../src/core/agents/codex/codex-end.ts';
import { classifyGeminiEnd, problemOfResult } from '../../../../src/core/agents/gemini/gemini-end.ts';
import { limitEndIn } from '../../../../src/core/agents/reading/limit-time.ts';

const NOON = new Date('2026-11-20T12:00:00').getTime();
const at = (local: string) => new Date(local).getTime() + 60_000;
const H = 3_600_000;

test.each<[string, number | undefined]>([
  ['… or try again at 3:06 PM.', at('2026-11-20T15:06:00')],
  ['… or try again at 9:06 AM.', at('2026-11-21T09:06:00')],
  ['… or try again at Nov 23rd, 2026 9:08 AM.', at('2026-11-23T09:08:00')],
  ["You've hit your usage limit. Try again at 3:07 PM.", at('2026-11-20T15:07:00')],
  ['TRY AGAIN AT 3:07PM', at('2026-11-20T15:07:00')],
  ['Your limit resets at 1:00 am', at('2026-11-21T01:00:00')],
  ['Your quota will reset after 21h53m56s.', NOON + 21 * H + 53 * 60_000 + 56_000],
  ['Please retry in 45 seconds', NOON + 45_000],
  ['Try again in 3 days 2 hours and 5 minutes.', NOON + 74 * H + 5 * 60_000],
  ['… or try again later.', undefined],
  ['Try again in the morning', undefined],
])('the end of a usage limit is read from: %s', (message, end) => {
  expect(limitEndIn(message, NOON)).toBe(end);
});

const CAPACITY = 'You have exhausted your capacity on this model. Your quota will reset after 21h53m56s.';

test("a vendor's other words for a limit are one too, with any exit status", () => {
  expect(problemOfTurn("You've hit your usage limit. Try again at 3:07 PM.")).toEqual({
    kind: 'usage_limit',
  });
  expect(problemOfResult(`[API Error: ${CAPACITY}]`)).toEqual({ kind: 'usage_limit' });
  for (const exitCode of [173, 1])
    expect(classifyGeminiEnd(undefined, { exitCode, stderrTail: `Error: ${CAPACITY}\n` })).toEqual({
      kind: 'usage_limit',
    });
  const passing = { exitCode: 173, stderrTail: 'You have exhausted your capacity on this model.' };
  expect(classifyGeminiEnd(undefined, passing)).toEqual({ kind: 'overloaded' });
});
